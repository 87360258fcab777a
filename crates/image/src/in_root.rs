//! Opening the files of a layout: the kernel keeps every step, links included, inside it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use plimsoll_unpack::SafePath;
use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A directory that serves as the root of every path asked for.
///
/// As `unpack`'s, but it gives the file itself: its stamp is taken from the descriptor.
#[derive(Debug)]
pub(crate) struct InRoot(OwnedFd);

/// The kernel gives up with EAGAIN where a rename elsewhere might have moved a component out of the
/// root meanwhile.
const MAX_TRIES: u32 = 64;

impl InRoot {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(fs::open(path, flags, Mode::empty())?))
    }

    /// A regular file and its size; nothing where there is none. Anything else is refused without
    /// being opened, so that a pipe cannot block and a device does not notice.
    pub(crate) fn open_file(&self, path: &SafePath) -> io::Result<Option<(File, u64)>> {
        let Some(probe) = self.resolve(path, OFlags::PATH)? else { return Ok(None) };
        regular_size(&probe)?;
        // The name may mean something else by now: NONBLOCK and a second look cover that.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let Some(file) = self.resolve(path, flags)? else { return Ok(None) };
        let size = regular_size(&file)?;
        Ok(Some((File::from(file), size)))
    }

    fn resolve(&self, path: &SafePath, flags: OFlags) -> io::Result<Option<OwnedFd>> {
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut tries = 0;
        loop {
            tries += 1;
            let flags = flags | OFlags::CLOEXEC;
            match fs::openat2(&self.0, path.as_bytes(), flags, Mode::empty(), within) {
                Ok(file) => return Ok(Some(file)),
                Err(Errno::AGAIN | Errno::INTR) if tries < MAX_TRIES => {}
                Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

fn regular_size(file: &OwnedFd) -> io::Result<u64> {
    let stat = fs::fstat(file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(u64::try_from(stat.st_size).unwrap_or(0)),
        _ => Err(io::Error::other("not a regular file")),
    }
}
