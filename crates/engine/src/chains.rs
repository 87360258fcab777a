//! The layers of the images that the engines have by name: what another image may be built on.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, Platform};

use crate::client::{Client, Image, ImageSummary};
use crate::engines::Engines;
use crate::error::Error;
use crate::kind::Kind;
use crate::local::{Local, add_new, ask_each};

/// An image that has a name, with its layers; listed once even where both engines have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalChain {
    /// Its id.
    pub id: Digest,
    /// `name:tag`, of all engines together.
    pub names: Vec<String>,
    /// `name@digest`, of all engines together.
    pub repo_digests: Vec<String>,
    /// Lowest first. Docker computed these, Podman repeats what the configuration claims: an image
    /// that was made to look like another's base does, but only where somebody gave it a name here.
    pub layers: Vec<DiffId>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// The engines that have it.
    pub engines: Vec<Kind>,
}

/// Images of one engine that are asked for, one by one: Docker answers in 0.4 ms, Podman in 1.7 ms
/// (measured with few images), so this many take half a second. A machine that builds images may
/// have more; of these the newest count.
const MAX_INSPECTED: usize = 300;

/// The images of both engines that have a name, ordered by id. Dangling ones, which are no base that
/// could be named, are not asked for.
pub fn local_chains(engines: &Engines) -> Local<LocalChain> {
    let mut chains: BTreeMap<Digest, LocalChain> = BTreeMap::new();
    let mut problems = Vec::new();
    for (kind, (images, failures)) in ask_each(engines, inspect_named, &mut problems) {
        problems.extend(failures.into_iter().map(|error| (kind, Arc::new(error))));
        for image in images {
            let known = chains.entry(image.id.clone()).or_insert_with(|| LocalChain {
                id: image.id,
                names: Vec::new(),
                repo_digests: Vec::new(),
                layers: image.diff_ids,
                created: image.created,
                platform: image.platform,
                engines: Vec::new(),
            });
            known.engines.push(kind);
            add_new(&mut known.names, image.tags);
            add_new(&mut known.repo_digests, image.repo_digests);
        }
    }
    Local { items: chains.into_values().collect(), problems }
}

/// The newest images that have a name, and what kept others from being asked for.
fn inspect_named(client: &Client) -> Result<(Vec<Image>, Vec<Error>), Error> {
    let mut named = client.images()?;
    named.retain(|image: &ImageSummary| !image.tags.is_empty() || !image.repo_digests.is_empty());
    named.sort_by_key(|image| Reverse(image.created));
    let mut failures = Vec::new();
    if named.len() > MAX_INSPECTED {
        failures.push(Error::TooManyImages {
            kind: client.kind(),
            images: named.len(),
            limit: MAX_INSPECTED,
        });
        named.truncate(MAX_INSPECTED);
    }
    let mut images = Vec::with_capacity(named.len());
    for summary in named {
        match client.image(&summary.id.to_string()) {
            Ok(image) => images.push(image),
            // Removed since it was listed.
            Err(Error::NoSuchImage { .. }) => {}
            // What is wrong with one answer need not be with the next.
            Err(error @ (Error::Answer { .. } | Error::Status { .. })) => failures.push(error),
            Err(error) => {
                failures.push(error);
                break;
            }
        }
    }
    Ok((images, failures))
}
