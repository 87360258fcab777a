//! One member of a tar and its body.

use std::io::{self, BufRead, Read};

use super::error::TarError;
use super::sparse::Segment;
use crate::path::SafePath;

/// A member of a tar. Reading it yields its content, with a sparse file's holes as zeros.
///
/// What is not read is skipped without being copied.
pub struct Entry<'a> {
    pub(super) source: &'a mut (dyn BufRead + Send),
    pub(super) body: &'a mut Body,
    pub(super) member: &'a Member,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A regular file, sparse or not.
    File,
    /// A directory.
    Dir,
    /// A symbolic link, with the target as written: resolve it against the merged image.
    Symlink {
        /// The target; may be absolute or climb.
        target: &'a [u8],
    },
    /// Another name for an earlier member of this tar (or of a lower layer).
    Hardlink {
        /// The other name, cleaned like every member's.
        target: &'a SafePath,
    },
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A type flag that engines do not unpack.
    Other(u8),
}

/// What the headers say about the current member; reused for all members.
#[derive(Default)]
pub(super) struct Member {
    pub(super) flag: MemberFlag,
    pub(super) path: SafePath,
    pub(super) link: Vec<u8>,
    pub(super) hardlink: SafePath,
    pub(super) mode: u32,
}

/// [`Kind`] without its data.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum MemberFlag {
    #[default]
    File,
    Dir,
    Symlink,
    Hardlink,
    Fifo,
    CharDevice,
    BlockDevice,
    Other(u8),
}

impl<'a> Entry<'a> {
    /// The member's cleaned name.
    pub fn path(&self) -> &'a SafePath {
        &self.member.path
    }

    /// What the member is.
    pub fn kind(&self) -> Kind<'a> {
        let member = self.member;
        match member.flag {
            MemberFlag::File => Kind::File,
            MemberFlag::Dir => Kind::Dir,
            MemberFlag::Symlink => Kind::Symlink { target: &member.link },
            MemberFlag::Hardlink => Kind::Hardlink { target: &member.hardlink },
            MemberFlag::Fifo => Kind::Fifo,
            MemberFlag::CharDevice => Kind::CharDevice,
            MemberFlag::BlockDevice => Kind::BlockDevice,
            MemberFlag::Other(flag) => Kind::Other(flag),
        }
    }

    /// Bytes that reading yields from the start; a claim that only reading confirms.
    pub fn size(&self) -> u64 {
        self.body.size
    }

    /// The permission bits with set-id and sticky bits, `0o7777` at most.
    pub fn mode(&self) -> u32 {
        self.member.mode
    }

    /// The rest of the content, or an error of kind [`FileTooLarge`](io::ErrorKind::FileTooLarge)
    /// where that is more than `max_bytes`. Allocates as bytes arrive, not what the header says.
    pub fn read_to_vec(&mut self, max_bytes: u64) -> io::Result<Vec<u8>> {
        let rest = self.body.size - self.body.position;
        if rest > max_bytes {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{} has {rest} bytes, more than {max_bytes}", self.member.path),
            ));
        }
        let mut content = Vec::new();
        self.read_to_end(&mut content)?;
        Ok(content)
    }
}

impl Read for Entry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// Lends the content where it lies in the stream's buffer.
impl BufRead for Entry<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.body.next_run() {
            Run::Hole(0) => Ok(&[]),
            Run::Hole(length) => {
                let left = self.body.max_holes.saturating_sub(self.body.holes);
                if left == 0 {
                    let error = TarError::TooManyHoles { limit: self.body.max_holes };
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
                }
                Ok(&ZEROS[..clamp(length.min(left), ZEROS.len())])
            }
            Run::Data(length) => {
                let available = self.source.fill_buf()?;
                if available.is_empty() {
                    let path = self.member.path.to_string();
                    let error = TarError::TruncatedBody { path };
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
                }
                Ok(&available[..clamp(length, available.len())])
            }
        }
    }

    fn consume(&mut self, n: usize) {
        let n = match self.body.next_run() {
            Run::Hole(length) => {
                let n = clamp(length, n);
                self.body.holes += n as u64;
                n
            }
            Run::Data(length) => {
                let n = clamp(length, n);
                self.source.consume(n);
                self.body.stored -= n as u64;
                n
            }
        };
        self.body.advance(n as u64);
    }
}

/// What holes are read as, this much at a time.
static ZEROS: [u8; 16 << 10] = [0; 16 << 10];

/// Where reading the current member stands, and what the holes of all have cost.
#[derive(Default)]
pub(super) struct Body {
    /// Bytes of content.
    pub(super) size: u64,
    /// Stored bytes of the member that were not consumed yet.
    pub(super) stored: u64,
    /// Bytes after the stored ones up to the next block.
    pub(super) padding: u64,
    /// Stored bytes and padding as they were when the member began.
    pub(super) length: u64,
    /// Bytes of holes that may be read of all members together: nothing in the tar pays for them.
    max_holes: u64,
    /// Bytes of holes that were read, of all members so far.
    holes: u64,
    position: u64,
    segments: Vec<Segment>,
    next_segment: usize,
}

/// What comes next in the content, and how much of it.
enum Run {
    Hole(u64),
    Data(u64),
}

impl Body {
    pub(super) fn new(max_holes: u64) -> Self {
        Self { max_holes, ..Self::default() }
    }

    /// Begins a member whose content is stored as one piece.
    pub(super) fn start_whole(&mut self, size: u64, padding: u64) {
        self.segments.clear();
        if size > 0 {
            self.segments.push(Segment { offset: 0, length: size });
        }
        self.start(size, size, padding);
    }

    /// Begins a member of which only the segments are stored.
    pub(super) fn start_sparse(&mut self, size: u64, segments: Vec<Segment>, padding: u64) {
        let stored = segments.iter().map(|segment| segment.length).sum();
        self.segments = segments;
        self.start(size, stored, padding);
    }

    fn start(&mut self, size: u64, stored: u64, padding: u64) {
        self.size = size;
        self.stored = stored;
        self.padding = padding;
        self.length = stored + padding;
        self.position = 0;
        self.next_segment = 0;
    }

    fn next_run(&self) -> Run {
        match self.segments.get(self.next_segment) {
            Some(segment) if self.position < segment.offset => {
                Run::Hole(segment.offset - self.position)
            }
            Some(segment) => Run::Data(segment.offset + segment.length - self.position),
            None => Run::Hole(self.size - self.position),
        }
    }

    fn advance(&mut self, n: u64) {
        self.position += n;
        if let Some(segment) = self.segments.get(self.next_segment)
            && self.position == segment.offset + segment.length
        {
            self.next_segment += 1;
        }
    }
}

/// The smaller of a 64-bit length and a buffer's.
pub(super) fn clamp(length: u64, buffer: usize) -> usize {
    usize::try_from(length).map_or(buffer, |length| length.min(buffer))
}
