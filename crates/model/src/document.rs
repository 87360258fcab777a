//! The JSON documents that other programs rely on. Keys only grow within a schema version.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::base::{Base, NewerImage};
use crate::changes::{ArchiveSuite, Update};
use crate::finding::{Coverage, CoverageStatus, Finding, PackageChange, RejectedRemedy, Remedy};
use crate::image::{Image, Problem};
use crate::os::Os;
use crate::package::Package;

macro_rules! schema {
    ($name:ident, $value:literal) => {
        #[doc = concat!("The constant `", $value, "`.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            #[doc = concat!("`", $value, "`")]
            #[default]
            #[serde(rename = $value)]
            V1,
        }
    };
}

schema!(ScanSchema, "plimsoll.scan/1");
schema!(ScansSchema, "plimsoll.scans/1");
schema!(InventorySchema, "plimsoll.inventory/1");
schema!(InventoriesSchema, "plimsoll.inventories/1");
schema!(ChangesSchema, "plimsoll.changes/1");
schema!(BaseSchema, "plimsoll.base/1");
schema!(DiffSchema, "plimsoll.diff/1");

/// The program that wrote a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
}

/// The answer to "what is wrong in this image": one image on one platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// `plimsoll.scan/1`
    pub schema: ScanSchema,
    /// Who wrote it.
    pub tool: Tool,
    /// The day it speaks for.
    pub as_of: Date,
    /// What was judged.
    pub image: Image,
    /// Its operating system; none where none was recognised.
    pub os: Option<Os>,
    /// What it was built on.
    pub base: Option<Base>,
    /// Everything installed.
    pub packages: Vec<Package>,
    /// Everything wrong.
    pub findings: Vec<Finding>,
    /// What would clear it.
    pub remedies: Vec<Remedy>,
    /// What was weighed and is not offered.
    #[serde(default)]
    pub rejected_remedies: Vec<RejectedRemedy>,
    /// What was and was not evaluated.
    pub coverage: Vec<Coverage>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The advisories it was judged with.
    pub database: Database,
}

impl Scan {
    /// Whether every part was read, and judged with usable data. Where not, "nothing found" is not the whole truth,
    /// and what is missing from the findings is not gone.
    pub fn was_evaluated(&self) -> bool {
        !self.coverage.is_empty()
            && self.coverage.iter().all(|part| part.status == CoverageStatus::Evaluated)
    }
}

/// Which advisories were used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The generation's name; none where there is no database yet.
    pub generation: Option<String>,
    /// The age of its oldest used feed.
    pub as_of: Option<Timestamp>,
}

/// Several scans: `--platform all`, or more than one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scans {
    /// `plimsoll.scans/1`
    pub schema: ScansSchema,
    /// One for each image and platform.
    pub scans: Vec<Scan>,
}

/// The answer to "what is inside": a scan without findings, remedies and database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// `plimsoll.inventory/1`
    pub schema: InventorySchema,
    /// Who wrote it.
    pub tool: Tool,
    /// The day it speaks for.
    pub as_of: Date,
    /// What was read.
    pub image: Image,
    /// Its operating system.
    pub os: Option<Os>,
    /// What it was built on.
    pub base: Option<Base>,
    /// Everything installed.
    pub packages: Vec<Package>,
    /// What was and was not evaluated.
    pub coverage: Vec<Coverage>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Several inventories: `--platform all`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventories {
    /// `plimsoll.inventories/1`
    pub schema: InventoriesSchema,
    /// One for each platform.
    pub inventories: Vec<Inventory>,
}

/// The answer to "what has my distribution fixed since this image was built".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// `plimsoll.changes/1`
    pub schema: ChangesSchema,
    /// Who wrote it.
    pub tool: Tool,
    /// The day it speaks for.
    pub as_of: Date,
    /// What was compared.
    pub image: Image,
    /// Its operating system.
    pub os: Option<Os>,
    /// What was asked, and whether its word counts.
    pub distribution_archive: Vec<ArchiveSuite>,
    /// Whether every source of security updates was asked and its word counts: only then "no updates" is an
    /// answer.
    #[serde(default)]
    pub is_whole: bool,
    /// Pending updates, security updates first.
    pub updates: Vec<Update>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// The answer to "which base image, and is there a newer one".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseReport {
    /// `plimsoll.base/1`
    pub schema: BaseSchema,
    /// Who wrote it.
    pub tool: Tool,
    /// The day it speaks for.
    pub as_of: Date,
    /// What was looked at.
    pub image: Image,
    /// Its operating system.
    pub os: Option<Os>,
    /// What it was built on; none where that could not be found out.
    pub base: Option<Base>,
    /// Newer builds of the image itself.
    pub newer_images: Vec<NewerImage>,
    /// Newer builds of its base.
    pub newer_bases: Vec<NewerImage>,
    /// What could not be asked or read.
    pub problems: Vec<Problem>,
}

/// The answer to "what changed": between two images, or for one image between two generations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// `plimsoll.diff/1`
    pub schema: DiffSchema,
    /// Who wrote it.
    pub tool: Tool,
    /// The day it speaks for.
    pub as_of: Date,
    /// One side.
    pub from: DiffSide,
    /// The other.
    pub to: DiffSide,
    /// Packages added, removed and changed.
    pub packages: Vec<PackageChange>,
    /// Findings that only the second side has.
    pub gained: Vec<Finding>,
    /// Findings that only the first side has.
    pub lost: Vec<Finding>,
    /// How many findings both have.
    pub kept: usize,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffSide {
    /// The image.
    pub image: Image,
    /// The advisories it was judged with.
    pub database: Database,
    /// What was and was not evaluated.
    pub coverage: Vec<Coverage>,
}
