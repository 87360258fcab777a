//! Reads `Packages` indexes: line by line over one large buffer, taking only the fields that are needed.
//!
//! An index is nearly all text that nobody asks for (dependencies, descriptions, tags), and it is read while it is
//! being unpacked, so what counts here is to pass over such lines at the speed of `memchr` and to allocate nothing.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use crate::apt::deb822::StanzaError;
use crate::apt::entry::{IndexEntry, is_inside};
use crate::apt::packages::PackagesError;
use crate::apt::{entry, hex};

/// Large enough that the rest which is moved to its front, a stanza at most, costs nothing.
const BUFFER_BYTES: usize = 256 << 10;

/// The largest real stanza has some 100 kB.
const MAX_STANZA: usize = 16 << 20;

/// The largest index, Debian's with all components, has some 70,000 packages.
const MAX_PACKAGES: usize = 2_000_000;

/// The longest field of those that are read, a path, stays below 300 bytes.
const MAX_FIELD: usize = 4_000;

/// Reads the packages of an index, one after another, from uncompressed bytes.
pub(crate) struct Scanner<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What of the buffer is not consumed yet.
    pending: Range<usize>,
    at_end: bool,
    lines: u64,
    packages: usize,
}

/// A stanza's fields, as places in the buffer counted from where the stanza begins.
#[derive(Default)]
struct Fields {
    name: Option<Range<usize>>,
    version: Option<Range<usize>>,
    architecture: Option<Range<usize>>,
    source: Option<Range<usize>>,
    filename: Option<Range<usize>>,
    size: Option<Range<usize>>,
    sha256: Option<Range<usize>>,
    phased: Option<Range<usize>>,
    multi_arch: Option<Range<usize>>,
    has_any: bool,
    has_stray: bool,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER_BYTES],
            pending: 0..0,
            at_end: false,
            lines: 0,
            packages: 0,
        }
    }

    /// The next package; none at the end. After an error that is not of one package only there is nothing more.
    pub(crate) fn next(&mut self) -> Result<Option<IndexEntry<'_>>, PackagesError> {
        let Some((stanza, fields, line)) = self.next_stanza()? else {
            return Ok(None);
        };
        self.packages += 1;
        if self.packages > MAX_PACKAGES {
            self.end();
            return Err(PackagesError::TooMany);
        }
        let bytes = self.buffer.get(stanza).unwrap_or_default();
        fields.read(bytes).map(Some).map_err(|what| PackagesError::Package { line, what })
    }

    /// Where the next stanza lies, what it holds, and its first line.
    fn next_stanza(&mut self) -> Result<Option<(Range<usize>, Fields, u64)>, StanzaError> {
        let mut fields = Fields::default();
        let mut first_line = self.lines + 1;
        // Where the next line begins, counted from where the stanza does: filling the buffer moves that.
        let mut at = 0;
        loop {
            let pending = self.buffer.get(self.pending.clone()).unwrap_or_default();
            let from = at;
            for newline in memchr_iter(b'\n', pending.get(from..).unwrap_or_default()) {
                let line = at..from + newline;
                at = line.end + 1;
                self.lines += 1;
                let bytes = pending.get(line.clone()).unwrap_or_default();
                if !is_blank(bytes) {
                    fields.add(bytes, line.start);
                } else if fields.has_any {
                    let stanza = self.pending.start..self.pending.start + line.start;
                    self.pending.start += at;
                    return Ok(Some((stanza, fields, first_line)));
                } else {
                    first_line = self.lines + 1;
                }
            }
            if self.at_end {
                let rest = pending.get(at..).unwrap_or_default();
                if !is_blank(rest) {
                    fields.add(rest, at);
                }
                let stanza = self.pending.clone();
                self.end();
                return Ok(fields.has_any.then_some((stanza, fields, first_line)));
            }
            self.fill()?;
        }
    }

    /// Fills the buffer behind what is pending, which moves to its front.
    fn fill(&mut self) -> Result<(), StanzaError> {
        let line = self.lines + 1;
        if self.pending.len() >= MAX_STANZA {
            self.end();
            return Err(StanzaError::TooLarge { line });
        }
        self.buffer.copy_within(self.pending.clone(), 0);
        self.pending = 0..self.pending.len();
        if self.pending.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while let Some(free) =
            self.buffer.get_mut(self.pending.end..).filter(|free| !free.is_empty())
        {
            match self.reader.read(free) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(length) => self.pending.end += length.min(free.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    self.end();
                    return Err(StanzaError::Read { line, source });
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        self.at_end = true;
        self.pending = 0..0;
    }
}

fn is_blank(line: &[u8]) -> bool {
    match line {
        [] => true,
        [b' ' | b'\t' | b'\r', ..] => line.trim_ascii().is_empty(),
        _ => false,
    }
}

impl Fields {
    /// Takes a line that is not empty into account, which begins at `start` of the stanza.
    fn add(&mut self, line: &[u8], start: usize) {
        match line.first().map(u8::to_ascii_lowercase) {
            Some(b'#') => return,
            Some(b' ' | b'\t') => {
                self.has_stray |= !self.has_any;
                self.has_any = true;
                return;
            }
            Some(b'a' | b'f' | b'm' | b'p' | b's' | b'v') => self.has_any = true,
            // No field that is wanted begins so; whether it is a field at all does not matter.
            _ => {
                self.has_any = true;
                return;
            }
        }
        let Some(colon) = memchr(b':', line) else {
            self.has_stray = true;
            return;
        };
        let (name, value) = line.split_at(colon);
        let field = match name.trim_ascii_end() {
            name if name.eq_ignore_ascii_case(b"Package") => &mut self.name,
            name if name.eq_ignore_ascii_case(b"Version") => &mut self.version,
            name if name.eq_ignore_ascii_case(b"Architecture") => &mut self.architecture,
            name if name.eq_ignore_ascii_case(b"Source") => &mut self.source,
            name if name.eq_ignore_ascii_case(b"Filename") => &mut self.filename,
            name if name.eq_ignore_ascii_case(b"Size") => &mut self.size,
            name if name.eq_ignore_ascii_case(b"SHA256") => &mut self.sha256,
            name if name.eq_ignore_ascii_case(b"Multi-Arch") => &mut self.multi_arch,
            name if name.eq_ignore_ascii_case(b"Phased-Update-Percentage") => &mut self.phased,
            _ => return,
        };
        if field.is_none() {
            let value = value.get(1..).unwrap_or_default();
            let begin = value.len() - value.trim_ascii_start().len();
            let value = value.trim_ascii();
            let start = start + colon + 1 + begin;
            *field = Some(start..start + value.len());
        }
    }

    /// The package that a stanza describes, or what is wrong with it.
    fn read<'b>(&self, stanza: &'b [u8]) -> Result<IndexEntry<'b>, &'static str> {
        if self.has_stray {
            return Err("a line that is no field");
        }
        let bytes = |place: &Option<Range<usize>>| {
            place.as_ref().and_then(|place| stanza.get(place.clone()))
        };
        let text = |place| match bytes(place) {
            None | Some([]) => Ok(None),
            Some(bytes) if bytes.len() > MAX_FIELD => Err("a field that is too long"),
            Some(bytes) => str::from_utf8(bytes).map(Some).map_err(|_| "a field that is not UTF-8"),
        };
        let name = text(&self.name)?.ok_or("no Package")?;
        let version = text(&self.version)?.ok_or("no Version")?;
        let architecture = text(&self.architecture)?.ok_or("no Architecture")?;
        let (source, source_version) = entry::source_of(name, version, text(&self.source)?);
        // As indexes of a single folder write it.
        let filename = text(&self.filename)?.map(|path| path.strip_prefix("./").unwrap_or(path));
        if filename.is_some_and(|filename| !is_inside(filename)) {
            return Err("a Filename that leaves the archive");
        }
        let size = text(&self.size)?.map(str::parse).transpose();
        let sha256 = match bytes(&self.sha256) {
            None | Some([]) => None,
            Some(text) => Some(hex::sha256(text).ok_or("a SHA256 that is none")?),
        };
        let phased = text(&self.phased)?.map_or(Ok(entry::NOT_PHASED), |percentage| {
            percentage.parse().map_err(|_| "a Phased-Update-Percentage that is no number")
        })?;
        Ok(IndexEntry {
            name,
            version,
            architecture,
            source,
            source_version,
            filename,
            size: size.map_err(|_| "a Size that is no number")?,
            sha256,
            phased,
            multi_arch: entry::multi_arch(text(&self.multi_arch)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Gives a few bytes at a time.
    struct Pieces<'b>(&'b [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    fn scan(index: &[u8], piece: usize) -> Vec<String> {
        let mut scanner = Scanner::new(Pieces(index, piece));
        let mut found = Vec::new();
        loop {
            match scanner.next() {
                Ok(None) => return found,
                Ok(Some(entry)) => found.push(format!("{} {}", entry.name, entry.version)),
                Err(error) => found.push(error.to_string()),
            }
        }
    }

    #[test]
    fn packages_are_separated_by_empty_lines() {
        fn check(index: &str, expected: &[&str]) {
            assert_eq!(scan(index.as_bytes(), usize::MAX), expected, "{index:?}");
            assert_eq!(scan(index.as_bytes(), 3), expected, "{index:?} in pieces");
        }
        let a = "Package: a\nVersion: 1\nArchitecture: all\n";
        check("", &[]);
        check("\n\n# nothing\n\n", &[]);
        check(a, &["a 1"]);
        check(a.trim_end(), &["a 1"]);
        check(&format!("\n{a}\n\n\n{a}"), &["a 1", "a 1"]);
        check(&format!("{a} \t\n{a}"), &["a 1", "a 1"]);
        check(&a.replace('\n', "\r\n"), &["a 1"]);
        check("package:a\nVERSION:\t1 \nArchitecture : all\nSize: 1\n", &["a 1"]);
        check("# x\nPackage: a\n# y\nVersion: 1\nArchitecture: all\n", &["a 1"]);
        check(&format!("{a}Description: x\n Package: b\n .\n"), &["a 1"]);
        check(&format!("{a}Package: b\n"), &["a 1"]);
    }

    #[test]
    fn one_wrong_package_does_not_fail_the_others() {
        let index = "Package: a\nVersion: 1\nArchitecture: all\n\n\
                     Package: b\nArchitecture: all\n\n\
                     Package: c\nVersion: 1\nArchitecture: all\nFilename: ../../etc/passwd\n\n\
                     Package: d\nVersion: 1\nArchitecture: all\nSize: -1\n\n\
                     Package: e\nVersion: 1\nArchitecture: all\nSHA256: ABC\n\n\
                     Package: f\nVersion: 1\nArchitecture: all\nstray\n\n \
                     stray\nPackage: g\nVersion: 1\nArchitecture: all\n\n\
                     Package: h\nVersion: 1\nArchitecture: all\nPhased-Update-Percentage: many\n\n\
                     Package: i\nVersion: 2\nArchitecture: amd64\nFilename: ./i.deb\nSize: 7\n";
        assert_eq!(
            scan(index.as_bytes(), usize::MAX),
            [
                "a 1",
                "package at line 5: no Version",
                "package at line 8: a Filename that leaves the archive",
                "package at line 13: a Size that is no number",
                "package at line 18: a SHA256 that is none",
                "package at line 23: a line that is no field",
                "package at line 28: a line that is no field",
                "package at line 33: a Phased-Update-Percentage that is no number",
                "i 2"
            ]
        );
        let latin = b"Package: a\nVersion: \xe9\nArchitecture: all\n";
        assert_eq!(scan(latin, 1), ["package at line 1: a field that is not UTF-8"]);
    }

    #[test]
    fn a_broken_or_endless_stream_ends_the_index() {
        fn check(reader: impl Read, expected: &str) {
            let mut scanner = Scanner::new(reader);
            let error = scanner.next().unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(scanner.next().unwrap().is_none());
        }
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("xz: corrupt"))
            }
        }
        check(Broken, "line 1 cannot be read");
        check(io::repeat(b'a'), "line 1 makes its stanza too large");
        let line = format!("A: {}\n", "x".repeat(1 << 20));
        check(Cursor::new(line.repeat(17)), "line 16 makes its stanza too large");
    }
}
