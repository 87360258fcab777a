//! The JSON documents that other programs rely on. Keys only grow within a schema version.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::finding::{Base, Coverage, Finding, Remedy};
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
    /// What was and was not evaluated.
    pub coverage: Vec<Coverage>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The advisories it was judged with.
    pub database: Database,
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
