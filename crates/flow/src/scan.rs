//! What is wrong in an image: its inventory against the advisories, with what clears the findings.

use std::collections::BTreeSet;

use plimsoll_advice::{IgnoreRule, apply_ignore_rules, remedies};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{CoverageStatus, Database, ImageReference, Scan, ScanSchema, Scope, Tool};
use plimsoll_vulndb::matching::scopes_of;
use plimsoll_vulndb::{Generation, MatchError, Matcher, Options};

use crate::error::Error;
use crate::event::{Event, Observer};
use crate::inventory::{read_images, unread};
use crate::session::Session;
use crate::update::refresh;

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

/// Scans the images. `rules` are ignore rules, each with the file it stands in. An image that cannot be
/// read is a failure of its own and keeps none of the others from being judged.
pub fn scan(
    session: &Session,
    references: &[ImageReference],
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Scanned, Error> {
    let mut inventories = Vec::new();
    let mut failures = Vec::new();
    for reference in references {
        match read_images(session, reference, observer) {
            Ok(read) => inventories.extend(read),
            Err(error) => failures.push(error),
        }
    }
    let scopes: BTreeSet<Scope> = inventories.iter().flat_map(scopes).collect();
    let generation = refresh(session, &scopes, observer)?;
    observer(Event::Matching);
    let mut expired_rules = BTreeSet::new();
    let mut scans = Vec::new();
    for inventory in inventories {
        let mut scan = judge(session, inventory, generation.as_ref())?;
        expired_rules.extend(set_aside(session, rules, &mut scan));
        scan.remedies = remedies(&scan.packages, &scan.findings);
        scans.push(scan);
    }
    Ok(Scanned { scans, failures, expired_rules })
}

pub(crate) fn scopes(inventory: &ImageInventory) -> Vec<Scope> {
    scopes_of(inventory.os.as_ref(), &inventory.packages)
}

fn judge(
    session: &Session,
    inventory: ImageInventory,
    generation: Option<&Generation>,
) -> Result<Scan, Error> {
    let scopes = scopes(&inventory);
    let options = Options { now: session.surroundings.now, max_age: session.settings.max_db_age };
    let matched = Matcher::open(generation, &scopes)
        .and_then(|m| m.match_packages(&inventory.packages, inventory.os.as_ref(), &options))
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
