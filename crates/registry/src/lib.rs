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
mod manifest;
mod names;
mod registries;
mod repository;
mod token;

pub use blob::Blob;
pub use client::{Attempt, Client, Opened};
pub use config::Config;
pub use environment::Environment;
pub use error::Error;
pub use manifest::{Manifest, ManifestKind};
pub use repository::Repository;
