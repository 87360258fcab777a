//! The sections and records of a compiled index. Changing anything here means a new [`VERSION`].

use plimsoll_table::{StringRef, Tag};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::apt::entry::MultiArch;

pub(super) const KIND: Tag = Tag::new("aptindex");
pub(super) const VERSION: u32 = 1;

/// Records, sorted by name; packages of one name in the order of the index.
pub(super) const PACKAGES: Tag = Tag::new("packages");
/// Names of packages.
pub(super) const NAMES: Tag = Tag::new("names");
/// Numbers of packages, sorted by the names of their sources.
pub(super) const BY_SOURCE: Tag = Tag::new("bysource");
/// Names of sources.
pub(super) const SOURCES: Tag = Tag::new("sources");
/// The texts of each package in one run. No pool of strings: hardly any two are equal, and finding that out is dearer
/// than all the rest.
pub(super) const FIELDS: Tag = Tag::new("fields");
/// Architectures and problems.
pub(super) const STRINGS: Tag = Tag::new("strings");
pub(super) const PROBLEMS: Tag = Tag::new("problems");

/// Bits of [`PackageRecord::has`].
pub(super) const HAS_SIZE: u8 = 1;
pub(super) const HAS_SHA256: u8 = 2;

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PackageRecord {
    /// Where the run of texts begins: name, version, source, its version, file name.
    pub(super) fields: U32,
    pub(super) name: U16,
    pub(super) version: U16,
    /// 0 where it is that of the package, as with the version.
    pub(super) source: U16,
    pub(super) source_version: U16,
    /// 0 where there is none.
    pub(super) filename: U16,
    pub(super) architecture: StringRef,
    pub(super) size: U64,
    pub(super) sha256: [u8; 32],
    pub(super) phased: u8,
    pub(super) multi_arch: u8,
    pub(super) has: u8,
}

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ProblemRecord {
    pub(super) message: StringRef,
}

/// The texts of a package, as they lie in [`FIELDS`].
pub(super) struct Texts<'t> {
    pub(super) name: &'t [u8],
    pub(super) version: &'t [u8],
    pub(super) source: &'t [u8],
    pub(super) source_version: &'t [u8],
    pub(super) filename: &'t [u8],
}

impl PackageRecord {
    /// Its name; empty where it lies outside.
    pub(super) fn name<'t>(&self, fields: &'t [u8]) -> &'t [u8] {
        let start = self.fields.get() as usize;
        fields.get(start..start + usize::from(self.name.get())).unwrap_or_default()
    }

    /// The name of its source; empty where it lies outside.
    pub(super) fn source<'t>(&self, fields: &'t [u8]) -> &'t [u8] {
        self.texts(fields).map_or(&[], |texts| texts.source)
    }

    /// Its texts; none where they lie outside.
    pub(super) fn texts<'t>(&self, fields: &'t [u8]) -> Option<Texts<'t>> {
        let mut rest = fields.get(self.fields.get() as usize..)?;
        let mut next = |length: U16| {
            let (text, behind) = rest.split_at_checked(length.get().into())?;
            rest = behind;
            Some(text)
        };
        let (name, version) = (next(self.name)?, next(self.version)?);
        let (source, source_version) = (next(self.source)?, next(self.source_version)?);
        Some(Texts {
            name,
            version,
            source: if source.is_empty() { name } else { source },
            source_version: if source_version.is_empty() { version } else { source_version },
            filename: next(self.filename)?,
        })
    }
}

pub(super) fn multi_arch_code(multi_arch: MultiArch) -> u8 {
    match multi_arch {
        MultiArch::No => 0,
        MultiArch::Same => 1,
        MultiArch::Foreign => 2,
        MultiArch::Allowed => 3,
    }
}

pub(super) fn multi_arch_of(code: u8) -> MultiArch {
    match code {
        1 => MultiArch::Same,
        2 => MultiArch::Foreign,
        3 => MultiArch::Allowed,
        _ => MultiArch::No,
    }
}
