//! What the documents of an image say beyond its layers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};

/// What an image's documents say of where it comes from. All of it is the word of whoever built or
/// tagged the image, but for the digests, which were computed or come from the source itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// What the image is called where it was found: the full name of a registry
    /// (`docker.io/library/debian:12`), the tags of an engine or archive, the names in a layout
    /// (which may be bare tags).
    pub names: Vec<String>,
    /// `name@digest`: for a registry what the name led to, a manifest or an index; for an engine
    /// every registry that it knows the image from.
    pub repo_digests: Vec<String>,
    /// The digest of the index in which the manifest was found.
    pub index_digest: Option<Digest>,
    /// `Env` of the configuration: `NAME=value`. People put secrets there: not for printing.
    pub env: Vec<String>,
    /// `Labels` of the configuration.
    pub labels: BTreeMap<String, String>,
    /// The steps of the build, first to last, those without a layer included.
    pub history: Vec<HistoryStep>,
    /// Of the manifest. Docker's engine does not tell them.
    pub annotations: BTreeMap<String, String>,
    /// Of the descriptor by which an index names the manifest.
    pub descriptor_annotations: BTreeMap<String, String>,
    /// Of that index.
    pub index_annotations: BTreeMap<String, String>,
    /// The statements about this image that stand beside it in the index.
    pub attestations: Vec<Attestation>,
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryStep {
    /// When it was done.
    pub created: Option<Timestamp>,
    /// The instruction or command.
    pub created_by: Option<String>,
    /// What the builder noted (`buildkit.dockerfile.v0`, `FROM …`).
    pub comment: Option<String>,
    /// Whether it made no layer; none where the source does not say (Docker's engine).
    pub empty_layer: Option<bool>,
}

/// A manifest that makes statements about an image (BuildKit: provenance, a bill of materials).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
}

impl Metadata {
    /// An annotation of the image: the manifest's, else its descriptor's, else the index's.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let all = [&self.annotations, &self.descriptor_annotations, &self.index_annotations];
        all.into_iter().find_map(|annotations| annotations.get(key)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifests_own_annotation_counts_before_those_around_it() {
        let of = |value: &str| BTreeMap::from([("k".to_owned(), value.to_owned())]);
        let mut metadata = Metadata { index_annotations: of("index"), ..Metadata::default() };
        assert_eq!(metadata.annotation("k"), Some("index"));
        metadata.descriptor_annotations = of("descriptor");
        assert_eq!(metadata.annotation("k"), Some("descriptor"));
        metadata.annotations = of("manifest");
        assert_eq!(metadata.annotation("k"), Some("manifest"));
        assert_eq!(metadata.annotation("other"), None);
    }
}
