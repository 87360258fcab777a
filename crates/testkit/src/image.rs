//! An image: config and manifest over layers.

use plimsoll_model::{Digest, Platform};
use serde_json::{Value, json};

use crate::blob::digest_of;
use crate::layer::Layer;

/// An image, `linux/amd64` unless told otherwise.
#[derive(Clone, Debug)]
pub struct Image {
    /// In the config, and in an index that lists the image.
    pub platform: Platform,
    /// From the bottom up.
    pub layers: Vec<Layer>,
    /// The config's `config` object: labels, environment, command.
    pub runtime: Value,
    /// The manifest's annotations.
    pub annotations: Value,
    /// When the image says it was made.
    pub created: String,
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

impl Image {
    /// An image of these layers.
    pub fn new(layers: impl IntoIterator<Item = Layer>) -> Self {
        Self {
            platform: "linux/amd64".parse().expect("a platform"),
            layers: layers.into_iter().collect(),
            runtime: json!({}),
            annotations: json!({}),
            created: "2024-01-01T00:00:00Z".to_owned(),
        }
    }

    /// The same for another platform: `linux/arm64`.
    pub fn platform(self, platform: &str) -> Self {
        let platform = platform.parse().unwrap_or_else(|error| panic!("{error}"));
        Self { platform, ..self }
    }

    /// The same with a label.
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.runtime["Labels"][name] = json!(value);
        self
    }

    /// The config blob.
    pub fn config(&self) -> Vec<u8> {
        let history = self
            .layers
            .iter()
            .map(|layer| json!({ "created": self.created, "created_by": layer.created_by }));
        let diff_ids = self.layers.iter().map(|layer| layer.blob.diff_id.to_string());
        let mut config = json!({
            "os": self.platform.os,
            "architecture": self.platform.architecture,
            "created": self.created,
            "config": self.runtime,
            "history": history.collect::<Vec<_>>(),
            "rootfs": { "type": "layers", "diff_ids": diff_ids.collect::<Vec<_>>() },
        });
        if let Some(variant) = &self.platform.variant {
            config["variant"] = json!(variant);
        }
        config.to_string().into_bytes()
    }

    /// The digest of the config, which engines call the image's id.
    pub fn config_digest(&self) -> Digest {
        digest_of(&self.config())
    }

    /// The manifest blob.
    pub fn manifest(&self) -> Vec<u8> {
        let layers = self
            .layers
            .iter()
            .map(|layer| descriptor(&layer.media_type, &layer.blob.digest, layer.blob.size));
        let config = self.config();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, &digest_of(&config), config.len() as u64),
            "layers": layers.collect::<Vec<_>>(),
        });
        if self.annotations.as_object().is_some_and(|annotations| !annotations.is_empty()) {
            manifest["annotations"] = self.annotations.clone();
        }
        manifest.to_string().into_bytes()
    }

    /// The digest of the manifest, by which a registry knows the image.
    pub fn digest(&self) -> Digest {
        digest_of(&self.manifest())
    }

    /// The image's descriptor, with its platform as an index needs it.
    pub(crate) fn descriptor(&self) -> Value {
        let manifest = self.manifest();
        descriptor(MANIFEST, &digest_of(&manifest), manifest.len() as u64)
    }

    pub(crate) fn descriptor_in_index(&self) -> Value {
        let mut descriptor = self.descriptor();
        let Platform { os, architecture, variant } = &self.platform;
        descriptor["platform"] = json!({ "os": os, "architecture": architecture });
        if let Some(variant) = variant {
            descriptor["platform"]["variant"] = json!(variant);
        }
        descriptor
    }
}

pub(crate) fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest.to_string(), "size": size })
}
