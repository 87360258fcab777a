//! The bytes of a changelog as text.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use plimsoll_unpack::{Decoder, Limits};

/// The longest one, of linux, has 4 MiB; whoever has more is cut, not refused.
const MAX_TEXT_BYTES: u64 = 16 << 20;

const BUFFER_BYTES: usize = 32 << 10;

/// A text file of a `.deb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebText {
    /// The text; bytes that are not UTF-8 are read as Latin-1.
    pub text: String,
    /// Why it is not whole; none where it is.
    pub cut: Option<String>,
}

impl DebText {
    /// Reads a file, compressed or not. Of what breaks off, most is kept.
    pub(super) fn read(file: impl BufRead) -> Self {
        let mut bytes = Vec::new();
        let cut = match Decoder::new(file, &Limits::default()) {
            Ok(decoder) => read_up_to_limit(decoder, &mut bytes),
            Err(error) => Some(error.to_string()),
        };
        Self { text: decode(bytes), cut }
    }
}

/// Why reading ended before the end.
fn read_up_to_limit(reader: impl Read, bytes: &mut Vec<u8>) -> Option<String> {
    let mut reader = reader.take(MAX_TEXT_BYTES + 1);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) => return Some(error.to_string()),
        }
    }
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        bytes.truncate(MAX_TEXT_BYTES as usize);
        return Some(format!("longer than {} MiB", MAX_TEXT_BYTES >> 20));
    }
    None
}

/// Line by line, since old changelogs were continued in UTF-8 without being converted.
fn decode(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| match str::from_utf8(line) {
            Ok(line) => Cow::Borrowed(line),
            Err(_) => Cow::Owned(line.iter().copied().map(char::from).collect()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Write};

    use super::*;

    #[test]
    fn latin_1_lines_among_others() {
        let bytes = [&b"caf\xe9\r\n"[..], "naïve\n".as_bytes()].concat();
        assert_eq!(decode(bytes), "café\r\nnaïve\n");
    }

    #[test]
    fn a_broken_gzip_is_kept_as_far_as_it_goes() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let text = (0..400_000).map(|n| format!("line {n}\n")).collect::<String>();
        encoder.write_all(text.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(DebText::read(&*packed), DebText { text: text.clone(), cut: None });
        let broken = DebText::read(&packed[..packed.len() / 2]);
        assert_eq!(broken.cut.as_deref(), Some("truncated gzip stream"));
        assert!(broken.text.len() > text.len() / 8 && text.starts_with(&broken.text));
    }

    #[test]
    fn five_gigabytes_are_cut() {
        let endless = BufReader::new(io::repeat(b'x').take(5 << 30));
        let text = DebText::read(endless);
        assert_eq!(text.text.len() as u64, MAX_TEXT_BYTES);
        assert_eq!(text.cut.as_deref(), Some("longer than 16 MiB"));
    }
}
