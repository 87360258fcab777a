//! Tags of real repositories, and of none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use plimsoll_lineage::{newer_tags, wanted_tags};
use plimsoll_model::Newer;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{shared, unpacked};

/// One change of an image of the Docker library.
struct Change {
    image: String,
    /// Tag → the directory that it is built from.
    set: BTreeMap<String, String>,
    removed: Vec<String>,
}

/// Read once: it is large.
fn changes() -> Option<&'static [Change]> {
    static CHANGES: OnceLock<Option<Vec<Change>>> = OnceLock::new();
    CHANGES.get_or_init(read_changes).as_deref()
}

fn read_changes() -> Option<Vec<Change>> {
    let lines = unpacked(&shared("baseimages/official-images/library-history.jsonl.zst")?);
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let change = |line: &[u8]| {
        let change: Value = serde_json::from_slice(line).unwrap();
        let set = change["set"].as_object().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Change {
            image: text(&change["image"]),
            set: set.map(|(tag, what)| (tag.clone(), text(&what[1]))).collect(),
            removed: change["removed"].as_array().unwrap().iter().map(text).collect(),
        }
    };
    Some(lines.map(change).collect())
}

/// Everything that each image was ever tagged with, as a registry keeps it.
fn ever(changes: &[Change]) -> BTreeMap<&str, Vec<String>> {
    let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for change in changes {
        all.entry(&change.image).or_default().extend(change.set.keys().cloned());
    }
    all.into_iter().map(|(image, tags)| (image, tags.into_iter().collect())).collect()
}

#[test]
fn real_images_have_newer_tags() {
    let Some(changes) = changes() else { return };
    let ever = ever(changes);
    let check = |name: &str, expected: &str| {
        let (image, tag) = name.split_once(':').unwrap();
        let newer = newer_tags(tag, &ever[image]);
        let mut shown = String::new();
        for relation in [Newer::Patch, Newer::Minor, Newer::Major, Newer::Variant] {
            let tags = newer.iter().filter(|(_, is)| *is == relation).map(|(tag, _)| tag.as_str());
            let tags = tags.collect::<Vec<_>>().join(" ");
            if !tags.is_empty() {
                shown = format!("{shown}{relation}: {tags}; ");
            }
        }
        assert_eq!(shown.trim_end_matches("; "), expected, "{name}");
    };
    check(
        "python:3.11.4-slim-bookworm",
        "patch: 3.11.16-slim-bookworm; minor: 3.14.7-slim-bookworm 3.13.15-slim-bookworm 3.12.14-slim-bookworm; \
         variant: 3.11.16-slim-trixie",
    );
    check(
        "node:18.17.0-alpine3.18",
        "patch: 18.17.1-alpine3.18; minor: 18.20.8-alpine3.21 18.19.1-alpine3.18 18.18.2-alpine3.18; \
         major: 26.7.0-alpine3.24 25.9.0-alpine3.23 24.19.0-alpine3.24",
    );
    check("postgres:15.3", "minor: 15.19 15.18 15.17; major: 18.6 17.11 16.15");
    check(
        "postgres:15.3-alpine3.18",
        "minor: 15.19-alpine3.24 15.18-alpine3.24 15.17-alpine3.23; \
         major: 18.6-alpine3.24 17.11-alpine3.24 16.15-alpine3.24",
    );
    check(
        "debian:bookworm-20241202-slim",
        "patch: bookworm-20260803-slim; variant: trixie-20260803-slim",
    );
    check("debian:bookworm-slim", "variant: trixie-slim");
    check("debian:12.8-slim", "minor: 12.15-slim 12.14-slim 12.13-slim; major: 13.6-slim");
    check("alpine:3.18.4", "patch: 3.18.12; minor: 3.24.1 3.23.5 3.22.5");
    check("alpine:3.18", "minor: 3.24 3.23 3.22");
    check("alpine:3", "");
    check(
        "eclipse-temurin:17.0.8_7-jdk-jammy",
        "patch: 17.0.20_8-jdk-jammy; major: 26.0.2_10-jdk-jammy 25.0.4_7-jdk-jammy 24.0.2_12-jdk-noble; \
         variant: 17.0.20_8-jdk-resolute 17.0.20_8-jdk-noble",
    );
    check("mariadb:11.0.2", "patch: 11.0.6; minor: 11.8.8 11.7.2 11.6.2; major: 12.3.2");
    for floating in ["python:latest", "golang:alpine", "node:lts-slim", "debian:stable-slim"] {
        check(floating, "");
    }
}

/// What the maintainers replaced by what, in ten years of 27 images: a tag that they dropped for a later one of the
/// same directory leads to that one.
#[test]
fn what_replaced_a_tag_is_newer_than_it() {
    let Some(changes) = changes() else { return };
    let mut directories: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let (mut replaced, mut followed, mut lost) = (0, 0, Vec::new());
    for change in changes {
        let image = change.image.as_str();
        let new: Vec<&String> = change.set.keys().collect();
        // Some of them, to be quick.
        for old in change.removed.iter().step_by(16) {
            let directory = directories.get(&(image, old.as_str())).copied();
            // The tag of the same shape: nothing but digits differs.
            let shape = |tag: &str| {
                let parts = tag.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join("#")
            };
            // From one unfinished version to the next nobody is led.
            let successors = new.iter().filter(|new| !is_early(new)).filter(|new| {
                shape(new) == shape(old) && change.set.get(**new).map(String::as_str) == directory
            });
            // Maintainers take back a version, too: what is lower in every way is no successor.
            let successors: Vec<_> = successors.filter(|new| numbers(new) > numbers(old)).collect();
            if successors.is_empty() {
                continue;
            }
            replaced += 1;
            // A floating tag that stood beside it already is as good an answer, and hides it.
            let newer = newer_tags(old, &new);
            if successors.iter().any(|new| newer.iter().any(|(tag, _)| tag == **new)) {
                followed += 1;
            } else {
                lost.push(format!("{image}:{old} {successors:?} {newer:?}"));
            }
        }
        for (tag, directory) in &change.set {
            directories.insert((image, tag), directory);
        }
    }
    assert!(replaced > 2_000 && lost.len() * 150 < replaced, "{followed} of {replaced}: {lost:#?}");
}

/// Whether a tag is a pre-release's: `rc`, `beta`, `3.10.0a4` …
fn is_early(tag: &str) -> bool {
    let tag = tag.to_lowercase();
    let is_python = |three: &[u8]| matches!(three, [before, b'a' | b'b', after] if before.is_ascii_digit() && after.is_ascii_digit());
    ["rc", "beta", "alpha", "-dev"].iter().any(|word| tag.contains(word))
        || tag.as_bytes().windows(3).any(is_python)
}

/// All runs of digits.
fn numbers(tag: &str) -> Vec<u64> {
    tag.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// For every tag that ever was: what is offered exists, is another one, is no pre-release of a release, and its first
/// number that differs is higher.
#[test]
fn nothing_lower_is_ever_offered() {
    let Some(changes) = changes() else { return };
    let mut offered = 0;
    for (image, all) in ever(changes) {
        // Enough of each image: the cost is the square of their number.
        for tag in all.iter().step_by(1 + all.len() / 15) {
            for (newer, relation) in newer_tags(tag, &all) {
                offered += 1;
                let context = format!("{image}:{tag} {newer} {relation}");
                assert!(all.contains(&newer) && newer != *tag, "{context}");
                assert!(is_early(tag) || !is_early(&newer), "{context}");
                if relation != Newer::Variant {
                    assert!(numbers(&newer) > numbers(tag) || is_early(tag), "{context}");
                }
                let back = newer_tags(&newer, std::slice::from_ref(tag));
                assert_eq!(back, [], "{context}");
            }
        }
    }
    assert!(offered > 1_000, "{offered}");
}

#[test]
fn the_newest_of_a_real_repository_are_wanted() {
    let Some(changes) = changes() else { return };
    let ever = ever(changes);
    let wanted = wanted_tags("bookworm*", &ever["debian"], 2);
    let expected = [
        "bookworm",
        "bookworm-backports",
        "bookworm-slim",
        "bookworm-20260803",
        "bookworm-20260803-slim",
        "bookworm-20260713",
        "bookworm-20260713-slim",
    ];
    assert_eq!(wanted, expected);
    assert!(wanted_tags("*", &ever["python"], 3).len() < ever["python"].len() / 3);
}

proptest! {
    #[test]
    fn any_tags_at_all(all in prop::collection::vec("[v0-9a-z][-._0-9a-cr]{0,12}|[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-(rc[0-9]|slim|alpine3\\.[0-9]{1,2}|bookworm|trixie)){0,2}", 1..12)) {
        let tag = &all[0];
        for (newer, _) in newer_tags(tag, &all) {
            prop_assert!(all.contains(&newer));
            prop_assert_ne!(&newer, tag);
            prop_assert_eq!(newer_tags(&newer, std::slice::from_ref(tag)), vec![]);
        }
        let wanted = wanted_tags("*", &all, 1);
        prop_assert!(wanted.iter().all(|tag| all.contains(tag)));
        prop_assert_eq!(wanted_tags("*", &all, usize::MAX).len(), all.iter().collect::<BTreeSet<_>>().len());
    }
}
