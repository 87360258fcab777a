//! Which base an image stands on, and what could take its place.

use plimsoll_advice::{OtherImage, Outcome, Simulator, Subject};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{BaseReport, BaseSchema, ImageReference, NewerImage, Package, Problem, Tool};
use plimsoll_vulndb::Matcher;

use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_all;
use crate::knowledge::{gather, scopes};
use crate::newer::{NewerBuild, Reach, Standing, newer_builds};
use crate::recognition::{Descent, Recogniser};
use crate::scan::{judge, match_error};
use crate::session::Session;

/// The answers, and what could not be looked at.
pub struct BasesFound {
    /// One for each image and platform, in the order asked for.
    pub bases: Vec<BaseReport>,
    /// Why images are missing.
    pub failures: Vec<Error>,
}

/// Looks for the base of each image and for newer builds of both, and says what each would clear.
pub fn base(
    session: &Session,
    references: &[ImageReference],
    observer: Observer<'_>,
) -> Result<BasesFound, Error> {
    let (images, failures) = read_all(session, references, observer);
    let recogniser = Recogniser::open(session)?;
    let mut bases = Vec::new();
    for image in images {
        bases.push(report(session, &recogniser, image, observer)?);
    }
    Ok(BasesFound { bases, failures })
}

fn report(
    session: &Session,
    recogniser: &Recogniser<'_>,
    image: ImageInventory,
    observer: Observer<'_>,
) -> Result<BaseReport, Error> {
    let descent = recogniser.descent(&image, observer)?;
    let mut problems = image.problems.clone();
    problems.extend(descent.doubts.iter().map(|doubt| Problem {
        path: image.image.reference.clone(),
        layer: None,
        message: doubt.clone(),
    }));
    let mut look = |standing: Option<Standing>| match standing {
        Some(standing) => {
            let reach = Reach::Families;
            let (builds, new) = newer_builds(session, recogniser, &standing, reach, observer);
            problems.extend(new);
            builds
        }
        None => Vec::new(),
    };
    let images = look(Standing::of_image(&image, &descent));
    let bases = look(Standing::of_base(&image, &descent));

    let knowledge = gather(session, std::slice::from_ref(&image), observer)?;
    let read = images.iter().chain(&bases).filter_map(|build| build.inventory.as_ref());
    let wanted: Vec<_> = scopes(&image).into_iter().chain(read.flat_map(scopes)).collect();
    let matcher = Matcher::open(knowledge.generation.as_ref(), &wanted).map_err(match_error)?;
    let Descent { base, inventory: old, .. } = descent;
    let scan = judge(session, image, &matcher, knowledge.generation.as_ref())?;
    let subject =
        Subject { packages: &scan.packages, findings: &scan.findings, os: scan.os.as_ref() };
    let simulator = Simulator::new(&matcher, subject);
    let old: Option<&[Package]> = old.as_ref().map(|old| old.packages.as_slice());
    let newer_images = images
        .iter()
        .map(|build| with_effect(build, |other| simulator.replace_image(other)))
        .collect::<Result<_, _>>()?;
    let newer_bases = bases
        .iter()
        .map(|build| {
            with_effect(build, |other| match old {
                Some(old) => simulator.replace_base(old, other),
                None => Ok(Outcome::Unknown("its layers are not known".to_owned())),
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(BaseReport {
        schema: BaseSchema::V1,
        tool: Tool { version: session.settings.tool_version.clone() },
        as_of: session.settings.as_of,
        image: scan.image,
        os: scan.os,
        base,
        newer_images,
        newer_bases,
        problems,
    })
}

fn with_effect(
    build: &NewerBuild,
    simulate: impl Fn(&OtherImage<'_>) -> Result<Outcome, plimsoll_vulndb::MatchError>,
) -> Result<NewerImage, Error> {
    let outcome = simulate(&other(build)).map_err(match_error)?;
    Ok(NewerImage { effect: outcome.effect(), ..build.image.clone() })
}

/// A newer build as advice weighs it; one that was not read completely counts as unknown.
pub(crate) fn other(build: &NewerBuild) -> OtherImage<'_> {
    let read = build.inventory.as_ref();
    OtherImage {
        reference: &build.image.reference,
        os: read.and_then(|read| read.os.as_ref()),
        packages: read.filter(|read| read.unread.is_empty()).map(|read| read.packages.as_slice()),
    }
}
