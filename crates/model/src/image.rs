//! An image as the documents describe it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::{DiffId, Digest};
use crate::platform::Platform;

/// One image on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What the user asked for.
    pub reference: String,
    /// The transport it came through: `registry`, `docker`, `oci` …
    pub source: String,
    /// The manifest's digest, where the source has manifests.
    pub digest: Option<Digest>,
    /// The configuration's digest: what engines call the image id.
    pub config_digest: Option<Digest>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// When it says it was built.
    pub created: Option<Timestamp>,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
}

/// One layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The digest of the bytes as stored, where the source stores them compressed or not at all.
    pub digest: Option<Digest>,
    /// The digest of the uncompressed tar.
    pub diff_id: Option<DiffId>,
    /// The size in bytes as stored.
    pub size: Option<u64>,
    /// Whose layer it is.
    pub origin: Origin,
    /// The build step that made it, from the image's history.
    pub created_by: Option<String>,
}

/// Whether a layer belongs to the base image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Of the image it was built on.
    Base,
    /// Added on top.
    Own,
    /// The base is not known.
    #[default]
    Unknown,
}

/// Something that could not be read or judged, without which the answer is less than whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// The file, record or feed.
    pub path: String,
    /// The layer it is in, where it is in one.
    pub layer: Option<DiffId>,
    /// What is wrong with it: lower case, no full stop.
    pub message: String,
}
