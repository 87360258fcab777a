//! ar, the container of Debian packages, read forward in one pass.
//!
//! Names longer than 16 bytes, which only object libraries have, are given as written.

use std::io::{self, BufRead, Read};

use crate::limits::Limits;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;

/// Reads the members of an ar in order.
pub struct ArReader<R> {
    source: R,
    max_entries: u64,
    entries: u64,
    started: bool,
    name: Vec<u8>,
    rest: u64,
    is_padded: bool,
}

/// A member of an ar; what is not read of it is skipped.
pub struct ArEntry<'a, R> {
    reader: &'a mut ArReader<R>,
}

/// What is wrong with an ar.
#[derive(Debug, thiserror::Error)]
pub enum ArError {
    /// The underlying reader failed.
    #[error("reading the ar")]
    Read(#[source] io::Error),
    /// The first bytes are not an ar's.
    #[error("not an ar")]
    Magic,
    /// A member's header is malformed.
    #[error("ar entry {entry} has a malformed header")]
    Header {
        /// The member's position, from 1.
        entry: u64,
    },
    /// The bytes end inside a member or its header.
    #[error("truncated ar: ends inside entry {entry}")]
    Truncated {
        /// The member's position, from 1.
        entry: u64,
    },
    /// More members than [`Limits::max_entries`].
    #[error("ar has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
}

impl<R: BufRead> ArReader<R> {
    /// Reads from the magic on.
    pub fn new(source: R, limits: &Limits) -> Self {
        Self {
            source,
            max_entries: limits.max_entries,
            entries: 0,
            started: false,
            name: Vec::new(),
            rest: 0,
            is_padded: false,
        }
    }

    /// The next member; nothing at the end.
    pub fn next_entry(&mut self) -> Result<Option<ArEntry<'_, R>>, ArError> {
        if !self.started {
            let mut magic = [0; MAGIC.len()];
            self.source.read_exact(&mut magic).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => ArError::Magic,
                _ => ArError::Read(error),
            })?;
            if &magic != MAGIC {
                return Err(ArError::Magic);
            }
            self.started = true;
        }
        self.skip_rest()?;
        if self.peek()?.is_empty() {
            return Ok(None);
        }
        if self.entries == self.max_entries {
            return Err(ArError::TooManyEntries { limit: self.max_entries });
        }
        self.entries += 1;
        let mut header = [0; HEADER_BYTES];
        self.source.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArError::Truncated { entry: self.entries },
            _ => ArError::Read(error),
        })?;
        let size = str::from_utf8(header[48..58].trim_ascii_end())
            .ok()
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        let (Some(size), b"`\n") = (size, &header[58..]) else {
            return Err(ArError::Header { entry: self.entries });
        };
        let name = header[..16].trim_ascii_end();
        self.name.clear();
        self.name.extend_from_slice(name.strip_suffix(b"/").unwrap_or(name));
        self.rest = size;
        self.is_padded = !size.is_multiple_of(2);
        Ok(Some(ArEntry { reader: self }))
    }

    fn skip_rest(&mut self) -> Result<(), ArError> {
        while self.rest > 0 {
            let available = self.peek()?.len();
            if available == 0 {
                return Err(ArError::Truncated { entry: self.entries });
            }
            let n = usize::try_from(self.rest).map_or(available, |rest| rest.min(available));
            self.source.consume(n);
            self.rest -= n as u64;
        }
        // The last member's padding is often missing.
        if std::mem::take(&mut self.is_padded) && !self.peek()?.is_empty() {
            self.source.consume(1);
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<&[u8], ArError> {
        self.source.fill_buf().map_err(ArError::Read)
    }
}

impl<R: BufRead> ArEntry<'_, R> {
    /// The name without padding and without GNU's closing slash.
    pub fn name(&self) -> &[u8] {
        &self.reader.name
    }

    /// Bytes of content that were not read yet.
    pub fn size(&self) -> u64 {
        self.reader.rest
    }
}

impl<R: BufRead> Read for ArEntry<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.reader;
        let n = (&mut reader.source).take(reader.rest).read(buffer)?;
        if n == 0 && reader.rest > 0 && !buffer.is_empty() {
            let error = ArError::Truncated { entry: reader.entries };
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
        }
        reader.rest -= n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{name:16}{:12}{:6}{:6}{:8}{:<10}`\n", 0, 0, 0, 644, content.len())
            .into_bytes();
        bytes.extend_from_slice(content);
        if !content.len().is_multiple_of(2) {
            bytes.push(b'\n');
        }
        bytes
    }

    fn names_and_sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<(String, u64)>, ArError> {
        let mut reader = ArReader::new(bytes, limits);
        let mut all = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            all.push((String::from_utf8_lossy(entry.name()).into_owned(), entry.size()));
        }
        Ok(all)
    }

    fn deb() -> Vec<u8> {
        [
            MAGIC.to_vec(),
            member("debian-binary", b"2.0\n"),
            member("control.tar.xz/", b"odd"),
            member("data.tar.xz", b"data"),
        ]
        .concat()
    }

    #[test]
    fn members_of_a_debian_package() {
        let all = names_and_sizes(&deb(), &Limits::default()).unwrap();
        let expected = [("debian-binary", 4), ("control.tar.xz", 3), ("data.tar.xz", 4)];
        assert_eq!(all, expected.map(|(name, size)| (name.to_owned(), size)));

        let bytes = deb();
        let mut reader = ArReader::new(&bytes[..], &Limits::default());
        reader.next_entry().unwrap().unwrap();
        let mut content = Vec::new();
        reader.next_entry().unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, b"odd");
        assert_eq!(reader.next_entry().unwrap().unwrap().name(), b"data.tar.xz");
    }

    #[test]
    fn damage_names_the_entry() {
        let check = |bytes: &[u8], expected: &str| {
            let error = names_and_sizes(bytes, &Limits::default()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        let whole = deb();
        check(b"", "not an ar");
        check(b"!<arch>", "not an ar");
        check(b"!<thin>\n", "not an ar");
        check(&whole[..30], "truncated ar: ends inside entry 1");
        check(&whole[..whole.len() - 1], "truncated ar: ends inside entry 3");
        let mut signed = whole.clone();
        signed[8 + 48] = b'+';
        check(&signed, "ar entry 1 has a malformed header");
        let mut mark = whole;
        mark[8 + 58] = b'x';
        check(&mark, "ar entry 1 has a malformed header");
    }

    #[test]
    fn entries_are_limited() {
        let limits = Limits { max_entries: 2, ..Limits::default() };
        let error = names_and_sizes(&deb(), &limits).unwrap_err();
        assert_eq!(error.to_string(), "ar has more than 2 entries");
    }
}
