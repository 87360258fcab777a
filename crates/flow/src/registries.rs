//! What registries say of images without their layers: tags, digests, and what a manifest and a config tell.

use plimsoll_image::{Opened, PlatformChoice, SourceImage};
use plimsoll_lineage::{Catalogue, Chain, KnownImage, KnownTag, Source};
use plimsoll_model::{Digest, ImageName, ImageReference, Platform, Transport};
use plimsoll_registry::Client;

use crate::error::{Error, chain};
use crate::names::repository;
use crate::session::Session;

/// The registries, for one run.
pub(crate) struct Registries<'s> {
    session: &'s Session,
    client: Client,
}

/// What asking for a tag taught.
pub(crate) enum Taught {
    /// It names what it named when it was learned last.
    Known,
    /// These images, one for each platform that is wanted.
    Images(Vec<KnownImage>),
}

/// Why something could not be learned.
pub(crate) enum Untaught {
    /// The registry wants no more requests for now.
    RateLimited(String),
    /// Anything that concerns this question alone.
    Other(Error),
}

impl From<Error> for Untaught {
    fn from(error: Error) -> Self {
        match error.registry().is_some_and(plimsoll_registry::Error::is_rate_limit) {
            true => Self::RateLimited(chain(&error)),
            false => Self::Other(error),
        }
    }
}

impl<'s> Registries<'s> {
    pub(crate) fn open(session: &'s Session) -> Result<Self, Error> {
        Ok(Self { session, client: session.registry()? })
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    /// The tags of a repository, at most so many.
    pub(crate) fn tags(&self, name: &ImageName, limit: usize) -> Result<Vec<String>, Error> {
        let tags = self.client.tags(name, limit);
        let error = |source| Error::Registry { name: name.to_string(), source: Box::new(source) };
        tags.map(|tags| tags.tags).map_err(error)
    }

    /// What a tag names now: the digest of an index or of a manifest.
    pub(crate) fn digest(&self, name: &ImageName) -> Result<Digest, Error> {
        let error = |source| Error::Registry { name: name.to_string(), source: Box::new(source) };
        self.client.digest(name).map_err(error)
    }

    /// Asks what the tag names; only if that is new, what it is on the wanted platforms. Docker Hub counts the
    /// second question, not the first.
    pub(crate) fn teach(
        &self,
        name: &ImageName,
        catalogue: &Catalogue,
    ) -> Result<Taught, Untaught> {
        let digest = self.digest(name)?;
        let wanted = match &self.session.settings.platform {
            PlatformChoice::Host(platform) | PlatformChoice::One(platform) => Some(platform),
            PlatformChoice::All => None,
        };
        if let (Some(platform), Some(tag)) = (wanted, &name.tag) {
            let known = catalogue.known_digest(&repository(name), tag, platform);
            if known.ok().flatten().as_ref() == Some(&digest) {
                return Ok(Taught::Known);
            }
        }
        Ok(Taught::Images(self.describe(name, self.session.settings.platform.clone())?))
    }

    /// What manifest and config tell of an image; no layer is read.
    pub(crate) fn describe(
        &self,
        name: &ImageName,
        platform: PlatformChoice,
    ) -> Result<Vec<KnownImage>, Error> {
        let reference = reference(name);
        let context = self.session.image_context(platform)?;
        let opened = plimsoll_image::open(&reference, &context).map_err(|source| Error::Open {
            reference: name.to_string(),
            source: Box::new(source),
        })?;
        let Opened::Images(images) = opened else { return Ok(Vec::new()) };
        Ok(images.iter().map(|image| known(name, image, self.session)).collect())
    }

    /// The statements of provenance that are attached to an image: in the index that leads to it, and elsewhere in
    /// its repository.
    pub(crate) fn statements(
        &self,
        name: &ImageName,
        index: &Digest,
        subject: &Digest,
    ) -> Vec<Vec<u8>> {
        let by_digest = ImageName { digest: Some(index.clone()), ..name.clone() };
        let statements = self.client.open(&by_digest).map(|opened| {
            let index = opened.manifest.kind.is_index().then_some(&opened.manifest);
            opened.repository.provenance(index, subject).statements
        });
        // Provenance helps where it is; where it cannot be had, the next method is tried.
        statements.unwrap_or_default()
    }
}

/// How an image of a registry is named on the command line.
pub(crate) fn reference(name: &ImageName) -> ImageReference {
    ImageReference { transport: Some(Transport::Registry), rest: name.to_string() }
}

/// The one platform that a question about an image is asked for.
pub(crate) fn platform_of(platform: Option<&Platform>) -> PlatformChoice {
    PlatformChoice::Host(platform.cloned().unwrap_or_else(Platform::host))
}

fn known(name: &ImageName, image: &SourceImage, session: &Session) -> KnownImage {
    let mut known = KnownImage::new(name, Source::Learned);
    let index = image.metadata.index_digest.clone();
    known.tags = name
        .tag
        .iter()
        .map(|tag| KnownTag {
            digest: index.clone().or_else(|| image.image.digest.clone()),
            ..KnownTag::new(tag)
        })
        .collect();
    known.digest.clone_from(&image.image.digest);
    known.config.clone_from(&image.image.config_digest);
    known.platform.clone_from(&image.image.platform);
    known.created = image.image.created;
    let diff_ids: Option<Vec<_>> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
    known.chain = diff_ids.and_then(|diff_ids| Chain::of(&diff_ids));
    let blobs: Option<Vec<_>> = image.layers.iter().map(|layer| layer.digest.clone()).collect();
    known.blobs = blobs.and_then(|blobs| Chain::of_blobs(&blobs));
    known.seen = Some(session.surroundings.now);
    known
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_rate_limit_is_known_whichever_question_met_it() {
        let limited = || plimsoll_registry::Error::RateLimited {
            host: "r.example".to_owned(),
            what: "app".to_owned(),
            retry_after: None,
        };
        let name = || "app".to_owned();
        let open = |source| Error::Open { reference: name(), source: Box::new(source) };
        let is_limit = |error: Error| matches!(Untaught::from(error), Untaught::RateLimited(_));
        assert!(is_limit(Error::Registry { name: name(), source: Box::new(limited()) }));
        // Docker Hub does not limit HEAD, but the manifest behind it.
        assert!(is_limit(open(plimsoll_image::Error::Registry(Arc::new(limited())))));
        let path = "x".into();
        assert!(!is_limit(open(plimsoll_image::Error::NoSuchPath { path, hint: None })));
    }
}
