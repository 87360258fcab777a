//! What an image looks like, where neither its layers nor its own word tell.

use plimsoll_model::{Base, BaseMethod, Confidence, ImageName, Os};

use super::{Known, MAX_TIES, Recognition, Subject, Witness, base, environment, history, system};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::known::{KnownImage, Source, short};
use crate::packages::Likeness;

/// A Debian image with fewer packages is a slim one with something added; the full images of languages have 400.
const MAX_SLIM_PACKAGES: usize = 200;

/// Adds a guess, and what to ask for to make it more.
pub(super) fn guess(
    subject: &Subject<'_>,
    known: &Known<'_>,
    recognition: &mut Recognition,
) -> Result<(), CatalogueError> {
    let repositories = Repositories::of(subject, known);
    let product = products(subject, &repositories)?;
    let made = made(subject, &repositories)?;
    let near = nearest(subject, known)?;
    let system = system(subject, &repositories)?;

    // The nearer base first: an image of a language stands on one of a system.
    recognition.base = match (&product, &made, near) {
        (Some(names), ..) | (None, Some(names), _) => looks_like(names, BaseMethod::History),
        (None, None, Some(images)) => {
            let (method, confidence) = (BaseMethod::Packages, Confidence::Guess);
            let base = base(&images, None, Witness { layers: 0, method, confidence });
            recognition.image = images.into_iter().next();
            base
        }
        (None, None, None) => {
            system.as_deref().and_then(|names| looks_like(names, BaseMethod::Packages))
        }
    };
    let product = product.unwrap_or_default();
    let below = made.or(system).unwrap_or_default();
    // Two of the three for the nearer base, so that one is left for the base below it.
    let (likely, rest) = product.split_at(product.len().min(2));
    recognition.ask = [likely, &below, rest].concat();
    Ok(())
}

/// Names of an image that would be a nearer base than one of the system.
pub(super) fn nearer(
    subject: &Subject<'_>,
    known: &Known<'_>,
) -> Result<Vec<ImageName>, CatalogueError> {
    Ok(products(subject, &Repositories::of(subject, known))?.unwrap_or_default())
}

/// The repositories that are looked for: official ones, whatever the image says.
pub(super) fn spoken_of(subject: &Subject<'_>) -> Vec<String> {
    let products = environment::products(subject.env).map(|product| product.repository.to_owned());
    let made = history::made(subject).map(|made| made.repository.to_owned());
    let system = subject.os.and_then(system::image).map(|(repository, _)| repository);
    let names = products.chain(made).chain(system);
    names.filter_map(|name| Some(crate::known::repository(&name.parse().ok()?))).collect()
}

fn looks_like(names: &[ImageName], method: BaseMethod) -> Option<Base> {
    let shown = |name: &ImageName| {
        let repository = crate::known::repository(name);
        format!("{}:{}", short(&repository), name.tag.as_deref().unwrap_or("latest"))
    };
    let (first, others) = names.split_first()?;
    Some(Base {
        reference: shown(first),
        digest: None,
        layers: 0,
        method,
        confidence: Confidence::Guess,
        created: None,
        ties: others.iter().map(shown).take(MAX_TIES).collect(),
    })
}

/// Names of the image whose variables are inherited, the likeliest variant first.
fn products(
    subject: &Subject<'_>,
    repositories: &Repositories<'_>,
) -> Result<Option<Vec<ImageName>>, CatalogueError> {
    let mut found = None;
    for product in environment::products(subject.env) {
        if let Some(repository) = repositories.find(product.repository)? {
            found = Some((product, repository));
            break;
        }
    }
    let Some((product, repository)) = found else { return Ok(None) };
    let bare = format!("{}{}", product.version, product.suffix);
    let tags = match subject.os.and_then(system::suffix) {
        Some(suffix) if has_slim(subject.os) => {
            let (slim, full) = (format!("{bare}-slim-{suffix}"), format!("{bare}-{suffix}"));
            if is_slim(subject) { vec![slim, full, bare] } else { vec![full, slim, bare] }
        }
        Some(suffix) => vec![format!("{bare}-{suffix}"), bare],
        None => vec![bare],
    };
    Ok(Some(names(&repository, &tags)))
}

/// Names of the lowest image, out of the step that made it.
fn made(
    subject: &Subject<'_>,
    repositories: &Repositories<'_>,
) -> Result<Option<Vec<ImageName>>, CatalogueError> {
    let Some(made) = history::made(subject) else { return Ok(None) };
    let repository = repositories.find(made.repository)?;
    Ok(repository.map(|repository| names(&repository, &with_slim(subject, made.tag))))
}

/// Names of the image of the system.
fn system(
    subject: &Subject<'_>,
    repositories: &Repositories<'_>,
) -> Result<Option<Vec<ImageName>>, CatalogueError> {
    let Some((repository, tag)) = subject.os.and_then(system::image) else { return Ok(None) };
    let repository = repositories.find(&repository)?;
    Ok(repository.map(|repository| names(&repository, &with_slim(subject, tag))))
}

fn with_slim(subject: &Subject<'_>, tag: String) -> Vec<String> {
    if subject.os.is_none_or(|os| os.id != "debian") {
        return vec![tag];
    }
    let slim = format!("{tag}-slim");
    if is_slim(subject) { vec![slim, tag] } else { vec![tag, slim] }
}

/// The image of the catalogue with the most similar packages.
fn nearest(
    subject: &Subject<'_>,
    known: &Known<'_>,
) -> Result<Option<Vec<KnownImage>>, CatalogueError> {
    let is_other = |image: &KnownImage| {
        let own = subject.name.map(crate::known::repository);
        Some(&image.repository) != own.as_ref()
            && (image.digest.is_none() || image.digest.as_ref() != subject.digest)
    };
    let nearest = known.catalogue.nearest(subject.packages, subject.platform)?;
    let best = nearest.first().map(|nearest| nearest.likeness);
    let mut images: Vec<KnownImage> = nearest.into_iter().map(|nearest| nearest.image).collect();
    let mut likeness = best;
    for other in known.others {
        let Some(list) = &other.packages else { continue };
        let found: Likeness = subject.packages.likeness_to(list);
        if found.is_enough() && likeness.is_none_or(|best| found >= best) {
            if likeness != Some(found) {
                images.clear();
            }
            likeness = Some(found);
            images.push(other.clone());
        }
    }
    images.retain(is_other);
    images.sort_by_key(|image| std::cmp::Reverse((image.source.trust(), image.created)));
    Ok((!images.is_empty()).then_some(images))
}

fn has_slim(os: Option<&Os>) -> bool {
    os.is_some_and(|os| os.id == "debian")
}

fn is_slim(subject: &Subject<'_>) -> bool {
    subject.packages.len() <= MAX_SLIM_PACKAGES
}

fn names(repository: &str, tags: &[String]) -> Vec<ImageName> {
    tags.iter().filter_map(|tag| format!("{repository}:{tag}").parse().ok()).collect()
}

/// Where official images come from here: a repository that was learned counts before Docker Hub's.
struct Repositories<'a> {
    catalogue: &'a Catalogue,
    own: Option<String>,
}

impl<'a> Repositories<'a> {
    fn of(subject: &Subject<'_>, known: &Known<'a>) -> Self {
        let own = subject.name.map(crate::known::repository);
        Self { catalogue: known.catalogue, own }
    }

    /// The full repository for an official image's; none if it is the subject's own, which is no base of itself.
    fn find(&self, repository: &str) -> Result<Option<String>, CatalogueError> {
        let Ok(name) = repository.parse::<ImageName>() else { return Ok(None) };
        let official = crate::known::repository(&name);
        let ending = format!("/{}", name.repository);
        let is_it = |known: &str| known == official || known.ends_with(&ending);
        if self.own.as_deref().is_some_and(is_it) {
            return Ok(None);
        }
        if !self.catalogue.has_repository(&official)? {
            for known in self.catalogue.repositories()? {
                let known = known?;
                if is_it(&known) && self.is_chosen(&known)? {
                    return Ok(Some(known.into_owned()));
                }
            }
        }
        Ok(Some(official))
    }

    /// Whether the operator put the repository into the catalogue, not some image that was looked at.
    fn is_chosen(&self, repository: &str) -> Result<bool, CatalogueError> {
        let is_chosen =
            |image: &KnownImage| matches!(image.source, Source::Learned | Source::Imported(_));
        Ok(self.catalogue.images_of(repository)?.iter().any(is_chosen))
    }
}
