//! Sparse members: which parts of a file are stored, the rest being zeros.

use ::tar::GnuSparseHeader;

use super::header::{BLOCK_BYTES, Block, parse_number, until_nul};

/// A part of a file that is stored in the tar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Go's reader holds a map to 1 MiB of text, which is about this many parts.
pub(super) const MAX_SEGMENTS: usize = 65_536;

/// What the PAX records of a member say about its holes.
#[derive(Default)]
pub(super) struct SparseHints {
    major: Vec<u8>,
    minor: Vec<u8>,
    real_size: Option<u64>,
    size: Option<u64>,
    /// The member's own name; the header's is made up.
    pub(super) name: Vec<u8>,
    /// Versions 0.0 (pairs of records) and 0.1 (one list) of the map, as one list.
    map: Vec<u64>,
}

/// Where a PAX member's map is.
pub(super) enum PaxSparse {
    /// Not a sparse member, or of a version nobody has defined.
    None,
    /// In the records.
    InRecords { map: Vec<u64>, real_size: Option<u64> },
    /// At the start of the body (version 1.0).
    InBody { real_size: Option<u64> },
}

impl SparseHints {
    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key {
            b"major" => self.major = value.to_vec(),
            b"minor" => self.minor = value.to_vec(),
            b"name" => self.name = value.to_vec(),
            b"size" => self.size = Some(parse_decimal(value).ok_or("invalid sparse size")?),
            b"realsize" => {
                self.real_size = Some(parse_decimal(value).ok_or("invalid sparse size")?);
            }
            b"map" => {
                self.map.clear();
                for number in value.split(|&byte| byte == b',').filter(|_| !value.is_empty()) {
                    self.push(number)?;
                }
            }
            b"offset" if self.map.len().is_multiple_of(2) => self.push(value)?,
            b"numbytes" if !self.map.len().is_multiple_of(2) => self.push(value)?,
            b"offset" | b"numbytes" => return Err("sparse offsets and lengths do not alternate"),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), &'static str> {
        if self.map.len().is_multiple_of(2) { Ok(()) } else { Err("sparse map lacks a length") }
    }

    fn push(&mut self, number: &[u8]) -> Result<(), &'static str> {
        if self.map.len() >= 2 * MAX_SEGMENTS {
            return Err("sparse map has too many parts");
        }
        self.map.push(parse_decimal(number).ok_or("invalid number in sparse map")?);
        Ok(())
    }

    /// Whether [`layout`](Self::layout) finds a map; only then the name counts.
    pub(super) fn is_sparse(&self) -> bool {
        match (self.major.as_slice(), self.minor.as_slice()) {
            (b"1", b"0") | (b"0", b"0" | b"1") => true,
            (major, minor) => major.is_empty() && minor.is_empty() && !self.map.is_empty(),
        }
    }

    pub(super) fn layout(self) -> PaxSparse {
        let real_size = self.size.or(self.real_size);
        match self.major.as_slice() {
            _ if !self.is_sparse() => PaxSparse::None,
            b"1" => PaxSparse::InBody { real_size },
            _ => PaxSparse::InRecords { map: self.map, real_size },
        }
    }
}

/// Turns a list of offset, length, offset, length … into checked segments.
///
/// They must be ordered, lie within the file, and together be exactly the bytes that are stored.
pub(super) fn segments(
    map: impl IntoIterator<Item = (u64, u64)>,
    real_size: u64,
    stored: u64,
) -> Result<Vec<Segment>, &'static str> {
    let (mut end, mut total) = (0, 0u64);
    let mut segments = Vec::new();
    for (offset, length) in map {
        if segments.len() == MAX_SEGMENTS {
            return Err("too many parts");
        }
        if offset < end {
            return Err("parts overlap or are out of order");
        }
        end = offset.checked_add(length).ok_or("a part ends beyond the largest file")?;
        if end > real_size {
            return Err("a part ends beyond the file");
        }
        total += length;
        if length > 0 {
            segments.push(Segment { offset, length });
        }
    }
    if total != stored {
        return Err("the parts are not the bytes that are stored");
    }
    Ok(segments)
}

/// Pairs up a flat list; an odd last number has no partner and was refused before.
pub(super) fn pairs(map: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    map.chunks_exact(2).map(|pair| (pair[0], pair[1]))
}

/// The entries of an old GNU header or of one of its extension blocks; an empty one ends the list.
pub(super) fn push_gnu_entries(
    entries: &[GnuSparseHeader],
    map: &mut Vec<(u64, u64)>,
) -> Result<(), &'static str> {
    for entry in entries {
        if until_nul(&entry.offset).is_empty() || until_nul(&entry.numbytes).is_empty() {
            break;
        }
        if map.len() == MAX_SEGMENTS {
            return Err("too many parts");
        }
        let offset = parse_number(&entry.offset).ok_or("invalid offset")?;
        let length = parse_number(&entry.numbytes).ok_or("invalid length")?;
        map.push((offset, length));
    }
    Ok(())
}

/// Reads the map at the start of a version 1.0 body: a count, then that many pairs, one decimal
/// number a line, padded to whole blocks.
#[derive(Default)]
pub(super) struct BodyMap {
    line: Vec<u8>,
    numbers: Vec<u64>,
    expected: Option<usize>,
}

impl BodyMap {
    /// Takes the next block; the map once it is complete.
    pub(super) fn push(&mut self, block: &Block) -> Result<Option<Vec<u64>>, &'static str> {
        for &byte in block {
            if byte != b'\n' {
                self.line.push(byte);
                if self.line.len() > BLOCK_BYTES {
                    return Err("a number is too long");
                }
                continue;
            }
            let number = parse_decimal(&self.line).ok_or("invalid number")?;
            self.line.clear();
            match self.expected {
                None if number > MAX_SEGMENTS as u64 => return Err("too many parts"),
                None => self.expected = Some(2 * usize::try_from(number).unwrap_or(MAX_SEGMENTS)),
                Some(_) => self.numbers.push(number),
            }
            if self.expected == Some(self.numbers.len()) {
                return Ok(Some(std::mem::take(&mut self.numbers)));
            }
        }
        Ok(None)
    }
}

/// Decimal digits and nothing else, up to `i64::MAX`.
pub(super) fn parse_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, digit| match digit {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })?;
    i64::try_from(value).ok()?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_checked_against_the_file_and_the_body() {
        let check = |map: &[(u64, u64)], real_size, stored, expected: Result<usize, &str>| {
            let result = segments(map.iter().copied(), real_size, stored);
            assert_eq!(result.map(|parts| parts.len()), expected, "{map:?}");
        };
        check(&[], 0, 0, Ok(0));
        check(&[], 1 << 40, 0, Ok(0));
        check(&[(0, 10), (20, 10)], 30, 20, Ok(2));
        check(&[(0, 10), (30, 0)], 30, 10, Ok(1));
        check(&[(0, 10), (5, 10)], 30, 20, Err("parts overlap or are out of order"));
        check(&[(20, 10), (0, 10)], 30, 20, Err("parts overlap or are out of order"));
        check(&[(0, 40)], 30, 40, Err("a part ends beyond the file"));
        check(&[(u64::MAX, 2)], 30, 2, Err("a part ends beyond the largest file"));
        check(&[(0, 10)], 30, 11, Err("the parts are not the bytes that are stored"));
    }

    #[test]
    fn body_maps_span_blocks() {
        let mut text = b"60\n".to_vec();
        for part in 0..60 {
            text.extend_from_slice(format!("{}\n{}\n", part * 1000, 10).as_bytes());
        }
        text.resize(text.len().next_multiple_of(BLOCK_BYTES), 0);
        let mut map = BodyMap::default();
        let blocks = text.as_chunks::<BLOCK_BYTES>().0;
        assert_eq!(blocks.len(), 2);
        assert_eq!(map.push(&blocks[0]), Ok(None));
        let numbers = map.push(&blocks[1]).unwrap().unwrap();
        assert_eq!(numbers.len(), 120);
        assert_eq!(pairs(&numbers).last(), Some((59_000, 10)));
    }

    #[test]
    fn malformed_body_maps_are_errors() {
        let check = |text: &[u8], expected| {
            let mut block = [b'1'; BLOCK_BYTES];
            block[..text.len()].copy_from_slice(text);
            assert_eq!(BodyMap::default().push(&block), expected);
        };
        check(b"0\n", Ok(Some(vec![])));
        check(b"1\n0\n5\n", Ok(Some(vec![0, 5])));
        check(b"-1\n", Err("invalid number"));
        check(b"\n", Err("invalid number"));
        check(b"65537\n", Err("too many parts"));
        check(b"", Ok(None));
    }
}
