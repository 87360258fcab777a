//! The directory of the database.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use plimsoll_table::{InstallError, write_atomically};

use super::bundle::BundleError;
use super::manifest::{Generation, Manifest, SCHEMA};
use crate::shard::ShardError;

/// A manifest has some hundred bytes for each shard; more than this is none.
pub(super) const MAX_MANIFEST: u64 = 16 << 20;

/// The database on disk. Opening it touches nothing.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) directory: PathBuf,
}

/// Why the database cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or directory failed.
    #[error("{} cannot be {step}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What failed: "read", "created", "locked", "removed".
        step: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file could not be put in place.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A manifest is none of this version.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No generation has this id, or several begin with it.
    #[error("no generation {id:?} (there are: {known})")]
    UnknownGeneration {
        /// What was asked for.
        id: String,
        /// What there is.
        known: String,
    },
    /// A shard is damaged.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// A bundle cannot be imported.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// The two ids of `current`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Current {
    pub(super) current: Option<String>,
    pub(super) previous: Option<String>,
}

impl Store {
    /// The database in a directory, which need not exist yet.
    pub fn open(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The generation in force; none before the first installation.
    pub fn current(&self) -> Result<Option<Generation>, StoreError> {
        let mut id = self.read_current()?.current;
        loop {
            let Some(wanted) = id else { return Ok(None) };
            match self.read(&wanted) {
                Ok(generation) => return Ok(Some(generation)),
                Err(error) => {
                    // Two installations in between have removed it; then another one is in force.
                    id = self.read_current()?.current;
                    if id.as_ref() == Some(&wanted) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// The generation before the one in force.
    pub fn previous(&self) -> Result<Option<Generation>, StoreError> {
        self.read_current()?.previous.map(|id| self.read(&id)).transpose()
    }

    /// A kept generation by the beginning of its id, or by `current` or `previous`.
    pub fn generation(&self, id: &str) -> Result<Generation, StoreError> {
        let Current { current, previous } = self.read_current()?;
        let known: Vec<String> = [&current, &previous].into_iter().flatten().cloned().collect();
        let wanted = match id {
            "current" => current,
            "previous" => previous,
            "" => None,
            _ => {
                let mut matching = known.iter().filter(|known| known.starts_with(id));
                matching.next().filter(|_| matching.next().is_none()).cloned()
            }
        };
        match wanted {
            Some(id) => self.read(&id),
            None => {
                Err(StoreError::UnknownGeneration { id: id.to_owned(), known: known.join(", ") })
            }
        }
    }

    /// The kept generations, the one in force first.
    pub fn list(&self) -> Result<Vec<Generation>, StoreError> {
        let Current { current, previous } = self.read_current()?;
        current.into_iter().chain(previous).map(|id| self.read(&id)).collect()
    }

    fn read(&self, id: &str) -> Result<Generation, StoreError> {
        let path = self.manifest_path(id);
        let bytes = read_limited(&path)?;
        let unusable = |reason: String| StoreError::Manifest { path: path.clone(), reason };
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
        if manifest.schema != SCHEMA {
            return Err(unusable(format!("schema {:?} instead of {SCHEMA:?}", manifest.schema)));
        }
        let generation = Generation::new(&self.directory, manifest.shards);
        if generation.id() != id {
            return Err(unusable(format!("it describes generation {}", generation.id())));
        }
        Ok(generation)
    }

    pub(super) fn read_current(&self) -> Result<Current, StoreError> {
        let path = self.directory.join("current");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Current::default()),
            Err(source) => return Err(StoreError::Io { path, step: "read", source }),
        };
        let mut lines = text.lines().map(str::trim);
        let mut id = || lines.next().filter(|id| is_id(id)).map(str::to_owned);
        let (current, previous) = (id(), id());
        if current.is_none() {
            return Err(StoreError::Manifest {
                path,
                reason: "no generation's id in it".to_owned(),
            });
        }
        Ok(Current { current, previous })
    }

    /// Puts a generation in force; the one that was becomes the previous one.
    pub(super) fn publish(&self, generation: &Generation) -> Result<(), StoreError> {
        let before = self.read_current().unwrap_or_default();
        let manifest = serde_json::to_vec_pretty(&generation.manifest()).unwrap_or_default();
        write_atomically(&self.manifest_path(generation.id()), |file| {
            io::Write::write_all(file, &manifest)
        })?;
        let is_same = before.current.as_deref() == Some(generation.id());
        let previous = if is_same { before.previous } else { before.current };
        let previous = previous.unwrap_or_default();
        write_atomically(&self.directory.join("current"), |file| {
            io::Write::write_all(file, format!("{}\n{previous}\n", generation.id()).as_bytes())
        })?;
        Ok(())
    }

    /// Creates the directories and takes the writers' lock, waiting for another writer.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        for directory in [self.directory.clone(), self.shards(), self.generations()] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&directory)
                .map_err(|source| StoreError::Io { path: directory, step: "created", source })?;
        }
        let path = self.directory.join("lock");
        let failed = |source| StoreError::Io { path: path.clone(), step: "locked", source };
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    /// Removes what neither kept generation names, and unfinished files of killed writers. The caller
    /// holds the lock.
    pub(super) fn collect(&self) -> Result<(), StoreError> {
        let kept = self.list()?;
        let is_kept = |path: &Path| {
            kept.iter().any(|generation| {
                path == self.manifest_path(generation.id())
                    || generation.shards().iter().any(|shard| path == generation.path(shard))
            })
        };
        for directory in [self.shards(), self.generations()] {
            let failed = |source| StoreError::Io { path: directory.clone(), step: "read", source };
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if !is_kept(&path) {
                    fs::remove_file(&path).map_err(|source| StoreError::Io {
                        path,
                        step: "removed",
                        source,
                    })?;
                }
            }
        }
        Ok(())
    }

    fn manifest_path(&self, id: &str) -> PathBuf {
        self.generations().join(format!("{id}.json"))
    }

    fn shards(&self) -> PathBuf {
        self.directory.join("shards")
    }

    fn generations(&self) -> PathBuf {
        self.directory.join("generations")
    }
}

/// An id is used as a file's name.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn read_limited(path: &Path) -> Result<Vec<u8>, StoreError> {
    let failed = |source| StoreError::Io { path: path.to_path_buf(), step: "read", source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    io::Read::read_to_end(&mut io::Read::take(file, MAX_MANIFEST), &mut bytes).map_err(failed)?;
    Ok(bytes)
}
