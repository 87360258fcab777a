//! From an index to the manifests of the wanted platforms, in a layout and in a registry alike.

use std::collections::{BTreeMap, HashSet};

use plimsoll_model::{Digest, Platform};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::described::Described;
use crate::document;
use crate::document::config::Config;
use crate::document::descriptor::{Descriptor, Index};
use crate::document::manifest::Manifest;
use crate::error::Error;
use crate::media_type::{self, ManifestKind};
use crate::metadata::Attestation;
use crate::platform_choice::PlatformChoice;

/// Where documents are read by their digest.
pub(crate) trait Blobs {
    /// What it is called in messages.
    fn source_name(&self) -> &str;
    /// A document, verified against its descriptor and no larger than documents may be.
    fn read(&self, descriptor: &Descriptor, document: &str) -> Result<Vec<u8>, Error>;
}

/// BuildKit nests once (an index in `index.json`); more is possible but nobody does it.
const MAX_INDEX_DEPTH: u32 = 4;
/// The largest real indexes (official images, with attestations) have about 40 members. What counts
/// is each member looked at, in nested indexes too: these multiply.
const MAX_MANIFESTS: usize = 1000;

/// An index, or the part of one that is looked at.
pub(crate) struct Listing<'a> {
    /// None of `index.json`, which nothing names.
    pub(crate) digest: Option<&'a Digest>,
    pub(crate) annotations: Option<&'a BTreeMap<String, String>>,
    pub(crate) members: &'a [Descriptor],
}

/// The images that a descriptor leads to: one, or one for each wanted platform of an index.
pub(crate) fn images(
    blobs: &impl Blobs,
    descriptor: &Descriptor,
    choice: &PlatformChoice,
) -> Result<Vec<Described>, Error> {
    match kind(blobs, descriptor)? {
        Some(ManifestKind::Index) => {
            let document = index_name(descriptor);
            let index = read_index(blobs, descriptor)?;
            images_of_index(blobs, &listing(descriptor, &index), &document, choice)
        }
        Some(ManifestKind::Image) => {
            let described = describe(blobs, descriptor)?;
            if choice.accepts_alone(described.platform.as_ref()) {
                return Ok(vec![described]);
            }
            Err(other_platforms(blobs, choice, described.platform))
        }
        None => Err(unknown_media_type(blobs, descriptor)),
    }
}

/// The images for the wanted platforms among the members of an index, which `document` names.
pub(crate) fn images_of_index(
    blobs: &impl Blobs,
    listing: &Listing<'_>,
    document: &str,
    choice: &PlatformChoice,
) -> Result<Vec<Described>, Error> {
    let mut candidates = Candidates::default();
    candidates.collect(blobs, listing, MAX_INDEX_DEPTH)?;
    let Candidates { mut found, listings, passed_over, attestations, .. } = candidates;
    if found.is_empty() {
        return Err(passed_over.unwrap_or_else(|| Error::NoImage {
            source_name: blobs.source_name().to_owned(),
            document: document.to_owned(),
        }));
    }
    let platforms: Vec<_> = found.iter().map(|found| found.platform.clone()).collect();
    let mut picked = choice.pick(&platforms);
    if picked.is_empty() && platforms.len() == 1 && platforms.iter().all(Option::is_none) {
        // The only image, and nobody says for what: there is nothing it could be mistaken for.
        picked.push(0);
    }
    if picked.is_empty() {
        return Err(other_platforms(blobs, choice, platforms.into_iter().flatten()));
    }
    let mut images = Vec::with_capacity(picked.len());
    for at in picked {
        if let Some(candidate) = found.get_mut(at) {
            let mut described = match candidate.described.take() {
                Some(described) => described,
                None => describe(blobs, &candidate.descriptor)?,
            };
            let metadata = &mut described.metadata;
            if let Some((digest, annotations)) = listings.get(candidate.listing) {
                metadata.index_digest = digest.clone();
                metadata.index_annotations = annotations.clone();
            }
            metadata.attestations = attestations
                .get(&candidate.descriptor.digest.to_string())
                .cloned()
                .unwrap_or_default();
            images.push(described);
        }
    }
    Ok(images)
}

/// An image of an index.
struct Candidate {
    descriptor: Descriptor,
    platform: Option<Platform>,
    /// Already read where the index does not say the platform.
    described: Option<Described>,
    /// Which index lists it.
    listing: usize,
}

#[derive(Default)]
struct Candidates {
    found: Vec<Candidate>,
    /// The digests and annotations of the indexes.
    listings: Vec<(Option<Digest>, BTreeMap<String, String>)>,
    /// Members looked at.
    looked_at: usize,
    /// Nested indexes that were read: a second time they have nothing new.
    indexes: HashSet<Digest>,
    /// Statements, by the image they are about.
    attestations: BTreeMap<String, Vec<Attestation>>,
    /// Why the first member that is no image is none.
    passed_over: Option<Error>,
}

impl Candidates {
    fn collect(
        &mut self,
        blobs: &impl Blobs,
        listing: &Listing<'_>,
        depth: u32,
    ) -> Result<(), Error> {
        let source_name = || blobs.source_name().to_owned();
        if depth == 0 {
            let limit = MAX_INDEX_DEPTH;
            return Err(Error::NestedTooDeep { source_name: source_name(), limit });
        }
        let number = self.listings.len();
        self.listings
            .push((listing.digest.cloned(), listing.annotations.cloned().unwrap_or_default()));
        for descriptor in listing.members {
            self.looked_at += 1;
            if self.looked_at > MAX_MANIFESTS {
                let limit = MAX_MANIFESTS;
                return Err(Error::TooManyManifests { source_name: source_name(), limit });
            }
            if descriptor.is_attestation() {
                self.attestation(descriptor);
                continue;
            }
            if self.indexes.contains(&descriptor.digest) {
                continue;
            }
            match kind(blobs, descriptor)? {
                Some(ManifestKind::Index) => {
                    let index = read_index(blobs, descriptor)?;
                    self.indexes.insert(descriptor.digest.clone());
                    self.collect(blobs, &self::listing(descriptor, &index), depth - 1)?;
                }
                Some(ManifestKind::Image) => self.add(blobs, descriptor, number)?,
                None => self.pass_over(unknown_media_type(blobs, descriptor)),
            }
        }
        Ok(())
    }

    fn attestation(&mut self, descriptor: &Descriptor) {
        let Some(attested) = descriptor.attested() else { return };
        self.attestations.entry(attested.to_owned()).or_default().push(Attestation {
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            media_type: descriptor.media_type.clone(),
        });
    }

    fn add(
        &mut self,
        blobs: &impl Blobs,
        descriptor: &Descriptor,
        listing: usize,
    ) -> Result<(), Error> {
        if self.found.iter().any(|found| found.descriptor.digest == descriptor.digest) {
            return Ok(());
        }
        let (platform, described) = match descriptor.platform() {
            Some(platform) => (Some(platform), None),
            None => match describe(blobs, descriptor) {
                Ok(described) => (described.platform.clone(), Some(described)),
                // Signatures and the like are kept beside the images they speak of.
                Err(error @ Error::Artifact { .. }) => {
                    self.pass_over(error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            },
        };
        self.found.push(Candidate { descriptor: descriptor.clone(), platform, described, listing });
        Ok(())
    }

    fn pass_over(&mut self, error: Error) {
        self.passed_over.get_or_insert(error);
    }
}

/// Reads the manifest and the configuration of one image.
fn describe(blobs: &impl Blobs, descriptor: &Descriptor) -> Result<Described, Error> {
    let source_name = blobs.source_name();
    let document = format!("the manifest {}", descriptor.digest);
    let content = blobs.read(descriptor, &document)?;
    let manifest: Manifest = document::parse(&content, source_name, &document)?;
    let config_type = &manifest.config.media_type;
    if !media_type::is_image_config(config_type) {
        let artifact_type = manifest.artifact_type.as_ref().or(descriptor.artifact_type.as_ref());
        return Err(Error::Artifact {
            source_name: source_name.to_owned(),
            document,
            media_type: artifact_type.unwrap_or(config_type).clone(),
        });
    }
    let config_name = format!("the configuration {}", manifest.config.digest);
    let content = blobs.read(&manifest.config, &config_name)?;
    let config: Config = document::parse(&content, source_name, &config_name)?;
    let mut described = Described::new(source_name, &document, &manifest, &config)?;
    described.digest = Some(descriptor.digest.clone());
    described.metadata.descriptor_annotations = descriptor.annotations.clone().unwrap_or_default();
    Ok(described)
}

fn listing<'a>(descriptor: &'a Descriptor, index: &'a Index) -> Listing<'a> {
    Listing {
        digest: Some(&descriptor.digest),
        annotations: index.annotations.as_ref(),
        members: index.manifests(),
    }
}

fn read_index(blobs: &impl Blobs, descriptor: &Descriptor) -> Result<Index, Error> {
    let document = index_name(descriptor);
    let content = blobs.read(descriptor, &document)?;
    document::parse(&content, blobs.source_name(), &document)
}

fn index_name(descriptor: &Descriptor) -> String {
    format!("the index {}", descriptor.digest)
}

/// What tells a manifest from an index where the descriptor has no media type.
#[derive(Deserialize)]
struct Untyped {
    #[serde(default)]
    manifests: Option<IgnoredAny>,
}

fn kind(blobs: &impl Blobs, descriptor: &Descriptor) -> Result<Option<ManifestKind>, Error> {
    if !descriptor.media_type.is_empty() {
        return Ok(media_type::manifest_kind(&descriptor.media_type));
    }
    let document = format!("the manifest {}", descriptor.digest);
    let content = blobs.read(descriptor, &document)?;
    let untyped: Untyped = document::parse(&content, blobs.source_name(), &document)?;
    Ok(Some(match untyped.manifests {
        Some(_) => ManifestKind::Index,
        None => ManifestKind::Image,
    }))
}

fn unknown_media_type(blobs: &impl Blobs, descriptor: &Descriptor) -> Error {
    Error::UnknownMediaType {
        source_name: blobs.source_name().to_owned(),
        document: format!("the manifest {}", descriptor.digest),
        media_type: descriptor.media_type.clone(),
    }
}

/// Only ever called where one platform is wanted: all of them always exist.
fn other_platforms(
    blobs: &impl Blobs,
    choice: &PlatformChoice,
    available: impl IntoIterator<Item = Platform>,
) -> Error {
    let mut available: Vec<_> = available.into_iter().collect();
    available.sort();
    available.dedup();
    Error::OtherPlatforms {
        source_name: blobs.source_name().to_owned(),
        wanted: choice.wanted().cloned().unwrap_or_else(Platform::host),
        available,
    }
}
