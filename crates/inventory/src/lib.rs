#![doc = include_str!("../README.md")]

pub mod apk;
mod budget;
mod cache;
pub mod dpkg;
mod error;
mod facts;
mod image_inventory;
mod layer;
mod layers;
mod lines;
mod merge;
mod origin;
pub mod os;
mod progress;
mod purl;
mod read;
mod record;
pub mod rpm;
mod spool;
mod stanzas;
#[cfg(test)]
mod testing;
mod view;
mod wanted;

pub use budget::Budget;
pub use cache::{Cache, CacheError, CacheInfo, Pruned};
pub use error::Error;
pub use image_inventory::ImageInventory;
pub use layers::Layers;
pub use origin::mark_origins;
pub use progress::{Event, FactsFrom};
pub use read::{Settings, read};
pub use record::{Packages, Record};
