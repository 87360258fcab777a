//! One statement of a feed, in one shape whatever the feed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::{Cvss, State};
use crate::scope::Scope;
use crate::severity::Severity;

/// What a feed says of one package in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// The feed's name, as `plimsoll db feeds` lists it: `alpine-secdb`.
    pub feed: String,
    /// Whose packages it speaks of.
    pub scope: Scope,
    /// The feed's own name of the record: `DSA-5532-1`, `ALSA-2023:1234`, or the CVE itself.
    pub record: String,
    /// The vulnerabilities, one finding each: CVE where there is one. Never empty.
    pub ids: Vec<String>,
    /// Other names of the same.
    pub aliases: Vec<String>,
    /// Which package.
    pub package: PackageKey,
    /// The affected versions: a version is affected when any range or any of `versions` holds it.
    pub ranges: Vec<Range>,
    /// Affected versions that the record lists one by one.
    pub versions: Vec<String>,
    /// What the vendor says will become of it.
    pub state: State,
    /// The vendor's own word where `state` is coarser: `no-dsa`, `postponed`.
    pub sub_state: Option<String>,
    /// The vendor's severity.
    pub severity: Option<Severity>,
    /// CVSS vectors in the record.
    pub cvss: Vec<Cvss>,
    /// One line.
    pub title: Option<String>,
    /// Where to read more.
    pub urls: Vec<String>,
    /// When it was first published.
    pub published: Option<Timestamp>,
}

/// The package that an advisory names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageKey {
    /// The name in the distribution's spelling.
    pub name: String,
    /// Which of a package's names and versions it speaks of.
    pub kind: PackageKind,
    /// Applies only to these module streams (`nodejs:18`), parted by `|`.
    pub module: Option<String>,
    /// Applies only to this architecture; none means all.
    pub arch: Option<String>,
}

/// Whether the feed names source or binary packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// Source packages: compare the source's version.
    Source,
    /// Binary packages: compare the binary's version.
    Binary,
    /// The feed mixes both without saying which (Azure Linux OVAL): either name matches, each with its
    /// own version.
    Either,
}

/// From `introduced` (inclusive; none means from the beginning) to `end`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The first affected version.
    pub introduced: Option<String>,
    /// Where it stops.
    pub end: RangeEnd,
}

/// The upper end of an affected range.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeEnd {
    /// Fixed in this version: it is not affected.
    Fixed(String),
    /// This version is the last one affected; no fix is named.
    LastAffected(String),
    /// No end: every later version is affected.
    Open,
}
