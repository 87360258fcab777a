//! Which base an image stands on: the catalogue, the engines' images, and what the image says of itself, with a
//! few questions to the registry where that turns a claim into a proof.
//!
//! All of this is advice: whatever goes wrong is a warning, and the image is judged without.

mod facts;
mod local;
mod scanned;

use std::cell::RefCell;
use std::sync::OnceLock;

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{
    Catalogue, CatalogueError, Chain, Known, KnownImage, Material, Recognition, Source, materials,
    recognise,
};
use plimsoll_model::{Base, Confidence, ImageName, Transport};

use self::facts::Facts;
use self::local::local_images;
use self::scanned::as_known;
use crate::answers::{Answers, Effort};
use crate::bases::{catalogue_error, keep, open};
use crate::error::{Error, chain};
use crate::event::{Event, Observer};
use crate::names::{DOCKER_HUB, host, origins};
use crate::registries::Registries;
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
    effort: Effort,
    /// None where it cannot be read: that was said.
    catalogue: RefCell<Option<Catalogue>>,
    /// Listing the engines' images takes one request for each.
    local: OnceLock<Vec<KnownImage>>,
    answers: Option<Answers<'s>>,
    /// For the catalogue, when the run is over: writing it means writing all of it.
    news: RefCell<Vec<KnownImage>>,
}

/// Catalogues above this size are filled by hand. Adding one image means writing the whole file anew, which takes 0.3 s
/// for so many images, and longer than the rest of a scan for more.
const MAX_REWRITTEN: usize = 100_000;

impl<'s> Recogniser<'s> {
    pub(crate) fn open(session: &'s Session, effort: Effort, observer: Observer<'_>) -> Self {
        let without = |error: Error| {
            observer(Event::Warning(format!("bases cannot be recognised: {}", chain(&error))));
        };
        let answers = match session.settings.offline {
            true => None,
            false => Registries::open(session)
                .map_err(|error| {
                    let why = chain(&error);
                    observer(Event::Warning(format!(
                        "no registry is asked for newer images: {why}"
                    )));
                })
                .ok()
                .map(|registries| Answers::new(registries, effort)),
        };
        Self {
            session,
            effort,
            catalogue: RefCell::new(open(session).map_err(without).ok()),
            local: OnceLock::new(),
            answers,
            news: RefCell::default(),
        }
    }

    /// What registries answer; none where none is asked.
    pub(crate) fn answers(&self) -> Option<&Answers<'s>> {
        self.answers.as_ref()
    }

    pub(crate) fn effort(&self) -> Effort {
        self.effort
    }

    /// Finds the base.
    pub(crate) fn descent(&self, image: &ImageInventory, observer: Observer<'_>) -> Descent {
        let found = match &*self.catalogue.borrow() {
            Some(catalogue) => self.recognise(catalogue, image, observer),
            None => return Descent::default(),
        };
        match found {
            Ok(found) => {
                self.note(image);
                let layers = found.base.as_ref().map_or(0, |base| base.layers);
                Descent {
                    inventory: (layers > 0).then(|| image.prefix(layers)).flatten(),
                    base: found.base,
                    known: found.image,
                    itself: found.itself,
                    doubts: found.doubts,
                }
            }
            Err(error) => {
                // It is damaged: said once, and not asked again.
                self.catalogue.replace(None);
                let why = chain(&catalogue_error(self.session, error));
                observer(Event::Warning(format!("bases cannot be recognised: {why}")));
                Descent::default()
            }
        }
    }

    /// Puts into the catalogue what this run has learned, for the next ones.
    pub(crate) fn finish(self, observer: Observer<'_>) {
        if let Some(answers) = &self.answers {
            answers.store();
        }
        let is_large = |catalogue: Catalogue| catalogue.len().is_ok_and(|len| len > MAX_REWRITTEN);
        let news = self.news.into_inner();
        if news.is_empty() || self.catalogue.into_inner().is_none_or(is_large) {
            return;
        }
        if let Err(error) = keep(self.session, news, &mut Vec::new()) {
            let text = format!("what was learned of bases cannot be kept: {}", chain(&error));
            observer(Event::Warning(text));
        }
    }

    fn recognise(
        &self,
        catalogue: &Catalogue,
        image: &ImageInventory,
        observer: Observer<'_>,
    ) -> Result<Recognition, CatalogueError> {
        let name: Option<ImageName> = image.metadata.names.first().and_then(|n| n.parse().ok());
        let facts = Facts::of(image, self.materials(image));
        let subject = facts.subject(image, name.as_ref());
        let mut others = Vec::new();
        let mut found = recognise(&subject, &Known { catalogue, others: &others })?;
        if self.is_local_likely(image, &found) {
            others.extend_from_slice(self.local.get_or_init(|| local_images(self.session)));
            found = recognise(&subject, &Known { catalogue, others: &others })?;
        }
        let mut answers = self.ask(image, &found, observer);
        if !answers.is_empty() {
            for answer in &mut answers {
                answer.source = trust(catalogue, &answer.repository);
            }
            others.extend_from_slice(&answers);
            found = recognise(&subject, &Known { catalogue, others: &others })?;
            self.news.borrow_mut().extend(answers);
        }
        Ok(found)
    }

    /// Whether to list the engines' images, which takes up to half a second once in a run. An image that is in an
    /// engine was often built there, on one of them; one out of a registry or a file only by chance.
    fn is_local_likely(&self, image: &ImageInventory, found: &Recognition) -> bool {
        let engines = [Transport::Docker, Transport::Podman, Transport::Container];
        let is_engines = engines.iter().any(|engine| engine.as_str() == image.image.source);
        match self.effort {
            Effort::Full => true,
            Effort::Aside => is_engines && !is_confirmed(found),
        }
    }

    /// What the registry says of the images that would turn a claim into a proof. Trust rule 1: a host that only
    /// the image names is not asked.
    fn ask(
        &self,
        image: &ImageInventory,
        found: &Recognition,
        observer: Observer<'_>,
    ) -> Vec<KnownImage> {
        let Some(registries) = &self.answers else { return Vec::new() };
        let mut answers = Vec::new();
        for name in &found.ask {
            if !self.may_ask(name, image) {
                observer(Event::Note(format!("{name} is named by the image only: not asked")));
                continue;
            }
            match registries.describe(name, image.image.platform.as_ref()) {
                Some(Ok(images)) => answers.extend(images),
                Some(Err(why)) => observer(Event::Note(format!("{name}: {why}"))),
                None => {}
            }
        }
        answers
    }

    /// Whether a registry may be asked for an image that only an image names.
    pub(crate) fn may_ask(&self, name: &ImageName, image: &ImageInventory) -> bool {
        let host = host(name);
        let allowed = &self.session.settings.allowed_sources;
        host == DOCKER_HUB
            || origins(image).iter().any(|own| self::host(own) == host)
            || allowed.iter().any(|allowed| allowed == host)
            || self.session.settings.insecure.iter().any(|insecure| insecure == host)
    }

    fn materials(&self, image: &ImageInventory) -> Vec<Material> {
        let (Some(registries), Some(name)) = (&self.answers, origins(image).into_iter().next())
        else {
            return Vec::new();
        };
        // Only an index says without a further request that there is something attached.
        let (Some(index), Some(subject), false) = (
            &image.metadata.index_digest,
            &image.image.digest,
            image.metadata.attestations.is_empty(),
        ) else {
            return Vec::new();
        };
        let statements = registries.statements(&name, index, subject);
        statements.iter().filter_map(|bytes| materials(bytes).ok()).flatten().collect()
    }

    /// An image that came from a registry is one that others may stand on. Where its layers are known under another
    /// name, that one is left to be theirs: whoever copies a base does not become it.
    fn note(&self, image: &ImageInventory) {
        let Some(read) = as_known(image, self.session) else { return };
        let is_known = |catalogue: &Catalogue, chain: Chain| {
            let known = catalogue.by_chain(chain).unwrap_or_default();
            known.iter().any(|known| known.source != Source::Claimed)
        };
        let catalogue = self.catalogue.borrow();
        if let (Some(catalogue), Some(chain)) = (&*catalogue, read.chain)
            && !is_known(catalogue, chain)
        {
            self.news.borrow_mut().push(read);
        }
    }
}

fn is_confirmed(found: &Recognition) -> bool {
    found.base.as_ref().is_some_and(|base| base.confidence == Confidence::Confirmed)
}

/// What an answer is worth that was asked for because an image speaks of it. Official images, and those of
/// repositories that the operator has chosen, cannot be made by whoever made that image.
fn trust(catalogue: &Catalogue, repository: &str) -> Source {
    let is_official = repository.starts_with("docker.io/library/");
    let is_learned = || {
        let images = catalogue.images_of(repository).unwrap_or_default();
        images.iter().any(|image| image.source == Source::Learned)
    };
    if is_official || is_learned() { Source::Learned } else { Source::Claimed }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{DiffId, Layer, Origin};

    use super::*;
    use crate::testing::{digest, inventory, session};

    #[test]
    fn only_known_hosts_may_be_asked() {
        let (_directory, mut session) = session();
        session.settings.allowed_sources = vec!["allowed.example".to_owned()];
        session.settings.insecure = vec!["127.0.0.1:5000".to_owned()];
        let recogniser = Recogniser::open(&session, Effort::Aside, &|_| {});
        let check = |source: &str, known: &str, asked: &str, expected: bool| {
            let mut image = inventory(source);
            image.image.config_digest = Some(digest(9));
            // What it calls itself opens no door.
            image.metadata.names = vec!["evil.example/app:1".to_owned()];
            if !known.is_empty() {
                image.metadata.repo_digests = vec![format!("{known}@{}", digest(1))];
            }
            let name = asked.parse().unwrap();
            assert_eq!(recogniser.may_ask(&name, &image), expected, "{source} {known} {asked}");
        };
        check("docker-archive", "", "debian:12", true);
        check("docker-archive", "", "docker.io/library/debian:12", true);
        check("docker-archive", "", "evil.example/base:1", false);
        check("docker-archive", "", "allowed.example/base:1", true);
        check("docker-archive", "", "127.0.0.1:5000/base:1", true);
        check("registry", "r.example/app", "r.example/base:1", true);
        check("docker", "r.example/app", "r.example/base:1", true);
        check("docker", "r.example/app", "evil.example/base:1", false);
        check("docker", "r.example/app", "r.example:444/base:1", false);
    }

    #[test]
    fn what_came_from_a_registry_with_known_layers_is_kept() {
        let (_directory, session) = session();
        let check = |source: &str, verified: usize, expected: &[&str]| {
            let mut image = inventory(source);
            image.image.digest = Some(digest(1));
            image.image.config_digest = Some(digest(2));
            image.metadata.names = vec!["r.example/app:1".to_owned()];
            image.metadata.repo_digests = match source {
                "docker-archive" => Vec::new(),
                _ => vec![format!("r.example/app@{}", digest(1))],
            };
            image.verified_layers = verified;
            image.image.layers = vec![Layer {
                digest: None,
                diff_id: Some(DiffId(digest(3))),
                size: None,
                origin: Origin::Unknown,
                created_by: None,
            }];
            let recogniser = Recogniser::open(&session, Effort::Aside, &|_| {});
            recogniser.descent(&image, &|_| {});
            recogniser.finish(&|_| {});
            let catalogue = open(&session).unwrap();
            let known = catalogue.images().unwrap().map(Result::unwrap);
            let shown: Vec<_> =
                known.map(|known| format!("{} {}", known.name(), known.source)).collect();
            assert_eq!(shown, expected, "{source}");
        };
        check("docker-archive", 1, &[]);
        check("registry", 0, &[]);
        check("registry", 1, &["r.example/app:1 scanned"]);
        // Known already.
        check("docker", 1, &["r.example/app:1 scanned"]);
    }

    #[test]
    fn a_damaged_catalogue_is_said_once_and_nothing_fails() {
        use std::sync::Mutex;
        let (directory, session) = session();
        std::fs::write(directory.path().join("bases"), "no table").unwrap();
        let warnings = Mutex::new(Vec::new());
        let observer = |event: Event| {
            if let Event::Warning(text) = event {
                warnings.lock().unwrap().push(text);
            }
        };
        let recogniser = Recogniser::open(&session, Effort::Aside, &observer);
        for _ in 0..2 {
            assert!(recogniser.descent(&inventory("registry"), &observer).base.is_none());
        }
        recogniser.finish(&observer);
        let warnings = warnings.into_inner().unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("bases cannot be recognised: the catalogue"),
            "{warnings:?}"
        );
        assert!(crate::bases_list(&session, None).is_err());
    }

    #[test]
    fn answers_about_official_and_chosen_repositories_are_believed() {
        let (_directory, session) = session();
        let learned = KnownImage::new(&"r.example/chosen:1".parse().unwrap(), Source::Learned);
        keep(&session, vec![learned], &mut Vec::new()).unwrap();
        let catalogue = open(&session).unwrap();
        let check = |repository: &str, expected: Source| {
            assert_eq!(trust(&catalogue, repository), expected, "{repository}");
        };
        check("docker.io/library/debian", Source::Learned);
        check("r.example/chosen", Source::Learned);
        check("r.example/other", Source::Claimed);
        check("docker.io/attacker/debian", Source::Claimed);
    }
}
