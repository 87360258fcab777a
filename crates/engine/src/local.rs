//! Everything of both engines, for a survey of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::Digest;

use crate::client::{Client, ContainerSummary, Which};
use crate::endpoint::Endpoint;
use crate::engines::Engines;
use crate::error::Error;
use crate::kind::Kind;

/// What both engines answered together.
#[derive(Debug)]
pub struct Local<T> {
    /// What there is.
    pub items: Vec<T>,
    /// Engines that are here but could not be asked; one that is not here is no problem.
    pub problems: Vec<(Kind, Arc<Error>)>,
}

/// An image, listed once even where both engines have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// Its id.
    pub id: Digest,
    /// `name:tag`, of all engines together.
    pub tags: Vec<String>,
    /// `name@digest`, of all engines together.
    pub repo_digests: Vec<String>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// The bytes of its layers, uncompressed.
    pub size: u64,
    /// The engines that have it.
    pub engines: Vec<Kind>,
}

/// A container and the engine that runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalContainer {
    /// The engine.
    pub engine: Kind,
    /// The container.
    pub container: ContainerSummary,
}

/// The images of both engines, ordered by id.
pub fn local_images(engines: &Engines) -> Local<LocalImage> {
    let mut images: BTreeMap<Digest, LocalImage> = BTreeMap::new();
    let mut problems = Vec::new();
    for (kind, listed) in ask_each(engines, Client::images, &mut problems) {
        for image in listed {
            let known = images.entry(image.id.clone()).or_insert_with(|| LocalImage {
                id: image.id,
                tags: Vec::new(),
                repo_digests: Vec::new(),
                created: image.created,
                size: image.size,
                engines: Vec::new(),
            });
            known.engines.push(kind);
            add_new(&mut known.tags, image.tags);
            add_new(&mut known.repo_digests, image.repo_digests);
        }
    }
    Local { items: images.into_values().collect(), problems }
}

/// The containers of both engines: Podman's, then Docker's, each newest first.
pub fn local_containers(engines: &Engines, which: Which) -> Local<LocalContainer> {
    let mut problems = Vec::new();
    let listed = ask_each(engines, |client| client.containers(which), &mut problems);
    let of = |(engine, containers): (Kind, Vec<ContainerSummary>)| {
        containers.into_iter().map(move |container| LocalContainer { engine, container })
    };
    Local { items: listed.into_iter().flat_map(of).collect(), problems }
}

/// Asks every engine that is here, but one that listens for both only once.
pub(crate) fn ask_each<T>(
    engines: &Engines,
    ask: impl Fn(&Client) -> Result<T, Error>,
    problems: &mut Vec<(Kind, Arc<Error>)>,
) -> Vec<(Kind, T)> {
    let mut answers = Vec::new();
    let mut asked: Vec<Client> = Vec::new();
    for kind in Kind::ALL {
        match engines.get(kind) {
            Ok(client) if asked.iter().any(|other| same_engine(other, &client)) => {}
            Ok(client) => {
                match ask(&client) {
                    Ok(answer) => answers.push((kind, answer)),
                    Err(error) => problems.push((kind, Arc::new(error))),
                }
                asked.push(client);
            }
            Err(error) if error.is_not_here() => {}
            Err(error) => problems.push((kind, error)),
        }
    }
    answers
}

/// Whether both addresses lead to one socket: the package podman-docker makes Docker's a symbolic
/// link to Podman's.
fn same_engine(one: &Client, other: &Client) -> bool {
    let socket = |client: &Client| match client.endpoint() {
        Endpoint::Unix(path) => fs::metadata(path).ok().map(|file| (file.dev(), file.ino())),
        Endpoint::Tcp { .. } => None,
    };
    let one_socket = socket(one);
    one.endpoint() == other.endpoint() || (one_socket.is_some() && one_socket == socket(other))
}

/// Adds the names that are not there yet.
pub(crate) fn add_new(all: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !all.contains(&name) {
            all.push(name);
        }
    }
}
