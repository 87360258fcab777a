//! What an image looks like, where neither its layers nor its own word tell.

use plimsoll_model::{Base, BaseMethod, Confidence, ImageName, Os};

use super::{Known, MAX_TIES, Recognition, Subject, Witness, base, environment, history, system};
use crate::catalogue::CatalogueError;
use crate::known::{KnownImage, short};
use crate::packages::Likeness;

/// A Debian image with fewer packages is a slim one with something added; the full images of languages have 400.
const MAX_SLIM_PACKAGES: usize = 200;

/// Adds a guess, and what to ask for to make it more.
pub(super) fn guess(
    subject: &Subject<'_>,
    known: &Known<'_>,
    recognition: &mut Recognition,
) -> Result<(), CatalogueError> {
    let repositories = Repositories::of(subject, known)?;
    let product = products(subject, &repositories);
    let made = made(subject, &repositories);
    let near = nearest(subject, known)?;
    let system = system(subject, &repositories);

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
    Ok(products(subject, &Repositories::of(subject, known)?).unwrap_or_default())
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
fn products(subject: &Subject<'_>, repositories: &Repositories) -> Option<Vec<ImageName>> {
    let mut all = environment::products(subject.env);
    let (product, repository) = all.find_map(|product| {
        let repository = repositories.find(product.repository)?;
        Some((product, repository))
    })?;
    let bare = format!("{}{}", product.version, product.suffix);
    let tags = match subject.os.and_then(system::suffix) {
        Some(suffix) if has_slim(subject.os) => {
            let (slim, full) = (format!("{bare}-slim-{suffix}"), format!("{bare}-{suffix}"));
            if is_slim(subject) { vec![slim, full, bare] } else { vec![full, slim, bare] }
        }
        Some(suffix) => vec![format!("{bare}-{suffix}"), bare],
        None => vec![bare],
    };
    Some(names(&repository, &tags))
}

/// Names of the lowest image, out of the step that made it.
fn made(subject: &Subject<'_>, repositories: &Repositories) -> Option<Vec<ImageName>> {
    let made = history::made(subject)?;
    let repository = repositories.find(made.repository)?;
    Some(names(&repository, &with_slim(subject, made.tag)))
}

/// Names of the image of the system.
fn system(subject: &Subject<'_>, repositories: &Repositories) -> Option<Vec<ImageName>> {
    let (repository, tag) = system::image(subject.os?)?;
    let repository = repositories.find(&repository)?;
    Some(names(&repository, &with_slim(subject, tag)))
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
struct Repositories {
    known: Vec<String>,
    own: Option<String>,
}

impl Repositories {
    fn of(subject: &Subject<'_>, known: &Known<'_>) -> Result<Self, CatalogueError> {
        let own = subject.name.map(crate::known::repository);
        Ok(Self { known: known.catalogue.repositories()?, own })
    }

    /// The full repository for an official image's; none if it is the subject's own, which is no base of itself.
    fn find(&self, repository: &str) -> Option<String> {
        let name: ImageName = repository.parse().ok()?;
        let official = crate::known::repository(&name);
        let ending = format!("/{}", name.repository);
        let is_it = |known: &str| known == official || known.ends_with(&ending);
        if self.own.as_deref().is_some_and(is_it) {
            return None;
        }
        let known = self.known.iter().find(|known| **known == official);
        let known = known.or_else(|| self.known.iter().find(|known| is_it(known)));
        Some(known.cloned().unwrap_or(official))
    }
}
