//! OCI layouts, built blob by blob.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll_model::Digest;

use super::build::{gzip, image_config, sha256, tar};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The files of a layout.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    /// Adds a blob.
    pub(crate) fn blob(&mut self, content: &[u8]) -> Digest {
        let digest = sha256(content);
        self.files.insert(format!("blobs/sha256/{}", digest.hex()), content.to_vec());
        digest
    }

    /// Adds a blob and describes it; `more` are further members of the descriptor.
    pub(crate) fn describe(&mut self, media_type: &str, content: &[u8], more: &str) -> String {
        let (digest, size) = (self.blob(content), content.len());
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}{more}}}"#)
    }

    /// Adds a manifest of these parts.
    pub(crate) fn manifest(&mut self, config: &str, layers: &[String], more: &str) -> String {
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{}]}}"#,
            layers.join(",")
        );
        self.describe(MANIFEST, manifest.as_bytes(), more)
    }

    /// Adds a manifest with these annotations.
    pub(crate) fn annotated_manifest(
        &mut self,
        config: &str,
        layers: &[String],
        annotations: &str,
    ) -> String {
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{}],
                "annotations":{annotations}}}"#,
            layers.join(",")
        );
        self.describe(MANIFEST, manifest.as_bytes(), "")
    }

    /// Adds an image with gzip'd layers, and describes its manifest.
    pub(crate) fn image(&mut self, platform: &str, layers: &[&[u8]], more: &str) -> String {
        let config = image_config(platform, layers);
        let config = self.describe(CONFIG, config.as_bytes(), "");
        let layers: Vec<_> =
            layers.iter().map(|layer| self.describe(LAYER, &gzip(layer), "")).collect();
        self.manifest(&config, &layers, more)
    }

    /// Adds an index.
    pub(crate) fn index(&mut self, manifests: &[String], more: &str) -> String {
        let index = index_json(manifests);
        self.describe(INDEX, index.as_bytes(), more)
    }

    /// Completes the layout with what lists its images.
    pub(crate) fn finish(mut self, manifests: &[String]) -> Self {
        self.files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        self.files.insert("index.json".to_owned(), index_json(manifests).into_bytes());
        self
    }

    pub(crate) fn write(&self, dir: &Path) {
        for (name, content) in &self.files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    /// As a tar, with this in front of every name.
    pub(crate) fn tar(&self, prefix: &str) -> Vec<u8> {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|(name, content)| (format!("{prefix}{name}"), content.as_slice()))
            .collect();
        let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        tar(&files)
    }
}

/// A descriptor's platform.
pub(crate) fn on(platform: &str) -> String {
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next().unwrap(), parts.next().unwrap());
    let variant = parts.next().map_or(String::new(), |text| format!(r#","variant":"{text}""#));
    format!(r#","platform":{{"os":"{os}","architecture":"{architecture}"{variant}}}"#)
}

/// A descriptor's tag.
pub(crate) fn tagged(tag: &str) -> String {
    format!(r#","annotations":{{"org.opencontainers.image.ref.name":"{tag}"}}"#)
}

fn index_json(manifests: &[String]) -> String {
    format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#, manifests.join(","))
}
