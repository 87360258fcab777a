//! Real archives of one day: every signature, every index, and what they offer to real package lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_distro::{
    AptState, AskedSuite, CompiledIndex, Index, Judge, JudgedRelease, Keyring, Offer, Packages,
    Pending, Pocket, Preferences, SignedRelease, SourceUpdates, Suite, VerifyError, archive_keys,
    pending_updates, security_advisories, suites, verify_inline,
};
use plimsoll_model::{ArchiveStatus, Ecosystem, Package, PackageId, RangeEnd, Scope};
use plimsoll_testkit::shared_data;
use plimsoll_unpack::{Decoder, Limits};

const NOW: &str = "2026-11-24T12:00:00Z";

fn shared(path: &str) -> Option<PathBuf> {
    Some(shared_data()?.join(path))
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

fn asked(suite: &Suite) -> AskedSuite {
    AskedSuite::official(suite, &["main"], &["amd64".to_owned()])
}

/// What becomes of a file that answers for a suite.
fn judge(suite: &Suite, keyring: &Keyring, file: &[u8], now: &str) -> JudgedRelease {
    let judge = Judge { distribution: keyring, operator: None, now: at(now) };
    judge.release(&asked(suite), SignedRelease::Inline(file), None)
}

fn in_release(folder: &str) -> Vec<u8> {
    fs::read(shared("archive").unwrap().join(folder).join("InRelease")).unwrap()
}

#[test]
fn every_suite_is_signed_by_its_keys_and_has_its_packages() {
    for Known { folder, scope, pocket, date, end, packages, signers } in SUITES {
        let suite = suite(scope, pocket);
        let Some(keyring) = keyring(suite.ecosystem.as_str()) else { return };
        let judged = judge(&suite, &keyring, &in_release(folder), NOW);
        assert_eq!(judged.suite.status, ArchiveStatus::Verified, "{:?}", judged.suite);
        assert_eq!(judged.suite.signed_by.unwrap().split(", ").count(), signers, "{folder}");
        assert_eq!(judged.suite.date, Some(at(date)));
        assert_eq!(judged.suite.valid_until, end.map(at));
        assert_eq!(judged.pocket, pocket);

        let release = judged.release.unwrap();
        let files = release.packages_files(Some("main"), "amd64");
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(file.file.path, "main/binary-amd64/Packages.xz");
        let path = shared("archive").unwrap().join(folder).join(&file.file.path);
        file.file.check(&fs::read(&path).unwrap()).unwrap();
        let unpacked = unpack(&path);
        assert_eq!(file.unpacked_size, Some(unpacked.len() as u64));
        let compiled = CompiledIndex::of(unpacked.as_slice()).unwrap();
        assert_eq!((compiled.packages(), compiled.problems()), (packages, 0), "{folder}");
        Index::from_bytes(folder, compiled.to_bytes()).unwrap().verify().unwrap();
    }
}

#[test]
fn a_suite_is_not_taken_for_another_nor_for_news_for_ever() {
    let Some(debian) = keyring("debian") else { return };
    let ubuntu = keyring("ubuntu").unwrap();
    let check = |scope: &str, pocket, folder: &str, now: &str, status, reason: &str| {
        let suite = suite(scope, pocket);
        let keyring = if scope.starts_with("debian") { &debian } else { &ubuntu };
        let judged = judge(&suite, keyring, &in_release(folder), now);
        assert_eq!(judged.suite.status, status);
        assert_eq!(judged.suite.reason.as_deref(), Some(reason));
    };
    let security = "debian-security/bookworm-security";
    let ended = "valid until 2026-11-28T00:53:02Z";
    let now = "2026-11-28T00:53:02Z";
    check("debian:12", Pocket::Security, security, now, ArchiveStatus::Expired, ended);
    // Long before it was signed.
    let now = "2026-11-19T00:00:00Z";
    let early = judge(&suite("debian:12", Pocket::Security), &debian, &in_release(security), now);
    assert_eq!(early.suite.status, ArchiveStatus::WronglySigned);
    assert!(early.suite.reason.unwrap().ends_with("is not valid now"));
    // Ubuntu signs all suites with one key.
    let other = "it is noble (noble), not noble-security";
    let frozen = "ubuntu/noble";
    check("ubuntu:24.04", Pocket::Security, frozen, NOW, ArchiveStatus::Inconsistent, other);
    let other = "it is noble-security (noble), not noble";
    let newer = "ubuntu/noble-security";
    check("ubuntu:24.04", Pocket::Main, newer, NOW, ArchiveStatus::Inconsistent, other);
    // Debian does not.
    let judged =
        judge(&suite("debian:12", Pocket::Security), &debian, &in_release("debian/bookworm"), NOW);
    assert_eq!(judged.suite.status, ArchiveStatus::WronglySigned);
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

/// Installed packages of a dpkg status file.
fn installed(image: &str, ecosystem: Ecosystem) -> Option<Vec<Package>> {
    let status = unpack(&shared(&format!("rootfs/dpkg-status/{image}.status.xz"))?);
    let package = |package: plimsoll_distro::IndexPackage| Package {
        id: PackageId::of(ecosystem, &package.name, &package.version, Some(&package.architecture)),
        ecosystem,
        name: package.name,
        version: package.version,
        arch: Some(package.architecture),
        source: Some(package.source),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    };
    Some(Packages::new(status.as_slice()).map(|found| package(found.unwrap())).collect())
}

/// The values of a field in an expected result, without a JSON reader.
fn expected(image: &str, field: &str) -> Vec<String> {
    let path = shared(&format!("expected/apt-delta/{image}.json")).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let start = format!("\"{field}\": \"");
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(&start))
        .map(|rest| rest.trim_end_matches([',', '"']).to_owned())
        .collect()
}

/// The binary packages of an update in the words of an expected result.
fn told(pending: &Pending) -> Vec<String> {
    let Pending { source, installed, binaries, .. } = pending;
    let told = |binary: &plimsoll_distro::PendingBinary| {
        format!("{} {source} {} {} {installed}", binary.name, binary.installed, binary.candidate)
    };
    binaries.iter().map(told).collect()
}

#[test]
fn what_is_upgradable_is_what_apt_found() {
    fn check(image: &str, scope: &str, folders: &[&str], sources: usize) {
        let parsed: Scope = scope.parse().unwrap();
        let Some(packages) = installed(image, parsed.ecosystem) else { return };
        let keyring = keyring(parsed.ecosystem.as_str()).unwrap();
        let suites: Vec<_> = SUITES
            .iter()
            .filter(|known| folders.contains(&known.folder))
            .map(|known| {
                let suite = suite(scope, known.pocket);
                let judged = judge(&suite, &keyring, &in_release(known.folder), NOW);
                let path = Suite::packages_index("amd64");
                let path = shared("archive").unwrap().join(known.folder).join(path);
                let compiled = CompiledIndex::of(unpack(&path).as_slice()).unwrap();
                let index = Index::from_bytes(known.folder, compiled.to_bytes()).unwrap();
                (suite, judged, index)
            })
            .collect();
        let offers: Vec<_> = suites
            .iter()
            .map(|(suite, judged, index)| Offer {
                suite: &suite.name,
                site: suite.host,
                pocket: judged.pocket,
                release: judged.release.as_ref().unwrap(),
                component: "main",
                architecture: "amd64",
                index,
            })
            .collect();
        let state = AptState {
            packages: &packages,
            native: "amd64",
            holds: &BTreeSet::new(),
            machine_id: None,
        };
        let found = pending_updates(state, &offers, &Preferences::of(&BTreeMap::new())).unwrap();
        assert_eq!(found.problems, []);
        assert_eq!(found.pending.len(), sources, "{image}");
        assert!(
            found.pending.iter().all(|pending| pending.security && pending.held_back.is_none())
        );

        let mut upgraded: Vec<_> = found.pending.iter().flat_map(told).collect();
        upgraded.sort();
        let [names, sources, from, to, installed] =
            ["package", "source", "installed", "candidate", "installed_source"]
                .map(|field| expected(image, field));
        let mut expected: Vec<_> = (0..names.len())
            .map(|n| format!("{} {} {} {} {}", names[n], sources[n], from[n], to[n], installed[n]))
            .collect();
        expected.sort();
        assert!(!expected.is_empty());
        assert_eq!(upgraded, expected, "{image}");

        // By source, as the feed of the archive sees it.
        let mut updates = SourceUpdates::default();
        for entries in suites.last().unwrap().2.sources().unwrap() {
            for entry in entries.unwrap() {
                updates.add_entry(&entry).unwrap();
            }
        }
        let fixed: BTreeMap<_, _> = security_advisories(&parsed, "security", &updates)
            .map(|advisory| match advisory.ranges[0].end.clone() {
                RangeEnd::Fixed(version) => (advisory.package.name, version),
                end => panic!("{end:?}"),
            })
            .collect();
        for pending in &found.pending {
            assert_eq!(fixed.get(&pending.source), Some(&pending.candidate));
        }
    }
    check(
        "debian-bookworm-main-slim",
        "debian:12",
        &["debian/bookworm", "debian-security/bookworm-security"],
        5,
    );
    check("debian-bullseye-main-slim", "debian:11", &["debian-security/bullseye-security"], 15);
    check("ubuntu-noble-release", "ubuntu:24.04", &["ubuntu/noble", "ubuntu/noble-security"], 21);
}
