//! Reading and writing single files of the cache.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags};

use super::CacheError;

/// The largest facts: a table of paths and the kept contents, each with its own limit.
pub(super) const MAX_FACTS: u64 = 320 << 20;

/// A pair of digests is shorter.
const MAX_LINE: u64 = 1024;

/// A file that was used is marked so once a day: enough for pruning the least used, and no write
/// per scan.
const USED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How temporary names begin; pruning removes those that a crash left.
pub(super) const TEMPORARY: &str = ".new-";

/// The content of a regular file of at most `limit` bytes; nothing where there is none, or it is
/// anything else.
pub(super) fn read(path: &Path, limit: u64) -> Option<Vec<u8>> {
    // Neither links nor pipes are ours.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File = rustix::fs::open(path, flags, Mode::empty()).ok()?.into();
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > limit {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
    (&file).take(limit).read_to_end(&mut bytes).ok()?;
    let now = SystemTime::now();
    let used = metadata.modified().ok().and_then(|used| now.duration_since(used).ok());
    if used.is_some_and(|age| age > USED_EVERY) {
        // A cache that cannot be written is still a cache.
        let _ = file.set_modified(now);
    }
    Some(bytes)
}

pub(super) fn read_line(path: &Path) -> Option<String> {
    String::from_utf8(read(path, MAX_LINE)?).ok()
}

/// Writes a file so that it appears whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
    let failed = |source| CacheError::Write { path: path.to_owned(), source };
    let directory = path.parent().unwrap_or(path);
    let temporary = temporary(directory);
    let file = match create(&temporary) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_directory(directory).map_err(failed)?;
            create(&temporary)
        }
        other => other,
    };
    let mut file = file.map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // What is left otherwise is removed by pruning.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// Who else could write into a directory that is there.
pub(super) fn others_may_write(directory: &Path) -> Option<&'static str> {
    let metadata = fs::metadata(directory).ok()?;
    let ours = rustix::process::geteuid().as_raw();
    if metadata.uid() != ours && metadata.uid() != 0 {
        Some("it belongs to another user")
    } else if metadata.mode() & 0o022 != 0 {
        Some("others may write to it")
    } else {
        None
    }
}

/// Makes a directory with its parents; several may do so at once.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A name that no other thread or process uses: containers that share a cache may have equal
/// process numbers, so the time is in it too.
fn temporary(directory: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    directory.join(format!("{TEMPORARY}{}-{count}-{}", process::id(), time.as_nanos()))
}
