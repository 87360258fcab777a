//! What `docker save` writes, of both generations.

use std::io;

use serde_json::{Value, json};

use crate::entry::Entry;
use crate::image::Image;
use crate::layout::Layout;
use crate::tar::TarWriter;

/// A docker archive of one or more images with their tags.
#[derive(Clone, Debug, Default)]
pub struct DockerArchive {
    images: Vec<(Vec<String>, Image)>,
}

impl DockerArchive {
    /// An archive without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more image; an image may have several tags or none.
    pub fn image(mut self, tags: &[&str], image: &Image) -> Self {
        self.images.push((tags.iter().map(|tag| (*tag).to_owned()).collect(), image.clone()));
        self
    }

    /// As Docker before 25 saves: a directory per layer with an uncompressed tar, `CONFIG.json`,
    /// and the manifest last.
    pub fn legacy(&self) -> io::Result<Vec<u8>> {
        let mut tar = TarWriter::new(Vec::new());
        let mut manifest = Vec::new();
        for (tags, image) in &self.images {
            let mut layers = Vec::new();
            for layer in &image.layers {
                // Docker derives these names from the chain of layers; readers may not rely on it.
                let name = format!("{}/layer.tar", layer.blob.diff_id.hex());
                if !layers.contains(&name) {
                    tar.append(&Entry::directory(format!("{}/", layer.blob.diff_id.hex())))?;
                    tar.append(&Entry::file(&name, layer.tar()?))?;
                }
                layers.push(name);
            }
            let config = format!("{}.json", image.config_digest().hex());
            tar.append(&Entry::file(&config, image.config()))?;
            manifest.push(entry(&config, tags, &layers));
        }
        tar.append(&Entry::file("manifest.json", Value::from(manifest).to_string()))?;
        tar.finish()
    }

    /// As Docker 25 and later save: an OCI layout that also has a `manifest.json`.
    pub fn modern(&self) -> io::Result<Vec<u8>> {
        let mut layout = Layout::new();
        let mut manifest = Vec::new();
        for (tags, image) in &self.images {
            layout.add_image(tags.first().map_or("", String::as_str), image);
            let blob = |hex: &str| format!("blobs/sha256/{hex}");
            let layers = image.layers.iter().map(|layer| blob(layer.blob.digest.hex()));
            let config = blob(image.config_digest().hex());
            manifest.push(entry(&config, tags, &layers.collect::<Vec<_>>()));
        }
        let mut tar = TarWriter::new(Vec::new());
        tar.append(&Entry::directory("blobs/"))?;
        tar.append(&Entry::directory("blobs/sha256/"))?;
        for (name, bytes) in layout.files()? {
            tar.append(&Entry::file(name, bytes))?;
        }
        tar.append(&Entry::file("manifest.json", Value::from(manifest).to_string()))?;
        tar.finish()
    }
}

fn entry(config: &str, tags: &[String], layers: &[String]) -> Value {
    // Docker writes null, not an empty list.
    let tags = if tags.is_empty() { Value::Null } else { json!(tags) };
    json!({ "Config": config, "RepoTags": tags, "Layers": layers })
}
