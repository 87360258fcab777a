//! What is wrong: a package, an advisory, and the evidence of every witness.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ecosystem::Ecosystem;
use crate::image::Origin;
use crate::package::PackageId;
use crate::scope::Scope;
use crate::severity::{Severity, SeveritySource};

/// One vulnerability of one package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Unique within the document: the id and the package's id.
    pub key: FindingKey,
    /// The CVE where there is one, else the id that the feed gives.
    pub id: String,
    /// Other names of the same vulnerability, and the records that speak of it.
    pub aliases: Vec<String>,
    /// One line.
    pub title: Option<String>,
    /// Where to read more.
    pub urls: Vec<String>,
    /// When it was first published.
    pub published: Option<Timestamp>,
    /// Which installed package.
    pub package: PackageId,
    /// How bad.
    pub severity: Severity,
    /// Who says so.
    pub severity_source: SeveritySource,
    /// CVSS vectors of all witnesses.
    pub cvss: Vec<Cvss>,
    /// How likely it is exploited in the next 30 days.
    pub epss: Option<Epss>,
    /// Set where CISA knows of exploitation.
    pub kev: Option<Kev>,
    /// What the vendor says will become of it.
    pub state: State,
    /// The vendor's own word where `state` is coarser.
    pub sub_state: Option<String>,
    /// The version that fixes it, of the package or of its source as `evidence` says.
    pub fixed_version: Option<String>,
    /// Whether the base image or an own layer brought the package.
    pub origin: Origin,
    /// Every witness, the strongest first.
    pub evidence: Vec<Evidence>,
    /// Set where an ignore rule hides it.
    pub suppressed: Option<Suppressed>,
}

/// `ID package-id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingKey(pub String);

impl FindingKey {
    /// The key of `id` on `package`.
    pub fn of(id: &str, package: &PackageId) -> Self {
        Self(format!("{id} {package}"))
    }
}

/// A CVSS vector and its base score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// The vector as published: `CVSS:3.1/AV:N/…`.
    pub vector: String,
    /// The base score, 0.0 to 10.0.
    pub score: f64,
}

// Scores come from parsing a vector and are never NaN.
impl Eq for Cvss {}

/// FIRST's Exploit Prediction Scoring System.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// The probability of exploitation within 30 days, 0 to 1.
    pub score: f64,
    /// The share of vulnerabilities with this score or a lower one, 0 to 1.
    pub percentile: f64,
}

/// An entry of CISA's catalogue of Known Exploited Vulnerabilities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
    /// The day it was added.
    pub added: Date,
    /// Whether ransomware campaigns are known to use it.
    pub ransomware: bool,
}

/// What the vendor says will become of a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A version without it exists.
    Fixed,
    /// Affected, and no fix yet.
    Affected,
    /// The vendor decided not to fix it.
    WillNotFix,
    /// The vendor will fix it later, with another update.
    FixDeferred,
    /// The release or the package is no longer cared for.
    EndOfLife,
    /// The vendor is still looking.
    UnderInvestigation,
    /// The vendor has not said whether it is affected: shown, not counted as affected.
    Undetermined,
}

impl State {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::WillNotFix => "will_not_fix",
            Self::FixDeferred => "fix_deferred",
            Self::EndOfLife => "end_of_life",
            Self::UnderInvestigation => "under_investigation",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One witness: a record of a feed, and the comparison that made it speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The shard it stands in.
    pub shard: Scope,
    /// The feed it came from.
    pub feed: String,
    /// The feed's own name of the record.
    pub record: String,
    /// The rule that applied: `source package openssl`, `binary package curl`.
    pub rule: String,
    /// The comparison.
    pub compared: Comparison,
    /// The sentence of the distribution's changelog that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// `installed relation against`, by the ecosystem's version order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The installed version that was compared: of the source where the rule is by source.
    pub installed: String,
    /// How it relates.
    pub relation: Relation,
    /// The version of the advisory; none where every version is affected.
    pub against: Option<String>,
}

/// How two versions relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Lower than.
    #[serde(rename = "<")]
    Less,
    /// Lower than or equal to.
    #[serde(rename = "<=")]
    LessOrEqual,
    /// Equal to.
    #[serde(rename = "=")]
    Equal,
    /// Greater than or equal to.
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// Every version is affected.
    #[serde(rename = "any")]
    Any,
}

impl Relation {
    /// The sign.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::GreaterOrEqual => ">=",
            Self::Any => "any",
        }
    }
}

/// Why a finding is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// The rule: the file and the entry's number.
    pub by: String,
    /// The reason that the rule gives.
    pub reason: Option<String>,
    /// The last day on which the rule holds.
    pub until: Option<Date>,
}

/// An action, what it clears and what it brings in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// What to do.
    pub action: RemedyAction,
    /// To what: a package with its version, an image; none where nothing can be done.
    pub target: Option<String>,
    /// The findings it clears.
    pub clears: Vec<FindingKey>,
    /// The findings it brings in, by the keys they would have.
    pub introduces: Vec<FindingKey>,
    /// The packages that change; none of them where they are not known.
    #[serde(default)]
    pub changes: Vec<PackageChange>,
    /// For the action `none`: why nothing clears them, in the vendor's words. For others: what makes them less than exact.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A package before and after an action or between two images.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageChange {
    /// Whose.
    pub ecosystem: Ecosystem,
    /// The package.
    pub name: String,
    /// Its architecture.
    pub arch: Option<String>,
    /// The version before; none where it is added.
    pub from: Option<String>,
    /// The version after; none where it is removed.
    pub to: Option<String>,
}

/// A remedy that was weighed and is not offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRemedy {
    /// What it would do.
    pub action: RemedyAction,
    /// To what.
    pub target: String,
    /// Why it is not offered.
    pub reason: String,
}

/// What can be done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyAction {
    /// Take a newer build of the same image.
    UpgradeImage,
    /// Build on a newer base.
    UpgradeBase,
    /// Upgrade packages within the release.
    UpgradePackages,
    /// Take a newer base, then patch what the own layers added.
    RebaseAndPatch,
    /// Raise a dependency in a manifest.
    BumpDependency,
    /// Nothing yet.
    None,
}

/// Whether a part of the image was judged, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Which packages: a scope, or the id of a system that no scope exists for.
    pub scope: String,
    /// What came of it.
    pub status: CoverageStatus,
    /// The feed that was asked.
    pub feed: Option<String>,
    /// How old its data is.
    pub as_of: Option<Timestamp>,
}

/// What "nothing found" would mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageStatus {
    /// Judged with usable data.
    Evaluated,
    /// No advisory data is at hand.
    NoData,
    /// No feed covers it.
    Unsupported,
    /// Judged with data older than the limit.
    Stale,
}
