//! Newer bases out of the history of the official Debian images: what a simulation says is what a second
//! match of the whole result says.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_advice::{OtherImage, Outcome, Simulated, Simulator, Subject};
use plimsoll_distro::SourceUpdates;
use plimsoll_model::{Finding, Os, Package, SourcePackage};
use plimsoll_vulndb::Matcher;
use serde_json::Value;

use crate::shared;

/// The packages of the builds of one suite, by date. They are those for arm64, of which there are several dates;
/// the names and versions are the same for amd64.
fn builds(suite: &str, updates: &SourceUpdates) -> Option<BTreeMap<String, Vec<Package>>> {
    let sources: BTreeMap<&str, &str> = updates
        .newest()
        .flat_map(|update| update.binaries.iter().map(|name| (&**name, &*update.source.name)))
        .collect();
    let path = "baseimages/debian/debian-official-images.jsonl.zst";
    let bytes = zstd::decode_all(std::fs::File::open(shared::data()?.join(path)).unwrap()).unwrap();
    let mut builds = BTreeMap::new();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let build: Value = serde_json::from_slice(line).unwrap();
        if build["suite"] != suite || build["arch"] != "arm64" || build["variant"] != "slim" {
            continue;
        }
        let packages = build["packages"].as_array().unwrap().iter().map(|package| {
            let [name, version] = [0, 1].map(|at| package[at].as_str().unwrap());
            let name = name.split(':').next().unwrap();
            // The list has no sources; a rebuild's version is its source's up to the plus.
            let source = SourcePackage {
                name: sources.get(name).copied().unwrap_or(name).to_owned(),
                version: version.split("+b").next().unwrap().to_owned(),
            };
            shared::package(name, version, "amd64", source)
        });
        builds.insert(build["commit_date"].as_str().unwrap().to_owned(), packages.collect());
    }
    Some(builds)
}

/// The findings of a whole inventory, without the versions of their packages.
fn findings(matcher: &Matcher, packages: &[Package], os: &Os) -> BTreeSet<(String, String)> {
    let found = matcher.judge(packages, Some(os)).unwrap().findings;
    found.into_iter().map(|finding| (finding.id, name(&finding.package.0))).collect()
}

fn name(id: &str) -> String {
    id.split(['/', '@']).nth(1).unwrap().to_owned()
}

fn keys(keys: &[plimsoll_model::FindingKey]) -> BTreeSet<(String, String)> {
    keys.iter()
        .map(|key| {
            let (id, package) = key.0.split_once(' ').unwrap();
            (id.to_owned(), name(package))
        })
        .collect()
}

fn simulate(
    matcher: &Matcher,
    (image, found): (&[Package], &[Finding]),
    old: &[Package],
    (new, os): (&[Package], &Os),
) -> Simulated {
    let subject = Subject { packages: image, findings: found, os: Some(os) };
    let other = OtherImage { reference: "debian:new", os: Some(os), packages: Some(new) };
    match Simulator::new(matcher, subject).replace_base(old, &other).unwrap() {
        Outcome::Known(simulated) => simulated,
        Outcome::Unknown(why) => panic!("{why}"),
    }
}

#[test]
fn a_simulated_base_is_what_building_on_it_gives() {
    let Some(updates) = shared::security_suite("bookworm-security") else { return };
    let builds = builds("bookworm", &updates).unwrap();
    let [old, new] = builds.values().collect::<Vec<_>>()[..] else { panic!("two builds") };
    let os = shared::debian("12");
    let matcher =
        shared::matcher("apt-archive", &shared::advisories("12", "bookworm-security", &updates));
    // An own layer adds what the full root file system has, and upgrades one package of the base.
    let full = shared::installed("debian-bookworm-main-slim").unwrap();
    let names: BTreeSet<&str> = old.iter().map(|package| package.name.as_str()).collect();
    let added = full.iter().filter(|package| !names.contains(&*package.name)).cloned();
    let own: Vec<Package> =
        added.chain(full.iter().filter(|p| p.name == "dpkg").cloned()).collect();
    assert!(own.len() > 5, "{}", own.len());
    let on = |base: &[Package]| -> Vec<Package> {
        let kept = base.iter().filter(|package| own.iter().all(|own| own.name != package.name));
        kept.chain(&own).cloned().collect()
    };
    let (image, rebuilt) = (on(old), on(new));
    let before = findings(&matcher, &image, &os);
    let after = findings(&matcher, &rebuilt, &os);
    assert!(before.len() > after.len() && !after.is_empty(), "{} {}", before.len(), after.len());

    let found = matcher.judge(&image, Some(&os)).unwrap().findings;
    let simulated = simulate(&matcher, (&image, &found), old, (new, &os));
    assert_eq!(keys(&simulated.clears), before.difference(&after).cloned().collect());
    assert_eq!(keys(&simulated.introduces), after.difference(&before).cloned().collect());
    let changed: BTreeSet<_> = simulated.changes.iter().map(|change| &change.name).collect();
    let versions = |packages: &[Package]| -> BTreeMap<String, String> {
        packages.iter().map(|p| (p.name.clone(), p.version.clone())).collect()
    };
    let (from, to) = (versions(&image), versions(&rebuilt));
    let differ = from.keys().chain(to.keys()).filter(|name| from.get(*name) != to.get(*name));
    assert_eq!(changed, differ.collect());
}
