//! The distribution archive as a feed: whatever the signed security suite has a newer version of, and what the
//! changelogs that were read say about it.

use plimsoll_distro::{SourceUpdates, security_advisories};
use plimsoll_model::{Platform, Scope};
use plimsoll_table::TableError;
use plimsoll_vulndb::feeds::Reading;
use plimsoll_vulndb::{Change, Compiler, Feed, Provenance, Trust, Validator};

use crate::archives::learned::Learned;
use crate::archives::{Archives, SecuritySuite, security_suite};
use crate::error::chain;
use crate::event::Observer;

/// The feed's name in the catalogue.
pub(crate) const FEED: &str = plimsoll_distro::FEED;

/// What became of the archive's security suite for each scope.
pub(super) fn changes(
    archives: &Archives<'_>,
    feed: &'static Feed,
    scopes: &[Scope],
    observer: Observer<'_>,
) -> Vec<Change> {
    scopes
        .iter()
        .map(|scope| {
            change(archives, feed, scope, observer).unwrap_or_else(|reason| Change::Failed {
                feed: FEED.to_owned(),
                scope: Some(scope.clone()),
                reason,
            })
        })
        .collect()
}

fn change(
    archives: &Archives<'_>,
    feed: &'static Feed,
    scope: &Scope,
    observer: Observer<'_>,
) -> Result<Change, String> {
    let ask = || security_suite(archives, scope, architecture(), observer);
    let mut found = ask()?;
    let contents = match contents(&found) {
        Err(error) if archives.discard(&error) => {
            found = ask()?;
            contents(&found)
        }
        contents => contents,
    };
    let (reading, updates) = contents.map_err(|error| chain(&error))?;
    let SecuritySuite { suite, checked, .. } = found;
    let mut compiler = Compiler::new(feed, [scope.clone()]);
    compiler.add_reading(reading);
    let learned = Learned::load(archives.session(), scope);
    learned.advisories().for_each(|advisory| compiler.add(advisory));
    for advisory in security_advisories(scope, &suite.suite, &updates) {
        if let Some(advisory) = learned.narrow(&suite.suite, advisory) {
            compiler.add(&advisory);
        }
    }
    let compiled = compiler.finish().map_err(|error| chain(&error))?.pop();
    let compiled = compiled.ok_or_else(|| format!("{scope} is no scope of {FEED}"))?;
    let address = format!("https://{}", suite.address);
    let provenance = Provenance {
        trust: Trust::Signed(suite.signed_by.unwrap_or_default()),
        validators: vec![Validator { address, etag: None, last_modified: None }],
        modified: None,
        checked,
    };
    Ok(Change::New { compiled, provenance })
}

/// What the suite has of each source. An error is damage of a compiled index.
fn contents(found: &SecuritySuite) -> Result<(Reading, SourceUpdates), TableError> {
    let SecuritySuite { suite, release, indexes, .. } = found;
    let mut reading = Reading { date: Some(release.date), ..Reading::default() };
    let mut updates = SourceUpdates::default();
    for index in indexes {
        for entries in index.sources()? {
            for entry in entries? {
                if let Err(error) = updates.add_entry(&entry) {
                    reading.problem(&suite.suite, format!("{}: {error}", entry.name));
                }
            }
        }
        for problem in index.problems()? {
            reading.problem(&suite.suite, problem);
        }
    }
    Ok((reading, updates))
}

/// The host's architecture in dpkg's words. Source versions, which are what is compared, are the same
/// on every architecture but for the hours in which one is still building.
fn architecture() -> &'static str {
    match Platform::host().architecture.as_str() {
        "arm64" => "arm64",
        "arm" => "armhf",
        "386" => "i386",
        "ppc64le" | "powerpc64" => "ppc64el",
        "s390x" => "s390x",
        _ => "amd64",
    }
}
