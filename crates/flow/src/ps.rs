//! Everything that runs here: both engines, each image judged once.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_advice::IgnoreRule;
use plimsoll_engine::{Kind, Which, local_containers};
use plimsoll_model::{ImageReference, Scan, Transport};

use crate::error::chain;
use crate::event::Observer;
use crate::scan::scan;
use crate::session::Session;

/// The containers and the scans of their images.
pub struct Ps {
    /// The running containers.
    pub containers: Vec<PsContainer>,
    /// Engines that are there but could not be asked, and why.
    pub problems: Vec<String>,
    /// Engines that are named by the environment but not there: nothing can run in them.
    pub absent: Vec<String>,
}

/// One running container.
pub struct PsContainer {
    /// `docker` or `podman`.
    pub engine: String,
    /// Its name.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// The id of the image it runs; none where the engine no longer knows it.
    pub image_id: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// What is wrong in its image, or why that cannot be said.
    pub judged: Result<Scan, String>,
}

/// Looks at every running container of Docker and Podman.
pub fn ps(
    session: &Session,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Ps, crate::Error> {
    let local = local_containers(&session.engines(), Which::Running);
    let (absent, problems): (Vec<_>, Vec<_>) =
        local.problems.iter().partition(|(_, error)| has_no_socket(error.as_ref()));
    let name = |(kind, error): &(Kind, Arc<plimsoll_engine::Error>)| format!("{kind}: {error}");
    let mut judged: BTreeMap<String, Result<Scan, String>> = BTreeMap::new();
    let mut containers = Vec::new();
    for found in local.items {
        let engine = found.engine.to_string();
        let image_id = found.container.image_id.as_ref().map(ToString::to_string);
        let scan = match &image_id {
            Some(id) => judged
                .entry(id.clone())
                .or_insert_with(|| judge(session, &engine, id, rules, observer))
                .clone(),
            None => Err("the engine no longer knows its image".to_owned()),
        };
        containers.push(PsContainer {
            engine,
            name: found.container.names.first().cloned().unwrap_or(found.container.id),
            image: found.container.image,
            image_id,
            created: found.container.created,
            judged: scan,
        });
    }
    Ok(Ps {
        containers,
        problems: problems.into_iter().map(name).collect(),
        absent: absent.into_iter().map(name).collect(),
    })
}

/// Whether the engine's socket does not exist.
fn has_no_socket(error: &(dyn Error + 'static)) -> bool {
    let is_missing = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
    is_missing || error.source().is_some_and(has_no_socket)
}

fn judge(
    session: &Session,
    engine: &str,
    image_id: &str,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Scan, String> {
    let transport = match engine {
        "podman" => Transport::Podman,
        _ => Transport::Docker,
    };
    let reference = ImageReference { transport: Some(transport), rest: image_id.to_owned() };
    let scanned = scan(session, &[reference], rules, observer);
    let scanned = scanned.map_err(|error| chain(&error))?;
    match (scanned.scans.into_iter().next(), scanned.failures.first()) {
        (Some(scan), _) => Ok(scan),
        (None, Some(error)) => Err(chain(error)),
        (None, None) => Err("its image has no platform that was asked for".to_owned()),
    }
}
