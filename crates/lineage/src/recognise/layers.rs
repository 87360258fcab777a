//! Known stacks of layers below an image's own.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Known, Subject};
use crate::catalogue::CatalogueError;
use crate::chain::{Chain, ChainId};
use crate::known::{KnownImage, Source, repository};

/// All stacks that an image stands on, of diff ids and of blobs.
pub(super) struct Stacks {
    layers: u32,
    /// The highest first.
    descending: Vec<Chain>,
    /// How many layers a stack has.
    heights: HashMap<ChainId, u32>,
}

pub(super) struct Found {
    /// Images that have all the layers and nothing else.
    pub(super) itself: Vec<KnownImage>,
    /// The images with the highest known stack, the most trusted first.
    pub(super) base: Option<Vec<KnownImage>>,
    /// How many layers that stack has.
    pub(super) layers: usize,
}

impl Stacks {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let diff_ids = Chain::prefixes(subject.diff_ids.iter().map(|diff_id| &diff_id.0));
        let mut descending: Vec<Chain> =
            diff_ids.chain(Chain::prefixes(subject.blobs.iter())).collect();
        descending.sort_by_key(|chain| Reverse(chain.layers));
        let layers = descending.first().map_or(0, |chain| chain.layers);
        let heights = descending.iter().map(|chain| (chain.id, chain.layers)).collect();
        Self { layers, descending, heights }
    }

    /// How many layers the image has.
    pub(super) fn height(&self) -> usize {
        self.layers as usize
    }

    /// Whether an image's layers are the lowest of these; none where its layers are not known.
    pub(super) fn agree(&self, image: &KnownImage) -> Option<bool> {
        let known: Vec<Chain> = [image.chain, image.blobs].into_iter().flatten().collect();
        let is_below = |chain: &Chain| self.heights.get(&chain.id) == Some(&chain.layers);
        // Blobs that differ prove nothing: the same layer may be compressed anew.
        match known.iter().any(is_below) {
            true => Some(true),
            false => image.chain.map(|_| false),
        }
    }

    /// `spoken_of` are the repositories that the image itself brings up.
    pub(super) fn find(
        &self,
        subject: &Subject<'_>,
        known: &Known<'_>,
        spoken_of: &[String],
    ) -> Result<Found, CatalogueError> {
        // What was asked for another image's sake is no witness here, unless this one speaks of it too.
        let counts = |image: &KnownImage| {
            image.source != Source::Claimed || spoken_of.contains(&image.repository)
        };
        let own = subject.name.map(repository);
        let mut itself: Vec<KnownImage> = Vec::new();
        for stacks in self.descending.chunk_by(|one, other| one.layers == other.layers) {
            let mut images = Vec::new();
            for &chain in stacks {
                let others = known.others.iter();
                let others =
                    others.filter(|image| [image.chain, image.blobs].contains(&Some(chain)));
                images.extend(known.catalogue.by_chain(chain)?.into_iter().filter(counts));
                images.extend(others.cloned());
            }
            images.retain(|image| serves(image, subject));
            let layers = stacks.first().map_or(0, |chain| chain.layers);
            if layers == self.layers {
                let (same, below) = images.into_iter().partition(|image| is_itself(image, subject));
                (itself, images) = (same, below);
                // The same layers with other settings under its own name: another build of it, and no base.
                images.retain(|image| own.as_ref() != Some(&image.repository));
            }
            if !images.is_empty() {
                sort(&mut images);
                sort(&mut itself);
                return Ok(Found { itself, base: Some(images), layers: layers as usize });
            }
        }
        sort(&mut itself);
        Ok(Found { itself, base: None, layers: 0 })
    }
}

/// The most trusted first, then names before digests, then the newest.
fn sort(images: &mut Vec<KnownImage>) {
    images.sort_by_cached_key(|image| {
        let is_current = image.tags.iter().any(|tag| !tag.moved);
        let trust = image.source.trust();
        (Reverse((trust, is_current, !image.tags.is_empty(), image.created)), image.name())
    });
    let mut known = Vec::new();
    images.retain(|image| {
        let key = (image.repository.clone(), image.digest.clone(), image.tags.clone());
        let is_new = !known.contains(&key);
        known.push(key);
        is_new
    });
}

fn serves(image: &KnownImage, subject: &Subject<'_>) -> bool {
    match (&image.platform, subject.platform) {
        (Some(has), Some(wanted)) => has.serves(wanted) || wanted.serves(has),
        _ => true,
    }
}

/// Whether an image with all the layers of the subject is the subject. Only a config that is known to be another one
/// makes it a base to which nothing but settings were added; a manifest may differ because it was converted.
fn is_itself(image: &KnownImage, subject: &Subject<'_>) -> bool {
    if image.digest.is_some() && image.digest.as_ref() == subject.digest {
        return true;
    }
    match (&image.config, subject.config) {
        (Some(known), Some(own)) => known == own,
        _ => true,
    }
}
