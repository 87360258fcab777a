//! What is wrong in an image: its inventory against the advisories, with what clears the findings.

use std::collections::BTreeSet;

use plimsoll_advice::{
    Advice, Choices, IgnoreRule, OtherImage, Subject, advise, apply_ignore_rules,
};
use plimsoll_distro::Pending;
use plimsoll_inventory::{ImageInventory, mark_origins};
use plimsoll_model::{
    ArchiveStatus, ArchiveSuite, Database, ImageReference, Problem, Scan, ScanSchema, Tool,
};
use plimsoll_vulndb::{Generation, MatchError, Matcher, Options};

use crate::answers::Effort;
use crate::archives::Outlook;
use crate::base::other;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::inventory::unread;
use crate::knowledge::scopes;
use crate::neighbourhood::Neighbourhood;
use crate::session::Session;
use crate::survey::{Gathered, Survey, Surveyed};

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
        self.scans.iter().any(|scan| !scan.was_evaluated())
    }
}

/// Scans the images. `rules` are ignore rules, each with the file it stands in. An image that cannot be
/// read is a failure of its own and keeps none of the others from being judged.
pub fn scan(
    session: &Session,
    references: &[ImageReference],
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Scanned, Error> {
    let mut survey = Survey::open(session, Some(Effort::Aside), observer);
    let failures = survey.read_all(references);
    let Judged { scans, expired_rules } = judge_all(survey, rules)?;
    Ok(Scanned { scans, failures, expired_rules })
}

/// What became of all images that were read, in their order.
pub(crate) struct Judged {
    pub(crate) scans: Vec<Scan>,
    pub(crate) expired_rules: BTreeSet<String>,
}

/// Gathers what is needed and judges all images that were read.
pub(crate) fn judge_all(
    survey: Survey<'_, '_>,
    rules: &[(String, IgnoreRule)],
) -> Result<Judged, Error> {
    let (session, observer) = (survey.session(), survey.observer());
    let Gathered { generation, images } = survey.gather()?;
    let mut judged = Judged { scans: Vec::new(), expired_rules: BTreeSet::new() };
    // Several images of one release have the same suites.
    let mut silent = BTreeSet::new();
    for surveyed in images {
        observer(Event::Matching);
        let matcher = surveyed.matcher(generation.as_ref())?;
        let Surveyed { image, neighbourhood, outlook } = surveyed;
        let mut scan = judge(session, image, &matcher, generation.as_ref())?;
        neighbourhood.mark(&mut scan);
        judged.expired_rules.extend(set_aside(session, rules, &mut scan));
        if let Some(outlook) = &outlook {
            scan.problems.extend(distrusted(outlook));
            silent.extend(unanswered(outlook));
        }
        neighbourhood.advise(&matcher, outlook.as_ref(), &mut scan)?;
        neighbourhood.tell(observer);
        scan.base = neighbourhood.descent.base;
        judged.scans.push(scan);
    }
    if !silent.is_empty() && !session.settings.offline {
        let suites = Vec::from_iter(silent).join(", ");
        observer(Event::Warning(format!(
            "not reached: {suites}: what clears findings is known from advisories alone"
        )));
    }
    Ok(judged)
}

/// What is wrong with archives, for the document: something was answered whose word does not count. Sources that
/// were not allowed to be asked are in `changes`: of those nothing is wrong.
fn distrusted(outlook: &Outlook) -> Vec<Problem> {
    let is_wrong = |suite: &&ArchiveSuite| match suite.status {
        ArchiveStatus::NotAllowed | ArchiveStatus::Unreachable => false,
        status => !status.is_usable(),
    };
    let problem = |suite: &ArchiveSuite| Problem {
        path: suite.address.clone(),
        layer: None,
        message: match &suite.reason {
            Some(reason) => format!("{} is {}: {reason}", suite.suite, suite.status),
            None => format!("{} is {}", suite.suite, suite.status),
        },
    };
    let suites = outlook.suites.iter().filter(is_wrong).map(problem);
    suites.chain(outlook.problems.iter().cloned()).collect()
}

/// Suites that did not answer, where security updates are among what is not known for it. That may be over tomorrow.
fn unanswered(outlook: &Outlook) -> impl Iterator<Item = String> {
    let is_silent =
        |suite: &&ArchiveSuite| !outlook.is_whole && suite.status == ArchiveStatus::Unreachable;
    outlook.suites.iter().filter(is_silent).map(|suite| suite.suite.clone())
}

impl Neighbourhood {
    /// Says what is not in the document.
    fn tell(&self, observer: Observer<'_>) {
        for doubt in &self.descent.doubts {
            observer(Event::Warning(doubt.clone()));
        }
        for Problem { path, message, .. } in &self.problems {
            observer(Event::Warning(format!("newer builds of {path} are not known: {message}")));
        }
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
pub(crate) fn set_aside(
    session: &Session,
    rules: &[(String, IgnoreRule)],
    scan: &mut Scan,
) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_whose_word_does_not_count_is_a_problem() {
        let check = |status, is_whole, problems: &[&str], warnings: &[&str]| {
            let suite = ArchiveSuite {
                suite: "bookworm-security".to_owned(),
                address: "security.debian.org/debian-security".to_owned(),
                signed_by: None,
                date: None,
                valid_until: None,
                status,
                reason: Some("why".to_owned()),
            };
            let outlook = Outlook { suites: vec![suite], is_whole, ..Outlook::default() };
            let found: Vec<_> = distrusted(&outlook)
                .into_iter()
                .map(|problem| format!("{}: {}", problem.path, problem.message))
                .collect();
            assert_eq!(found, problems);
            assert_eq!(unanswered(&outlook).collect::<Vec<_>>(), warnings);
        };
        let word = |status| {
            format!("security.debian.org/debian-security: bookworm-security is {status}: why")
        };
        check(ArchiveStatus::Verified, true, &[], &[]);
        check(ArchiveStatus::NotAllowed, true, &[], &[]);
        check(ArchiveStatus::RolledBack, false, &[&word("rolled_back")], &[]);
        check(ArchiveStatus::WronglySigned, true, &[&word("wrongly_signed")], &[]);
        check(ArchiveStatus::Unreachable, false, &[], &["bookworm-security"]);
        check(ArchiveStatus::Unreachable, true, &[], &[]);
    }
}
