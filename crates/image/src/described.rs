//! An image as its documents describe it, before anybody looks for the layers' bytes.

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, Image, Layer, Origin, Platform, Transport};

use crate::document::config::Config;
use crate::document::manifest::Manifest;
use crate::error::Error;
use crate::media_type::{self, LayerKind};
use crate::metadata::Metadata;

/// What the documents say about one image on one platform.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) digest: Option<Digest>,
    pub(crate) config_digest: Option<Digest>,
    pub(crate) platform: Option<Platform>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) layers: Vec<DescribedLayer>,
    pub(crate) metadata: Metadata,
    /// What is odd about the documents and keeps nothing from being read.
    pub(crate) warnings: Vec<String>,
}

/// What the documents say about one layer.
#[derive(Clone, Debug)]
pub(crate) struct DescribedLayer {
    pub(crate) digest: Option<Digest>,
    pub(crate) diff_id: Option<DiffId>,
    pub(crate) size: Option<u64>,
    pub(crate) media_type: Option<String>,
    pub(crate) foreign: bool,
    pub(crate) created_by: Option<String>,
    /// Where it is in a layout or archive.
    pub(crate) path: String,
}

/// The kernel's overlay file system stacks no more (`OVL_MAX_STACK`), and Docker stops at 127.
pub(crate) const MAX_LAYERS: usize = 500;

impl Described {
    /// Joins a manifest and its configuration, where they agree.
    pub(crate) fn new(
        source_name: &str,
        document: &str,
        manifest: &Manifest,
        config: &Config,
    ) -> Result<Self, Error> {
        let layers = manifest.layers();
        let diff_ids = config.diff_ids();
        check_counts(source_name, document, layers.len(), diff_ids.len())?;
        let steps = config.created_by(layers.len());
        let mut described = Vec::with_capacity(layers.len());
        for ((layer, diff_id), created_by) in layers.iter().zip(diff_ids).zip(steps) {
            let kind = media_type::layer_kind(&layer.media_type).ok_or_else(|| {
                Error::UnknownMediaType {
                    source_name: source_name.to_owned(),
                    document: format!("the layer {}", layer.digest),
                    media_type: layer.media_type.clone(),
                }
            })?;
            described.push(DescribedLayer {
                digest: Some(layer.digest.clone()),
                diff_id: Some(DiffId(diff_id.clone())),
                size: Some(layer.size),
                media_type: Some(layer.media_type.clone()),
                foreign: kind == LayerKind::Foreign,
                created_by,
                path: blob_path(&layer.digest),
            });
        }
        Ok(Self {
            digest: None,
            config_digest: Some(manifest.config.digest.clone()),
            platform: config.platform(),
            created: config.created(),
            layers: described,
            metadata: Metadata {
                annotations: manifest.annotations.clone().unwrap_or_default(),
                ..config.metadata()
            },
            warnings: config.platform_warning().into_iter().collect(),
        })
    }

    /// The same in the model's words.
    pub(crate) fn image(&self, reference: &str, source: Transport) -> Image {
        let layer = |layer: &DescribedLayer| Layer {
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            size: layer.size,
            origin: Origin::Unknown,
            created_by: layer.created_by.clone(),
        };
        Image {
            reference: reference.to_owned(),
            source: source.to_string(),
            digest: self.digest.clone(),
            config_digest: self.config_digest.clone(),
            platform: self.platform.clone(),
            created: self.created,
            layers: self.layers.iter().map(layer).collect(),
        }
    }
}

/// A layer without a diff_id, or a diff_id without a layer, would be joined wrongly.
pub(crate) fn check_counts(
    source_name: &str,
    document: &str,
    layers: usize,
    diff_ids: usize,
) -> Result<(), Error> {
    let (source_name, document) = (source_name.to_owned(), document.to_owned());
    if layers > MAX_LAYERS {
        return Err(Error::TooManyLayers { source_name, document, layers, limit: MAX_LAYERS });
    }
    if layers != diff_ids {
        return Err(Error::DiffIdCount { source_name, document, layers, diff_ids });
    }
    Ok(())
}

/// Where a layout keeps a blob.
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}
