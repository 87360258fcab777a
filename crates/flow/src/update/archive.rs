//! The distribution archive as a feed: whatever the signed security suite has a newer version of, and what the
//! changelogs that were read say about it.

use plimsoll_distro::{SourceUpdates, security_advisories};
use plimsoll_model::{Platform, Scope};
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
    let SecuritySuite { suite, release, indexes } =
        security_suite(archives, scope, architecture(), observer)?;
    let mut compiler = Compiler::new(feed, [scope.clone()]);
    let mut reading = Reading { date: Some(release.date), ..Reading::default() };
    let mut updates = SourceUpdates::default();
    for index in &indexes {
        for entries in index.sources().map_err(|error| chain(&error))? {
            for entry in entries.map_err(|error| chain(&error))? {
                let name = entry.name;
                if let Err(error) = updates.add(as_package(&entry)) {
                    reading.problem(&suite.suite, format!("{name}: {error}"));
                }
            }
        }
        for problem in index.problems().map_err(|error| chain(&error))? {
            reading.problem(&suite.suite, problem.message);
        }
    }
    compiler.add_reading(reading);
    let learned = Learned::load(archives.session(), scope);
    for (_, source) in learned.sources() {
        source.advisories.iter().for_each(|advisory| compiler.add(advisory));
    }
    for advisory in security_advisories(scope, &suite.suite, &updates) {
        if let Some(advisory) = learned.narrow(advisory) {
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
        checked: archives.session().surroundings.now,
    };
    Ok(Change::New { compiled, provenance })
}

fn as_package(entry: &plimsoll_distro::IndexEntry<'_>) -> plimsoll_distro::IndexPackage {
    plimsoll_distro::IndexPackage {
        name: entry.name.to_owned(),
        version: entry.version.to_owned(),
        architecture: entry.architecture.to_owned(),
        source: plimsoll_model::SourcePackage {
            name: entry.source.to_owned(),
            version: entry.source_version.to_owned(),
        },
        filename: None,
    }
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
