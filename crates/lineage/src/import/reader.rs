//! Records of a file: one JSON value a line, or the members of one array.

use std::io::{self, BufRead, Read};

use serde_json::Value;

/// Lists of packages of large images have about 50 kB.
const MAX_LINE_BYTES: u64 = 4 << 20;
/// A file that is one array is read as a whole.
const MAX_ARRAY_BYTES: u64 = 64 << 20;

pub(super) enum Record {
    Value(Value),
    /// It is no JSON, or too long.
    Bad(String),
}

/// What a line begins.
enum Line {
    Empty,
    Value,
    /// An array, which may go on behind the line.
    Array,
    /// A value; the rest of the line is skipped.
    TooLong,
}

/// The records of a reader, as they come.
pub(super) struct Records<R> {
    reader: R,
    /// What is left of an array.
    array: Option<std::vec::IntoIter<Value>>,
    line: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, array: None, line: Vec::new() }
    }

    /// The next line. None at the end.
    fn read_line(&mut self) -> io::Result<Option<Line>> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(MAX_LINE_BYTES);
        if limited.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        let is_cut = limited.limit() == 0 && !self.line.ends_with(b"\n");
        let text = self.line.trim_ascii_start();
        Ok(Some(match text.first() {
            Some(b'[') => Line::Array,
            _ if is_cut => {
                skip_line(&mut self.reader)?;
                Line::TooLong
            }
            Some(_) => Line::Value,
            None => Line::Empty,
        }))
    }

    fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            if let Some(value) = self.array.as_mut().and_then(Iterator::next) {
                return Ok(Some(Record::Value(value)));
            }
            match self.read_line()? {
                None => return Ok(None),
                Some(Line::TooLong) => {
                    let why = format!("it is longer than {MAX_LINE_BYTES} bytes");
                    return Ok(Some(Record::Bad(why)));
                }
                Some(Line::Empty) => {}
                // The line is its beginning, or all of it.
                Some(Line::Array) => {
                    let rest = self.reader.by_ref().take(MAX_ARRAY_BYTES);
                    let whole = self.line.as_slice().chain(rest);
                    match serde_json::from_reader::<_, Vec<Value>>(whole) {
                        Ok(values) => self.array = Some(values.into_iter()),
                        Err(error) if error.is_io() => return Err(error.into()),
                        Err(error) => return Ok(Some(Record::Bad(not_json(&error)))),
                    }
                }
                Some(Line::Value) => {
                    return Ok(Some(match serde_json::from_slice(&self.line) {
                        Ok(value) => Record::Value(value),
                        Err(error) => Record::Bad(not_json(&error)),
                    }));
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("it is no JSON: {error}")
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        match buffer.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                reader.consume(end + 1);
                return Ok(());
            }
            None if buffer.is_empty() => return Ok(()),
            None => {
                let length = buffer.len();
                reader.consume(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = Records::new(text.as_bytes())
            .map(|record| match record.unwrap() {
                Record::Value(value) => value.to_string(),
                Record::Bad(why) => why,
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn records_are_lines_or_members() {
        check("{}\n\n{\"a\":1}", &["{}", "{\"a\":1}"]);
        check("[\n {},\n {\"a\":1}\n]\n", &["{}", "{\"a\":1}"]);
        check("{\n{}", &["it is no JSON: EOF while parsing an object at line 2 column 0", "{}"]);
        check("", &[]);
    }

    #[test]
    fn an_array_on_one_line_may_be_as_long_as_one_on_many() {
        let long = format!("[\"{}\",{{}}]", "x".repeat(5 << 20));
        let count = |text: &str| Records::new(text.as_bytes()).map(Result::unwrap).count();
        assert_eq!(count(&long), 2);
        let last = Records::new(long.as_bytes()).last().unwrap().unwrap();
        assert!(matches!(last, Record::Value(value) if value == serde_json::json!({})));
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let long = format!("\"{}\"\n{{}}\n", "x".repeat(5 << 20));
        check(&long, &["it is longer than 4194304 bytes", "{}"]);
    }
}
