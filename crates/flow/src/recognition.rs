//! Which base an image stands on: the catalogue, the engines' images, and what the image says of itself, with a
//! few questions to the registry where that turns a claim into a proof.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use plimsoll_engine::local_chains;
use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{
    Catalogue, Chain, DiffIds, Known, KnownImage, Material, PackageList, Recognition, Source,
    Subject, materials, recognise,
};
use plimsoll_model::{Base, Confidence, DiffId, Digest, ImageName};

use crate::attempts::Attempts;
use crate::bases::{catalogue_error, keep, open};
use crate::error::{Error, chain};
use crate::event::{Event, Observer};
use crate::registries::{Registries, platform_of};
use crate::session::Session;

/// What is known of an image's descent.
#[derive(Debug, Default)]
pub(crate) struct Descent {
    /// What it was built on.
    pub(crate) base: Option<Base>,
    /// All that is known of that.
    pub(crate) known: Option<KnownImage>,
    /// What the image itself is called in the catalogue.
    pub(crate) itself: Vec<KnownImage>,
    /// The base as an image of its own, where its layers are known.
    pub(crate) inventory: Option<ImageInventory>,
    /// Claims that the layers do not bear out.
    pub(crate) doubts: Vec<String>,
}

/// What all images of a run are compared with.
pub(crate) struct Recogniser<'s> {
    session: &'s Session,
    catalogue: Catalogue,
    /// Listing the engines' images takes one request for each: only where the catalogue does not know better.
    local: OnceLock<Vec<KnownImage>>,
    registries: Option<Registries<'s>>,
}

impl<'s> Recogniser<'s> {
    pub(crate) fn open(session: &'s Session) -> Result<Self, Error> {
        let registries = match session.settings.offline {
            true => None,
            false => Some(Registries::open(session)?),
        };
        Ok(Self { session, catalogue: open(session)?, local: OnceLock::new(), registries })
    }

    /// The registries, unless the session is offline.
    pub(crate) fn registries(&self) -> Option<&Registries<'s>> {
        self.registries.as_ref()
    }

    /// Finds the base. What a registry answered on the way is kept in the catalogue.
    pub(crate) fn descent(
        &self,
        image: &ImageInventory,
        observer: Observer<'_>,
    ) -> Result<Descent, Error> {
        let name: Option<ImageName> = image.metadata.names.first().and_then(|n| n.parse().ok());
        let facts = Facts::of(image, self.materials(image, name.as_ref()));
        let subject = facts.subject(image, name.as_ref());
        let mut found = self.recognise(&subject, &[])?;
        let local: &[KnownImage] = match is_confirmed(&found) {
            true => &[],
            false => self.local.get_or_init(|| local_images(self.session)),
        };
        if !local.is_empty() {
            found = self.recognise(&subject, local)?;
        }
        let answers = self.answers(image, name.as_ref(), &found, observer);
        if !answers.is_empty() {
            let others: Vec<_> = local.iter().chain(&answers).cloned().collect();
            found = self.recognise(&subject, &others)?;
            keep(self.session, answers, &mut Vec::new())?;
        }
        let layers = found.base.as_ref().map_or(0, |base| base.layers);
        Ok(Descent {
            inventory: (layers > 0).then(|| image.prefix(layers)).flatten(),
            base: found.base,
            known: found.image,
            itself: found.itself,
            doubts: found.doubts,
        })
    }

    fn recognise(
        &self,
        subject: &Subject<'_>,
        others: &[KnownImage],
    ) -> Result<Recognition, Error> {
        recognise(subject, &Known { catalogue: &self.catalogue, others })
            .map_err(|source| catalogue_error(self.session, source))
    }

    /// What the registry says of the images that would turn a claim into a proof. Trust rule 1: a host that only
    /// the image names is not asked.
    fn answers(
        &self,
        image: &ImageInventory,
        own: Option<&ImageName>,
        found: &Recognition,
        observer: Observer<'_>,
    ) -> Vec<KnownImage> {
        let Some(registries) = &self.registries else { return Vec::new() };
        let now = self.session.surroundings.now;
        let mut attempts = Attempts::load(self.session);
        let mut answers = Vec::new();
        for name in &found.ask {
            if attempts.is_recent(REGISTRY, &name.to_string(), now) {
                continue;
            }
            if !self.may_ask(name, own) {
                observer(Event::Note(format!("{name} is named by the image only: not asked")));
                continue;
            }
            let platform = platform_of(image.image.platform.as_ref());
            match registries.describe(name, platform) {
                Ok(images) => answers.extend(images),
                Err(error) => {
                    attempts.note(REGISTRY, &name.to_string(), now);
                    observer(Event::Note(format!("{name}: {}", chain(&error))));
                }
            }
        }
        attempts.store(self.session);
        answers
    }

    /// Whether a registry may be asked for an image that only an image names.
    pub(crate) fn may_ask(&self, name: &ImageName, own: Option<&ImageName>) -> bool {
        let host = host(name);
        let allowed = &self.session.settings.allowed_sources;
        host == DOCKER_HUB
            || own.is_some_and(|own| self::host(own) == host)
            || allowed.iter().any(|allowed| allowed == host)
            || self.session.settings.insecure.iter().any(|insecure| insecure == host)
    }

    fn materials(&self, image: &ImageInventory, name: Option<&ImageName>) -> Vec<Material> {
        let (Some(registries), Some(name)) = (&self.registries, name) else { return Vec::new() };
        // Only an index says without a further request that there is something attached.
        let (Some(index), Some(subject), false) = (
            &image.metadata.index_digest,
            &image.image.digest,
            image.metadata.attestations.is_empty(),
        ) else {
            return Vec::new();
        };
        let statements = registries.statements(name, index, subject);
        statements.iter().filter_map(|bytes| materials(bytes).ok()).flatten().collect()
    }
}

fn is_confirmed(found: &Recognition) -> bool {
    found.base.as_ref().is_some_and(|base| base.confidence == Confidence::Confirmed)
}

/// Under which the names that a registry could not answer for are remembered.
const REGISTRY: &str = "registry";
const DOCKER_HUB: &str = "docker.io";

fn host(name: &ImageName) -> &str {
    name.registry.as_deref().unwrap_or(DOCKER_HUB)
}

/// What recognition wants to know of an image, in its words.
struct Facts {
    diff_ids: Vec<DiffId>,
    blobs: Vec<Digest>,
    annotations: BTreeMap<String, String>,
    history: Vec<String>,
    packages: PackageList,
    materials: Vec<Material>,
}

impl Facts {
    fn of(image: &ImageInventory, materials: Vec<Material>) -> Self {
        let layers = &image.image.layers;
        let verified = layers.iter().take(image.verified_layers);
        let mut annotations = image.metadata.labels.clone();
        annotations.extend(image.metadata.index_annotations.clone());
        annotations.extend(image.metadata.descriptor_annotations.clone());
        annotations.extend(image.metadata.annotations.clone());
        let history = image.metadata.history.iter().filter_map(|step| step.created_by.clone());
        let packages = image.packages.iter().filter(|package| package.source.is_some());
        let blobs: Option<Vec<_>> = layers.iter().map(|layer| layer.digest.clone()).collect();
        Self {
            diff_ids: verified.map_while(|layer| layer.diff_id.clone()).collect(),
            blobs: blobs.unwrap_or_default(),
            annotations,
            history: history.collect(),
            packages: PackageList::new(packages.map(|p| (p.name.as_str(), p.version.as_str()))),
            materials,
        }
    }

    fn subject<'a>(
        &'a self,
        image: &'a ImageInventory,
        name: Option<&'a ImageName>,
    ) -> Subject<'a> {
        Subject {
            name,
            digest: image.image.digest.as_ref(),
            config: image.image.config_digest.as_ref(),
            platform: image.image.platform.as_ref(),
            diff_ids: &self.diff_ids,
            proof: DiffIds::Verified,
            blobs: &self.blobs,
            annotations: &self.annotations,
            env: &image.metadata.env,
            history: &self.history,
            os: image.os.as_ref(),
            packages: &self.packages,
            materials: &self.materials,
        }
    }
}

/// The images of the local engines: what stands here may well be what others stand on.
fn local_images(session: &Session) -> Vec<KnownImage> {
    let found = local_chains(&session.engines());
    let mut images = Vec::new();
    for image in found.items {
        for name in image.names.iter().filter_map(|name| name.parse::<ImageName>().ok()) {
            let mut known = KnownImage::new(&name, Source::Scanned);
            known.chain = Chain::of(&image.layers);
            known.platform.clone_from(&image.platform);
            known.created = image.created;
            known.config = Some(image.id.clone());
            images.push(known);
        }
    }
    images
}
