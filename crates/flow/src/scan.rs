//! What is wrong in an image: its inventory against the advisories, with what clears the findings.

use std::collections::BTreeSet;

use plimsoll_advice::{
    Advice, Choices, IgnoreRule, OtherImage, Subject, advise, apply_ignore_rules,
};
use plimsoll_distro::Pending;
use plimsoll_inventory::{ImageInventory, mark_origins};
use plimsoll_model::{
    Confidence, CoverageStatus, Database, ImageReference, Problem, Scan, ScanSchema, Scope, Tool,
};
use plimsoll_vulndb::{Generation, MatchError, Matcher, Options};

use crate::archives::Outlook;
use crate::base::other;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::inventory::{read_all, unread};
use crate::knowledge::{Knowledge, gather, scopes};
use crate::newer::{NewerBuild, Reach, Standing, newer_builds};
use crate::recognition::{Descent, Recogniser};
use crate::session::Session;

/// The scans, what could not be scanned, and the ignore rules that have expired.
pub struct Scanned {
    /// One for each image and platform, in the order asked for.
    pub scans: Vec<Scan>,
    /// Why images are missing from `scans`.
    pub failures: Vec<Error>,
    /// Where each expired rule stands.
    pub expired_rules: BTreeSet<String>,
}

impl Scanned {
    /// Whether some scan left something unjudged, so that "nothing found" would not be the whole
    /// truth of the image.
    pub fn any_unknown(&self) -> bool {
        self.scans.iter().any(|scan| !was_evaluated(scan))
    }
}

/// Whether every part was read, and judged with usable data.
pub fn was_evaluated(scan: &Scan) -> bool {
    !scan.coverage.is_empty()
        && scan.coverage.iter().all(|part| part.status == CoverageStatus::Evaluated)
}

/// How much is said about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What is wrong.
    Findings,
    /// Also what it was built on and what would clear the findings.
    Advice,
}

/// Scans the images. `rules` are ignore rules, each with the file it stands in. An image that cannot be
/// read is a failure of its own and keeps none of the others from being judged.
pub fn scan(
    session: &Session,
    references: &[ImageReference],
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Scanned, Error> {
    scan_to(Depth::Advice, session, references, rules, observer)
}

pub(crate) fn scan_to(
    depth: Depth,
    session: &Session,
    references: &[ImageReference],
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Scanned, Error> {
    let (images, failures) = read_all(session, references, observer);
    let Knowledge { generation, outlooks } = gather(session, &images, observer)?;
    let recogniser = match depth {
        Depth::Findings => None,
        Depth::Advice => Some(Recogniser::open(session)?),
    };
    let mut expired_rules = BTreeSet::new();
    let mut scans = Vec::new();
    for (image, outlook) in images.into_iter().zip(outlooks) {
        let surroundings = match &recogniser {
            Some(recogniser) => look_around(session, recogniser, &image, observer)?,
            None => Neighbourhood::default(),
        };
        observer(Event::Matching);
        let wanted: Vec<Scope> = scopes(&image).into_iter().chain(surroundings.scopes()).collect();
        let matcher = Matcher::open(generation.as_ref(), &wanted).map_err(match_error)?;
        let mut scan = judge(session, image, &matcher, generation.as_ref())?;
        surroundings.mark(&mut scan);
        expired_rules.extend(set_aside(session, rules, &mut scan));
        if depth == Depth::Advice {
            surroundings.advise(&matcher, outlook.as_ref(), &mut scan)?;
        }
        scan.base = surroundings.descent.base;
        scans.push(scan);
    }
    Ok(Scanned { scans, failures, expired_rules })
}

/// What stands around an image: its base, and newer builds of both.
#[derive(Default)]
struct Neighbourhood {
    descent: Descent,
    images: Vec<NewerBuild>,
    bases: Vec<NewerBuild>,
}

/// Recognises the base, and asks whether its tag and that of the image have moved.
fn look_around(
    session: &Session,
    recogniser: &Recogniser<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Result<Neighbourhood, Error> {
    let descent = recogniser.descent(image, observer)?;
    for doubt in &descent.doubts {
        observer(Event::Warning(doubt.clone()));
    }
    let look = |standing: Option<Standing>| match standing {
        Some(standing) => {
            let (builds, problems) =
                newer_builds(session, recogniser, &standing, Reach::SameTag, observer);
            for Problem { path, message, .. } in problems {
                observer(Event::Note(format!("{path}: {message}")));
            }
            builds
        }
        None => Vec::new(),
    };
    let images = look(Standing::of_image(image, &descent));
    // A guess is not worth a request: what a newer build of it would clear could not be said.
    let is_guess = descent.base.as_ref().is_some_and(|base| base.confidence == Confidence::Guess);
    let base = if is_guess { None } else { Standing::of_base(image, &descent) };
    let bases = look(base);
    Ok(Neighbourhood { descent, images, bases })
}

impl Neighbourhood {
    fn scopes(&self) -> Vec<Scope> {
        let read = self.images.iter().chain(&self.bases).filter_map(|b| b.inventory.as_ref());
        read.flat_map(scopes).collect()
    }

    /// Says of layers and findings whether they are the base's.
    fn mark(&self, scan: &mut Scan) {
        let Some(base) = &self.descent.inventory else { return };
        let layers = base.image.layers.len();
        let origins = mark_origins(&mut scan.image, layers, &base.packages, &scan.packages);
        for finding in &mut scan.findings {
            finding.origin = origins.get(&finding.package).copied().unwrap_or_default();
        }
    }

    fn advise(
        &self,
        matcher: &Matcher,
        outlook: Option<&Outlook>,
        scan: &mut Scan,
    ) -> Result<(), Error> {
        let pending: Option<Vec<Pending>> = outlook
            .filter(|outlook| outlook.is_whole)
            .map(|o| o.updates.iter().map(|newer| newer.pending.clone()).collect());
        let bases: Vec<OtherImage<'_>> = self.bases.iter().map(other).collect();
        let images: Vec<OtherImage<'_>> = self.images.iter().map(other).collect();
        let subject =
            Subject { packages: &scan.packages, findings: &scan.findings, os: scan.os.as_ref() };
        let choices = Choices {
            pending: pending.as_deref(),
            old_base: self.descent.inventory.as_ref().map(|old| old.packages.as_slice()),
            bases: &bases,
            images: &images,
        };
        let Advice { remedies, rejected } =
            advise(matcher, subject, &choices).map_err(match_error)?;
        scan.remedies = remedies;
        scan.rejected_remedies = rejected;
        Ok(())
    }
}

/// Compares an image's packages with the advisories.
pub(crate) fn judge(
    session: &Session,
    inventory: ImageInventory,
    matcher: &Matcher,
    generation: Option<&Generation>,
) -> Result<Scan, Error> {
    let scopes = scopes(&inventory);
    let options = Options { now: session.surroundings.now, max_age: session.settings.max_db_age };
    let matched = matcher
        .match_packages(&inventory.packages, inventory.os.as_ref(), &options)
        .map_err(match_error)?;
    let mut coverage = matched.coverage;
    coverage.extend(unread(&inventory));
    let mut problems = inventory.problems;
    problems.extend(matched.problems);
    Ok(Scan {
        schema: ScanSchema::V1,
        tool: Tool { version: session.settings.tool_version.clone() },
        as_of: session.settings.as_of,
        image: inventory.image,
        os: inventory.os,
        base: None,
        packages: inventory.packages,
        findings: matched.findings,
        remedies: Vec::new(),
        rejected_remedies: Vec::new(),
        coverage,
        problems,
        database: Database {
            generation: generation.map(|generation| generation.id().to_owned()),
            as_of: generation.and_then(|generation| generation.as_of(&scopes)),
        },
    })
}

pub(crate) fn match_error(source: MatchError) -> Error {
    Error::Match(Box::new(source))
}

/// Applies the rules file by file; gives the expired ones as `file [[ignore]] n`.
fn set_aside(session: &Session, rules: &[(String, IgnoreRule)], scan: &mut Scan) -> Vec<String> {
    let mut expired = Vec::new();
    for file_rules in rules.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((file, _)) = file_rules.first() else { continue };
        let rules: Vec<_> = file_rules.iter().map(|(_, rule)| rule.clone()).collect();
        let today = session.settings.as_of;
        let numbers = apply_ignore_rules(&rules, file, today, &scan.packages, &mut scan.findings);
        expired.extend(numbers.into_iter().map(|number| format!("{file} [[ignore]] {number}")));
    }
    expired
}
