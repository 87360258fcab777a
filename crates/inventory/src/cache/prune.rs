//! How large a cache is, and making it smaller.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files::TEMPORARY;
use super::{Cache, CacheError};

/// Temporary files older than this belong to nobody: writing one takes milliseconds.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

const OWN: [&str; 5] = ["facts", "by-digest", "by-stamp", "by-archive", "by-image"];

/// The size of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInfo {
    /// Where it is.
    pub directory: PathBuf,
    /// Layers whose facts are kept.
    pub layers: u64,
    /// All files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// What pruning did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Files removed.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The bytes that are left.
    pub left: u64,
}

struct Entry {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
    is_facts: bool,
    is_temporary: bool,
}

impl Cache {
    /// How large the cache is; one that does not exist is empty.
    ///
    /// # Errors
    ///
    /// When its directories cannot be listed.
    pub fn info(&self) -> Result<CacheInfo, CacheError> {
        let entries = self.entries()?;
        Ok(CacheInfo {
            directory: self.directory.clone(),
            layers: entries.iter().filter(|entry| entry.is_facts && !entry.is_temporary).count()
                as u64,
            files: entries.len() as u64,
            bytes: entries.iter().map(|entry| entry.bytes).sum(),
        })
    }

    /// Removes what was not used for longest until at most `max_bytes` are left, and what crashes
    /// left behind. Scans may run meanwhile: what they miss they read again.
    ///
    /// # Errors
    ///
    /// When its directories cannot be listed, or a file cannot be removed.
    pub fn prune(&self, max_bytes: u64) -> Result<Pruned, CacheError> {
        let mut entries = self.entries()?;
        entries.sort_by(|left, right| left.used.cmp(&right.used).then(left.path.cmp(&right.path)));
        let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let now = SystemTime::now();
        let mut pruned = Pruned { files: 0, bytes: 0, left: 0 };
        for entry in &entries {
            let age = now.duration_since(entry.used).unwrap_or_default();
            let removed = if entry.is_temporary { age > ABANDONED } else { left > max_bytes };
            if !removed {
                continue;
            }
            match fs::remove_file(&entry.path) {
                Ok(()) => {}
                // Another prune was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(CacheError::Write { path: entry.path.clone(), source }),
            }
            left -= entry.bytes;
            pruned.files += 1;
            pruned.bytes += entry.bytes;
        }
        pruned.left = left;
        Ok(pruned)
    }

    fn entries(&self) -> Result<Vec<Entry>, CacheError> {
        let mut entries = Vec::new();
        for name in OWN.iter().chain(self.others) {
            let directory = self.directory.join(name);
            let listed = list(&directory, *name == "facts", &mut entries);
            listed.map_err(|source| CacheError::List { path: directory, source })?;
        }
        Ok(entries)
    }
}

fn list(directory: &Path, is_facts: bool, entries: &mut Vec<Entry>) -> io::Result<()> {
    let listed = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in listed {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        if !metadata.is_file() {
            continue;
        }
        entries.push(Entry {
            is_temporary: entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()),
            path: entry.path(),
            used: metadata.modified()?,
            bytes: metadata.len(),
            is_facts,
        });
    }
    Ok(())
}
