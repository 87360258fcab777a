//! The members of the small tars that signatures and indexes are.
//!
//! Not `plimsoll_unpack::tar`: an index is dated by the time in its header, which that reader does not keep, and
//! nothing of what makes tars difficult (long names, sparse files, links) is legal here.

use std::io::{self, Read};

const BLOCK: u64 = 512;

/// A member's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) mtime: u64,
    pub(super) is_file: bool,
}

/// Reads members one after the other; what is not read of a body is skipped.
pub(super) struct Members<R> {
    reader: R,
    /// Bytes up to the next header.
    left: u64,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, left: 0 }
    }

    /// The next header; none at the tar's end, which may be that of the bytes: signatures have no end mark.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let skipped = io::copy(&mut (&mut self.reader).take(self.left), &mut io::sink())?;
        if skipped != self.left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = 0;
        let mut header = [0; BLOCK as usize];
        let mut filled = 0;
        while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest)? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => filled += n,
            }
        }
        if header == [0; BLOCK as usize] {
            return Ok(None);
        }
        let member = parse(&header).ok_or_else(damaged)?;
        self.left = member.size.next_multiple_of(BLOCK);
        Ok(Some(member))
    }

    /// The body of the member last given.
    pub(super) fn body<'a>(&'a mut self, member: &Member) -> Body<'a, R> {
        Body { members: self, left: member.size }
    }
}

/// The bytes of one member.
pub(super) struct Body<'a, R> {
    members: &'a mut Members<R>,
    left: u64,
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let n = (&mut self.members.reader).take(self.left).read(buffer)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= n as u64;
        self.members.left -= n as u64;
        Ok(n)
    }
}

/// The fields of a header by their place (POSIX ustar); none if it is none.
fn parse(header: &[u8; BLOCK as usize]) -> Option<Member> {
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    let field: u64 = header.get(148..156)?.iter().map(|&byte| u64::from(byte)).sum();
    if octal(header.get(148..156)?)? != sum - field + 8 * u64::from(b' ') {
        return None;
    }
    let size = octal(header.get(124..136)?)?;
    // Far above any limit on what is read, and no sum of it can overflow.
    if size > u64::from(u32::MAX) {
        return None;
    }
    let name = header.get(..100)?;
    let name = name.split(|&byte| byte == 0).next().unwrap_or(name);
    Some(Member {
        name: str::from_utf8(name).ok()?.to_owned(),
        size,
        mtime: octal(header.get(136..148)?)?,
        is_file: matches!(header.get(156)?, 0 | b'0'),
    })
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a tar header is damaged")
}

/// Octal digits between blanks and zero bytes; nothing is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if digits.is_empty() {
        return Some(0);
    }
    let all = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    if all { u64::from_str_radix(digits, 8).ok() } else { None }
}
