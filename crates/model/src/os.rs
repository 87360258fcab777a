//! The operating system of an image, and how long it is cared for.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ecosystem::Ecosystem;
use crate::scope::Scope;

/// What os-release (or an older cousin) says, completed from data built into the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Os {
    /// `ID` of os-release: `debian`, `alpine`, `mariner` …
    pub id: String,
    /// `VERSION_ID`, where there is one.
    pub version_id: Option<String>,
    /// `bookworm`, `noble` …
    pub codename: Option<String>,
    /// The name for people.
    pub pretty_name: Option<String>,
    /// When care ends, where known.
    pub eol: Option<Eol>,
    /// Whose packages it has; none where the distribution is not known to the program.
    #[serde(skip)]
    pub ecosystem: Option<Ecosystem>,
    /// Whose advisories apply; none where no feed covers it.
    #[serde(skip)]
    pub scope: Option<Scope>,
}

/// The end of life of a release, as of the scan's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eol {
    /// The last day of the phase (of the last phase, where all have ended).
    pub date: Date,
    /// Which phase that day ends.
    pub phase: EolPhase,
}

/// How a release is cared for on a given day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EolPhase {
    /// Security support for all.
    Regular,
    /// Long-term support: fewer packages or another team (Debian LTS, RHEL maintenance).
    Lts,
    /// Extended support, usually paid (Ubuntu ESM, ELTS).
    Esm,
    /// Nobody fixes it any more.
    Ended,
}
