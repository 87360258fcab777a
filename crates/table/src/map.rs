use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use memmap2::Mmap;

use crate::error::Fault;

/// The bytes of a table: a mapped file, or memory.
pub(crate) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a regular file.
    pub(crate) fn map(path: &Path) -> Result<Self, Fault> {
        // Without O_NONBLOCK, opening a pipe put in the file's place would wait for ever.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(path)
            .map_err(Fault::Open)?;
        let metadata = file.metadata().map_err(Fault::Open)?;
        if !metadata.is_file() {
            return Err(Fault::NotAFile);
        }
        if metadata.len() == 0 {
            return Ok(Self::Owned(Vec::new()));
        }
        map_file(&file).map(Self::Mapped).map_err(Fault::Open)
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

#[expect(unsafe_code, reason = "mapping a file is the purpose of this crate")]
fn map_file(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is private and read-only, and a table never changes once it has its name: it is written
    // under another name and renamed (`write_atomically`), and replaced or removed only as a whole, which leaves
    // this mapping intact. Only its owner may write to it in place (0600), which is the user who runs this program;
    // a file cut short under our feet ends the process by SIGBUS and misreads nothing.
    // No value with invalid bit patterns is made of these bytes: records are zerocopy's `FromBytes`, strings are
    // checked to be UTF-8 at each reading.
    unsafe { Mmap::map(file) }
}
