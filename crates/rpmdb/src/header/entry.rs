//! One entry of a header's index, and the data it points at.

use std::fmt;

use super::{HeaderError, Tag};
use crate::bytes::part;

/// `tag, kind, offset, count`, 32 bits each.
pub(super) const ENTRY_LENGTH: usize = 16;

/// How an entry's data is laid out in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Bytes that are characters.
    Char,
    /// 8-bit integers.
    Int8,
    /// 16-bit integers, big-endian, aligned.
    Int16,
    /// 32-bit integers, big-endian, aligned.
    Int32,
    /// 64-bit integers, big-endian, aligned.
    Int64,
    /// One string, ended by NUL.
    String,
    /// Bytes.
    Binary,
    /// Strings, each ended by NUL.
    StringArray,
    /// Translations of one string, each ended by NUL, the untranslated one first.
    I18nString,
    /// A number rpm gives no meaning (or, for 0, no data).
    Unknown(u32),
}

impl Kind {
    fn new(number: u32) -> Self {
        match number {
            1 => Self::Char,
            2 => Self::Int8,
            3 => Self::Int16,
            4 => Self::Int32,
            5 => Self::Int64,
            6 => Self::String,
            7 => Self::Binary,
            8 => Self::StringArray,
            9 => Self::I18nString,
            number => Self::Unknown(number),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char => f.write_str("characters"),
            Self::Int8 => f.write_str("8-bit integers"),
            Self::Int16 => f.write_str("16-bit integers"),
            Self::Int32 => f.write_str("32-bit integers"),
            Self::Int64 => f.write_str("64-bit integers"),
            Self::String => f.write_str("a string"),
            Self::Binary => f.write_str("bytes"),
            Self::StringArray => f.write_str("strings"),
            Self::I18nString => f.write_str("translated strings"),
            Self::Unknown(number) => write!(f, "kind {number}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) kind: Kind,
    pub(super) offset: u32,
    pub(super) count: u32,
}

impl Entry {
    pub(super) fn read(bytes: &[u8; ENTRY_LENGTH]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |at: usize| words.get(at).map_or(0, |word| u32::from_be_bytes(*word));
        Self { tag: Tag(word(0)), kind: Kind::new(word(1)), offset: word(2), count: word(3) }
    }

    /// The entry's bytes of `store`; strings with their NULs.
    pub(super) fn data<'a>(&self, store: &'a [u8]) -> Result<&'a [u8], HeaderError> {
        let broken = || HeaderError::Entry(self.tag);
        let (offset, count) = (self.offset as usize, self.count as usize);
        let width = match self.kind {
            Kind::Char | Kind::Int8 | Kind::Binary => 1,
            Kind::Int16 => 2,
            Kind::Int32 => 4,
            Kind::Int64 => 8,
            Kind::String if count != 1 => return Err(broken()),
            Kind::String | Kind::StringArray | Kind::I18nString => {
                let rest = store.get(offset..).ok_or_else(broken)?;
                let length = strings_length(rest, count).ok_or_else(broken)?;
                return rest.get(..length).ok_or_else(broken);
            }
            Kind::Unknown(_) => return Err(broken()),
        };
        if count == 0 || !offset.is_multiple_of(width) {
            return Err(broken());
        }
        let length = count.checked_mul(width).ok_or_else(broken)?;
        part(store, offset, length).ok_or_else(broken)
    }
}

/// The bytes that `count` strings take, up to and including the last one's NUL. Ends with the store,
/// whatever `count` says.
fn strings_length(store: &[u8], count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    memchr::memchr_iter(0, store).nth(last).map(|at| at + 1)
}
