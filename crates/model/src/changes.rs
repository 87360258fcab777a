//! What a distribution has fixed since an image was built.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::severity::Severity;

/// A suite or repository of a distribution archive, and whether its word counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveSuite {
    /// Its name: `bookworm-security`, `v3.20/main`, `baseos`.
    pub suite: String,
    /// The host and path it stands for: `security.debian.org/debian-security`.
    pub address: String,
    /// The fingerprints or names of the keys that signed it, joined by commas.
    pub signed_by: Option<String>,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// Until when it counts as news; none where the archive promises nothing.
    pub valid_until: Option<Timestamp>,
    /// Whether its word counts.
    pub status: ArchiveStatus,
    /// More about a status other than verified.
    pub reason: Option<String>,
}

/// Whether a suite's word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveStatus {
    /// Signed by a key of the distribution, and fresh.
    Verified,
    /// Signed, but its promise to be news is over.
    Expired,
    /// Signed, but made in the future.
    FromTheFuture,
    /// Signed, but older than what was seen before.
    RolledBack,
    /// It has no signature.
    Unsigned,
    /// Its signature is wrong, weak, or by a key that is not trusted.
    WronglySigned,
    /// Signed by a key that the image brings: good for that source, never "verified".
    SignedByImageKey,
    /// Its vendor does not sign it, or with a key that nobody here has; read over https from the vendor's own host.
    TransportOnly,
    /// Its parts do not belong together, not even when asked for again.
    Inconsistent,
    /// It could not be asked.
    Unreachable,
    /// Its address stands in the image and was not allowed by the operator: not asked.
    NotAllowed,
}

impl ArchiveStatus {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Expired => "expired",
            Self::FromTheFuture => "from_the_future",
            Self::RolledBack => "rolled_back",
            Self::Unsigned => "unsigned",
            Self::WronglySigned => "wrongly_signed",
            Self::SignedByImageKey => "signed_by_image_key",
            Self::TransportOnly => "transport_only",
            Self::Inconsistent => "inconsistent",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not_allowed",
        }
    }

    /// Whether its packages count as candidates.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Verified | Self::SignedByImageKey | Self::TransportOnly)
    }
}

impl fmt::Display for ArchiveStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A pending update of one source package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The source package.
    pub source: String,
    /// The installed binary packages of it that are updated.
    pub binaries: Vec<String>,
    /// The installed version of the source.
    pub installed: String,
    /// The version of the source that the archive offers.
    pub candidate: String,
    /// Where it is offered.
    pub suite: String,
    /// Whether it is a security update.
    pub security: bool,
    /// How bad the distribution says it is; where archives say nothing, none.
    pub severity: Option<Severity>,
    /// The ids that the entries name as fixed and that nothing at or below the installed version names.
    pub ids: Vec<String>,
    /// What the changelog says between the two versions, the newest first.
    pub entries: Vec<ChangelogEntry>,
    /// Whether the entries reach down to the installed version.
    pub complete: bool,
    /// News that the maintainers want to be read before updating: changes of behaviour.
    pub news: Option<String>,
    /// Why a package manager would not install it now; none where it would.
    pub held_back: Option<HeldBack>,
    /// Why there are no entries: the changelog could not be had.
    pub problem: Option<String>,
}

/// Why a package manager would not install an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBack {
    /// The package is on hold.
    Hold,
    /// The image's preferences prefer another version.
    Pinned,
    /// The distribution gives it to a part of all machines first.
    Phased,
}

/// One entry of a changelog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangelogEntry {
    /// The version that it describes.
    pub version: String,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// `low`, `medium` …: the maintainer's word on how soon it should migrate, not a severity.
    pub urgency: Option<String>,
    /// The text, without the line of its version and that of its author.
    pub text: String,
}
