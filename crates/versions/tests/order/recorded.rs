//! Recorded lists and tables of the shared data.

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, compare, sort_key};

use crate::support::{check, relation, shared_data, shared_texts};

const OSV: &str = "expected/version-compare/osv.dev/data.tar.zst";
const CLAIRCORE: &str = "advisories/_formats/claircore/data.tar.zst";

/// Every value of `"version": "…"` in JSON whose versions need no escapes.
fn versions_of(json: &str) -> Vec<&str> {
    json.split("\"version\":")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"'))
        .map(|(version, _)| version)
        .collect()
}

#[test]
fn debian_histories_descend() {
    let Some(texts) = shared_texts(OSV, "TestDebian_GetVersions.yaml") else { return };
    let mut lengths = Vec::new();
    for (_, text) in &texts {
        for line in text.lines().filter(|line| line.contains("\"result\":[{\"version\"")) {
            let versions = versions_of(line);
            for pair in versions.windows(2) {
                check(Scheme::Dpkg, pair[0], Ordering::Greater, pair[1]);
            }
            lengths.push(versions.len());
        }
    }
    println!("debian histories of {lengths:?} versions");
    lengths.sort_unstable();
    assert_eq!(lengths, [213, 312, 475]);
}

#[test]
fn fuzz_seeds_of_others_break_nothing() {
    let Some(texts) = shared_texts(OSV, "fuzz/FuzzDpkgMonotonicity/") else { return };
    for (path, text) in &texts {
        let versions: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("string(\"")?.strip_suffix("\")"))
            .collect();
        let [a, b] = versions[..] else { panic!("{path}: {versions:?}") };
        let order = compare(Scheme::Dpkg, a, b).unwrap();
        check(Scheme::Dpkg, a, order, b);
    }
    assert_eq!(texts.len(), 3);
}

#[test]
fn rpm_table_of_claircore() {
    let Some(texts) = shared_texts(CLAIRCORE, "internal/rpmver/testdata/rpmvercmp") else { return };
    let mut pairs = 0;
    for (_, text) in &texts {
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [a, sign, b] = fields[..] else { panic!("{line:?}") };
            check(Scheme::Rpm, a, relation(sign), b);
            pairs += 1;
        }
    }
    println!("rpmvercmp table of {pairs} pairs");
    assert!(pairs > 100, "{pairs}");
}

/// The part of that table that is about epoch, version and release: names and architectures are
/// taken off where both sides have the same ones.
#[test]
fn rpm_package_table_of_claircore() {
    let Some(texts) = shared_texts(CLAIRCORE, "internal/rpmver/testdata/compare") else { return };
    let evr = |nevra: &str| {
        let nevra = nevra.strip_prefix("fonts-filesystem-").unwrap_or(nevra);
        let evr = nevra.strip_suffix(".noarch").unwrap_or(nevra).to_owned();
        let stated = evr.starts_with(|first: char| first.is_ascii_digit());
        (stated && !evr.contains(".aarch64") && !evr.ends_with("-a")).then_some(evr)
    };
    let mut pairs = 0;
    for (_, text) in &texts {
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [a, sign, b] = fields[..] else { panic!("{line:?}") };
            if let (Some(a), Some(b)) = (evr(a), evr(b)) {
                check(Scheme::Rpm, &a, relation(sign), &b);
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 6);
}

#[test]
fn every_version_in_alpine_s_root_file_systems_is_valid() {
    let Some(path) = shared_data("rootfs/alpine/packages.json") else { return };
    let json = std::fs::read_to_string(path).unwrap();
    let versions = versions_of(&json);
    for version in &versions {
        sort_key(Scheme::Apk, version, &mut Vec::new()).unwrap();
    }
    println!("{} installed apk versions", versions.len());
    assert!(versions.len() > 300, "{}", versions.len());
}
