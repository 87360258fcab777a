//! The deltas of real images, computed once from their real changelogs (shared/data/expected/apt-delta).

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use plimsoll_distro::{Changelog, Delta, delta};
use plimsoll_testkit::{changelog_entry, shared_data};
use serde_json::Value;

fn strings(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().unwrap();
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn items(ids: &BTreeSet<String>) -> String {
    let items: String = ids.iter().map(|id| format!("  * {id}: a fix.\n")).collect();
    if items.is_empty() { "  * Something else.".to_owned() } else { items }
}

/// A changelog that has the given entries above that of the installed version, which names what the data says was
/// named before.
fn changelog_of(package: &Value) -> String {
    let source = package["source"].as_str().unwrap();
    let mut text = String::new();
    for entry in package["entries"].as_array().unwrap() {
        let [version, suite] = ["version", "suite"].map(|key| entry[key].as_str().unwrap());
        let entry = changelog_entry(source, version, suite, &items(&strings(&entry["cves"])));
        writeln!(text, "{entry}").unwrap();
    }
    if package["reaches_installed"] == true {
        let installed = package["installed_source"].as_str().unwrap();
        let before = items(&strings(&package["repeated_already_fixed"]));
        text += &changelog_entry(source, installed, "unstable", &before);
    }
    text
}

fn check(image: &str, with_changelog: usize, distinct_ids: usize) {
    let Some(data) = shared_data() else { return };
    let path = data.join(format!("expected/apt-delta/{image}.json"));
    let expected: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut ids = BTreeSet::new();
    let mut checked = 0;
    for package in expected["packages"].as_array().unwrap() {
        if package.get("entries").is_none() {
            continue;
        }
        checked += 1;
        let name = &package["package"];
        let text = changelog_of(package);
        let Delta { entries, fixes, is_complete, .. } =
            delta(&Changelog::parse(&text), package["installed_source"].as_str().unwrap());
        assert_eq!(entries.len(), package["entries"].as_array().unwrap().len(), "{name}");
        let fixes: BTreeSet<_> = fixes.into_iter().map(|fix| fix.id).collect();
        assert_eq!(fixes, strings(&package["fixes"]), "{name}");
        assert_eq!(is_complete, package["reaches_installed"] == true, "{name}");
        ids.extend(fixes);
    }
    assert_eq!((checked, ids.len()), (with_changelog, distinct_ids), "{image}");
    assert_eq!(expected["distinct_fixed_ids"], distinct_ids, "{image}");
}

#[test]
fn bookworm() {
    check("debian-bookworm-main-slim", 9, 15);
}

#[test]
fn bullseye() {
    check("debian-bullseye-main-slim", 28, 79);
}

#[test]
fn trixie() {
    check("debian-trixie-main-slim", 0, 0);
}

#[test]
fn noble() {
    check("ubuntu-noble-release", 26, 133);
}
