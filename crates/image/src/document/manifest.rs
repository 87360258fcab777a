//! The manifest of one image: OCI's and Docker's schema 2 have the same shape.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::descriptor::Descriptor;
use super::lenient;

/// The manifest of one image on one platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) config: Descriptor,
    #[serde(default)]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
}

impl Manifest {
    pub(crate) fn layers(&self) -> &[Descriptor] {
        self.layers.as_deref().unwrap_or_default()
    }
}
