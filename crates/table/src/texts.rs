use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;

use sha2::{Digest, Sha256};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};
use zstd::bulk::{Compressor, Decompressor};

use crate::builder::BuildError;
use crate::error::{Fault, TableError};
use crate::sections::outside;
use crate::tag::Tag;

/// The longest text, in bytes. The longest description of a real feed is far below; what is longer is cut by
/// whoever makes the records, who knows where.
pub const MAX_TEXT: usize = 1 << 20;

/// A page is closed when it has this many bytes: large enough to compress well, small enough that one text
/// costs some ten microseconds.
const PAGE: usize = 32 << 10;

/// The largest page a writer makes: one byte short of full, and then the longest text.
const MAX_PAGE: usize = PAGE + MAX_TEXT;

/// Of zstd's levels the one after which size hardly falls and time doubles.
const LEVEL: i32 = 6;

/// Names a text; a field of records. Its zero bytes name the empty text.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(C)]
pub struct TextRef {
    page: U32,
    start: U32,
    length: U32,
}

impl TextRef {
    /// The empty text of every section.
    pub const EMPTY: Self = Self { page: U32::ZERO, start: U32::ZERO, length: U32::ZERO };

    /// Whether the text has no bytes; asked without unpacking.
    pub fn is_empty(self) -> bool {
        self.length.get() == 0
    }
}

/// Where a page ends among the compressed bytes, and its length when unpacked.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct PageEntry {
    end: U64,
    length: U32,
}

/// Reads the texts of a section, page by page: texts asked for in the order of their references unpack each page
/// once.
pub struct TextReader<'t> {
    path: &'t Path,
    section: Tag,
    entries: &'t [PageEntry],
    packed: &'t [u8],
    page: Option<(u32, Vec<u8>)>,
}

impl<'t> TextReader<'t> {
    pub(crate) fn read(path: &'t Path, section: Tag, bytes: &'t [u8]) -> Result<Self, TableError> {
        let damaged =
            || TableError::new(path, outside(section, "table of pages", bytes.len() as u64));
        let (count, rest) = U32::ref_from_prefix(bytes).map_err(|_| damaged())?;
        let (entries, packed) =
            <[PageEntry]>::ref_from_prefix_with_elems(rest, count.get() as usize)
                .map_err(|_| damaged())?;
        Ok(Self { path, section, entries, packed, page: None })
    }

    /// A text. It borrows from the page just unpacked, so it is copied before the next one is read.
    pub fn get(&mut self, text: TextRef) -> Result<&str, TableError> {
        if text.is_empty() {
            return Ok("");
        }
        let (path, section, page) = (self.path, self.section, text.page.get());
        let start = text.start.get() as usize;
        let range = start..start.saturating_add(text.length.get() as usize);
        let bytes = self.page(page)?.get(range).ok_or_else(|| {
            TableError::new(path, outside(section, "text of page", u64::from(page)))
        })?;
        str::from_utf8(bytes).map_err(|_| {
            let fault = Fault::Utf8 { section, what: "text page", at: u64::from(page) };
            TableError::new(path, fault)
        })
    }

    pub(crate) fn verify(mut self) -> Result<(), TableError> {
        for number in 0..self.entries.len() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.page(number)?;
        }
        Ok(())
    }

    fn page(&mut self, number: u32) -> Result<&[u8], TableError> {
        let unpacked = match self.page.take() {
            Some((held, unpacked)) if held == number => unpacked,
            _ => self.unpack(number).map_err(|fault| TableError::new(self.path, fault))?,
        };
        Ok(&self.page.insert((number, unpacked)).1)
    }

    fn unpack(&self, number: u32) -> Result<Vec<u8>, Fault> {
        let damaged = || outside(self.section, "text page", u64::from(number));
        let (range, length) = self.place(number as usize).ok_or_else(damaged)?;
        let packed = self.packed.get(range).ok_or_else(damaged)?;
        // Unpacking into exactly the stated length, itself capped, bounds what a hostile page can cost.
        if length > MAX_PAGE {
            return Err(damaged());
        }
        let broken = |_| Fault::Page { section: self.section, page: number };
        let mut unpacked = vec![0; length];
        let written = Decompressor::new()
            .and_then(|mut zstd| zstd.decompress_to_buffer(packed, unpacked.as_mut_slice()))
            .map_err(broken)?;
        if written != length {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(unpacked)
    }

    fn place(&self, number: usize) -> Option<(Range<usize>, usize)> {
        let entry = self.entries.get(number)?;
        let start = match number.checked_sub(1) {
            None => 0,
            Some(before) => usize::try_from(self.entries.get(before)?.end.get()).ok()?,
        };
        let end = usize::try_from(entry.end.get()).ok()?;
        Some((start..end, entry.length.get() as usize))
    }
}

/// Collects texts, each once, and compresses them page by page.
pub struct TextPool {
    zstd: Compressor<'static>,
    page: Vec<u8>,
    entries: Vec<PageEntry>,
    packed: Vec<u8>,
    /// Texts by their hash: keeping the texts themselves would hold all of them unpacked.
    known: HashMap<[u8; 32], TextRef>,
}

impl TextPool {
    /// A pool without texts.
    pub fn new() -> Result<Self, BuildError> {
        Ok(Self {
            zstd: Compressor::new(LEVEL).map_err(BuildError::Compress)?,
            page: Vec::with_capacity(PAGE),
            entries: Vec::new(),
            packed: Vec::new(),
            known: HashMap::new(),
        })
    }

    /// The reference of a text, which is added if it is new.
    pub fn add(&mut self, text: &str) -> Result<TextRef, BuildError> {
        if text.is_empty() {
            return Ok(TextRef::EMPTY);
        }
        if text.len() > MAX_TEXT {
            return Err(BuildError::TooLarge("a text"));
        }
        let hash = Sha256::digest(text).into();
        if let Some(&known) = self.known.get(&hash) {
            return Ok(known);
        }
        let too_large = |_| BuildError::TooLarge("texts");
        let reference = TextRef {
            page: u32::try_from(self.entries.len()).map_err(too_large)?.into(),
            start: u32::try_from(self.page.len()).map_err(too_large)?.into(),
            length: u32::try_from(text.len()).map_err(too_large)?.into(),
        };
        self.page.extend_from_slice(text.as_bytes());
        self.known.insert(hash, reference);
        if self.page.len() >= PAGE {
            self.close_page()?;
        }
        Ok(reference)
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, BuildError> {
        if !self.page.is_empty() {
            self.close_page()?;
        }
        let count = u32::try_from(self.entries.len()).map_err(|_| BuildError::TooLarge("texts"))?;
        let mut section = count.to_le_bytes().to_vec();
        section.extend_from_slice(self.entries.as_bytes());
        section.extend_from_slice(&self.packed);
        Ok(section)
    }

    fn close_page(&mut self) -> Result<(), BuildError> {
        let packed = self.zstd.compress(&self.page).map_err(BuildError::Compress)?;
        self.packed.extend_from_slice(&packed);
        let length =
            u32::try_from(self.page.len()).map_err(|_| BuildError::TooLarge("texts"))?.into();
        self.entries.push(PageEntry { end: (self.packed.len() as u64).into(), length });
        self.page.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: Tag = Tag::new("texts");

    #[test]
    fn texts_come_back_from_their_pages() {
        let mut pool = TextPool::new().unwrap();
        let texts: Vec<_> = (0..5_000).map(|n| format!("text {n} of a page: {}", n * n)).collect();
        let longest = "x".repeat(MAX_TEXT);
        let references: Vec<_> = texts.iter().map(|text| pool.add(text).unwrap()).collect();
        let long = pool.add(&longest).unwrap();
        assert_eq!(pool.add(&texts[7]).unwrap(), references[7]);
        assert_eq!(pool.add("").unwrap(), TextRef::EMPTY);
        let bytes = pool.finish().unwrap();

        let mut reader = TextReader::read(Path::new("t"), TAG, &bytes).unwrap();
        assert!(reader.entries.len() > 2);
        for (text, &reference) in texts.iter().zip(&references) {
            assert_eq!(reader.get(reference).unwrap(), text);
        }
        assert_eq!(reader.get(long).unwrap(), longest);
        assert_eq!(reader.get(TextRef::EMPTY).unwrap(), "");
        reader.verify().unwrap();
    }

    #[test]
    fn too_long_texts_are_refused() {
        let mut pool = TextPool::new().unwrap();
        assert!(matches!(pool.add(&"x".repeat(MAX_TEXT + 1)), Err(BuildError::TooLarge(_))));
    }

    #[test]
    fn pages_unpack_to_what_they_state() {
        fn section(length: u32, page: &[u8]) -> Vec<u8> {
            let packed = zstd::bulk::compress(page, 1).unwrap();
            let entry = PageEntry { end: (packed.len() as u64).into(), length: length.into() };
            [&1u32.to_le_bytes(), entry.as_bytes(), &packed].concat()
        }
        fn check(length: u32, expected: &str) {
            let bytes = section(length, b"some text");
            let mut reader = TextReader::read(Path::new("t"), TAG, &bytes).unwrap();
            let text = TextRef { page: 0.into(), start: 5.into(), length: 4.into() };
            let found = reader.get(text).map_or_else(|error| error.to_string(), str::to_owned);
            assert_eq!(found, expected);
        }
        check(9, "text");
        check(8, "t: section \"texts\": text page 0 does not unpack");
        check(10, "t: section \"texts\": text page 0 does not unpack");
        check(u32::MAX, "t: section \"texts\": text page 0 is out of bounds");
    }
}
