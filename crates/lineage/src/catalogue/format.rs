//! The sections and records of the catalogue. Changing anything here means a new [`VERSION`].

use plimsoll_table::{StringRef, Tag};
use zerocopy::little_endian::{I64, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub(super) const KIND: Tag = Tag::new("bases");
pub(super) const VERSION: u32 = 1;

/// Sorted by repository, then platform, then identity.
pub(super) const IMAGES: Tag = Tag::new("images");
/// Repository → its images.
pub(super) const REPOSITORIES: Tag = Tag::new("repos");
pub(super) const TAGS: Tag = Tag::new("tags");
/// Chain id → numbers of images.
pub(super) const CHAINS: Tag = Tag::new("chains");
pub(super) const CHAINED: Tag = Tag::new("chained");
/// Digest of a manifest, an index or a config → numbers of images.
pub(super) const DIGESTS: Tag = Tag::new("digests");
pub(super) const DIGESTED: Tag = Tag::new("digested");
/// Lists of packages, each once.
pub(super) const LISTS: Tag = Tag::new("lists");
pub(super) const LISTED: Tag = Tag::new("listed");
/// Name, zero byte, version of a package → numbers of lists.
pub(super) const PACKAGES: Tag = Tag::new("packages");
pub(super) const HOLDERS: Tag = Tag::new("holders");
pub(super) const STRINGS: Tag = Tag::new("strings");

/// Kinds of sources.
pub(super) const IMPORTED: u8 = 0;
pub(super) const SCANNED: u8 = 1;
pub(super) const LEARNED: u8 = 2;
pub(super) const CLAIMED: u8 = 3;

/// A time that is not known.
pub(super) const NO_TIME: i64 = i64::MIN;

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ImageRecord {
    pub(super) repository: StringRef,
    pub(super) tags: Span,
    pub(super) digest: Value,
    pub(super) config: Value,
    /// Empty where it is not known.
    pub(super) platform: StringRef,
    /// Seconds since 1970.
    pub(super) created: I64,
    pub(super) seen: I64,
    pub(super) chain: ChainValue,
    pub(super) blobs: ChainValue,
    /// Empty where it is not known.
    pub(super) scope: StringRef,
    /// One more than the number of the list; 0 for none.
    pub(super) list: U32,
    pub(super) source: u8,
    /// The file's name, of an import.
    pub(super) file: StringRef,
}

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct TagRecord {
    pub(super) name: StringRef,
    pub(super) digest: Value,
    pub(super) moved: u8,
}

/// A sha256 value; none if `is_known` is 0.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Value {
    pub(super) is_known: u8,
    pub(super) bytes: [u8; 32],
}

/// A stack of layers; none if `layers` is 0.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ChainValue {
    pub(super) layers: U32,
    pub(super) id: [u8; 32],
}

/// Some neighbouring records of another section.
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Span {
    pub(super) start: U32,
    pub(super) count: U32,
}

/// A package of a list.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PackageRecord {
    pub(super) name: StringRef,
    pub(super) version: StringRef,
}
