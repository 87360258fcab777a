//! Newer builds of an image: whether its tag names another digest now, and which higher versions of the same
//! variant there are.

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{KnownImage, newer_tags};
use plimsoll_model::{Digest, ImageName, Newer, NewerImage, Platform, Problem};

use crate::error::chain;
use crate::event::Observer;
use crate::inventory::read_platform;
use crate::recognition::{Descent, Recogniser};
use crate::registries::{Registries, platform_of, reference};
use crate::session::Session;

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only whether the tag has moved: one request where it has not.
    SameTag,
    /// Other tags too.
    Families,
}

/// More tags than any repository has that people build on.
const MAX_TAGS: usize = 100_000;
/// So many other tags are looked into: each is an image to pull.
const MAX_FAMILY: usize = 5;

/// A newer build and, where it could be read, what is in it.
pub(crate) struct NewerBuild {
    pub(crate) image: NewerImage,
    pub(crate) inventory: Option<ImageInventory>,
}

/// An image in a registry, as it is here.
pub(crate) struct Standing {
    name: ImageName,
    /// The digests that name this very build: of an index, or of its manifest.
    digests: Vec<Digest>,
    platform: Option<Platform>,
}

impl Standing {
    /// The image itself, where it came from a registry: names that only this machine knows are nobody's
    /// business. An image that the catalogue knows layer for layer is asked for under that name.
    pub(crate) fn of_image(image: &ImageInventory, descent: &Descent) -> Option<Self> {
        Self::of_names(image).or_else(|| Self::of_itself(image, descent))
    }

    fn of_itself(image: &ImageInventory, descent: &Descent) -> Option<Self> {
        let known = descent.itself.first()?;
        let mut name = known.full_name().filter(|name| name.tag.is_some())?;
        name.digest = None;
        let mut digests: Vec<Digest> = known.digest.iter().cloned().collect();
        digests.extend(known.tags.iter().filter_map(|tag| tag.digest.clone()));
        Some(Self { name, digests, platform: image.image.platform.clone() })
    }

    fn of_names(image: &ImageInventory) -> Option<Self> {
        let metadata = &image.metadata;
        let name: ImageName = metadata
            .names
            .iter()
            .find_map(|name| name.parse().ok().filter(|name: &ImageName| name.tag.is_some()))?;
        let from_registry =
            metadata.repo_digests.iter().filter_map(|known| known.parse::<ImageName>().ok());
        let mut digests: Vec<Digest> = from_registry.filter_map(|known| known.digest).collect();
        if digests.is_empty() || name.registry.as_deref() == Some("localhost") {
            return None;
        }
        digests.extend(metadata.index_digest.clone());
        digests.extend(image.image.digest.clone());
        Some(Self { name, digests, platform: image.image.platform.clone() })
    }

    /// The base, where its name is known.
    pub(crate) fn of_base(image: &ImageInventory, descent: &Descent) -> Option<Self> {
        let base = descent.base.as_ref()?;
        let known = descent.known.as_ref();
        let mut name = known
            .and_then(KnownImage::full_name)
            .or_else(|| base.reference.parse().ok())
            .filter(|name| name.tag.is_some())?;
        name.digest = None;
        let mut digests: Vec<Digest> = base.digest.iter().cloned().collect();
        digests.extend(
            known.into_iter().flat_map(|known| &known.tags).filter_map(|tag| tag.digest.clone()),
        );
        Some(Self { name, digests, platform: image.image.platform.clone() })
    }
}

/// Looks for newer builds, nearest first, and reads them. What cannot be asked or read is a problem.
pub(crate) fn newer_builds(
    session: &Session,
    recogniser: &Recogniser<'_>,
    standing: &Standing,
    reach: Reach,
    observer: Observer<'_>,
) -> (Vec<NewerBuild>, Vec<Problem>) {
    let Some(registries) = recogniser.registries() else { return (Vec::new(), Vec::new()) };
    let mut problems = Vec::new();
    let digest = match registries.digest(&standing.name) {
        Ok(digest) => digest,
        Err(error) => return (Vec::new(), vec![problem(&standing.name, chain(&error))]),
    };
    let mut wanted = Vec::new();
    if !standing.digests.contains(&digest) {
        let name = ImageName { digest: Some(digest), ..standing.name.clone() };
        wanted.push((name, Newer::SameTag));
    }
    if reach == Reach::Families {
        match family(registries, &standing.name) {
            Ok(family) => wanted.extend(family),
            Err(error) => problems.push(problem(&standing.name, error)),
        }
    }
    let mut builds = Vec::new();
    for (name, relation) in wanted {
        let platform = platform_of(standing.platform.as_ref());
        match read_platform(session, &reference(&name), platform, observer) {
            Ok(read) => builds.extend(
                read.into_iter()
                    .filter(|read| !is_this(standing, read))
                    .map(|read| build(&name, relation, read)),
            ),
            Err(error) => {
                problems.push(problem(&name, chain(&error)));
                builds.push(unread(&name, relation));
            }
        }
    }
    (builds, problems)
}

fn family(
    registries: &Registries<'_>,
    name: &ImageName,
) -> Result<Vec<(ImageName, Newer)>, String> {
    let Some(tag) = &name.tag else { return Ok(Vec::new()) };
    let all = registries.tags(name, MAX_TAGS).map_err(|error| chain(&error))?;
    let newer = newer_tags(tag, &all).into_iter().take(MAX_FAMILY);
    let named = |tag| ImageName { tag: Some(tag), ..name.clone() };
    Ok(newer.map(|(tag, relation)| (named(tag), relation)).collect())
}

/// An index may change without the manifest for this platform.
fn is_this(standing: &Standing, read: &ImageInventory) -> bool {
    read.image.digest.as_ref().is_some_and(|digest| standing.digests.contains(digest))
}

fn build(name: &ImageName, relation: Newer, read: ImageInventory) -> NewerBuild {
    let image = NewerImage {
        digest: read.image.digest.clone(),
        created: read.image.created,
        eol: read.os.as_ref().and_then(|os| os.eol.clone()),
        ..unread(name, relation).image
    };
    NewerBuild { image, inventory: Some(read) }
}

fn unread(name: &ImageName, relation: Newer) -> NewerBuild {
    let shown = KnownImage::new(
        &ImageName { digest: None, ..name.clone() },
        plimsoll_lineage::Source::Learned,
    );
    let image = NewerImage {
        reference: shown.name(),
        digest: name.digest.clone(),
        relation,
        created: None,
        eol: None,
        effect: None,
    };
    NewerBuild { image, inventory: None }
}

fn problem(name: &ImageName, message: String) -> Problem {
    Problem { path: name.to_string(), layer: None, message }
}
