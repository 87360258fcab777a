//! Images made in a temporary directory, and the real ones of shared/data.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::Engines;
use plimsoll_image::{Context, Opened, PlatformChoice};
use plimsoll_inventory::{Budget, Cache, Error, Event, ImageInventory, Settings, read};
use plimsoll_unpack::{Algorithm, Checksum, Limits};
use tar::{Builder, EntryType, Header};

/// A file of shared/data.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !root.exists() {
        println!("skipped: needs shared/data");
        return None;
    }
    Some(root.join(path))
}

pub(crate) fn open(reference: &str) -> Opened {
    try_open(reference, PlatformChoice::Host("linux/amd64".parse().unwrap())).unwrap()
}

pub(crate) fn try_open(
    reference: &str,
    platform: PlatformChoice,
) -> Result<Opened, plimsoll_image::Error> {
    open_with(reference, platform, BTreeMap::new())
}

/// `vars` says where the engines are.
pub(crate) fn open_with(
    reference: &str,
    platform: PlatformChoice,
    vars: BTreeMap<String, String>,
) -> Result<Opened, plimsoll_image::Error> {
    let engines = plimsoll_engine::Settings {
        vars,
        home: None,
        root: PathBuf::from("/nonexistent"),
        euid: 1,
        private_dir: None,
        timeout: Duration::from_secs(1),
    };
    let ctx = Context {
        platform,
        engines: Arc::new(Engines::new(engines)),
        registry: Arc::new(|| Err("no registry in these tests".into())),
    };
    plimsoll_image::open(&reference.parse().unwrap(), &ctx)
}

pub(crate) fn scan(reference: &str) -> ImageInventory {
    let mut all = read_with(open(reference), None, &|_| {}).unwrap();
    assert_eq!(all.len(), 1, "{reference}");
    all.remove(0)
}

pub(crate) fn read_with(
    opened: Opened,
    cache: Option<&Cache>,
    progress: &(dyn Fn(Event<'_>) + Send + Sync),
) -> Result<Vec<ImageInventory>, Error> {
    read(opened, &settings(cache, &Budget::default(), progress))
}

pub(crate) fn settings<'a>(
    cache: Option<&'a Cache>,
    budget: &'a Budget,
    progress: &'a (dyn Fn(Event<'_>) + Send + Sync),
) -> Settings<'a> {
    Settings {
        as_of: "2026-11-24".parse().unwrap(),
        cache,
        budget,
        threads: NonZeroUsize::new(2).unwrap(),
        limits: Limits::default(),
        progress,
    }
}

/// The error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// `name version` of each package.
pub(crate) fn names(inventory: &ImageInventory) -> Vec<String> {
    inventory
        .packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

/// A dpkg status of packages written `name version`.
pub(crate) fn status(packages: &[&str]) -> String {
    let stanza = |package: &&str| {
        let (name, version) = package.split_once(' ').unwrap();
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
        )
    };
    packages.iter().map(stanza).collect()
}

/// A tar of files; a content that begins with `->` is a symbolic link, with `=` a hard link.
pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        let link =
            |prefix: &[u8]| content.strip_prefix(prefix).map(|to| str::from_utf8(to).unwrap());
        if let Some(target) = link(b"->") {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, path, target).unwrap();
        } else if let Some(target) = link(b"=") {
            header.set_entry_type(EntryType::Link);
            header.set_size(0);
            tar.append_link(&mut header, path, target).unwrap();
        } else {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, *content).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Checksum::of(Algorithm::Sha256, bytes).to_string()
}

/// A layer as a layout stores it, with what the documents say of it.
pub(crate) struct Blob {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: &'static str,
    pub(crate) diff_id: String,
}

impl Blob {
    pub(crate) fn gzip(tar: &[u8]) -> Self {
        let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        Self { bytes: gzip(tar), media_type, diff_id: sha256(tar) }
    }

    pub(crate) fn zstd(tar: &[u8]) -> Self {
        let media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
        let bytes = zstd::encode_all(tar, 1).unwrap();
        Self { bytes, media_type, diff_id: sha256(tar) }
    }

    pub(crate) fn plain(tar: &[u8]) -> Self {
        let media_type = "application/vnd.oci.image.layer.v1.tar";
        Self { bytes: tar.to_vec(), media_type, diff_id: sha256(tar) }
    }
}

/// An OCI layout of one image for each stack of layers; the second is for arm64.
pub(crate) struct Layout {
    directory: tempfile::TempDir,
    manifests: Vec<serde_json::Value>,
}

impl Layout {
    pub(crate) fn new(layers: &[Blob]) -> Self {
        let mut layout = Self { directory: tempfile::tempdir().unwrap(), manifests: Vec::new() };
        fs::create_dir_all(layout.path().join("blobs/sha256")).unwrap();
        fs::write(layout.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        layout.add("amd64", layers);
        layout
    }

    /// Adds an image for another architecture.
    pub(crate) fn add(&mut self, architecture: &str, layers: &[Blob]) {
        let descriptors: Vec<_> = layers
            .iter()
            .map(|layer| {
                let digest = self.blob(&layer.bytes);
                serde_json::json!({"mediaType": layer.media_type, "digest": digest, "size": layer.bytes.len()})
            })
            .collect();
        let diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        let config = serde_json::json!({"architecture": architecture, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}});
        let config = config.to_string();
        let manifest = serde_json::json!({"schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                       "digest": self.blob(config.as_bytes()), "size": config.len()},
            "layers": descriptors});
        let manifest = manifest.to_string();
        let digest = self.blob(manifest.as_bytes());
        self.manifests.push(serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
            "size": manifest.len(), "platform": {"os": "linux", "architecture": architecture}}));
        let index = match self.manifests.as_slice() {
            [one] => serde_json::json!({"schemaVersion": 2, "manifests": [one]}),
            several => {
                let inner = serde_json::json!({"schemaVersion": 2,
                    "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": several});
                let inner = inner.to_string();
                serde_json::json!({"schemaVersion": 2, "manifests": [{
                    "mediaType": "application/vnd.oci.image.index.v1+json",
                    "digest": self.blob(inner.as_bytes()), "size": inner.len()}]})
            }
        };
        fs::write(self.path().join("index.json"), index.to_string()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn reference(&self) -> String {
        format!("oci:{}", self.path().display())
    }

    pub(crate) fn blob_path(&self, bytes: &[u8]) -> PathBuf {
        self.path().join("blobs/sha256").join(sha256(bytes).strip_prefix("sha256:").unwrap())
    }

    fn blob(&self, bytes: &[u8]) -> String {
        fs::write(self.blob_path(bytes), bytes).unwrap();
        sha256(bytes)
    }

    /// The layout as a tar.
    pub(crate) fn tar(&self) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        tar.append_dir_all(".", self.path()).unwrap();
        tar.into_inner().unwrap()
    }
}

/// Waits until file times have moved on: before, a file's stamp is not believed.
pub(crate) fn settle() {
    std::thread::sleep(Duration::from_millis(150));
}

/// Writes a file with its parents.
pub(crate) fn write(root: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap())?;
    fs::write(path, bytes)
}
