//! Files inside a directory that is somebody else's root file system.
//!
//! The one part of this crate that opens files. The kernel itself keeps every step inside the root
//! (`openat2` with `RESOLVE_IN_ROOT`, Linux 5.6), so that neither links nor renames during the scan
//! lead out; there is no weaker fallback.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Take};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::path::SafePath;

/// A directory that serves as the root of every path asked for.
#[derive(Debug)]
pub struct RootDir {
    root: OwnedFd,
}

/// A regular file inside the root; reading ends at the size it had when it was opened.
#[derive(Debug)]
pub struct RootFile {
    file: Take<File>,
    size: u64,
    mode: u32,
}

/// A name in a directory inside the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name: one component.
    pub name: Vec<u8>,
    /// What the name stands for; a link is not followed.
    pub kind: FileKind,
}

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A pipe, socket or device: never opened.
    Other,
}

/// Why a path inside the root could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// Nothing is there, or a component in front of it is no directory.
    #[error("{path} does not exist")]
    NotFound {
        /// The path, escaped.
        path: String,
    },
    /// The kernel refused: permissions, a cycle of links, no `openat2` …
    #[error("opening {path}")]
    Open {
        /// The path, escaped.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The path leads to a directory, pipe, socket or device.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// The path, escaped.
        path: String,
    },
    /// The file is larger than its reader wants.
    #[error("{path} has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// The path, escaped.
        path: String,
        /// The file's size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A directory has more names than any real one.
    #[error("{path} has more than {limit} entries")]
    TooManyEntries {
        /// The path, escaped.
        path: String,
        /// The limit.
        limit: usize,
    },
}

/// Mail and cache directories reach some 100,000 names.
const MAX_DIR_ENTRIES: usize = 1_000_000;

/// The kernel gives up with EAGAIN where a rename elsewhere might have moved a component out of
/// the root meanwhile; on a busy system a few tries may be needed.
const MAX_TRIES: u32 = 64;

impl RootDir {
    /// Takes a directory of the host as root; its own path may lead through links.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: fs::open(path, flags, Mode::empty())? })
    }

    /// Opens a regular file of at most `max_bytes`. Links are followed within the root; anything
    /// but a regular file is refused without opening it, so a pipe cannot block and a device does
    /// not notice.
    pub fn open_file(&self, path: &SafePath, max_bytes: u64) -> Result<RootFile, RootError> {
        let probe = self.resolve(path, OFlags::PATH)?;
        require_regular(&stat(&probe, path)?, path)?;
        // The name may mean something else by now: NONBLOCK and a second look cover that.
        let file = self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let stat = stat(&file, path)?;
        require_regular(&stat, path)?;
        let bytes = u64::try_from(stat.st_size).unwrap_or(0);
        if bytes > max_bytes {
            return Err(RootError::TooLarge { path: path.to_string(), bytes, limit: max_bytes });
        }
        let file = File::from(file).take(bytes);
        Ok(RootFile { file, size: bytes, mode: stat.st_mode & 0o7777 })
    }

    /// The names in a directory, sorted. Links on the way to it, and at its end, are followed
    /// within the root.
    pub fn read_dir(&self, path: &SafePath) -> Result<Vec<DirEntry>, RootError> {
        let directory = self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let failed = |errno| open_error(path, errno);
        let mut entries = Vec::new();
        for entry in fs::Dir::read_from(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if entries.len() == MAX_DIR_ENTRIES {
                let limit = MAX_DIR_ENTRIES;
                return Err(RootError::TooManyEntries { path: path.to_string(), limit });
            }
            let file_type = match entry.file_type() {
                FileType::Unknown => {
                    match fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                        // Deleted since it was listed.
                        Err(Errno::NOENT) => continue,
                        Err(errno) => return Err(failed(errno)),
                    }
                }
                known => known,
            };
            let kind = match file_type {
                FileType::RegularFile => FileKind::File,
                FileType::Directory => FileKind::Dir,
                FileType::Symlink => FileKind::Symlink,
                _ => FileKind::Other,
            };
            entries.push(DirEntry { name: name.to_bytes().to_vec(), kind });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// The target of a symbolic link, as written.
    pub fn read_link(&self, path: &SafePath) -> Result<Vec<u8>, RootError> {
        let link = self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW)?;
        let target = fs::readlinkat(&link, "", Vec::new());
        Ok(target.map_err(|errno| open_error(path, errno))?.into_bytes())
    }

    fn resolve(&self, path: &SafePath, flags: OFlags) -> Result<OwnedFd, RootError> {
        let name = if path.is_root() { b"." } else { path.as_bytes() };
        let name = OsStr::from_bytes(name);
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut tries = 0;
        loop {
            tries += 1;
            match fs::openat2(&self.root, name, flags | OFlags::CLOEXEC, Mode::empty(), within) {
                Err(Errno::AGAIN | Errno::INTR) if tries < MAX_TRIES => {}
                result => return result.map_err(|errno| open_error(path, errno)),
            }
        }
    }
}

impl RootFile {
    /// The size in bytes when the file was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The permission bits with set-id and sticky bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// The whole content.
    pub fn read_to_vec(mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.file.read_to_end(&mut content)?;
        Ok(content)
    }
}

/// For what only the descriptor tells: inode and times.
impl AsFd for RootFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.get_ref().as_fd()
    }
}

impl Read for RootFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

fn stat(file: impl AsFd, path: &SafePath) -> Result<Stat, RootError> {
    fs::fstat(file).map_err(|errno| open_error(path, errno))
}

fn require_regular(stat: &Stat, path: &SafePath) -> Result<(), RootError> {
    if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
        Ok(())
    } else {
        Err(RootError::NotRegular { path: path.to_string() })
    }
}

fn open_error(path: &SafePath, errno: Errno) -> RootError {
    let path = path.to_string();
    match errno {
        Errno::NOENT | Errno::NOTDIR => RootError::NotFound { path },
        errno => RootError::Open { path, source: errno.into() },
    }
}
