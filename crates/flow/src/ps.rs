//! Everything that runs here: both engines, each image judged once.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_advice::IgnoreRule;
use plimsoll_engine::{Kind, Which, local_containers};
use plimsoll_model::{ImageReference, Scan, Transport};

use crate::answers::Effort;
use crate::error::chain;
use crate::event::Observer;
use crate::scan::{Judged, judge_all};
use crate::session::Session;
use crate::survey::Survey;

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
    let mut images: BTreeMap<String, ImageReference> = BTreeMap::new();
    for found in &local.items {
        if let Some(id) = found.container.image_id.as_ref().map(ToString::to_string) {
            images.entry(id.clone()).or_insert_with(|| reference(found.engine, id));
        }
    }
    let judged = judge(session, &images, rules, observer);
    let containers = local.items.into_iter().map(|found| {
        let image_id = found.container.image_id.as_ref().map(ToString::to_string);
        let scan = image_id.as_ref().and_then(|id| judged.get(id).cloned());
        PsContainer {
            engine: found.engine.to_string(),
            name: found.container.names.first().cloned().unwrap_or(found.container.id),
            image: found.container.image,
            image_id,
            created: found.container.created,
            judged: scan.unwrap_or_else(|| Err("the engine no longer knows its image".to_owned())),
        }
    });
    Ok(Ps {
        containers: containers.collect(),
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

fn reference(engine: Kind, image_id: String) -> ImageReference {
    let transport = match engine {
        Kind::Podman => Transport::Podman,
        Kind::Docker => Transport::Docker,
    };
    ImageReference { transport: Some(transport), rest: image_id }
}

/// Scans the images, each under its id. What cannot be read is said of that image alone.
fn judge(
    session: &Session,
    images: &BTreeMap<String, ImageReference>,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> BTreeMap<String, Result<Scan, String>> {
    let mut survey = Survey::open(session, Some(Effort::Aside), observer);
    let read: Vec<_> = images.iter().map(|(id, reference)| (id, survey.read(reference))).collect();
    let judged = judge_all(survey, rules).map_err(|error| chain(&error));
    let (mut scans, failure) = match judged {
        Ok(Judged { scans, .. }) => (scans.into_iter(), None),
        Err(why) => (Vec::new().into_iter(), Some(why)),
    };
    let mut scan = |read: Result<usize, crate::Error>| {
        let count = read.map_err(|error| chain(&error))?;
        let own: Vec<Scan> = scans.by_ref().take(count).collect();
        let none = || "its image has no platform that was asked for".to_owned();
        own.into_iter().next().ok_or_else(|| failure.clone().unwrap_or_else(none))
    };
    read.into_iter().map(|(id, read)| (id.clone(), scan(read))).collect()
}
