//! rpm repositories: which an image has, which of them may be asked, what their metadata says, what is pending.
//!
//! In the order of work: [`Configuration`] from the image's files, [`places`] to ask, [`judge`] over what came,
//! [`read_primary`] and its siblings for the packages of interest, [`pending`] for what a package manager would do.

mod address;
mod candidates;
mod changes;
mod configuration;
mod ini;
mod judge;
mod modules;
mod nevra;
mod offers;
mod official;
mod patterns;
mod places;
mod primary;
mod repomd;
mod system;
#[cfg(test)]
mod testing;
mod update;
mod updateinfo;
mod wanted;
mod xml;

pub use candidates::{Advice, Candidate, Index, Question, pending};
pub use changes::{Change, Changes, Since, changelog_since, read_other};
pub use configuration::{Configuration, Demand, Mirrors, Repository, StreamChoice};
pub use judge::{HOST_KEYS, Judged, Keys, Received, Transport, judge};
pub use modules::{Modules, read_modules};
pub use patterns::{Lock, Pattern};
pub use places::{Host, Place, Places, places};
pub use primary::{Available, PrimaryRead, read_primary};
pub use repomd::{Hash, Kind, MetadataFile, MetadataMismatch, Repomd};
pub use system::System;
pub use update::update;
pub use updateinfo::{Notice, Noticed, NoticesRead, read_updateinfo};
pub use wanted::Wanted;
pub use xml::MetadataError;
