//! Pending updates, in one shape whatever the package manager.

use plimsoll_model::{HeldBack, PackageId, Severity};

/// A source package that an archive has a newer version of than what is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The source package; for rpm the name of the source rpm, for apk the origin.
    pub source: String,
    /// The installed version of the source, the lowest where its binaries differ.
    pub installed: String,
    /// The version of the source that the archive offers.
    pub candidate: String,
    /// The suite or repository that offers it.
    pub suite: String,
    /// Whether it is a security update.
    pub security: bool,
    /// Why a package manager would not install it now.
    pub held_back: Option<HeldBack>,
    /// The installed binary packages that are updated; never empty.
    pub binaries: Vec<PendingBinary>,
    /// What the archive itself says about it (rpm's updateinfo), the newest first.
    pub bulletins: Vec<Bulletin>,
}

/// An installed binary package and what it is updated to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingBinary {
    /// The installed package.
    pub package: PackageId,
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: Option<String>,
    /// The installed version.
    pub installed: String,
    /// The version that the archive offers.
    pub candidate: String,
}

/// An advisory that an archive ships beside its packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// Its name: `RHSA-2026:1234`.
    pub id: String,
    /// Whether it is about security.
    pub security: bool,
    /// How bad the vendor says it is.
    pub severity: Option<Severity>,
    /// The ids it fixes.
    pub ids: Vec<String>,
    /// One line.
    pub title: Option<String>,
    /// The vendor's text.
    pub description: Option<String>,
    /// When it was issued.
    pub issued: Option<jiff::Timestamp>,
}
