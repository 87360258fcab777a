//! OCI layouts: a directory, or a tar of one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use plimsoll_model::Digest;
use serde_json::{Value, json};

use crate::blob::digest_of;
use crate::entry::Entry;
use crate::image::{INDEX, Image, descriptor};
use crate::layer::{Content, Layer};
use crate::tar::TarWriter;

/// An OCI layout (OCI image specification, "Image Layout").
#[derive(Clone, Debug, Default)]
pub struct Layout {
    blobs: BTreeMap<Digest, Stored>,
    manifests: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Stored {
    Document(Vec<u8>),
    Layer(Box<Layer>),
}

/// How an OCI tar names its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OciTar {
    /// `index.json`
    Plain,
    /// `./index.json`, as `tar -C DIR -c .` names them.
    Dotted,
}

const TAG: &str = "org.opencontainers.image.ref.name";

impl Layout {
    /// A layout without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// A layout with one image under the tag `latest`.
    pub fn of(image: &Image) -> Self {
        let mut layout = Self::new();
        layout.add_image("latest", image);
        layout
    }

    /// Adds an image under a tag; an empty tag is none.
    pub fn add_image(&mut self, tag: &str, image: &Image) -> Digest {
        let digest = self.add_parts(image);
        self.add_manifest(tag, image.descriptor());
        digest
    }

    /// Adds an index of images, one per platform; layers that they share are stored once.
    pub fn add_index(&mut self, tag: &str, images: &[Image]) -> Digest {
        let manifests = images.iter().map(|image| {
            self.add_parts(image);
            image.descriptor_in_index()
        });
        let manifests: Vec<_> = manifests.collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let index = index.to_string().into_bytes();
        let size = index.len() as u64;
        let digest = self.add_document(index);
        self.add_manifest(tag, descriptor(INDEX, &digest, size));
        digest
    }

    /// Adds a blob that nothing refers to yet.
    pub fn add_document(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = digest_of(&bytes);
        self.blobs.insert(digest.clone(), Stored::Document(bytes));
        digest
    }

    /// Adds a descriptor to `index.json`.
    pub fn add_manifest(&mut self, tag: &str, mut descriptor: Value) {
        if !tag.is_empty() {
            descriptor["annotations"][TAG] = json!(tag);
        }
        self.manifests.push(descriptor);
    }

    /// Writes the layout into a directory, which is made.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let blobs = directory.join("blobs/sha256");
        fs::create_dir_all(&blobs)?;
        for (digest, stored) in &self.blobs {
            let path = blobs.join(digest.hex());
            match stored {
                Stored::Document(bytes) => fs::write(path, bytes)?,
                Stored::Layer(layer) => layer.store(&path)?,
            }
        }
        fs::write(directory.join("oci-layout"), VERSION)?;
        fs::write(directory.join("index.json"), self.index())
    }

    /// The layout as a tar, the index last.
    pub fn tar(&self, names: OciTar) -> io::Result<Vec<u8>> {
        let prefix = match names {
            OciTar::Plain => "",
            OciTar::Dotted => "./",
        };
        let mut tar = TarWriter::new(Vec::new());
        for directory in ["", "blobs/", "blobs/sha256/"] {
            let path = format!("{prefix}{directory}");
            if !path.is_empty() {
                tar.append(&Entry::directory(path))?;
            }
        }
        for (name, bytes) in self.files()? {
            tar.append(&Entry::file(format!("{prefix}{name}"), bytes))?;
        }
        tar.finish()
    }

    /// Every file of the layout, with its name.
    pub(crate) fn files(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for (digest, stored) in &self.blobs {
            let bytes = match stored {
                Stored::Document(bytes) => bytes.clone(),
                Stored::Layer(layer) => layer.bytes()?,
            };
            files.push((format!("blobs/sha256/{}", digest.hex()), bytes));
        }
        files.push(("oci-layout".to_owned(), VERSION.as_bytes().to_vec()));
        files.push(("index.json".to_owned(), self.index()));
        Ok(files)
    }

    /// Layers are stored under the digest that the manifest names, whatever their bytes are.
    fn add_parts(&mut self, image: &Image) -> Digest {
        for layer in &image.layers {
            self.blobs.insert(layer.blob.digest.clone(), Stored::Layer(Box::new(layer.clone())));
        }
        self.add_document(image.config());
        self.add_document(image.manifest())
    }

    fn index(&self) -> Vec<u8> {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests });
        index.to_string().into_bytes()
    }
}

const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

impl Content {
    /// The bytes, to be damaged.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::File(path) => panic!("{} is in a file", path.display()),
        }
    }
}
