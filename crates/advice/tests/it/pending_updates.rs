//! Pending updates as `apt-get -s dist-upgrade` gave them, against the ids of their changelogs.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_advice::{Advice, Choices, Subject, advise};
use plimsoll_distro::{Pending, PendingBinary};
use plimsoll_model::{
    Advisory, Ecosystem, Package, PackageKey, PackageKind, Range, RangeEnd, Remedy, RemedyAction,
    Scope, State,
};
use serde_json::Value;

use crate::shared;

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap()
}

/// What apt would upgrade, by source.
fn pending(packages: &[Value], installed: &[Package]) -> Vec<Pending> {
    let mut sources: BTreeMap<&str, Pending> = BTreeMap::new();
    for package in packages {
        let name = text(package, "package");
        let known = installed.iter().find(|one| one.name == name).expect("installed");
        assert_eq!(known.version, text(package, "installed"));
        let source = text(package, "source");
        let pending = sources.entry(source).or_insert_with(|| Pending {
            source: source.to_owned(),
            installed: text(package, "installed_source").to_owned(),
            // The changelog's newest entry is the source's version.
            candidate: text(&list(package, "entries")[0], "version").to_owned(),
            suite: "security".to_owned(),
            security: true,
            held_back: None,
            binaries: Vec::new(),
            bulletins: Vec::new(),
        });
        pending.binaries.push(PendingBinary {
            package: known.id.clone(),
            name: name.to_owned(),
            arch: known.arch.clone(),
            installed: known.version.clone(),
            candidate: text(package, "candidate").to_owned(),
        });
    }
    sources.into_values().collect()
}

/// Each id of a changelog's delta as fixed in the candidate. The entries' own versions may be higher: a backport
/// (`5.2.5-2.1~deb11u2`) has the entry of what it was made from.
fn advisories(packages: &[Value], release: &str) -> Vec<Advisory> {
    let mut advisories = BTreeMap::new();
    for package in packages {
        for entry in list(package, "entries") {
            for id in list(entry, "cves") {
                let source = text(package, "source");
                let version = text(&list(package, "entries")[0], "version");
                let id = id.as_str().unwrap();
                let end = RangeEnd::Fixed(version.to_owned());
                let advisory = Advisory {
                    feed: "debian-tracker".to_owned(),
                    scope: Scope::release(Ecosystem::Debian, release),
                    record: id.to_owned(),
                    ids: vec![id.to_owned()],
                    aliases: Vec::new(),
                    package: PackageKey {
                        name: source.to_owned(),
                        kind: PackageKind::Source,
                        module: None,
                        arch: None,
                    },
                    ranges: vec![Range { introduced: None, end }],
                    versions: Vec::new(),
                    state: State::Fixed,
                    sub_state: None,
                    severity: None,
                    cvss: Vec::new(),
                    title: None,
                    urls: Vec::new(),
                    published: None,
                };
                advisories.insert((source, id), advisory);
            }
        }
    }
    advisories.into_values().collect()
}

fn ids(remedy: &Remedy) -> BTreeSet<&str> {
    remedy.clears.iter().map(|key| key.0.split(' ').next().unwrap()).collect()
}

fn check(image: &str, release: &str) {
    let Some(expected) = shared::json(&format!("expected/apt-delta/{image}.json")) else { return };
    let packages = list(&expected, "packages");
    let installed = shared::installed(image).unwrap();
    assert_eq!(installed.len() as u64, expected["installed"].as_u64().unwrap());
    let pending = pending(packages, &installed);
    let matcher = shared::matcher("debian-tracker", &advisories(packages, release));
    let os = shared::debian(release);
    let findings = matcher.judge(&installed, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &installed, findings: &findings, os: Some(&os) };
    let choices = Choices { pending: Some(&pending), ..Choices::default() };
    let Advice { remedies, rejected } = advise(&matcher, subject, &choices).unwrap();

    // All together clear everything, and change what apt would change.
    let all = &remedies[0];
    assert_eq!(all.target.as_deref(), Some("all security updates"));
    assert_eq!(all.clears.len(), findings.len());
    assert_eq!(ids(all).len() as u64, expected["distinct_fixed_ids"].as_u64().unwrap());
    let changes: BTreeSet<[&str; 3]> = all
        .changes
        .iter()
        .map(|c| [&*c.name, c.from.as_deref().unwrap(), c.to.as_deref().unwrap()])
        .collect();
    let upgrades: BTreeSet<[&str; 3]> = packages
        .iter()
        .map(|package| ["package", "installed", "candidate"].map(|key| text(package, key)))
        .collect();
    assert_eq!(changes, upgrades);
    // Each source clears the ids of its own changelog.
    for update in &pending {
        let target = format!("{} {}", update.source, update.candidate);
        let of_source = packages.iter().filter(|one| text(one, "source") == update.source);
        let fixes: BTreeSet<&str> =
            of_source.flat_map(|one| list(one, "fixes")).map(|id| id.as_str().unwrap()).collect();
        match remedies.iter().find(|remedy| remedy.target.as_ref() == Some(&target)) {
            Some(remedy) => assert_eq!(ids(remedy), fixes, "{target}"),
            None => {
                assert_eq!(fixes, BTreeSet::new(), "{target}");
                assert!(rejected.iter().any(|one| one.target == target), "{target}");
            }
        }
    }
    assert!(remedies.iter().all(|remedy| remedy.introduces.is_empty()));
    assert!(remedies.iter().all(|remedy| remedy.action == RemedyAction::UpgradePackages));
}

#[test]
fn bookworm_updates_clear_what_their_changelogs_name() {
    check("debian-bookworm-main-slim", "12");
}

#[test]
fn bullseye_updates_clear_what_their_changelogs_name() {
    check("debian-bullseye-main-slim", "11");
}
