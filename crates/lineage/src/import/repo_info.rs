//! What docker-library/repo-info records of official images: blobs, and sometimes diff ids.

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, ImageName, Platform};
use serde::Deserialize;
use serde_json::Value;

use crate::chain::Chain;
use crate::known::{KnownImage, Source};

/// Four times what overlayfs, and so every engine, can mount.
const MAX_LAYERS: usize = 512;

#[derive(Deserialize)]
struct Image {
    image: String,
    platform: Platform,
    index: Option<Digest>,
    manifest: Digest,
    config: Option<Digest>,
    created: Option<Timestamp>,
    /// Digest and size.
    #[serde(default)]
    layers: Vec<(Digest, u64)>,
    #[serde(default)]
    diff_ids: Vec<DiffId>,
}

pub(super) fn image(value: &Value, source: Source) -> Result<KnownImage, String> {
    let record = Image::deserialize(value).map_err(|error| error.to_string())?;
    let name: ImageName = record.image.parse().map_err(|error| format!("{error}"))?;
    let (blobs, diff_ids) = (record.layers.len(), record.diff_ids.len());
    if blobs > 0 && diff_ids > 0 && blobs != diff_ids {
        return Err(format!("it has {blobs} layers and {diff_ids} diff ids"));
    }
    if blobs.max(diff_ids) > MAX_LAYERS {
        return Err(format!("it has more than the {MAX_LAYERS} layers that are possible"));
    }
    let mut image = KnownImage::new(&name, source);
    for tag in &mut image.tags {
        tag.digest.clone_from(&record.index);
    }
    let blobs: Vec<Digest> = record.layers.into_iter().map(|(digest, _)| digest).collect();
    image.digest = Some(record.manifest);
    image.config = record.config;
    image.platform = Some(record.platform);
    image.created = record.created;
    image.seen = record.created;
    image.chain = Chain::of(&record.diff_ids);
    image.blobs = Chain::of_blobs(&blobs);
    Ok(image)
}
