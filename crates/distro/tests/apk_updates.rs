//! Candidates as apk chooses them, over repositories, tags and the world.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_distro::{
    ApkArchive, ApkArchiveKeys, ApkIndex, ApkKeys, ApkOffer, Secfix, apk_update, apk_updates,
    parse_apk_world, verify_apk_index,
};
use plimsoll_model::{Ecosystem, Package, PackageId, SourcePackage};
use plimsoll_testkit::{ApkHash, ApkIndexWriter, ApkKey, ApkPackage, shared_data};
use serde_json::Value;

fn installed(name: &str, version: &str, origin: &str) -> Package {
    Package {
        id: PackageId::of(Ecosystem::Alpine, name, version, Some("x86_64")),
        ecosystem: Ecosystem::Alpine,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some("x86_64".to_owned()),
        source: Some(SourcePackage { name: origin.to_owned(), version: version.to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// A repository of packages that are their own origin: `name version`.
fn repository(suite: &str, tag: Option<&str>, packages: &[&str]) -> (ApkArchive, Vec<ApkPackage>) {
    let archive = ApkArchive {
        suite: suite.to_owned(),
        address: String::new(),
        index_url: String::new(),
        arch: "x86_64".to_owned(),
        tag: tag.map(str::to_owned),
        keys: ApkArchiveKeys::Official,
        is_default: false,
    };
    let packages = packages.iter().map(|package| {
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        ApkPackage::new(name, version).arch(words.next().unwrap_or("x86_64"))
    });
    (archive, packages.collect())
}

/// One line an update: origin, versions, repository, why held, and each package.
fn pending(
    installed: &[Package],
    world: &str,
    repositories: &[(ApkArchive, Vec<ApkPackage>)],
) -> (Vec<String>, Vec<String>) {
    let key = ApkKey::new("test.rsa.pub");
    let mut keys = ApkKeys::default();
    keys.add(key.name(), key.public_pem().as_bytes()).unwrap();
    let indexes: Vec<ApkIndex> = repositories
        .iter()
        .map(|(_, packages)| {
            let index = ApkIndexWriter::new(packages).build(&key, ApkHash::Sha256);
            ApkIndex::read(&verify_apk_index(&index, &keys, None).unwrap()).unwrap()
        })
        .collect();
    let offers = repositories.iter().zip(&indexes);
    let offers: Vec<_> = offers.map(|((archive, _), index)| ApkOffer { archive, index }).collect();
    let updates = apk_updates(installed, &parse_apk_world(world), &offers);
    let lines = updates.pending.into_iter().map(|pending| {
        assert!(!pending.security, "an index says nothing of security");
        let held = pending.held_back.map_or_else(String::new, |held| format!(" {held:?}"));
        let binaries: Vec<String> = pending
            .binaries
            .iter()
            .map(|binary| format!("{} {}>{}", binary.name, binary.installed, binary.candidate))
            .collect();
        format!(
            "{} {}>{} {}{held}: {}",
            pending.source,
            pending.installed,
            pending.candidate,
            pending.suite,
            binaries.join(", ")
        )
    });
    (lines.collect(), updates.problems)
}

fn check(world: &str, repositories: &[(ApkArchive, Vec<ApkPackage>)], expected: &[&str]) {
    let installed = [installed("a", "1.5-r0", "a")];
    let (found, problems) = pending(&installed, world, repositories);
    assert_eq!(found, expected, "{world}");
    assert_eq!(problems, [] as [&str; 0]);
}

#[test]
fn the_newest_of_all_repositories_is_the_candidate() {
    let main = repository("main", None, &["a 1.5-r1", "b 9"]);
    let community = repository("community", None, &["a 1.6-r0", "a 1.5.1-r0"]);
    check("", &[main.clone(), community], &["a 1.5-r0>1.6-r0 community: a 1.5-r0>1.6-r0"]);
    let same = repository("community", None, &["a 1.5-r1"]);
    check("", &[main, same], &["a 1.5-r0>1.5-r1 main: a 1.5-r0>1.5-r1"]);
    check("", &[repository("main", None, &["a 1.5-r0", "a 1.4-r9"])], &[]);
    check(
        "",
        &[repository("main", None, &["a 2 aarch64", "a 1.6 noarch"])],
        &["a 1.5-r0>1.6 main: a 1.5-r0>1.6"],
    );
    check("", &[], &[]);
}

#[test]
fn a_tag_is_needed_and_then_preferred() {
    let main = repository("main", None, &["a 1.6-r0"]);
    let edge = repository("edge", Some("edge"), &["a 1.7-r0"]);
    let both = [main.clone(), edge.clone()];
    check("a", &both, &["a 1.5-r0>1.6-r0 main: a 1.5-r0>1.6-r0"]);
    check("a@edge", &both, &["a 1.5-r0>1.7-r0 edge: a 1.5-r0>1.7-r0"]);
    check("a@own", &both, &["a 1.5-r0>1.6-r0 main: a 1.5-r0>1.6-r0"]);
    check("", &[edge], &[]);
    let older = repository("edge", Some("edge"), &["a 1.5-r1"]);
    check("a@edge", &[main, older], &["a 1.5-r0>1.5-r1 edge: a 1.5-r0>1.5-r1"]);
}

#[test]
fn what_the_world_forbids_is_held_back() {
    let main = repository("main", None, &["a 1.6-r0"]);
    let community = repository("community", None, &["a 1.5-r3"]);
    let both = [main.clone(), community];
    let pinned = "a 1.5-r0>1.6-r0 main Pinned: a 1.5-r0>1.6-r0";
    check("a=1.5-r0", &both, &[pinned]);
    check("a<1.6", &both, &["a 1.5-r0>1.5-r3 community: a 1.5-r0>1.5-r3"]);
    check("a~1.5", &both, &["a 1.5-r0>1.5-r3 community: a 1.5-r0>1.5-r3"]);
    check("a~1.5", &[main], &[pinned]);
    check("a>1", &both, &["a 1.5-r0>1.6-r0 main: a 1.5-r0>1.6-r0"]);
}

#[test]
fn updates_are_grouped_by_origin() {
    let packages = [
        installed("libssl3", "3.3.1-r3", "openssl"),
        installed("libcrypto3", "3.3.2-r0", "openssl"),
        installed("openssl", "3.3.2-r0", "openssl"),
        installed("musl", "1.2.5-r0", "musl"),
        installed("broken", "not a version", "broken"),
        Package { ecosystem: Ecosystem::Debian, ..installed("dpkg", "1", "dpkg") },
    ];
    let main = repository(
        "main",
        None,
        &[
            "libssl3 3.3.3-r0",
            "libcrypto3 3.3.3-r0",
            "openssl 3.3.3-r0",
            "musl 1.2.5-r1",
            "musl x",
            "broken 2",
            "dpkg 2",
        ],
    );
    let (found, problems) = pending(&packages, "openssl=3.3.2-r0", &[main]);
    assert_eq!(
        found,
        [
            "musl 1.2.5-r0>1.2.5-r1 main: musl 1.2.5-r0>1.2.5-r1",
            "openssl 3.3.1-r3>3.3.3-r0 main: \
             libssl3 3.3.1-r3>3.3.3-r0, libcrypto3 3.3.2-r0>3.3.3-r0",
            "openssl 3.3.2-r0>3.3.3-r0 main Pinned: openssl 3.3.2-r0>3.3.3-r0",
        ]
    );
    assert_eq!(
        problems,
        [
            "musl in main: apk version \"x\": digits are missing at byte 0",
            "broken: apk version \"not a version\": digits are missing at byte 0",
        ]
    );
}

#[test]
fn a_package_that_its_origin_no_longer_builds_is_an_update_of_its_own() {
    let packages = [
        installed("libssl3", "3.3.1-r0", "openssl"),
        installed("openssl-old", "3.3.1-r0", "openssl"),
    ];
    let main = repository("main", None, &["libssl3 3.3.3-r0", "openssl-old 3.3.2-r0"]);
    let (found, _) = pending(&packages, "", &[main]);
    assert_eq!(
        found,
        [
            "openssl 3.3.1-r0>3.3.2-r0 main: openssl-old 3.3.1-r0>3.3.2-r0",
            "openssl 3.3.1-r0>3.3.3-r0 main: libssl3 3.3.1-r0>3.3.3-r0",
        ]
    );
}

/// The packages of a published root file system.
fn published(shared: &Path, rootfs: &str) -> Vec<Package> {
    let text = std::fs::read(shared.join("rootfs/alpine/packages.json")).unwrap();
    let all: Value = serde_json::from_slice(&text).unwrap();
    let package = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().unwrap();
        installed(text("name"), text("version"), text("origin"))
    };
    all[rootfs].as_array().unwrap().iter().map(package).collect()
}

/// The findings of a published root file system, as `(origin, fixed version)` and ids.
fn findings(shared: &Path, rootfs: &str) -> BTreeMap<(String, String), Vec<String>> {
    let path = shared.join("expected/alpine-secdb2020").join(format!("{rootfs}.json"));
    let expected: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut fixes: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for finding in expected["findings"].as_array().unwrap() {
        let text = |field: &str| finding[field].as_str().unwrap().to_owned();
        fixes.entry((text("origin"), text("fixed"))).or_default().push(text("id"));
    }
    fixes
}

/// From Alpine 3.4.0 to 3.4.6: what the updates say they fix is what the later has no findings of any more.
#[test]
fn the_security_database_says_what_an_update_fixes() {
    let Some(shared) = shared_data() else { return };
    let (old, new) = ("alpine-rootfs-3.4.0-x86_64", "alpine-rootfs-3.4.6-x86_64");
    let packages = published(&shared, &format!("{old}.tar.gz"));
    let newer = published(&shared, &format!("{new}.tar.xz"));
    let offered = newer.iter().map(|package| {
        let origin = &package.source.as_ref().unwrap().name;
        ApkPackage::new(&package.name, &package.version).origin(origin)
    });
    let (archive, _) = repository("v3.4/main", None, &[]);
    let key = ApkKey::new("test.rsa.pub");
    let mut keys = ApkKeys::default();
    keys.add(key.name(), key.public_pem().as_bytes()).unwrap();
    let index = ApkIndexWriter::new(&offered.collect::<Vec<_>>()).build(&key, ApkHash::Sha1);
    let index = ApkIndex::read(&verify_apk_index(&index, &keys, None).unwrap()).unwrap();
    let offers = [ApkOffer { archive: &archive, index: &index }];
    let updates = apk_updates(&packages, &parse_apk_world(""), &offers);
    let before = findings(&shared, old);
    let after = findings(&shared, new);
    let mut fixed = BTreeSet::new();
    for mut pending in updates.pending {
        let fixes = before.iter().map(|((origin, version), ids)| Secfix { origin, version, ids });
        let update = apk_update(&mut pending, fixes);
        assert_eq!(update.security, !update.ids.is_empty());
        fixed.extend(update.ids.into_iter().map(|id| (update.source.clone(), id)));
    }
    let ids = |fixes: &BTreeMap<(String, String), Vec<String>>| -> BTreeSet<(String, String)> {
        let pairs =
            fixes.iter().flat_map(|((origin, _), ids)| ids.iter().map(move |id| (origin, id)));
        pairs.map(|(origin, id)| (origin.clone(), id.clone())).collect()
    };
    let cleared: BTreeSet<_> = ids(&before).difference(&ids(&after)).cloned().collect();
    assert!(cleared.len() > 20, "{cleared:?}");
    assert_eq!(fixed, cleared);
}
