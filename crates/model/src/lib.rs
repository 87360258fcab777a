#![doc = include_str!("../README.md")]

mod advisory;
mod base;
mod changes;
mod digest;
mod document;
mod ecosystem;
mod finding;
mod image;
mod os;
mod package;
mod platform;
mod reference;
mod scope;
mod severity;

pub use advisory::{Advisory, PackageKey, PackageKind, Range, RangeEnd};
pub use base::{Base, BaseMethod, Confidence, Effect, Newer, NewerImage};
pub use changes::{ArchiveStatus, ArchiveSuite, ChangelogEntry, HeldBack, Update};
pub use digest::{Algorithm, DiffId, Digest, ParseDigestError};
pub use document::{
    BaseReport, BaseSchema, Changes, ChangesSchema, Database, Diff, DiffSchema, DiffSide,
    Inventories, InventoriesSchema, Inventory, InventorySchema, Scan, ScanSchema, Scans,
    ScansSchema, Tool,
};
pub use ecosystem::{Ecosystem, UnknownEcosystem};
pub use finding::{
    Comparison, Coverage, CoverageStatus, Cvss, Epss, Evidence, Finding, FindingKey, Kev,
    PackageChange, RejectedRemedy, Relation, Remedy, RemedyAction, State, Suppressed,
};
pub use image::{Image, Layer, Origin, Problem};
pub use os::{Eol, EolPhase, Os};
pub use package::{Location, Package, PackageId, SourcePackage};
pub use platform::{ParsePlatformError, Platform};
pub use reference::{ImageName, ImageReference, ParseReferenceError, Transport};
pub use scope::{ParseScopeError, Scope};
pub use severity::{Severity, SeveritySource, UnknownSeverity};
