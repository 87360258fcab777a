//! Which base an image stands on, and what could take its place.

use plimsoll_advice::{OtherImage, Outcome, Simulator, Subject};
use plimsoll_model::{BaseReport, BaseSchema, ImageReference, NewerImage, Package, Problem, Tool};
use plimsoll_vulndb::Generation;

use crate::answers::Effort;
use crate::error::Error;
use crate::event::Observer;
use crate::neighbourhood::Neighbourhood;
use crate::newer::NewerBuild;
use crate::recognition::Descent;
use crate::scan::{judge, match_error};
use crate::session::Session;
use crate::survey::{Gathered, Survey, Surveyed};

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
    let mut survey = Survey::open(session, Some(Effort::Full), observer);
    let failures = survey.read_all(references);
    let Gathered { generation, images } = survey.gather()?;
    let report = |surveyed| report(session, generation.as_ref(), surveyed);
    Ok(BasesFound { bases: images.into_iter().map(report).collect::<Result<_, _>>()?, failures })
}

fn report(
    session: &Session,
    generation: Option<&Generation>,
    surveyed: Surveyed,
) -> Result<BaseReport, Error> {
    let matcher = surveyed.matcher(generation)?;
    let Surveyed { image, neighbourhood, .. } = surveyed;
    let Neighbourhood { descent, images, bases, problems: unread } = neighbourhood;
    let Descent { base, inventory: old, doubts, .. } = descent;
    let mut problems = image.problems.clone();
    problems.extend(doubts.into_iter().map(|message| Problem {
        path: image.image.reference.clone(),
        layer: None,
        message,
    }));
    problems.extend(unread);
    let scan = judge(session, image, &matcher, generation)?;
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
    let read = build.inventory.as_deref();
    OtherImage {
        reference: &build.image.reference,
        os: read.and_then(|read| read.os.as_ref()),
        packages: read.filter(|read| read.unread.is_empty()).map(|read| read.packages.as_slice()),
    }
}
