//! Newer builds of an image: whether its tag names another digest now, and which higher versions of the same
//! variant there are.

use std::sync::Arc;

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{KnownImage, Source, newer_tags};
use plimsoll_model::{Digest, ImageName, Newer, NewerImage, Platform, Problem};

use crate::answers::{Answers, Effort};
use crate::event::Observer;
use crate::names::{RegistryName, registry_names};
use crate::recognition::{Descent, Recogniser};

/// So many other tags are looked into: each is an image to pull.
const MAX_FAMILY: usize = 5;

/// A newer build and, where it could be read, what is in it.
#[derive(Clone)]
pub(crate) struct NewerBuild {
    pub(crate) image: NewerImage,
    pub(crate) inventory: Option<Arc<ImageInventory>>,
}

/// An image in a registry, as it is here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    name: ImageName,
    /// The digests that name this very build: of an index, or of its manifest.
    digests: Vec<Digest>,
    platform: Option<Platform>,
}

impl Standing {
    /// The image itself, where it came from a registry. An image that the catalogue knows layer for layer is asked
    /// for under that name.
    pub(crate) fn of_image(image: &ImageInventory, descent: &Descent) -> Option<Self> {
        Self::of_names(image).or_else(|| Self::of_itself(image, descent))
    }

    fn of_itself(image: &ImageInventory, descent: &Descent) -> Option<Self> {
        let known = descent.itself.iter().find(|known| is_registrys(known))?;
        let name = known.full_name().filter(|name| name.tag.is_some())?;
        Some(Self::new(name, digests(known), image))
    }

    fn of_names(image: &ImageInventory) -> Option<Self> {
        let names = registry_names(image);
        let RegistryName { name, mut digests } =
            names.into_iter().find(|found| found.name.tag.is_some())?;
        digests.extend(image.metadata.index_digest.clone());
        digests.extend(image.image.digest.clone());
        Some(Self::new(name, digests, image))
    }

    /// The base, where its name is known. One that nobody but the image and its like names is asked for where
    /// `may_ask` its host (trust rule 1).
    pub(crate) fn of_base(
        image: &ImageInventory,
        descent: &Descent,
        may_ask: impl Fn(&ImageName) -> bool,
    ) -> Option<Self> {
        let base = descent.base.as_ref()?;
        let known = descent.known.as_ref();
        let name = match known {
            Some(known) => known.full_name()?,
            None => base.reference.parse().ok()?,
        };
        let may_be_asked = match known.map(|known| &known.source) {
            Some(Source::Claimed) | None => may_ask(&name),
            Some(_) => known.is_some_and(is_registrys),
        };
        if name.tag.is_none() || !may_be_asked {
            return None;
        }
        let known = known.into_iter().flat_map(digests);
        let digests = base.digest.iter().cloned().chain(known).collect();
        Some(Self::new(name, digests, image))
    }

    fn new(name: ImageName, digests: Vec<Digest>, image: &ImageInventory) -> Self {
        // Who wrote `debian:12@sha256:…` wants that build; what the tag names now is asked all the same.
        let name = ImageName { digest: None, ..name };
        Self { name, digests, platform: image.image.platform.clone() }
    }
}

/// Whether an image has its name from a registry or a list of one: what only this machine calls so is nobody's
/// business.
fn is_registrys(known: &KnownImage) -> bool {
    match known.source {
        Source::Learned | Source::Imported(_) => true,
        Source::Claimed => false,
        Source::Scanned => known.tag().is_some_and(|tag| tag.digest.is_some()),
    }
}

fn digests(known: &KnownImage) -> Vec<Digest> {
    let tags = known.tags.iter().filter_map(|tag| tag.digest.clone());
    known.digest.iter().cloned().chain(tags).collect()
}

/// Looks for newer builds, nearest first, and reads them. What cannot be asked or read is a problem.
pub(crate) fn newer_builds(
    recogniser: &Recogniser<'_>,
    standing: &Standing,
    observer: Observer<'_>,
) -> (Vec<NewerBuild>, Vec<Problem>) {
    let Some(answers) = recogniser.answers() else { return (Vec::new(), Vec::new()) };
    let mut problems = Vec::new();
    let digest = match answers.digest(&standing.name) {
        Ok(digest) => digest,
        Err(why) => return (Vec::new(), vec![problem(&standing.name, why)]),
    };
    let mut wanted = Vec::new();
    if !standing.digests.contains(&digest) {
        let name = ImageName { digest: Some(digest), ..standing.name.clone() };
        wanted.push((name, Newer::SameTag));
    }
    // For a scan the question is only whether the tag has moved: one request where it has not.
    if recogniser.effort() == Effort::Full {
        match family(answers, &standing.name) {
            Ok(family) => wanted.extend(family),
            Err(why) => problems.push(problem(&standing.name, why)),
        }
    }
    let mut builds = Vec::new();
    for (name, relation) in wanted {
        match answers.images(&name, standing.platform.as_ref(), observer) {
            Ok(read) => builds.extend(
                read.into_iter()
                    .filter(|read| !is_this(standing, read))
                    .map(|read| build(&name, relation, read)),
            ),
            Err(why) => {
                problems.push(problem(&name, why));
                builds.push(unread(&name, relation));
            }
        }
    }
    (builds, problems)
}

fn family(answers: &Answers<'_>, name: &ImageName) -> Result<Vec<(ImageName, Newer)>, String> {
    let Some(tag) = &name.tag else { return Ok(Vec::new()) };
    let all = answers.tags(name)?;
    let newer = newer_tags(tag, &all).into_iter().take(MAX_FAMILY);
    let named = |tag| ImageName { tag: Some(tag), ..name.clone() };
    Ok(newer.map(|(tag, relation)| (named(tag), relation)).collect())
}

/// An index may change without the manifest for this platform.
fn is_this(standing: &Standing, read: &ImageInventory) -> bool {
    read.image.digest.as_ref().is_some_and(|digest| standing.digests.contains(digest))
}

fn build(name: &ImageName, relation: Newer, read: Arc<ImageInventory>) -> NewerBuild {
    let image = NewerImage {
        digest: read.image.digest.clone(),
        created: read.image.created,
        eol: read.os.as_ref().and_then(|os| os.eol.clone()),
        ..unread(name, relation).image
    };
    NewerBuild { image, inventory: Some(read) }
}

fn unread(name: &ImageName, relation: Newer) -> NewerBuild {
    let shown = KnownImage::new(&ImageName { digest: None, ..name.clone() }, Source::Learned);
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

#[cfg(test)]
mod tests {
    use plimsoll_model::{Base, BaseMethod, Confidence};

    use super::*;
    use crate::testing::{digest, inventory};

    fn shown(standing: Option<Standing>) -> String {
        standing.map_or_else(|| "nobody is asked".to_owned(), |standing| standing.name.to_string())
    }

    fn known(name: &str, source: Source, registry: Option<u8>) -> KnownImage {
        let mut known = KnownImage::new(&name.parse().unwrap(), source);
        for tag in &mut known.tags {
            tag.digest = registry.map(digest);
        }
        known
    }

    #[test]
    fn an_image_is_asked_for_by_the_name_that_a_registry_knows() {
        let check = |names: &[&str], itself: Option<KnownImage>, expected: &str| {
            let mut image = inventory("docker");
            image.image.config_digest = Some(digest(9));
            image.metadata.names = names.iter().map(|&name| name.to_owned()).collect();
            image.metadata.repo_digests = vec![format!("debian@{}", digest(1))];
            let descent = Descent { itself: itself.into_iter().collect(), ..Descent::default() };
            assert_eq!(shown(Standing::of_image(&image, &descent)), expected);
        };
        let pinned = format!("debian:12@{}", digest(1));
        check(&["debian:12"], None, "debian:12");
        check(&[&pinned], None, "debian:12");
        check(&["secret:prod", "debian:12"], None, "debian:12");
        check(&["secret:prod"], None, "nobody is asked");
        // `docker build -t payroll:1`: the engine's list has it under the same name.
        let local = known("payroll:1", Source::Scanned, None);
        check(&["payroll:1"], Some(local), "nobody is asked");
        let learned = known("r.example/pay:2", Source::Learned, None);
        check(&["payroll:1"], Some(learned), "r.example/pay:2");
        let listed = known("debian:12.1", Source::Imported("list".to_owned()), None);
        check(&["payroll:1"], Some(listed), "docker.io/library/debian:12.1");
    }

    #[test]
    fn a_base_is_asked_for_where_its_name_is_not_this_machines_alone() {
        let check = |known: Option<KnownImage>, may_ask: bool, expected: &str| {
            let reference =
                known.as_ref().map_or("r.example/claimed:1".to_owned(), KnownImage::name);
            let base = Base {
                reference,
                digest: None,
                layers: 1,
                method: BaseMethod::Layers,
                confidence: Confidence::Confirmed,
                created: None,
                ties: Vec::new(),
            };
            let descent = Descent { base: Some(base), known, ..Descent::default() };
            let standing = Standing::of_base(&inventory("docker"), &descent, |_| may_ask);
            assert_eq!(shown(standing), expected);
        };
        let debian = "docker.io/library/debian:12";
        check(Some(known("debian:12", Source::Learned, None)), false, debian);
        check(Some(known("debian:12", Source::Imported(String::new()), None)), false, debian);
        // Pulled, and built here.
        check(Some(known("debian:12", Source::Scanned, Some(1))), false, debian);
        check(Some(known("payroll-base:1", Source::Scanned, None)), true, "nobody is asked");
        check(Some(known("debian:12", Source::Claimed, Some(1))), false, "nobody is asked");
        check(Some(known("debian:12", Source::Claimed, Some(1))), true, debian);
        check(None, false, "nobody is asked");
        check(None, true, "r.example/claimed:1");
    }

    #[test]
    fn the_digests_of_this_build_are_all_that_name_it() {
        let mut image = inventory("registry");
        image.metadata.names = vec!["docker.io/library/debian:12".to_owned()];
        image.metadata.repo_digests = vec![format!("docker.io/library/debian@{}", digest(1))];
        image.metadata.index_digest = Some(digest(1));
        image.image.digest = Some(digest(2));
        let standing = Standing::of_image(&image, &Descent::default()).unwrap();
        assert_eq!(standing.digests, [digest(1), digest(1), digest(2)]);
    }
}
