//! Images in a registry: documents now, layers when they are read.

use std::io::Read;
use std::sync::Arc;

use plimsoll_model::{Digest, ImageName, Transport};
use plimsoll_registry::{Manifest, Repository};

use crate::context::Context;
use crate::described::{Described, DescribedLayer};
use crate::document;
use crate::document::MAX_DOCUMENT_BYTES;
use crate::document::descriptor::{Descriptor, Index};
use crate::error::Error;
use crate::media_type;
use crate::metadata::Metadata;
use crate::source::{KnownBy, LayerBytes, SourceImage, SourceLayer};
use crate::walk::{self, Blobs, Listing};

/// A layer that can be asked for.
#[derive(Clone, Debug)]
pub(crate) struct RemoteLayer {
    repository: Repository,
    digest: Digest,
    size: u64,
    foreign: bool,
}

/// Opens the image of a name, on the wanted platforms.
pub(crate) fn open(
    name: &ImageName,
    reference: &str,
    ctx: &Context,
) -> Result<Vec<SourceImage>, Error> {
    let client = (ctx.registry)().map_err(|source| Error::RegistryClient { source })?;
    let found = client.open(name)?;
    let warnings: Vec<_> =
        found.passed_over.iter().map(|attempt| format!("{}: {attempt}", attempt.place)).collect();
    let Manifest { kind, digest, bytes } = &found.manifest;
    let repo_digest =
        ImageName { tag: None, digest: Some(digest.clone()), ..found.name.clone() }.to_string();
    let blobs = RemoteBlobs {
        source_name: format!("{}/{}", found.repository.host(), found.repository.path()),
        repository: found.repository.clone(),
        first: found.manifest.clone(),
    };
    let described = match kind.is_index() {
        true => {
            let document = format!("the index {digest}");
            let index: Index = document::parse(bytes, &blobs.source_name, &document)?;
            let listing = Listing {
                digest: Some(digest),
                annotations: index.annotations.as_ref(),
                members: index.manifests(),
            };
            walk::images_of_index(&blobs, &listing, &document, &ctx.platform)?
        }
        false => {
            let size = bytes.len() as u64;
            let descriptor = Descriptor::new(kind.media_type(), digest.clone(), size);
            walk::images(&blobs, &descriptor, &ctx.platform)?
        }
    };
    let image = |image: Described| SourceImage {
        image: image.image(reference, Transport::Registry),
        layers: image.layers.iter().map(|layer| source_layer(&found.repository, layer)).collect(),
        metadata: Metadata {
            names: vec![found.name.to_string()],
            repo_digests: vec![repo_digest.clone()],
            ..image.metadata
        },
        export: None,
        warnings: warnings.iter().cloned().chain(image.warnings).collect(),
    };
    Ok(described.into_iter().map(image).collect())
}

fn source_layer(repository: &Repository, layer: &DescribedLayer) -> SourceLayer {
    let remote = layer.digest.clone().zip(layer.size).map(|(digest, size)| {
        let (repository, foreign) = (repository.clone(), layer.foreign);
        RemoteLayer { repository, digest, size, foreign }
    });
    SourceLayer {
        known_by: layer.digest.clone().map_or(KnownBy::Nothing, KnownBy::Digest),
        digest: layer.digest.clone(),
        diff_id: layer.diff_id.clone(),
        size: layer.size,
        media_type: layer.media_type.clone(),
        foreign: layer.foreign,
        bytes: remote.map_or(LayerBytes::Absent, LayerBytes::Remote),
    }
}

impl RemoteLayer {
    /// Asks for the bytes. A foreign layer's own addresses are never asked: they come out of the
    /// image (trust rule 1); many registries keep the bytes all the same.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        match self.repository.blob(&self.digest, self.size) {
            Ok(blob) => Ok(Box::new(blob)),
            Err(error) if self.foreign && error.is_not_found() => {
                Err(Error::ForeignLayer { layer: self.digest.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The documents of a repository.
struct RemoteBlobs {
    source_name: String,
    repository: Repository,
    /// What the name leads to, which is read already.
    first: Manifest,
}

impl Blobs for RemoteBlobs {
    fn source_name(&self) -> &str {
        &self.source_name
    }

    fn read(&self, descriptor: &Descriptor, document: &str) -> Result<Vec<u8>, Error> {
        let Descriptor { digest, size, media_type, .. } = descriptor;
        if *size > MAX_DOCUMENT_BYTES {
            return Err(Error::DocumentTooLarge {
                source_name: self.source_name.clone(),
                document: document.to_owned(),
                bytes: *size,
                limit: MAX_DOCUMENT_BYTES,
            });
        }
        // Manifests have an address of their own; one without a media type is still a manifest,
        // because configurations are only asked for where their type is known.
        let is_manifest = media_type.is_empty() || media_type::manifest_kind(media_type).is_some();
        let content = match is_manifest {
            true if *digest == self.first.digest => self.first.bytes.clone(),
            true => self.repository.manifest(digest)?.bytes,
            false => self.repository.small_blob(digest, *size)?,
        };
        document::verify(&content, descriptor, &self.source_name, document)?;
        Ok(content)
    }
}

impl From<plimsoll_registry::Error> for Error {
    fn from(error: plimsoll_registry::Error) -> Self {
        Self::Registry(Arc::new(error))
    }
}
