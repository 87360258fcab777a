//! Layers in local files: reading them, and recognising them the next time.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plimsoll_unpack::SafePath;
use plimsoll_unpack::rootfs::{RootDir, RootError, RootFile};

use crate::error::Error;
use crate::source::KnownBy;

/// What stays the same as long as nobody changes a part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileStamp {
    /// The device it is on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// The size of the whole file in bytes.
    pub size: u64,
    /// When its content was changed, in nanoseconds since 1970.
    pub modified_ns: i128,
    /// When its content or inode was changed, in nanoseconds since 1970: nobody can set it.
    pub changed_ns: i128,
    /// Where the part begins.
    pub offset: u64,
    /// The length of the part in bytes.
    pub length: u64,
}

impl FileStamp {
    /// Of a part of a file, or of the whole.
    pub(crate) fn of(file: impl AsFd, offset: u64, length: Option<u64>) -> io::Result<Self> {
        let stat = rustix::fs::fstat(file)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        Ok(Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size,
            modified_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
            offset,
            length: length.unwrap_or(size),
        })
    }

    /// Whether a later change would show. Kernels advance file times only every few milliseconds, so
    /// a file that was changed just now may be changed again and keep its times.
    pub(crate) fn is_settled(&self) -> bool {
        /// Ten times the coarsest clock tick.
        const SETTLED_AFTER: Duration = Duration::from_millis(100);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX);
        now - self.changed_ns > SETTLED_AFTER.as_nanos() as i128
    }
}

/// One line, the same for the same stamp: a key for a cache.
impl fmt::Display for FileStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, inode, size, modified_ns, changed_ns, offset, length } = self;
        write!(f, "{device}-{inode}-{size}-{modified_ns}-{changed_ns}-{offset}-{length}")
    }
}

/// A layer in a local file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    source_name: Arc<str>,
    stamp: FileStamp,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    /// A part of an open file.
    Slice(Arc<File>),
    /// A whole file below a directory, opened when it is read: an image may have more layers than
    /// a process may have open files.
    InRoot(Arc<RootDir>, SafePath),
}

impl Stored {
    /// A part of a tar.
    pub(crate) fn slice(
        source_name: &Arc<str>,
        file: &Arc<File>,
        offset: u64,
        length: u64,
    ) -> Result<Self, Error> {
        let stamp = FileStamp::of(file, offset, Some(length));
        let stamp = stamp.map_err(|source| read_error(source_name, source))?;
        let place = Place::Slice(Arc::clone(file));
        Ok(Self { source_name: Arc::clone(source_name), stamp, place })
    }

    /// A blob of a layout, which `file` is.
    pub(crate) fn in_root(
        source_name: String,
        root: &Arc<RootDir>,
        path: SafePath,
        file: &RootFile,
    ) -> Result<Self, Error> {
        let stamp = FileStamp::of(file, 0, None);
        let stamp = stamp.map_err(|source| read_error(&source_name, source))?;
        let place = Place::InRoot(Arc::clone(root), path);
        Ok(Self { source_name: source_name.into(), stamp, place })
    }

    /// How its facts may be found again.
    pub(crate) fn known_by(&self) -> KnownBy {
        match self.stamp.is_settled() {
            true => KnownBy::Stamp(self.stamp.clone()),
            false => KnownBy::Nothing,
        }
    }

    /// Reads the bytes that the stamp speaks of.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        let FileStamp { offset, length, .. } = self.stamp;
        match &self.place {
            Place::Slice(file) => {
                Ok(Box::new(Slice { file: Arc::clone(file), offset, end: offset + length }))
            }
            Place::InRoot(root, path) => {
                let changed = || Error::Changed { source_name: self.source_name.to_string() };
                let failed = |source| read_error(&self.source_name, source);
                let file = match root.open_file(path, u64::MAX) {
                    Ok(file) => file,
                    Err(RootError::NotFound { .. }) => return Err(changed()),
                    Err(error) => return Err(failed(io_error(error))),
                };
                if FileStamp::of(&file, 0, None).map_err(failed)? != self.stamp {
                    return Err(changed());
                }
                Ok(Box::new(file))
            }
        }
    }
}

/// Why a file of a layout cannot be read, without its name, which the messages have already.
pub(crate) fn io_error(error: RootError) -> io::Error {
    match error {
        RootError::Open { source, .. } => source,
        RootError::NotRegular { .. } => io::Error::other("not a regular file"),
        other => io::Error::other(other),
    }
}

fn read_error(source_name: &str, source: io::Error) -> Error {
    Error::Read { source_name: source_name.to_owned(), source }
}

fn nanoseconds(seconds: i64, nanoseconds: impl Into<i128>) -> i128 {
    i128::from(seconds) * 1_000_000_000 + nanoseconds.into()
}

/// Reads a part of a file that others read at the same time.
struct Slice {
    file: Arc<File>,
    offset: u64,
    end: u64,
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end - self.offset;
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let n = self.file.read_at(&mut buffer[..wanted], self.offset)?;
        if n == 0 && wanted > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"));
        }
        self.offset += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_slice_ends_where_it_ends_and_a_shortened_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let file = Arc::new(file);
        let stored = Stored::slice(&"x".into(), &file, 2, 5).unwrap();
        let read = || {
            let mut content = String::new();
            stored.open().unwrap().read_to_string(&mut content).map(|_| content)
        };
        assert_eq!(read().unwrap(), "23456");
        file.set_len(4).unwrap();
        assert_eq!(read().unwrap_err().to_string(), "the file became shorter");
    }

    #[test]
    fn a_stamp_counts_only_once_its_file_has_come_to_rest() {
        let file = Arc::new(tempfile::tempfile().unwrap());
        let stored = || Stored::slice(&"x".into(), &file, 0, 0).unwrap();
        assert_eq!(stored().known_by(), KnownBy::Nothing);
        std::thread::sleep(Duration::from_millis(130));
        let KnownBy::Stamp(before) = stored().known_by() else { panic!("not settled") };
        assert_eq!(before, stored().stamp);
        (&*file).write_all(b"x").unwrap();
        assert_ne!(before, stored().stamp);
        assert_ne!(before.to_string(), stored().stamp.to_string());
    }
}
