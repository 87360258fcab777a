//! A shard that somebody made or damaged: wrong answers and errors are allowed, panics are not.

use plimsoll_model::{Advisory, Cvss, Ecosystem};
use plimsoll_vulndb::{Matcher, Options};

use crate::build::{Database, advisory, now, os, package, scope};

#[test]
fn no_flipped_byte_of_a_shard_panics() {
    let advisories: Vec<Advisory> = (0..12)
        .map(|n| {
            let name = ["openssl", "zlib", "curl"][n % 3];
            let mut advisory =
                advisory("debian-tracker", "debian:12", &format!("CVE-2020-{n:04}"), name, "3-1");
            advisory.title = Some("a title".to_owned());
            advisory.aliases = vec![format!("GHSA-{n}")];
            advisory.urls = vec!["https://example/x".to_owned()];
            advisory.versions = vec!["9-1".to_owned()];
            advisory.cvss = vec![Cvss { vector: "CVSS:3.1/x".to_owned(), score: 5.0 }];
            advisory
        })
        .collect();
    let database = Database::with(&advisories);
    let generation = database.generation();
    let path = generation.path(&generation.shards()[0]);
    let whole = std::fs::read(&path).unwrap();
    let packages =
        ["openssl", "zlib", "curl"].map(|name| package(Ecosystem::Debian, name, "2-1", name));
    let os = os("debian:12");
    let options = Options { now: now(), max_age: None };

    let mut answered = 0;
    for at in 0..whole.len() {
        for value in [whole[at] ^ 0x01, whole[at] ^ 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            // Not in place: a file that is mapped must not change.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &bytes).unwrap();
            let Ok(matcher) = Matcher::open(Some(&generation), &[scope("debian:12")]) else {
                continue;
            };
            if let Ok(matched) = matcher.match_packages(&packages, Some(&os), &options) {
                answered += usize::from(!matched.findings.is_empty());
            }
            drop(matcher.explain("CVE-2020-0001", &packages, Some(&os)));
        }
    }
    // Most flips are in texts, which only `verify` can tell.
    assert!(answered > whole.len(), "{answered} of {}", whole.len());
}
