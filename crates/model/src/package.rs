//! What is installed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::DiffId;
use crate::ecosystem::Ecosystem;

/// One installed package of the merged image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Unique within the document.
    pub id: PackageId,
    /// Whose package it is.
    pub ecosystem: Ecosystem,
    /// The binary package's name.
    pub name: String,
    /// The binary package's version as the package manager prints it, epoch included where it has one
    /// (`1:2.3-4`).
    pub version: String,
    /// The architecture in the distribution's words; none where the ecosystem has none.
    pub arch: Option<String>,
    /// The source package it was built from; none where it is not recorded.
    pub source: Option<SourcePackage>,
    /// The module stream of a modular rpm: `nodejs:18`.
    pub module: Option<String>,
    /// The vendor that the package names.
    pub vendor: Option<String>,
    /// The licence expression that the package names, verbatim.
    pub license: Option<String>,
    /// The package URL (purl-spec).
    pub purl: String,
    /// Every file that records it, with the layer whose copy of that file is the one in force.
    pub locations: Vec<Location>,
    /// The layer that brought this version; none where the source has no layers.
    pub introduced_in: Option<DiffId>,
}

/// `ecosystem/name@version` with the architecture behind it: stable, and readable in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(pub String);

impl PackageId {
    /// The id of a package of a distribution.
    pub fn of(ecosystem: Ecosystem, name: &str, version: &str, arch: Option<&str>) -> Self {
        Self(match arch {
            Some(arch) => format!("{ecosystem}/{name}@{version}:{arch}"),
            None => format!("{ecosystem}/{name}@{version}"),
        })
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The source package of a binary package.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePackage {
    /// The source's name: dpkg's `Source`, apk's `origin`, the name in rpm's `SOURCERPM`.
    pub name: String,
    /// The source's version, which differs from the binary's after a binary-only rebuild.
    pub version: String,
}

/// Where a package is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Relative to the image's root: `var/lib/dpkg/status`.
    pub path: String,
    /// The layer whose file this is; none where the source has no layers.
    pub layer: Option<DiffId>,
}
