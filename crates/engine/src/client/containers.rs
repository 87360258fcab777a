//! Containers: the list, and one in detail.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::Digest;

use super::Client;
use crate::answer::{self, ContainerAnswer, ContainerSummaryAnswer};
use crate::error::Error;
use crate::http::encode;

/// Which containers to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that run.
    Running,
    /// Stopped ones as well.
    All,
}

/// A container in the engine's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSummary {
    /// Its id in hexadecimal.
    pub id: String,
    /// Its names, without Docker's leading slash.
    pub names: Vec<String>,
    /// The image as it was named when the container was made.
    pub image: String,
    /// The image's id; none where the engine no longer knows it.
    pub image_id: Option<Digest>,
    /// `running`, `exited`, `paused` … in the engine's words.
    pub state: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its labels, the image's included.
    pub labels: BTreeMap<String, String>,
}

/// A container in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its id in hexadecimal.
    pub id: String,
    /// Its name, without Docker's leading slash.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// The image's id.
    pub image_id: Digest,
    /// `running`, `exited`, `paused` … in the engine's words.
    pub state: String,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// Its labels, the image's included.
    pub labels: BTreeMap<String, String>,
}

impl Client {
    /// The containers, in the engine's order (newest first).
    pub fn containers(&self, which: Which) -> Result<Vec<ContainerSummary>, Error> {
        let path = match which {
            Which::Running => "/containers/json",
            Which::All => "/containers/json?all=true",
        };
        let answers: Vec<ContainerSummaryAnswer> = self.inner.json(path)?;
        let summary = |answer: ContainerSummaryAnswer| ContainerSummary {
            id: answer.id,
            names: answer.names.into_iter().flatten().map(|name| without_slash(&name)).collect(),
            image: answer.image,
            image_id: answer::image_id(&answer.image_id),
            state: answer.state,
            created: answer::timestamp_seconds(answer.created),
            labels: answer.labels.unwrap_or_default(),
        };
        Ok(answers.into_iter().map(summary).collect())
    }

    /// One container by its name, id, or the start of its id.
    pub fn container(&self, name: &str) -> Result<Container, Error> {
        let path = format!("/containers/{}/json", encode(name));
        let answer: ContainerAnswer = self.inner.json(&path).map_err(|error| match error {
            Error::Status { status: 404, kind, .. } => {
                Error::NoSuchContainer { kind, name: name.to_owned() }
            }
            error => error,
        })?;
        Ok(Container {
            image_id: self.id(&path, &answer.image)?,
            id: answer.id,
            name: without_slash(&answer.name),
            image: answer.config.image,
            state: answer.state.status,
            started: answer::timestamp(answer.state.started_at.as_deref()),
            labels: answer.config.labels.unwrap_or_default(),
        })
    }
}

fn without_slash(name: &str) -> String {
    name.strip_prefix('/').unwrap_or(name).to_owned()
}
