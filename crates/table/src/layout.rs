//! The bytes of the file, in little-endian order:
//!
//! ```text
//! Header     72 bytes
//! Entry      40 bytes each, one per section
//! sections   in the order of their entries, without gaps, to the end of the file
//! ```

use std::fmt;
use std::mem::offset_of;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::tag::Tag;

/// The first bytes of every table.
pub(crate) const MAGIC: Tag = Tag::new("plimtabl");

/// The version of the container itself; the meaning of the records has its own, [`Header::version`].
pub(crate) const FORMAT: u32 = 1;

/// A shard has about ten sections; more than this is not a directory of ours.
pub(crate) const MAX_SECTIONS: usize = 64;

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) magic: Tag,
    pub(crate) kind: Tag,
    pub(crate) format: U32,
    pub(crate) version: U32,
    pub(crate) sections: U32,
    pub(crate) reserved: U32,
    /// Bytes of the whole file.
    pub(crate) length: U64,
    /// SHA-256 of the file with this field left out.
    pub(crate) checksum: [u8; 32],
}

/// Where the checksum lies; it covers everything but itself.
pub(crate) const CHECKSUM: usize = offset_of!(Header, checksum);

/// Where one section lies.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) name: Tag,
    pub(crate) kind: U32,
    /// Bytes of one record; zero where there are none.
    pub(crate) stride: U32,
    pub(crate) offset: U64,
    pub(crate) length: U64,
    /// What a key section's ranges count; zero elsewhere.
    pub(crate) target: Tag,
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Bytes that mean something only to their writer.
    Blob = 1,
    /// Records of one size.
    Records = 2,
    /// Sorted keys, each naming a range of records.
    Keys = 3,
    /// Strings, each stored once.
    Strings = 4,
    /// Pages of compressed text.
    Texts = 5,
}

impl SectionKind {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Blob, Self::Records, Self::Keys, Self::Strings, Self::Texts]
            .into_iter()
            .find(|kind| *kind as u32 == number)
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "a blob",
            Self::Records => "records",
            Self::Keys => "keys",
            Self::Strings => "strings",
            Self::Texts => "texts",
        })
    }
}
