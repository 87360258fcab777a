//! Real archives of one day: every signature, every index, and what they offer to real package lists.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_distro::{
    Keyring, Packages, Pocket, Release, ReleaseState, SourceUpdates, Suite, VerifyError,
    archive_keys, security_advisories, suites, verify_inline,
};
use plimsoll_model::{Ecosystem, RangeEnd, Scope};
use plimsoll_unpack::{Decoder, Limits};
use plimsoll_versions::{Scheme, compare};

const NOW: &str = "2026-11-24T12:00:00Z";

/// The shared test data, or nothing where there is none.
#[expect(clippy::print_stdout, reason = "a skip is told")]
fn shared(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.exists() {
        println!("skipped: needs shared/data");
        return None;
    }
    Some(data.join(path))
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn keyring(distribution: &str) -> Option<Keyring> {
    let path = shared(&format!("archive/keyrings/{distribution}-archive-keyring.gpg"))?;
    Some(Keyring::from_bytes(&fs::read(path).unwrap()).unwrap())
}

fn unpack(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).unwrap();
    Decoder::buffered(file, &Limits::default()).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// An official suite by name, of the release in `scope`.
fn suite(scope: &str, pocket: Pocket) -> Suite {
    let scope: Scope = scope.parse().unwrap();
    suites(&scope, "amd64").unwrap().into_iter().find(|suite| suite.pocket == pocket).unwrap()
}

/// What is known of a stored suite.
struct Known {
    folder: &'static str,
    scope: &'static str,
    pocket: Pocket,
    date: &'static str,
    end: Option<&'static str>,
    packages: usize,
    signers: usize,
}

const SUITES: [Known; 6] = [
    Known {
        folder: "debian/bookworm",
        scope: "debian:12",
        pocket: Pocket::Main,
        date: "2026-07-11T10:16:37Z",
        end: None,
        packages: 63_440,
        signers: 3,
    },
    Known {
        folder: "debian/bookworm-updates",
        scope: "debian:12",
        pocket: Pocket::Updates,
        date: "2026-11-22T02:09:05Z",
        end: None,
        packages: 38,
        signers: 2,
    },
    Known {
        folder: "debian-security/bookworm-security",
        scope: "debian:12",
        pocket: Pocket::Security,
        date: "2026-11-21T00:53:02Z",
        end: Some("2026-11-28T00:53:02Z"),
        packages: 3_016,
        signers: 2,
    },
    Known {
        folder: "debian-security/bullseye-security",
        scope: "debian:11",
        pocket: Pocket::Security,
        date: "2026-09-12T09:27:08Z",
        end: None,
        packages: 3_816,
        signers: 2,
    },
    Known {
        folder: "ubuntu/noble",
        scope: "ubuntu:24.04",
        pocket: Pocket::Main,
        date: "2024-04-25T15:10:33Z",
        end: None,
        packages: 6_099,
        signers: 1,
    },
    Known {
        folder: "ubuntu/noble-security",
        scope: "ubuntu:24.04",
        pocket: Pocket::Security,
        date: "2026-11-22T12:44:36Z",
        end: None,
        packages: 6_142,
        signers: 1,
    },
];

#[test]
fn every_suite_is_signed_by_its_keys_and_has_its_packages() {
    for Known { folder, scope, pocket, date, end, packages, signers } in SUITES {
        let suite = suite(scope, pocket);
        let Some(keyring) = keyring(suite.ecosystem.as_str()) else { return };
        let folder = shared("archive").unwrap().join(folder);
        let file = fs::read(folder.join("InRelease")).unwrap();
        let verified = verify_inline(&file, &suite.signers(keyring), at(NOW)).unwrap();
        assert_eq!(verified.signers().len(), signers, "{}", suite.name);

        let release = Release::of(&verified).unwrap();
        assert_eq!(release.date, at(date));
        assert_eq!(release.valid_until, end.map(at));
        let codename = release.codename.as_deref().unwrap();
        assert!(codename == suite.name || codename == suite.codename, "{codename}");

        let path = Suite::packages_index("amd64");
        let index = fs::read(folder.join(&path)).unwrap();
        release.index(&path).unwrap().check(&index).unwrap();
        let unpacked = unpack(&folder.join(&path));
        let found = Packages::new(BufReader::new(unpacked.as_slice()))
            .inspect(|package| assert!(package.is_ok(), "{package:?}"))
            .count();
        assert_eq!(found, packages, "{}", suite.name);
    }
}

#[test]
fn a_changed_byte_an_unknown_key_and_time_are_told_apart() {
    let Some(debian) = keyring("debian") else { return };
    let ubuntu = keyring("ubuntu").unwrap();
    let path = shared("archive/debian-security/bookworm-security/InRelease").unwrap();
    let good = fs::read(path).unwrap();

    // The 5 of 378100, the size of an index.
    let mut changed = good.clone();
    let digit = good.windows(6).position(|window| window == b"378100").unwrap();
    changed[digit] = b'9';
    let error = verify_inline(&changed, &debian, at(NOW)).unwrap_err();
    assert!(matches!(error, VerifyError::BadSignature { .. }), "{error}");

    let error = verify_inline(&good, &ubuntu, at(NOW)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "signed only by unknown keys (ED541312A33F1128F10B1C6C54404762BBB6E853, \
         B0CAB9266E8C3929798B3EEEBDE6D2B9216EC7A8)"
    );
    // The keys of Debian's main archive are good keys, but do not sign its security suites.
    let main = suite("debian:12", Pocket::Main);
    let error = verify_inline(&good, &main.signers(debian.clone()), at(NOW)).unwrap_err();
    assert!(matches!(error, VerifyError::UnknownKey { .. }), "{error}");

    let error = verify_inline(&good, &debian, at("2031-02-01T00:00:00Z")).unwrap_err();
    assert!(matches!(error, VerifyError::KeyExpired { .. }), "{error}");

    let release = Release::of(&verify_inline(&good, &debian, at(NOW)).unwrap()).unwrap();
    assert!(matches!(release.state(at(NOW)), ReleaseState::Current { .. }));
    assert!(matches!(release.state(at("2026-11-28T00:53:02Z")), ReleaseState::Expired { .. }));
}

#[test]
fn the_keys_named_in_the_program_are_those_of_the_keyrings() {
    for (distribution, ecosystem) in [("debian", Ecosystem::Debian), ("ubuntu", Ecosystem::Ubuntu)]
    {
        let Some(keyring) = keyring(distribution) else { return };
        let there: BTreeSet<_> = keyring.fingerprints().collect();
        for key in archive_keys(ecosystem) {
            assert!(there.contains(key.fingerprint), "{}", key.name);
        }
        // Ubuntu's keyring has a key for CD images too.
        let known = archive_keys(ecosystem).count();
        assert_eq!(there.len() - known, usize::from(distribution == "ubuntu"));
    }
}

#[test]
fn the_expiry_named_in_the_program_is_that_of_the_keys_that_signed() {
    if keyring("debian").is_none() {
        return;
    }
    let mut seen = BTreeSet::new();
    for Known { folder, scope, pocket, .. } in SUITES {
        let ecosystem = suite(scope, pocket).ecosystem;
        let keyring = keyring(ecosystem.as_str()).unwrap();
        let path = shared("archive").unwrap().join(folder).join("InRelease");
        let verified = verify_inline(&fs::read(path).unwrap(), &keyring, at(NOW)).unwrap();
        for signer in verified.signers() {
            let key =
                archive_keys(ecosystem).find(|key| key.fingerprint == signer.fingerprint).unwrap();
            assert!(signer.user_id.starts_with(key.name), "{}", signer.user_id);
            let expires = signer.key_expires.map(|end| TimeZone::UTC.to_datetime(end).date());
            assert_eq!(expires, key.expires, "{}", key.name);
            seen.insert(key.name);
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

/// Installed packages of a dpkg status file: name to version and source.
fn installed(image: &str) -> Option<Vec<plimsoll_distro::IndexPackage>> {
    let status = unpack(&shared(&format!("rootfs/dpkg-status/{image}.status.xz"))?);
    Some(Packages::new(BufReader::new(status.as_slice())).map(|package| package.unwrap()).collect())
}

fn index(folder: &str) -> Vec<plimsoll_distro::IndexPackage> {
    let path = shared("archive").unwrap().join(folder).join(Suite::packages_index("amd64"));
    let bytes = unpack(&path);
    Packages::new(BufReader::new(bytes.as_slice())).map(|package| package.unwrap()).collect()
}

/// The names under "package" of an expected result, without a JSON reader.
fn expected(image: &str) -> BTreeSet<String> {
    let path = shared(&format!("expected/apt-delta/{image}.json")).unwrap();
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("\"package\": \""))
        .map(|rest| rest.trim_end_matches([',', '"']).to_owned())
        .collect()
}

fn is_newer(a: &str, b: &str) -> bool {
    compare(Scheme::Dpkg, a, b).unwrap() == Ordering::Greater
}

#[test]
fn what_is_upgradable_is_found_by_binary_and_by_source() {
    fn check(image: &str, scope: &str, folders: &[&str]) {
        let Some(installed) = installed(image) else { return };
        let expected = expected(image);
        assert!(!expected.is_empty());

        let mut candidates: BTreeMap<String, String> = BTreeMap::new();
        for package in folders.iter().flat_map(|folder| index(folder)) {
            let best = candidates.entry(package.name).or_insert_with(|| package.version.clone());
            if is_newer(&package.version, best) {
                *best = package.version;
            }
        }
        let upgradable: BTreeSet<_> = installed
            .iter()
            .filter(|package| {
                candidates.get(&package.name).is_some_and(|best| is_newer(best, &package.version))
            })
            .map(|package| package.name.clone())
            .collect();
        assert_eq!(upgradable, expected, "{image}");

        let mut updates = SourceUpdates::default();
        for package in index(folders.last().unwrap()) {
            updates.add(package).unwrap();
        }
        let scope: Scope = scope.parse().unwrap();
        let fixed: BTreeMap<_, _> = security_advisories(&scope, "security", &updates)
            .map(|advisory| match advisory.ranges[0].end.clone() {
                RangeEnd::Fixed(version) => (advisory.package.name, version),
                end => panic!("{end:?}"),
            })
            .collect();
        let behind: BTreeSet<_> = installed
            .iter()
            .filter(|package| {
                fixed
                    .get(&package.source.name)
                    .is_some_and(|version| is_newer(version, &package.source.version))
            })
            .map(|package| package.name.clone())
            .collect();
        assert_eq!(behind, expected, "{image}, by source");
    }
    check(
        "debian-bookworm-main-slim",
        "debian:12",
        &["debian/bookworm", "debian-security/bookworm-security"],
    );
    check("debian-bullseye-main-slim", "debian:11", &["debian-security/bullseye-security"]);
    check("ubuntu-noble-release", "ubuntu:24.04", &["ubuntu/noble", "ubuntu/noble-security"]);
}
