//! What `docker save` writes beside the layers: `manifest.json` since Docker 1.10, and before that
//! `repositories` with a `json` for each layer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::Platform;
use serde::Deserialize;

use super::config::{platform, timestamp};
use super::descriptor::Descriptor;

/// `manifest.json`; `null` where nothing was saved.
pub(crate) type ArchiveManifest = Option<Vec<ArchiveImage>>;

/// One image of `manifest.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ArchiveImage {
    /// The path of its configuration in the archive.
    pub(crate) config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
    #[serde(default)]
    layer_sources: Option<BTreeMap<String, Descriptor>>,
}

impl ArchiveImage {
    pub(crate) fn tags(&self) -> &[String] {
        self.repo_tags.as_deref().unwrap_or_default()
    }

    /// The paths of its layers in the archive, lowest first.
    pub(crate) fn layers(&self) -> &[String] {
        self.layers.as_deref().unwrap_or_default()
    }

    /// Where a layer came from, by its diff_id.
    pub(crate) fn layer_source(&self, diff_id: &str) -> Option<&Descriptor> {
        self.layer_sources.as_ref()?.get(diff_id)
    }
}

/// `repositories`: the id of the top layer by name and tag.
pub(crate) type Repositories = BTreeMap<String, BTreeMap<String, String>>;

/// `ID/json` of the first generation: a layer is an image with a parent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LegacyLayer {
    #[serde(default)]
    pub(crate) parent: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    container_config: Option<LegacyContainerConfig>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LegacyContainerConfig {
    #[serde(default)]
    cmd: Option<Vec<String>>,
}

impl LegacyLayer {
    pub(crate) fn created(&self) -> Option<Timestamp> {
        timestamp(self.created.as_deref())
    }

    pub(crate) fn platform(&self) -> Option<Platform> {
        platform(self.os.as_deref(), self.architecture.as_deref(), self.variant.as_deref())?.ok()
    }

    /// The command that made the layer.
    pub(crate) fn created_by(&self) -> Option<String> {
        let command = self.container_config.as_ref()?.cmd.as_ref()?;
        (!command.is_empty()).then(|| command.join(" "))
    }
}
