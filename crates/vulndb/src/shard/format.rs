//! The sections and records of a shard. Changing anything here means a new [`VERSION`].

use plimsoll_model::{PackageKind, Scope, Severity, State};
use plimsoll_table::{StringRef, Tag};
use serde::{Deserialize, Serialize};
use zerocopy::little_endian::{I64, U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Of this layout and of the sort keys of crate `versions`.
pub(crate) const VERSION: u32 = 1;

pub(crate) const ADVISORIES: Tag = Tag::new("advisory");
pub(crate) const META: Tag = Tag::new("meta");
pub(crate) const ENTRIES: Tag = Tag::new("entries");
pub(crate) const PACKAGES: Tag = Tag::new("packages");
pub(crate) const BULLETINS: Tag = Tag::new("bulletin");
pub(crate) const MEMBERS: Tag = Tag::new("members");
pub(crate) const RANGES: Tag = Tag::new("ranges");
pub(crate) const LISTED: Tag = Tag::new("listed");
pub(crate) const LISTS: Tag = Tag::new("lists");
pub(crate) const VECTORS: Tag = Tag::new("vectors");
pub(crate) const IDS: Tag = Tag::new("ids");
pub(crate) const POSTINGS: Tag = Tag::new("postings");
pub(crate) const STRINGS: Tag = Tag::new("strings");
pub(crate) const PROBLEMS: Tag = Tag::new("problems");

/// What the file is about, as JSON in the section `meta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Whose packages.
    pub(crate) scope: Scope,
    /// Who says so.
    pub(crate) feed: String,
    /// Whether any entry names source packages, so that nothing is looked up in vain.
    pub(crate) by_source: bool,
    /// Whether any entry names binary packages.
    pub(crate) by_binary: bool,
    /// How many CVSS vectors there are.
    pub(crate) vectors: u64,
}

/// What a feed says of one package.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct EntryRecord {
    pub(crate) name: StringRef,
    pub(crate) bulletin: U32,
    pub(crate) ranges: Span,
    pub(crate) listed: Span,
    pub(crate) module: StringRef,
    pub(crate) arch: StringRef,
    pub(crate) sub_state: StringRef,
    pub(crate) kind: u8,
    pub(crate) state: u8,
    /// 0 where the vendor has no word, else one more than the code.
    pub(crate) severity: u8,
}

/// Some neighbouring records of another section.
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Span {
    pub(crate) start: U32,
    pub(crate) count: U32,
}

/// What the entries of one record of the feed share.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct BulletinRecord {
    pub(crate) record: StringRef,
    pub(crate) title: StringRef,
    pub(crate) ids: Span,
    pub(crate) aliases: Span,
    pub(crate) urls: Span,
    pub(crate) vectors: Span,
    pub(crate) members: Span,
    /// Seconds since 1970; 0 where it is not known.
    pub(crate) published: I64,
}

/// Affected versions from `introduced` to `end`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RangeRecord {
    /// Empty where it begins with the first version.
    pub(crate) introduced: StringRef,
    pub(crate) introduced_key: StringRef,
    pub(crate) end: StringRef,
    pub(crate) end_key: StringRef,
    pub(crate) end_kind: u8,
}

/// A version that is affected by itself; without a key it is compared as text.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ListedRecord {
    pub(crate) version: StringRef,
    pub(crate) key: StringRef,
}

/// A CVSS vector with its score in tenths.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct VectorRecord {
    pub(crate) vector: StringRef,
    pub(crate) score: U16,
}

/// How a range ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Fixed,
    LastAffected,
    Open,
    /// A version of it is none by the scope's order: nothing can be judged with it.
    Invalid,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Fixed, Self::LastAffected, Self::Open, Self::Invalid];

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What a code means; an unknown one judges nothing.
    pub(crate) fn of(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::Invalid)
    }
}

const PACKAGE_KINDS: [PackageKind; 3] =
    [PackageKind::Source, PackageKind::Binary, PackageKind::Either];

const STATES: [State; 7] = [
    State::Fixed,
    State::Affected,
    State::WillNotFix,
    State::FixDeferred,
    State::EndOfLife,
    State::UnderInvestigation,
    State::Undetermined,
];

const SEVERITIES: [Severity; 6] = [
    Severity::Unknown,
    Severity::Negligible,
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];

fn code_of<T: PartialEq>(table: &[T], value: &T) -> u8 {
    let at = table.iter().position(|candidate| candidate == value);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

pub(crate) fn package_kind_code(kind: PackageKind) -> u8 {
    code_of(&PACKAGE_KINDS, &kind)
}

pub(crate) fn package_kind_of(code: u8) -> Option<PackageKind> {
    PACKAGE_KINDS.get(usize::from(code)).copied()
}

pub(crate) fn state_code(state: State) -> u8 {
    code_of(&STATES, &state)
}

pub(crate) fn state_of(code: u8) -> Option<State> {
    STATES.get(usize::from(code)).copied()
}

pub(crate) fn severity_code(severity: Option<Severity>) -> u8 {
    severity.map_or(0, |severity| code_of(&SEVERITIES, &severity).saturating_add(1))
}

pub(crate) fn severity_of(code: u8) -> Option<Severity> {
    SEVERITIES.get(usize::from(code.checked_sub(1)?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back_and_unknown_ones_are_harmless() {
        for state in STATES {
            assert_eq!(state_of(state_code(state)), Some(state));
        }
        for kind in PACKAGE_KINDS {
            assert_eq!(package_kind_of(package_kind_code(kind)), Some(kind));
        }
        for severity in SEVERITIES {
            assert_eq!(severity_of(severity_code(Some(severity))), Some(severity));
        }
        assert_eq!(severity_of(severity_code(None)), None);
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.code()), kind);
        }
        assert_eq!((state_of(200), package_kind_of(200), severity_of(200)), (None, None, None));
        assert_eq!(Kind::of(200), Kind::Invalid);
    }
}
