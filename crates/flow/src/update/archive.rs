//! The distribution archive as a feed: whatever the signed security suite has a newer version of.

use std::io::Read;
use std::path::Path;

use plimsoll_distro::{
    Keyring, Packages, Pocket, Release, ReleaseState, SourceUpdates, Suite, carried_keyring,
    host_keyring, security_advisories, suites, verify_inline,
};
use plimsoll_model::{Platform, Scope};
use plimsoll_unpack::{Decoder, Limits};
use plimsoll_vulndb::feeds::Reading;
use plimsoll_vulndb::{Change, Compiler, Feed, Generation, Provenance, Trust, Validator};

use super::reach::{Found, Reach, Reached};
use crate::error::chain;
use crate::session::Session;

/// The feed's name in the catalogue.
pub(super) const FEED: &str = plimsoll_distro::FEED;

/// An `InRelease` of a large suite has some 200 KB.
const MAX_RELEASE_BYTES: u64 = 8 << 20;
/// `Packages.xz` of Debian's main suite has 9 MB, of Ubuntu's universe 20 MB.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// What became of the archive's security suite for each scope.
pub(super) fn changes(
    session: &Session,
    reach: &Reach,
    feed: &'static Feed,
    scopes: &[Scope],
    current: Option<&Generation>,
) -> Vec<Change> {
    scopes
        .iter()
        .map(|scope| {
            change(session, reach, feed, scope, current).unwrap_or_else(|reason| Change::Failed {
                feed: FEED.to_owned(),
                scope: Some(scope.clone()),
                reason,
            })
        })
        .collect()
}

fn change(
    session: &Session,
    reach: &Reach,
    feed: &'static Feed,
    scope: &Scope,
    current: Option<&Generation>,
) -> Result<Change, String> {
    let now = session.surroundings.now;
    let suite = security_suite(scope)?;
    let address = format!("https://{}/{}", suite.host, suite.in_release_path());
    let signed = read(reach, &address, MAX_RELEASE_BYTES)?;
    let signers = suite.signers(keyring(session.settings.keyring.as_deref(), scope)?);
    let verified = verify_inline(&signed, &signers, now)
        .map_err(|error| format!("{}: {}", suite.in_release_path(), chain(&error)))?;
    let release = Release::of(&verified).map_err(|error| chain(&error))?;
    if let ReleaseState::Expired { since } = release.state(now) {
        return Err(format!("{} expired on {since}", suite.name));
    }
    let accepted =
        current.and_then(|current| current.find(FEED, Some(scope)).map(|shard| shard.as_of));
    if accepted.is_some_and(|accepted| release.is_rollback(accepted)) {
        return Err(format!("{} is older than the one accepted before", suite.name));
    }

    let path = Suite::packages_index(architecture());
    let index = release.index(&path).ok_or_else(|| format!("{} lists no {path}", suite.name))?;
    let by_hash = format!("https://{}/{}", suite.host, suite.path_of(&index.by_hash_path()));
    let plain = format!("https://{}/{}", suite.host, suite.path_of(&path));
    // By hash where the archive has it: the plain name may already belong to the next update.
    let packed =
        read(reach, &by_hash, MAX_INDEX_BYTES).or_else(|_| read(reach, &plain, MAX_INDEX_BYTES))?;
    index.check(&packed).map_err(|error| chain(&error))?;

    let mut compiler = Compiler::new(feed, [scope.clone()]);
    let mut reading = Reading { date: Some(release.date), ..Reading::default() };
    let mut updates = SourceUpdates::default();
    let unpacked =
        Decoder::buffered(packed.as_slice(), &Limits::default()).map_err(|error| chain(&error))?;
    for package in Packages::new(std::io::BufReader::new(unpacked)) {
        let added = package.map_err(|error| chain(&error)).and_then(|package| {
            let name = package.name.clone();
            updates.add(package).map_err(|error| format!("{name}: {error}"))
        });
        if let Err(problem) = added {
            reading.problem(&path, problem);
        }
    }
    compiler.add_reading(reading);
    for advisory in security_advisories(scope, &suite.name, &updates) {
        compiler.add(&advisory);
    }
    let compiled = compiler.finish().map_err(|error| chain(&error))?.pop();
    let compiled = compiled.ok_or_else(|| format!("{scope} is no scope of {FEED}"))?;
    let by =
        verified.signers().iter().map(|s| s.fingerprint.clone()).collect::<Vec<_>>().join(", ");
    let provenance = Provenance {
        trust: Trust::Signed(by),
        validators: vec![Validator { address, etag: None, last_modified: None }],
        modified: None,
        checked: now,
    };
    Ok(Change::New { compiled, provenance })
}

fn security_suite(scope: &Scope) -> Result<Suite, String> {
    let suites = suites(scope, architecture()).unwrap_or_default();
    suites
        .into_iter()
        .find(|suite| suite.pocket == Pocket::Security)
        .ok_or_else(|| format!("{scope} has no security suite that is still served"))
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

fn read(reach: &Reach, address: &str, limit: u64) -> Result<Vec<u8>, String> {
    let bytes = match reach.open(address, None)? {
        Reached::Found(Found { bytes, .. }) => bytes,
        Reached::Missing(place) => return Err(place),
        Reached::NotModified => return Err(format!("{address} answers 304 unasked")),
    };
    let mut whole = Vec::new();
    bytes
        .take(limit + 1)
        .read_to_end(&mut whole)
        .map_err(|error| format!("cannot read {address}: {error}"))?;
    match whole.len() as u64 > limit {
        true => Err(format!("{address} has more than {limit} bytes")),
        false => Ok(whole),
    }
}

/// The operator's keys where some were given, else those that the program carries, else the host's.
fn keyring(given: Option<&Path>, scope: &Scope) -> Result<Keyring, String> {
    let from_file = |path: &Path| {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|e| format!("cannot read keyring {name}: {e}"))?;
        Keyring::from_bytes(&bytes).map_err(|error| format!("{name}: {}", chain(&error)))
    };
    match (given, carried_keyring(scope.ecosystem), host_keyring(scope.ecosystem)) {
        (Some(path), _, _) => from_file(path),
        (None, Some(carried), _) => Keyring::from_bytes(carried).map_err(|error| chain(&error)),
        (None, None, Some(host)) => {
            from_file(Path::new(host)).map_err(|error| format!("{error}; give one with --keyring"))
        }
        (None, None, None) => Err(format!("no keys are known for {scope}")),
    }
}
