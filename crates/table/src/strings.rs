use std::collections::HashMap;
use std::path::Path;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::builder::BuildError;
use crate::error::{Fault, TableError};
use crate::sections::outside;
use crate::tag::Tag;

/// Names a string of a pool; a field of records. Its zero bytes name the empty string.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct StringRef(U32);

impl StringRef {
    /// The empty string of every pool.
    pub const EMPTY: Self = Self(U32::ZERO);
}

/// The strings of a section.
#[derive(Clone, Copy)]
pub struct Strings<'t> {
    path: &'t Path,
    section: Tag,
    bytes: &'t [u8],
}

impl<'t> Strings<'t> {
    pub(crate) fn new(path: &'t Path, section: Tag, bytes: &'t [u8]) -> Self {
        Self { path, section, bytes }
    }

    /// A string of UTF-8.
    pub fn get(&self, reference: StringRef) -> Result<&'t str, TableError> {
        str::from_utf8(self.bytes(reference)?).map_err(|_| {
            let at = u64::from(reference.0.get());
            let fault = Fault::Utf8 { section: self.section, what: "string", at };
            TableError::new(self.path, fault)
        })
    }

    /// A string of any bytes, such as a sort key.
    pub fn bytes(&self, reference: StringRef) -> Result<&'t [u8], TableError> {
        self.string_at(reference.0.get() as usize).map(|(string, _)| string).ok_or_else(|| {
            let fault = outside(self.section, "string", u64::from(reference.0.get()));
            TableError::new(self.path, fault)
        })
    }

    pub(crate) fn verify(&self) -> Result<(), TableError> {
        let mut at = 0;
        while at < self.bytes.len() {
            let Some((_, next)) = self.string_at(at) else {
                let fault = outside(self.section, "string", at as u64);
                return Err(TableError::new(self.path, fault));
            };
            at = next;
        }
        Ok(())
    }

    /// The string whose length begins at `at`, and where the next one begins.
    fn string_at(&self, at: usize) -> Option<(&'t [u8], usize)> {
        let (length, start) = read_length(self.bytes, at)?;
        let end = start.checked_add(length)?;
        Some((self.bytes.get(start..end)?, end))
    }
}

/// Collects strings, each once.
pub struct StringPool {
    bytes: Vec<u8>,
    known: HashMap<Box<[u8]>, StringRef>,
}

impl StringPool {
    /// A pool with the empty string.
    pub fn new() -> Self {
        Self { bytes: vec![0], known: HashMap::from([(Box::default(), StringRef::EMPTY)]) }
    }

    /// The reference of a string, which is added if it is new.
    pub fn add(&mut self, string: impl AsRef<[u8]>) -> Result<StringRef, BuildError> {
        let string = string.as_ref();
        if let Some(&known) = self.known.get(string) {
            return Ok(known);
        }
        let at = u32::try_from(self.bytes.len()).map_err(|_| BuildError::TooLarge("strings"))?;
        let length = u32::try_from(string.len()).map_err(|_| BuildError::TooLarge("a string"))?;
        let reference = StringRef(at.into());
        write_length(&mut self.bytes, length);
        self.bytes.extend_from_slice(string);
        self.known.insert(string.into(), reference);
        Ok(reference)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

impl Default for StringPool {
    fn default() -> Self {
        Self::new()
    }
}

/// Seven bits a byte, lowest first; the high bit says that more follow.
fn write_length(bytes: &mut Vec<u8>, mut length: u32) {
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

/// The length at `at`, and where its string begins.
fn read_length(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    const BYTES_OF_A_LENGTH: usize = 5;

    let mut length = 0u64;
    for (index, byte) in bytes.get(at..)?.iter().take(BYTES_OF_A_LENGTH).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(length).ok()?, at + index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], at: u32) -> Result<&str, TableError> {
        Strings::new(Path::new("t"), Tag::new("strings"), bytes).get(StringRef(at.into()))
    }

    #[test]
    fn strings_come_back_and_are_stored_once() {
        let mut pool = StringPool::new();
        let long = "x".repeat(20_000);
        let texts = ["", "curl", "é", &long, "curl", ""];
        let references: Vec<_> = texts.iter().map(|text| pool.add(text).unwrap()).collect();
        assert_eq!(references[0], StringRef::EMPTY);
        assert_eq!(references[1], references[4]);
        let bytes = pool.finish();
        let strings = Strings::new(Path::new("t"), Tag::new("strings"), &bytes);
        for (text, reference) in texts.iter().zip(references) {
            assert_eq!(strings.get(reference).unwrap(), *text);
        }
        strings.verify().unwrap();
    }

    #[test]
    fn what_leaves_the_pool_is_an_error() {
        fn check(bytes: &[u8], at: u32, expected: &str) {
            let error = read(bytes, at).unwrap_err();
            assert_eq!(error.to_string(), format!("t: section \"strings\": {expected}"));
        }
        check(&[], 0, "string 0 is out of bounds");
        check(&[0], 1, "string 1 is out of bounds");
        check(&[0], u32::MAX, "string 4294967295 is out of bounds");
        check(&[2, b'a'], 0, "string 0 is out of bounds");
        check(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0, "string 0 is out of bounds");
        check(&[0x80, 0x80, 0x80, 0x80, 0x80, 0], 0, "string 0 is out of bounds");
        check(&[0x80], 0, "string 0 is out of bounds");
        check(&[1, 0xff], 0, "string 0 is not UTF-8");
    }
}
