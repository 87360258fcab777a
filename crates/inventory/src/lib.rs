#![doc = include_str!("../README.md")]

pub mod apk;
mod budget;
mod cache;
pub mod dpkg;
mod error;
mod facts;
mod layer;
mod lines;
mod merge;
pub mod os;
mod progress;
mod purl;
mod read;
mod record;
pub mod rpm;
mod spool;
#[cfg(test)]
mod testing;
mod view;
mod wanted;

pub use budget::Budget;
pub use cache::{Cache, CacheError, CacheInfo, Pruned};
pub use error::Error;
pub use progress::{Event, FactsFrom};
pub use read::{ImageInventory, Settings, read};
pub use record::{Packages, Record};
