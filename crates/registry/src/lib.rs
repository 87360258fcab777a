#![doc = include_str!("../README.md")]

mod blob;
mod certificates;
mod challenge;
mod client;
mod config;
mod credentials;
mod environment;
mod error;
mod host;
mod link;
mod manifest;
mod names;
mod provenance;
mod referrers;
mod registries;
mod repository;
mod tags;
mod token;

pub use blob::Blob;
pub use client::{Attempt, Client, Opened};
pub use config::Config;
pub use environment::Environment;
pub use error::Error;
pub use manifest::{Manifest, ManifestKind};
pub use provenance::Provenance;
pub use repository::Repository;
pub use tags::Tags;
