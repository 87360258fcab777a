//! Tars with images in them: which kind it is, and `docker save` of every generation.

mod legacy;

pub(crate) use legacy::REPOSITORIES;

use plimsoll_model::{Algorithm, DiffId, Digest, Transport};

use crate::described::{Described, DescribedLayer, check_counts};
use crate::document;
use crate::document::config::Config;
use crate::document::docker_archive::{ArchiveImage, ArchiveManifest};
use crate::error::Error;
use crate::files::{Files, require_document};
use crate::layout;
use crate::media_type::{self, LayerKind};
use crate::metadata::Metadata;
use crate::platform_choice::PlatformChoice;
use crate::tag;

/// What the user said an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveKind {
    /// `docker-archive:`
    Docker,
    /// `oci-archive:`
    Oci,
    /// Nothing: it shows.
    Unknown,
}

/// The document that lists the images of a Docker archive.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The images of an archive that the tag chooses, or its only one; and what the archive is.
pub(crate) fn images(
    files: &dyn Files,
    kind: ArchiveKind,
    tag: Option<&str>,
    choice: &PlatformChoice,
) -> Result<(Transport, Vec<Described>), Error> {
    if kind == ArchiveKind::Oci {
        return Ok((Transport::OciArchive, layout::images(files, tag, choice)?));
    }
    let manifest = manifest(files)?;
    let has_index = files.document(layout::INDEX)?.is_some();
    if has_index && index_is_complete(files, manifest.as_deref())? {
        let source = match (kind, &manifest) {
            (ArchiveKind::Unknown, None) => Transport::OciArchive,
            _ => Transport::DockerArchive,
        };
        return Ok((source, layout::images(files, tag, choice)?));
    }
    let described = match manifest {
        Some(images) => vec![describe(files, choose(files, &images, tag)?)?],
        None if files.document(REPOSITORIES)?.is_some() => legacy::images(files, tag)?,
        None if has_index => layout::images(files, tag, choice)?,
        None => {
            return Err(Error::MissingDocument {
                source_name: files.source_name().to_owned(),
                document: MANIFEST.to_owned(),
            });
        }
    };
    if let Some(other) =
        described.iter().find(|image| !choice.accepts_alone(image.platform.as_ref()))
        && let Some(wanted) = choice.wanted()
    {
        return Err(Error::OtherPlatforms {
            source_name: files.source_name().to_owned(),
            wanted: wanted.clone(),
            available: other.platform.iter().cloned().collect(),
        });
    }
    Ok((Transport::DockerArchive, described))
}

/// `manifest.json` where there is one; it has to name images then.
fn manifest(files: &dyn Files) -> Result<Option<Vec<ArchiveImage>>, Error> {
    let Some(content) = files.document(MANIFEST)? else { return Ok(None) };
    let manifest: ArchiveManifest = document::parse(&content, files.source_name(), MANIFEST)?;
    match manifest {
        Some(images) if !images.is_empty() => Ok(Some(images)),
        _ => Err(Error::NoImage {
            source_name: files.source_name().to_owned(),
            document: MANIFEST.to_owned(),
        }),
    }
}

/// Docker 25 and later write a layout as well, whose digests can be verified and which may have
/// several platforms; but untagged images are only in `manifest.json`.
fn index_is_complete(files: &dyn Files, manifest: Option<&[ArchiveImage]>) -> Result<bool, Error> {
    let Some(images) = manifest else { return Ok(true) };
    let index = layout::index(files)?;
    let mut digests: Vec<_> = index.manifests().iter().map(|image| &image.digest).collect();
    digests.sort();
    digests.dedup();
    Ok(digests.len() >= images.len())
}

fn choose<'a>(
    files: &dyn Files,
    images: &'a [ArchiveImage],
    tag: Option<&str>,
) -> Result<&'a ArchiveImage, Error> {
    let source_name = || files.source_name().to_owned();
    let name = |image: &ArchiveImage| {
        image.tags().first().map_or_else(|| image.config.clone(), Clone::clone)
    };
    let names = || images.iter().map(name).collect();
    let has_name = |image: &&ArchiveImage| match tag {
        None => true,
        Some(typed) => image.tags().iter().any(|name| tag::means(typed, name)),
    };
    let mut chosen = images.iter().filter(has_name);
    match (chosen.next(), chosen.next(), tag) {
        (Some(image), None, _) => Ok(image),
        (None, _, Some(tag)) => Err(Error::NoSuchTag {
            source_name: source_name(),
            tag: tag.to_owned(),
            names: names(),
        }),
        _ => Err(Error::SeveralImages { source_name: source_name(), names: names() }),
    }
}

fn describe(files: &dyn Files, image: &ArchiveImage) -> Result<Described, Error> {
    let source_name = files.source_name();
    let content = require_document(files, &image.config)?;
    if let Some(named) = blob_digest(&image.config) {
        let document = format!("the configuration {named}");
        document::verify_digest(&content, &named, source_name, &document)?;
    }
    let config: Config = document::parse(&content, source_name, &image.config)?;
    let (layers, diff_ids) = (image.layers(), config.diff_ids());
    check_counts(source_name, MANIFEST, layers.len(), diff_ids.len())?;
    let steps = config.created_by(layers.len());
    let layer = |((path, diff_id), created_by): ((&String, &Digest), Option<String>)| {
        let origin = image.layer_source(&diff_id.to_string());
        let kind = origin.and_then(|origin| media_type::layer_kind(&origin.media_type));
        DescribedLayer {
            digest: blob_digest(path),
            diff_id: Some(DiffId(diff_id.clone())),
            size: None,
            media_type: None,
            foreign: kind == Some(LayerKind::Foreign),
            created_by,
            path: path.clone(),
        }
    };
    Ok(Described {
        digest: None,
        config_digest: Some(document::digest(&content, Algorithm::Sha256)),
        platform: config.platform(),
        created: config.created(),
        layers: layers.iter().zip(diff_ids).zip(steps).map(layer).collect(),
        metadata: Metadata { names: image.tags().to_vec(), ..config.metadata() },
        warnings: config.platform_warning().into_iter().collect(),
    })
}

/// The digest that a path in a layout's blob store promises; other names promise nothing.
fn blob_digest(path: &str) -> Option<Digest> {
    let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
    format!("{algorithm}:{hex}").parse().ok()
}
