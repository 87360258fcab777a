//! Why an image could not be opened, and what the user may do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_model::{Digest, ParseReferenceError, Platform, Transport};
use plimsoll_unpack::DecodeError;
use plimsoll_unpack::tar::TarError;

/// Why an image could not be opened. `source` names the file, directory or repository it is in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reference exists as no source at all.
    #[error("found nothing named {reference}: {}", tried_list(tried))]
    NotFound {
        /// What was asked for.
        reference: String,
        /// Everywhere it was looked for.
        tried: Vec<Tried>,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// No file or directory is where the reference says.
    #[error("{} does not exist", path.display())]
    NoSuchPath {
        /// The path.
        path: PathBuf,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A file or directory cannot be read.
    #[error("cannot read {source_name}")]
    Read {
        /// The file or directory.
        source_name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The tar is broken.
    #[error("{source_name} is not a whole tar")]
    Tar {
        /// The archive.
        source_name: String,
        /// Where and how.
        #[source]
        source: TarError,
    },
    /// The compressed stream is broken.
    #[error("{source_name} cannot be decompressed")]
    Decode {
        /// The archive.
        source_name: String,
        /// Where and how.
        #[source]
        source: DecodeError,
    },
    /// The archive has more members than any image needs.
    #[error("{source_name} has more than {limit} members")]
    TooManyMembers {
        /// The archive.
        source_name: String,
        /// The limit.
        limit: u64,
    },
    /// The path is something, but no image.
    #[error("{} is not an image: {looks_like}", path.display())]
    NotAnImage {
        /// The path.
        path: PathBuf,
        /// What it looks like.
        looks_like: &'static str,
        /// How to get an image from that, or what may have been meant.
        hint: Option<String>,
    },
    /// A document that must be there is not.
    #[error("{source_name} lacks {document}")]
    MissingDocument {
        /// Where it was looked for.
        source_name: String,
        /// The document.
        document: String,
    },
    /// A document is larger than any real one.
    #[error("{document} of {source_name} has {bytes} bytes, more than {limit}")]
    DocumentTooLarge {
        /// Where it is.
        source_name: String,
        /// The document.
        document: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A document is not the JSON it has to be.
    #[error("{document} of {source_name} is malformed")]
    Malformed {
        /// Where it is.
        source_name: String,
        /// The document.
        document: String,
        /// Where and how.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes of a document are not those that its descriptor names.
    #[error("{document} of {source_name} has the digest {found}, not the one that names it")]
    WrongDigest {
        /// Where it is.
        source_name: String,
        /// The document, with the digest that was expected.
        document: String,
        /// What was found.
        found: Digest,
    },
    /// A document or layer is shorter or longer than its descriptor says.
    #[error("{document} of {source_name} has {found} bytes, not {expected}")]
    WrongSize {
        /// Where it is.
        source_name: String,
        /// The document or layer, with its digest.
        document: String,
        /// What the descriptor says.
        expected: u64,
        /// What was found.
        found: u64,
    },
    /// A media type that is not one of an image's parts.
    #[error("{document} of {source_name} has the unknown media type {media_type:?}")]
    UnknownMediaType {
        /// Where it is.
        source_name: String,
        /// The manifest or layer.
        document: String,
        /// Its media type.
        media_type: String,
    },
    /// An artifact that is kept like an image but is none: a chart, a signature, a module.
    #[error("{document} of {source_name} is not a container image but {media_type:?}")]
    Artifact {
        /// Where it is.
        source_name: String,
        /// The manifest.
        document: String,
        /// What it says it is.
        media_type: String,
    },
    /// No image is in it.
    #[error("{document} of {source_name} lists no image")]
    NoImage {
        /// The layout, archive or repository.
        source_name: String,
        /// The document that lists the images.
        document: String,
    },
    /// Several images are in it and none was chosen.
    #[error("{source_name} has {} images: {}", names.len(), names.join(", "))]
    SeveralImages {
        /// The layout or archive.
        source_name: String,
        /// Their tags, or digests where they have none.
        names: Vec<String>,
    },
    /// More documents than the images of an archive need, so that not all could be kept.
    #[error("{source_name} has more than {limit} bytes of documents")]
    TooManyDocuments {
        /// The archive.
        source_name: String,
        /// The limit.
        limit: u64,
    },
    /// The chosen tag is not in it.
    #[error("{source_name} has no image {tag:?}, only {}", names.join(", "))]
    NoSuchTag {
        /// The layout or archive.
        source_name: String,
        /// What was asked for.
        tag: String,
        /// The tags it has, or digests where it has none.
        names: Vec<String>,
    },
    /// The image exists, but not for the platform that was asked for.
    #[error("{source_name} has no image for {wanted}, only for {}", platforms(available))]
    OtherPlatforms {
        /// The layout, archive, repository or engine.
        source_name: String,
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        available: Vec<Platform>,
    },
    /// Indexes in indexes, deeper than anybody nests them.
    #[error("{source_name} nests indexes more than {limit} deep")]
    NestedTooDeep {
        /// The layout, archive or repository.
        source_name: String,
        /// The limit.
        limit: u32,
    },
    /// More manifests than any index has.
    #[error("the indexes of {source_name} list more than {limit} manifests")]
    TooManyManifests {
        /// The layout, archive or repository.
        source_name: String,
        /// The limit.
        limit: usize,
    },
    /// More layers than an engine can stack.
    #[error("{document} of {source_name} lists {layers} layers, more than {limit}")]
    TooManyLayers {
        /// Where it is.
        source_name: String,
        /// The manifest.
        document: String,
        /// How many.
        layers: usize,
        /// The limit.
        limit: usize,
    },
    /// The configuration and the manifest speak of different layers.
    #[error(
        "{document} of {source_name} has {layers} layers, but its configuration has {diff_ids} diff_ids"
    )]
    DiffIdCount {
        /// Where it is.
        source_name: String,
        /// The manifest.
        document: String,
        /// Layers of the manifest.
        layers: usize,
        /// Entries of the configuration.
        diff_ids: usize,
    },
    /// A layer that the manifest names is not there.
    #[error("{source_name} lacks the layer {layer}")]
    MissingLayer {
        /// The layout, archive or repository.
        source_name: String,
        /// The layer.
        layer: String,
    },
    /// What the manifest calls a layer is neither a tar nor compressed in a known way.
    #[error("the layer {layer} of {source_name} is not a tar")]
    NotALayer {
        /// The archive.
        source_name: String,
        /// The layer.
        layer: String,
    },
    /// The manifest says that the layer's bytes are not distributed with the image.
    #[error("the layer {layer} is foreign: its bytes are not distributed with the image")]
    ForeignLayer {
        /// The layer.
        layer: String,
    },
    /// An engine gives all layers together, not one.
    #[error("the layer {layer} can only be read with the others, by exporting the image")]
    LayerInEngine {
        /// The layer.
        layer: String,
    },
    /// The file is not the one that was opened before.
    #[error("{source_name} changed while it was read")]
    Changed {
        /// The file.
        source_name: String,
    },
    /// Both engines have a container of that name, and they run different images.
    #[error("podman and docker both have a container {name}, of different images")]
    AmbiguousContainer {
        /// The name.
        name: String,
    },
    /// The reference is not one of an image.
    #[error("{0}: does not lead to an image")]
    NoImageTransport(Transport),
    /// The name cannot be one in a registry.
    #[error(transparent)]
    Name(#[from] ParseReferenceError),
    /// The client of registries cannot be made.
    #[error("cannot read what is needed to ask registries")]
    RegistryClient {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A registry could not be asked, or does not have it.
    #[error(transparent)]
    Registry(Arc<plimsoll_registry::Error>),
    /// An engine could not be asked.
    #[error(transparent)]
    Engine(Arc<plimsoll_engine::Error>),
}

/// One place where a reference was looked for, and why it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// `path`, `podman`, `docker`, `registry`.
    pub place: &'static str,
    /// Why it is not there.
    pub why: String,
}

impl From<plimsoll_engine::Error> for Error {
    fn from(error: plimsoll_engine::Error) -> Self {
        Self::Engine(Arc::new(error))
    }
}

impl Error {
    /// Whether what was named does not exist, as opposed to being unreadable or broken.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::NoSuchPath { .. } => true,
            Self::Engine(error) => error.is_not_found(),
            Self::Registry(error) => error.is_not_found(),
            _ => false,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { hint, .. }
            | Self::NoSuchPath { hint, .. }
            | Self::NotAnImage { hint, .. } => hint.clone(),
            Self::SeveralImages { source_name, names } => {
                let name = names.first()?;
                Some(format!("choose one by its tag, for example {source_name}:{name}"))
            }
            Self::OtherPlatforms { available, .. } => {
                let platform = available.first()?;
                Some(format!("--platform {platform}, or --platform all"))
            }
            Self::Engine(error) => error.hint(),
            Self::Registry(error) if error.is_unauthorized() => Some(
                "docker login and podman login store credentials that are used here".to_owned(),
            ),
            _ => None,
        }
    }
}

fn tried_list(tried: &[Tried]) -> String {
    let list: Vec<_> =
        tried.iter().map(|tried| format!("{}: {}", tried.place, tried.why)).collect();
    list.join("; ")
}

fn platforms(available: &[Platform]) -> String {
    if available.is_empty() {
        return "unknown platforms".to_owned();
    }
    let list: Vec<_> = available.iter().map(Platform::to_string).collect();
    list.join(", ")
}
