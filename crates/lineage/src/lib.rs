#![doc = include_str!("../README.md")]

mod catalogue;
mod chain;
mod codename;
mod glob;
mod import;
mod known;
mod packages;
mod provenance;
mod recognise;
mod tags;

pub use catalogue::{Catalogue, CatalogueError, Merged, Nearest, forget, merge};
pub use chain::{Chain, ChainId};
pub use import::{Format, ImportError, Imported, import};
pub use known::{KnownImage, KnownTag, Source};
pub use packages::{Likeness, PackageList};
pub use provenance::{Material, ProvenanceError, materials};
pub use recognise::{DiffIds, Known, Recognition, Subject, recognise};
pub use tags::{newer_tags, wanted_tags};
