//! Stanzas of `Name: value` fields (deb822(5)), read one at a time.

use std::io::{self, BufRead, Read};
use std::ops::Range;

/// The longest line of a real index has some 100 kB (a list of provided packages).
const MAX_LINE: usize = 4 << 20;

/// The largest real stanza is a `Release` file as a whole.
const MAX_STANZA: usize = 16 << 20;

/// Why stanzas cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum StanzaError {
    /// The bytes could not be read.
    #[error("line {line} cannot be read")]
    Read {
        /// Lines are counted from one.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line or a stanza beyond every real one.
    #[error("line {line} makes its stanza too large")]
    TooLarge {
        /// Lines are counted from one.
        line: u64,
    },
}

/// One stanza; kept and filled again, so that reading an index allocates little.
#[derive(Debug, Default)]
pub(crate) struct Stanza {
    text: String,
    fields: Vec<(Range<usize>, Range<usize>)>,
    /// The line that the stanza begins at, counted from one.
    pub(crate) line: u64,
    /// The first line that is neither a field nor the continuation of one.
    pub(crate) stray_line: Option<u64>,
}

impl Stanza {
    /// The value of a field, whose name may be written in any case. Lines of a longer value are without their
    /// indentation.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(field, _)| {
            self.text.get(field.clone()).is_some_and(|field| field.eq_ignore_ascii_case(name))
        })?;
        self.text.get(value.clone())
    }

    fn clear(&mut self, line: u64) {
        self.text.clear();
        self.fields.clear();
        self.line = line;
        self.stray_line = None;
    }

    fn push(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }
}

/// Reads stanzas from bytes; what is not UTF-8 is replaced.
pub(crate) struct Stanzas<R> {
    reader: R,
    line: Vec<u8>,
    count: u64,
}

impl<R: BufRead> Stanzas<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), count: 0 }
    }

    /// Reads the next stanza into `stanza`; false at the end.
    pub(crate) fn read_into(&mut self, stanza: &mut Stanza) -> Result<bool, StanzaError> {
        stanza.clear(self.count + 1);
        while self.next_line()? {
            let line = self.line.trim_ascii_end();
            if line.is_empty() {
                if !stanza.fields.is_empty() || stanza.stray_line.is_some() {
                    return Ok(true);
                }
                stanza.clear(self.count + 1);
            } else if line.first() != Some(&b'#') {
                let line = String::from_utf8_lossy(line);
                if stanza.text.len() + line.len() > MAX_STANZA {
                    return Err(StanzaError::TooLarge { line: self.count });
                }
                add_line(stanza, &line, self.count);
            }
        }
        Ok(!stanza.fields.is_empty() || stanza.stray_line.is_some())
    }

    fn next_line(&mut self) -> Result<bool, StanzaError> {
        self.line.clear();
        self.count += 1;
        let line = self.count;
        let length = (&mut self.reader)
            .take(MAX_LINE as u64)
            .read_until(b'\n', &mut self.line)
            .map_err(|source| StanzaError::Read { line, source })?;
        if length == MAX_LINE && self.line.last() != Some(&b'\n') {
            return Err(StanzaError::TooLarge { line });
        }
        Ok(length > 0)
    }
}

fn add_line(stanza: &mut Stanza, line: &str, number: u64) {
    if line.starts_with([' ', '\t']) {
        let more = stanza.push("\n");
        let end = stanza.push(line.trim_start()).end;
        match stanza.fields.last_mut() {
            Some((_, value)) if value.end == more.start => value.end = end,
            _ => stanza.stray_line = stanza.stray_line.or(Some(number)),
        }
    } else if let Some((name, value)) = line.split_once(':') {
        let name = stanza.push(name.trim_end());
        let value = stanza.push(value.trim_start());
        stanza.fields.push((name, value));
    } else {
        stanza.stray_line = stanza.stray_line.or(Some(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Option<u64>, Option<String>)> {
        let mut stanzas = Stanzas::new(text.as_bytes());
        let mut stanza = Stanza::default();
        let mut found = Vec::new();
        while stanzas.read_into(&mut stanza).unwrap() {
            found.push((stanza.line, stanza.stray_line, stanza.get("B").map(str::to_owned)));
        }
        found
    }

    #[test]
    fn stanzas_are_separated_by_blank_lines() {
        fn check(text: &str, expected: &[(u64, Option<u64>, Option<&str>)]) {
            let expected: Vec<_> =
                expected.iter().map(|&(a, b, value)| (a, b, value.map(str::to_owned))).collect();
            assert_eq!(read(text), expected, "{text:?}");
        }
        check("", &[]);
        check("\n\n", &[]);
        check("A: 1\nb: 2\n", &[(1, None, Some("2"))]);
        check("A: 1\r\nB:2\r\n\r\n\r\nB: 3", &[(1, None, Some("2")), (5, None, Some("3"))]);
        check("B:\n one\n\ttwo \nC: x\n", &[(1, None, Some("\none\ntwo"))]);
        check("B: 1\n# comment\n 2\n", &[(1, None, Some("1\n2"))]);
        check("B: 1\nstray\nC: 2\n", &[(1, Some(2), Some("1"))]);
        check(" stray\nB: 1\n", &[(1, Some(1), Some("1"))]);
        check("B: a: b\n", &[(1, None, Some("a: b"))]);
    }

    #[test]
    fn endless_lines_and_stanzas_are_refused() {
        fn check(reader: impl Read) {
            let mut stanzas = Stanzas::new(io::BufReader::new(reader));
            let error = stanzas.read_into(&mut Stanza::default()).unwrap_err();
            assert!(matches!(error, StanzaError::TooLarge { .. }), "{error}");
        }
        check(io::repeat(b'a'));
        let line = format!("A: {}\n", "x".repeat(1 << 20));
        check(io::Cursor::new(line.repeat(17)));
    }
}
