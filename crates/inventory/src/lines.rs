//! Lines of a database of any size, in a buffer of one size.

use std::io::{self, Read};

/// Lines up to this length are whole. The fields that are read here are names and versions; what is
/// longer (descriptions, dependencies) only has to be stepped over.
const BUFFER: usize = 64 * 1024;

/// No package manager's text database has been seen above 20 MB (5,000 packages with long
/// dependencies); a file beyond this is an attack or rubbish, and reading on would only cost time.
pub(crate) const MAX_FILE: u64 = 256 * 1024 * 1024;

/// One line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It is longer than the buffer: its beginning.
    Cut(&'a [u8]),
}

/// Why there is no further line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The file ends.
    File,
    /// [`MAX_FILE`] bytes were read and there are more.
    Limit,
}

/// Reads lines from `from`.
pub(crate) struct Lines<R> {
    from: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    left: u64,
    at_end: Option<End>,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self::with_limit(from, MAX_FILE)
    }

    fn with_limit(from: R, limit: u64) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { from, buffer, start: 0, end: 0, left: limit, at_end: None }
    }

    /// The next line, or why there is none. The error is the stream's own.
    pub(crate) fn next(&mut self) -> io::Result<Result<Line<'_>, End>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = self.find_newline(searched) {
                let line = self.start..at;
                self.start = at + 1;
                return Ok(Ok(Line::Whole(&self.buffer[line])));
            }
            searched = self.end;
            if let Some(end) = self.at_end {
                let line = self.start..self.end;
                self.start = self.end;
                return Ok(if line.is_empty() {
                    Err(end)
                } else {
                    Ok(Line::Whole(&self.buffer[line]))
                });
            }
            if self.end - self.start == BUFFER {
                return self.skip_line();
            }
            if self.end == BUFFER {
                self.buffer.copy_within(self.start..self.end, 0);
                searched -= self.start;
                self.end -= self.start;
                self.start = 0;
            }
            self.fill()?;
        }
    }

    /// The buffer is one line without an end: reads up to its end, keeping its beginning.
    fn skip_line(&mut self) -> io::Result<Result<Line<'_>, End>> {
        // The beginning stays in the first half; the rest passes through the second.
        let kept = BUFFER / 2;
        loop {
            (self.start, self.end) = (kept, kept);
            self.fill()?;
            if let Some(at) = self.find_newline(kept) {
                self.start = at + 1;
                return Ok(Ok(Line::Cut(&self.buffer[..kept])));
            }
            if self.at_end.is_some() {
                self.start = self.end;
                return Ok(Ok(Line::Cut(&self.buffer[..kept])));
            }
        }
    }

    fn find_newline(&self, from: usize) -> Option<usize> {
        memchr::memchr(b'\n', &self.buffer[from..self.end]).map(|at| from + at)
    }

    fn fill(&mut self) -> io::Result<()> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(BUFFER - self.end);
        if room == 0 {
            let more = read_some(&mut self.from, &mut [0])?;
            self.at_end = Some(if more == 0 { End::File } else { End::Limit });
            return Ok(());
        }
        let read = read_some(&mut self.from, &mut self.buffer[self.end..self.end + room])?;
        if read == 0 {
            self.at_end = Some(End::File);
        }
        self.end += read;
        self.left -= read as u64;
        Ok(())
    }
}

fn read_some(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], limit: u64, expected: &[(usize, bool)], end: End) {
        let mut lines = Lines::with_limit(input, limit);
        let mut found = Vec::new();
        let why = loop {
            match lines.next().unwrap() {
                Ok(Line::Whole(line)) => found.push((line.len(), true)),
                Ok(Line::Cut(line)) => found.push((line.len(), false)),
                Err(end) => break end,
            }
        };
        assert_eq!((found.as_slice(), why), (expected, end));
    }

    #[test]
    fn lines_of_every_length() {
        check(b"", 10, &[], End::File);
        check(b"a\n\nbc", 10, &[(1, true), (0, true), (2, true)], End::File);
        check(b"a\nb\n", 4, &[(1, true), (1, true)], End::File);
        check(b"a\nbcd\n", 4, &[(1, true), (2, true)], End::Limit);
        let mut long = vec![b'x'; BUFFER - 1];
        long.extend_from_slice(b"\nshort\n");
        check(&long, u64::MAX, &[(BUFFER - 1, true), (5, true)], End::File);
        let mut longer = b"first\n".to_vec();
        longer.extend(vec![b'x'; 5 * BUFFER + 3]);
        longer.extend_from_slice(b"\nshort");
        let expected = [(5, true), (BUFFER / 2, false), (5, true)];
        check(&longer, u64::MAX, &expected, End::File);
        check(&vec![b'x'; 2 * BUFFER], BUFFER as u64 + 1, &[(BUFFER / 2, false)], End::Limit);
    }

    #[test]
    fn lines_across_refills_are_whole() {
        let mut text = Vec::new();
        for index in 0..20_000 {
            text.extend_from_slice(format!("line number {index}\n").as_bytes());
        }
        let mut lines = Lines::new(text.as_slice());
        for index in 0..20_000 {
            let line = lines.next().unwrap();
            assert_eq!(line, Ok(Line::Whole(format!("line number {index}").as_bytes())));
        }
        assert_eq!(lines.next().unwrap(), Err(End::File));
    }
}
