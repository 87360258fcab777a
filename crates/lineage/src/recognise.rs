//! Which image an image was built on: proof first, then claims, then looks.

mod claims;
mod environment;
mod guess;
mod history;
mod layers;
mod system;

use std::collections::BTreeMap;

use plimsoll_model::{Base, BaseMethod, Confidence, DiffId, Digest, ImageName, Os, Platform};

use crate::catalogue::{Catalogue, CatalogueError};
use crate::known::{KnownImage, Source, repository};
use crate::packages::PackageList;
use crate::provenance::Material;
use claims::Claim;
use layers::Stacks;

/// What is known of the image whose base is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What it is called, so that it is not taken for its own base.
    pub name: Option<&'a ImageName>,
    /// The digest of its manifest.
    pub digest: Option<&'a Digest>,
    /// The digest of its config.
    pub config: Option<&'a Digest>,
    /// What it runs on.
    pub platform: Option<&'a Platform>,
    /// Its layers, lowest first.
    pub diff_ids: &'a [DiffId],
    /// Whether they are more than the config's word.
    pub proof: DiffIds,
    /// Its layers as they are stored, where they are stored.
    pub blobs: &'a [Digest],
    /// Annotations of its manifest, completed by the labels of its config.
    pub annotations: &'a BTreeMap<String, String>,
    /// `NAME=value` of its config.
    pub env: &'a [String],
    /// `created_by` of its history, lowest first.
    pub history: &'a [String],
    /// What os-release says.
    pub os: Option<&'a Os>,
    /// What is installed by the distribution's package manager.
    pub packages: &'a PackageList,
    /// What its provenance names.
    pub materials: &'a [Material],
}

/// What a list of diff ids is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffIds {
    /// Every layer was read and hashed, by us or by a local engine.
    Verified,
    /// The config says so.
    Claimed,
}

/// What images are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Images that are not in it: those of local engines, and what registries answered to [`Recognition::ask`].
    pub others: &'a [KnownImage],
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognition {
    /// The base.
    pub base: Option<Base>,
    /// What is known of it, where it is known.
    pub image: Option<KnownImage>,
    /// Known images that are this very image.
    pub itself: Vec<KnownImage>,
    /// At most three names whose manifest and config would confirm the base, or a nearer one than was found, the
    /// likeliest first: put them into [`Known::others`] and recognise again. Where the base is a claim, the host may be the image's word: whether it
    /// may be contacted is the caller's decision (trust rule 1).
    pub ask: Vec<ImageName>,
    /// Where what the image says of itself contradicts what is known.
    pub doubts: Vec<String>,
}

/// Most names to ask a registry for.
const MAX_ASKED: usize = 3;
/// Other names shown beside a base; more are of no use to anybody.
const MAX_TIES: usize = 20;

/// Finds the base of an image.
///
/// An image with all the layers of a known one is that image, unless both configs are known and differ: then it was
/// built on it and added nothing but settings. Its base is the longest known stack below. Where nothing is known of
/// its layers, claims and then looks decide, and the result says so.
pub fn recognise(subject: &Subject<'_>, known: &Known<'_>) -> Result<Recognition, CatalogueError> {
    let stacks = Stacks::of(subject);
    let claims = claims::claims(subject);
    let mut spoken_of = guess::spoken_of(subject);
    spoken_of.extend(claims.iter().map(|claim| repository(&claim.name)));
    let found = stacks.find(subject, known, &spoken_of)?;
    let mut recognition = Recognition { itself: found.itself, ..Recognition::default() };
    let judged = claims::judge(claims, &stacks, known)?;
    recognition.doubts = judged.doubts;

    if let Some(mut images) = found.base {
        let chosen = prefer(&mut images, &judged.named);
        let confidence = match subject.proof {
            DiffIds::Verified => Confidence::Confirmed,
            DiffIds::Claimed => Confidence::Unconfirmed,
        };
        let witness = Witness { layers: found.layers, method: BaseMethod::Layers, confidence };
        recognition.base = base(&images, chosen.as_deref(), witness);
        if found.layers < stacks.height() {
            recognition.ask = nearer(subject, known, &judged.open, &images)?;
        }
        recognition.image = images.into_iter().next();
        return Ok(recognition);
    }
    if let Some((claim, others)) = judged.open.split_first() {
        let names = Claim::shown;
        recognition.base = Some(Base {
            reference: names(claim),
            digest: claim.digest.clone(),
            layers: 0,
            method: claim.method,
            confidence: Confidence::Unconfirmed,
            created: None,
            ties: others.iter().map(names).take(MAX_TIES).collect(),
        });
        recognition.ask = judged.open.iter().flat_map(Claim::ask).collect();
    } else {
        guess::guess(subject, known, &mut recognition)?;
    }
    recognition.ask.retain(|name| !is_answered(name, known.others));
    recognition.ask.truncate(MAX_ASKED);
    Ok(recognition)
}

/// What to ask for when a base was found by its layers and something speaks of a nearer one, which nobody has learned
/// yet. What was learned once is not asked for again: its layers are known, and they are not these.
fn nearer(
    subject: &Subject<'_>,
    known: &Known<'_>,
    open: &[Claim],
    found: &[KnownImage],
) -> Result<Vec<ImageName>, CatalogueError> {
    let claimed = open.iter().flat_map(Claim::ask);
    let mut ask: Vec<ImageName> = claimed.chain(guess::nearer(subject, known)?).collect();
    ask.retain(|name| {
        let repository = repository(name);
        !found.iter().any(|image| image.repository == repository)
            && !is_answered(name, known.others)
    });
    let mut unknown = Vec::new();
    for name in ask {
        let learned = known.catalogue.images_of(&repository(&name))?;
        if !is_answered(&name, &learned) && unknown.len() < MAX_ASKED {
            unknown.push(name);
        }
    }
    Ok(unknown)
}

/// What a base was recognised by, and how far that goes.
#[derive(Clone, Copy)]
struct Witness {
    layers: usize,
    method: BaseMethod,
    confidence: Confidence,
}

/// The base that the first of some images is, under the tag that was chosen for it, the others being ties.
fn base(images: &[KnownImage], chosen: Option<&str>, witness: Witness) -> Option<Base> {
    let first = images.first()?;
    let reference = match chosen {
        Some(tag) => format!("{}:{tag}", first.short_repository()),
        None => first.name(),
    };
    let mut ties: Vec<String> = Vec::new();
    for name in images.iter().flat_map(KnownImage::names) {
        if name != reference && !ties.contains(&name) && ties.len() < MAX_TIES {
            ties.push(name);
        }
    }
    let Witness { layers, method, confidence } = witness;
    let digest = first.digest.clone();
    Some(Base { reference, digest, layers, method, confidence, created: first.created, ties })
}

/// Puts the images first that the image itself names, and gives the tag that it names of the first.
fn prefer(images: &mut [KnownImage], named: &[(String, Option<String>)]) -> Option<String> {
    let place = |image: &KnownImage| {
        let has = |tag: &Option<String>| {
            tag.as_ref().is_none_or(|tag| image.tags.iter().any(|known| known.name == *tag))
        };
        let mut named = named.iter();
        named.position(|(repository, tag)| *repository == image.repository && has(tag))
    };
    images.sort_by_key(|image| place(image).unwrap_or(usize::MAX));
    let (_, tag) = named.get(place(images.first()?)?)?;
    tag.clone()
}

/// Whether a registry was asked already.
fn is_answered(name: &ImageName, images: &[KnownImage]) -> bool {
    let repository = repository(name);
    let from_registry =
        |image: &&KnownImage| matches!(image.source, Source::Learned | Source::Claimed);
    images.iter().filter(from_registry).any(|image| {
        image.repository == repository
            && match (&name.digest, &name.tag) {
                (Some(digest), _) => {
                    let tags = image.tags.iter().filter_map(|tag| tag.digest.as_ref());
                    image.digest.iter().chain(tags).any(|known| known == digest)
                }
                (None, tag) => {
                    tag.iter().all(|tag| image.tags.iter().any(|known| known.name == *tag))
                }
            }
    })
}
