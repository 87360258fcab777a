//! Images: the list, one in detail, its history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, Platform};

use super::{Client, ImageExport};
use crate::answer::{
    self, HistoryAnswer, ImageAnswer, ImageSummaryAnswer, PodmanHistoryAnswer, PodmanImageAnswer,
};
use crate::error::Error;
use crate::http::encode;

/// An image in the engine's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSummary {
    /// Its id.
    pub id: Digest,
    /// `name:tag`, none for a dangling image.
    pub tags: Vec<String>,
    /// `name@digest` for every registry it is known from.
    pub repo_digests: Vec<String>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// The bytes of its layers, uncompressed.
    pub size: u64,
}

/// An image in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id: the digest of the configuration, but for the containerd image store.
    pub id: Digest,
    /// `name:tag`.
    pub tags: Vec<String>,
    /// `name@digest` for every registry it is known from.
    pub repo_digests: Vec<String>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// The layers, lowest first. Docker computed these when it unpacked the layers. Podman copies
    /// them out of the configuration, which older releases do not compare with what they unpacked:
    /// [`Client::engine`] tells whose they are.
    pub diff_ids: Vec<DiffId>,
    /// The digest of the manifest or index: only the containerd image store says it, whose ids are
    /// these digests rather than the configuration's.
    pub descriptor: Option<Digest>,
    /// The environment that the configuration sets: `NAME=value`.
    pub env: Vec<String>,
    /// The labels of the configuration.
    pub labels: BTreeMap<String, String>,
}

/// What only Podman's own API says of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodmanDetails {
    /// The annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The history as the configuration has it, first step first; its sizes are not known.
    pub history: Vec<HistoryStep>,
}

/// A step of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryStep {
    /// When it was done.
    pub created: Option<Timestamp>,
    /// The build step.
    pub created_by: String,
    /// The bytes it added; zero for steps that made no layer, but also for some that did.
    pub size: u64,
    /// What the builder noted.
    pub comment: String,
    /// Whether it made no layer; none where the engine does not say.
    pub empty_layer: Option<bool>,
}

impl Client {
    /// All images, dangling ones included, intermediate ones of builds not.
    pub fn images(&self) -> Result<Vec<ImageSummary>, Error> {
        let answers: Vec<ImageSummaryAnswer> = self.inner.json("/images/json")?;
        answers.into_iter().map(|answer| self.summary(answer)).collect()
    }

    /// One image by its name, id, or the start of its id.
    pub fn image(&self, name: &str) -> Result<Image, Error> {
        let path = format!("/images/{}/json", encode(name));
        let answer: ImageAnswer =
            self.inner.json(&path).map_err(|error| self.no_such_image(name, error))?;
        let id = self.id(&path, &answer.id)?;
        let config = answer.config.unwrap_or_default();
        // The engine repeats the words of the image, and what is no platform is none.
        let platform =
            Platform::new(&answer.os, &answer.architecture, answer.variant.as_deref()).ok();
        Ok(Image {
            id,
            tags: names(answer.repo_tags),
            repo_digests: names(answer.repo_digests),
            created: answer::timestamp(answer.created.as_deref()),
            platform,
            diff_ids: answer.root_fs.layers.unwrap_or_default().into_iter().map(DiffId).collect(),
            descriptor: answer.descriptor.map(|descriptor| descriptor.digest),
            env: config.env.unwrap_or_default(),
            labels: config.labels.unwrap_or_default(),
        })
    }

    /// The steps of an image's history, first to last.
    pub fn history(&self, name: &str) -> Result<Vec<HistoryStep>, Error> {
        let path = format!("/images/{}/history", encode(name));
        let answers: Vec<HistoryAnswer> =
            self.inner.json(&path).map_err(|error| self.no_such_image(name, error))?;
        let step = |answer: HistoryAnswer| HistoryStep {
            created: answer::timestamp_seconds(answer.created),
            created_by: answer.created_by,
            size: u64::try_from(answer.size).unwrap_or(0),
            comment: answer.comment,
            empty_layer: None,
        };
        Ok(answers.into_iter().rev().map(step).collect())
    }

    /// What Podman says of an image beyond what Docker would; Docker has no such address.
    pub fn podman_details(&self, name: &str) -> Result<PodmanDetails, Error> {
        // This part of its API wants a version; every Podman since 4.0 takes that one.
        let path = format!("/v4.0.0/libpod/images/{}/json", encode(name));
        let answer: PodmanImageAnswer =
            self.inner.json(&path).map_err(|error| self.no_such_image(name, error))?;
        let step = |answer: PodmanHistoryAnswer| HistoryStep {
            created: answer::timestamp(answer.created.as_deref()),
            created_by: answer.created_by.unwrap_or_default(),
            size: 0,
            comment: answer.comment.unwrap_or_default(),
            empty_layer: Some(answer.empty_layer),
        };
        Ok(PodmanDetails {
            annotations: answer.annotations.unwrap_or_default(),
            history: answer.history.into_iter().flatten().map(step).collect(),
        })
    }

    /// A promise to export an image: nothing is asked before it is opened.
    pub fn export(&self, name: &str) -> ImageExport {
        ImageExport::new(self.clone(), name.to_owned())
    }

    fn summary(&self, answer: ImageSummaryAnswer) -> Result<ImageSummary, Error> {
        Ok(ImageSummary {
            id: self.id("/images/json", &answer.id)?,
            tags: names(answer.repo_tags),
            repo_digests: names(answer.repo_digests),
            created: answer::timestamp_seconds(answer.created),
            size: u64::try_from(answer.size).unwrap_or(0),
        })
    }

    pub(super) fn id(&self, path: &str, text: &str) -> Result<Digest, Error> {
        answer::image_id(text)
            .ok_or_else(|| self.inner.unusable(path, format!("{text:?} is not an image's id")))
    }

    pub(super) fn no_such_image(&self, name: &str, error: Error) -> Error {
        match error {
            Error::Status { status: 404, kind, .. } => {
                Error::NoSuchImage { kind, name: name.to_owned() }
            }
            // What Docker says of a name that cannot be a reference.
            Error::Status { status: 400, kind, message, .. }
                if message.contains("invalid reference format") =>
            {
                Error::NoSuchImage { kind, name: name.to_owned() }
            }
            error => error,
        }
    }
}

/// Drops Docker's spelling of "no name".
fn names(names: Option<Vec<String>>) -> Vec<String> {
    let mut names = names.unwrap_or_default();
    names.retain(|name| !name.contains("<none>"));
    names
}
