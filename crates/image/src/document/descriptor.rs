//! OCI descriptors and indexes (image specification 1.1), which Docker's lists share.

use std::collections::BTreeMap;

use plimsoll_model::{Digest, Platform};
use serde::Deserialize;

use super::lenient;

/// Names a blob: what it is, its digest, its size.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) artifact_type: Option<String>,
    #[serde(default)]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<PlatformDocument>,
}

#[derive(Clone, Debug, Deserialize)]
struct PlatformDocument {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// A list of manifests: of one image's platforms, or (`index.json`) of a layout's images.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Index {
    /// Docker 25 writes null for none.
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

impl Index {
    pub(crate) fn manifests(&self) -> &[Descriptor] {
        self.manifests.as_deref().unwrap_or_default()
    }
}

impl Descriptor {
    /// A descriptor of something that was found by its name.
    pub(crate) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        let media_type = media_type.to_owned();
        let (artifact_type, annotations, platform) = (None, None, None);
        Self { media_type, digest, size, artifact_type, annotations, platform }
    }

    /// A platform, where the descriptor gives a whole one.
    pub(crate) fn platform(&self) -> Option<Platform> {
        let platform = self.platform.as_ref()?;
        let known = |part: &str| !part.is_empty() && part != "unknown";
        if !known(&platform.os) || !known(&platform.architecture) {
            return None;
        }
        Platform::new(&platform.os, &platform.architecture, platform.variant.as_deref()).ok()
    }

    /// Whether this is no image but a statement about one, as BuildKit adds them to an index.
    pub(crate) fn is_attestation(&self) -> bool {
        let unknown = self
            .platform
            .as_ref()
            .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown");
        unknown || self.annotation("vnd.docker.reference.type") == Some("attestation-manifest")
    }

    /// The image that an attestation speaks of.
    pub(crate) fn attested(&self) -> Option<&str> {
        self.annotation("vnd.docker.reference.digest")
    }

    /// The tag in a layout.
    pub(crate) fn ref_name(&self) -> Option<&str> {
        self.annotation("org.opencontainers.image.ref.name")
    }

    /// The whole name, as containerd and Docker 25 write it into a layout.
    pub(crate) fn image_name(&self) -> Option<&str> {
        self.annotation("io.containerd.image.name")
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attestations_are_told_from_images() {
        let check = |more: &str, expected: bool| {
            let json = format!(r#"{{"digest":"sha256:{}","size":1{more}}}"#, "0a".repeat(32));
            let descriptor: Descriptor = serde_json::from_str(&json).unwrap();
            assert_eq!(descriptor.is_attestation(), expected, "{more}");
        };
        check("", false);
        check(r#","platform":{"os":"linux","architecture":"amd64"}"#, false);
        check(r#","platform":{"os":"unknown","architecture":"unknown"}"#, true);
        check(r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#, true);
    }
}
