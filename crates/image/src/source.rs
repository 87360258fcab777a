//! What opening a reference yields: images whose layers can be read, a stream, or a root file system.

use std::io::Read;

use plimsoll_engine::ImageExport;
use plimsoll_model::{DiffId, Digest, Image, Transport};

use crate::archive::ArchiveKind;
use crate::described::Described;
use crate::error::Error;
use crate::files::{self, Files};
use crate::metadata::Metadata;
use crate::platform_choice::PlatformChoice;
use crate::registry::RemoteLayer;
use crate::root_fs::RootFs;
use crate::stored::{FileStamp, Stored};
use crate::stream::{ArchiveStream, Asked};

/// What a reference leads to.
#[derive(Debug)]
pub enum Opened {
    /// Images whose configuration and layer list are known before any layer is read: one, or one
    /// for each platform.
    Images(Vec<SourceImage>),
    /// A compressed archive or a pipe: entries come in any order, the manifest perhaps last.
    Archive(ArchiveStream),
    /// A root file system in a directory.
    RootFs(RootFs),
}

/// One image on one platform, and how its layers are read.
#[derive(Debug)]
pub struct SourceImage {
    /// What the documents say about it, complete but for the layers' origin.
    pub image: Image,
    /// The layers, lowest first: as many as `image.layers`, in the same order.
    pub layers: Vec<SourceLayer>,
    /// What the documents say of where it comes from.
    pub metadata: Metadata,
    /// Present for an engine, whose layers can only be read together; their own `open` fails.
    pub export: Option<Export>,
    /// What the user should know about how it was found.
    pub warnings: Vec<String>,
}

/// One layer: what is expected of its bytes, and how they are read.
#[derive(Debug)]
pub struct SourceLayer {
    /// How facts of this layer may be found again without reading it.
    pub known_by: KnownBy,
    /// The digest that the stored bytes must have.
    pub digest: Option<Digest>,
    /// The digest that the configuration claims for the uncompressed tar.
    pub diff_id: Option<DiffId>,
    /// The number of stored bytes.
    pub size: Option<u64>,
    /// The media type, where a manifest gives one.
    pub media_type: Option<String>,
    /// The manifest says that the bytes are not distributed with the image: where `open` then
    /// fails, the layer is a problem of the scan, never empty.
    pub foreign: bool,
    pub(crate) bytes: LayerBytes,
}

/// How facts of a layer may be found in a cache without reading its bytes (trust rule 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KnownBy {
    /// A registry: content-addressed, and the manifest that names it was verified.
    Digest(Digest),
    /// A local engine computed it.
    EngineDiffId(DiffId),
    /// A local engine that repeats what the configuration claims (Podman): true of this layer only
    /// once an export of exactly this image was read and all its layers were the claimed ones.
    EngineImage {
        /// Made of the image's id and the digests of its manifests.
        image: Digest,
        /// What the configuration claims.
        diff_id: DiffId,
    },
    /// A local file that has not changed since it was read.
    Stamp(FileStamp),
    /// Nothing: it must be read.
    Nothing,
}

/// Where the bytes of a layer are.
#[derive(Debug)]
pub(crate) enum LayerBytes {
    /// In a local file.
    Stored(Stored),
    /// In a registry.
    Remote(RemoteLayer),
    /// In an engine, which only gives all layers at once.
    InEngine,
    /// Nowhere that may be asked (a foreign layer).
    Absent,
}

impl SourceLayer {
    /// The name of the layer in messages: its digest, else its diff_id.
    pub fn name(&self) -> String {
        match (&self.digest, &self.diff_id) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(diff_id)) => diff_id.to_string(),
            (None, None) => "without a digest".to_owned(),
        }
    }

    /// Opens the stored bytes, compressed or not. They are neither counted nor hashed here: whoever
    /// reads them compares with `size`, `digest` and `diff_id`.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        match &self.bytes {
            LayerBytes::Stored(stored) => stored.open(),
            LayerBytes::Remote(layer) => layer.open(),
            LayerBytes::InEngine => Err(Error::LayerInEngine { layer: self.name() }),
            LayerBytes::Absent => Err(Error::ForeignLayer { layer: self.name() }),
        }
    }
}

/// An image as an engine gives it away: `docker save`.
#[derive(Clone, Debug)]
pub struct Export {
    pub(crate) export: ImageExport,
    pub(crate) reference: String,
    pub(crate) source: Transport,
    pub(crate) platform: PlatformChoice,
    pub(crate) digest: Option<Digest>,
}

impl Export {
    /// Asks the engine for the image and reads it as a stream; the layers come in the engine's
    /// order.
    pub fn open(&self) -> Result<ArchiveStream, Error> {
        let asked = Asked {
            reference: self.reference.clone(),
            source: Some(self.source),
            kind: ArchiveKind::Docker,
            tag: None,
            platform: self.platform.clone(),
            digest: self.digest.clone(),
        };
        let source_name = format!("the export of {} by {}", self.export.name(), self.source);
        let reader = self.export.open()?;
        Ok(ArchiveStream { source_name, reader, stamp: None, asked })
    }
}

/// Joins what the documents say with where the layers are.
pub(crate) fn assemble(
    files: &dyn Files,
    mut described: Described,
    reference: &str,
    source: Transport,
) -> Result<SourceImage, Error> {
    let found = files::find_layers(files, &described)?;
    let mut layers = Vec::with_capacity(found.len());
    for (layer, found) in described.layers.iter_mut().zip(found) {
        layer.size = layer.size.or(found.as_ref().map(|found| found.size));
        let stored = found.and_then(|found| found.stored);
        layers.push(SourceLayer {
            known_by: stored.as_ref().map_or(KnownBy::Nothing, Stored::known_by),
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            size: layer.size,
            media_type: layer.media_type.clone(),
            foreign: layer.foreign,
            bytes: stored.map_or(LayerBytes::Absent, LayerBytes::Stored),
        });
    }
    let image = described.image(reference, source);
    let Described { metadata, warnings, .. } = described;
    Ok(SourceImage { image, layers, metadata, export: None, warnings })
}
