//! What registries answer in one run: each question is asked once, whatever the number of images.

use std::sync::Arc;

use plimsoll_inventory::{ImageInventory, Layers};
use plimsoll_lineage::KnownImage;
use plimsoll_model::{Digest, ImageName, Platform};

use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_platform;
use crate::memo::Memo;
use crate::registries::{Registries, platform_of, reference};
use crate::silence::Silence;

/// For what registries are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As a part of a scan: few questions, and none that were asked in vain lately.
    Aside,
    /// Because the base is the question.
    Full,
}

/// A name on a platform.
type Wanted = (ImageName, Option<Platform>);

/// Registries, with what they answered in this run.
pub(crate) struct Answers<'s> {
    registries: Registries<'s>,
    silence: Silence,
    digests: Memo<ImageName, Result<Digest, String>>,
    tags: Memo<ImageName, Result<Arc<Vec<String>>, String>>,
    described: Memo<Wanted, Result<Vec<KnownImage>, String>>,
    images: Memo<Wanted, Result<Vec<Arc<ImageInventory>>, String>>,
}

/// More tags than any repository has that people build on.
const MAX_TAGS: usize = 100_000;

impl<'s> Answers<'s> {
    pub(crate) fn new(registries: Registries<'s>, effort: Effort) -> Self {
        Self {
            silence: Silence::load(registries.session(), effort),
            registries,
            digests: Memo::default(),
            tags: Memo::default(),
            described: Memo::default(),
            images: Memo::default(),
        }
    }

    /// What a tag names now.
    pub(crate) fn digest(&self, name: &ImageName) -> Result<Digest, String> {
        let ask = || self.registries.digest(name);
        self.digests.get(name.clone(), || self.silence.heed(name, ask))
    }

    /// The tags of a repository.
    pub(crate) fn tags(&self, name: &ImageName) -> Result<Arc<Vec<String>>, String> {
        let repository = ImageName { tag: None, digest: None, ..name.clone() };
        let ask = || self.registries.tags(name, MAX_TAGS).map(Arc::new);
        self.tags.get(repository, || self.silence.heed(name, ask))
    }

    /// What manifest and config tell of an image that another image names. A scan asks once an hour: what was
    /// answered is in the catalogue. None where it does not ask.
    pub(crate) fn describe(
        &self,
        name: &ImageName,
        platform: Option<&Platform>,
    ) -> Option<Result<Vec<KnownImage>, String>> {
        let question = match platform {
            Some(platform) => format!("{name}#{platform}"),
            None => name.to_string(),
        };
        if self.silence.was_asked(&question) {
            return None;
        }
        let ask = || self.registries.describe(name, platform_of(platform));
        Some(self.described.get((name.clone(), platform.cloned()), || {
            self.silence.note(question);
            self.silence.heed(name, ask)
        }))
    }

    /// What is in an image: all of it is pulled that the cache does not know.
    pub(crate) fn images(
        &self,
        name: &ImageName,
        platform: Option<&Platform>,
        observer: Observer<'_>,
    ) -> Result<Vec<Arc<ImageInventory>>, String> {
        let ask = || -> Result<Vec<Arc<ImageInventory>>, Error> {
            let session = self.registries.session();
            let read = read_platform(session, &reference(name), platform_of(platform), observer)?;
            // Nobody asks for its lower layers alone.
            let images =
                read.into_iter().map(|read| ImageInventory { layers: Layers::default(), ..read });
            Ok(images.map(Arc::new).collect())
        };
        self.images.get((name.clone(), platform.cloned()), || self.silence.heed(name, ask))
    }

    /// The statements of provenance that are attached to an image.
    pub(crate) fn statements(
        &self,
        name: &ImageName,
        index: &Digest,
        subject: &Digest,
    ) -> Vec<Vec<u8>> {
        let ask = || Ok(self.registries.statements(name, index, subject));
        self.silence.heed(name, ask).unwrap_or_default()
    }

    /// Remembers for the next runs what was asked.
    pub(crate) fn store(&self) {
        self.silence.store(self.registries.session());
    }
}
