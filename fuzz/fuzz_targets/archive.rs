//! Any bytes as a file of an apt archive or its configuration: signed index, package index, lists of sources,
//! preferences.
//!
//! Input: one byte that chooses the kind of file; the file.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use plimsoll_distro::{
    AptState, AptSystem, CompiledIndex, Index, Keyring, Offer, Packages, Pocket, Preferences,
    Release, archives_to_ask, carried_keyring, parse_deb822_sources, parse_sources_list,
    pending_updates, verify_detached, verify_inline,
};
use plimsoll_fuzz::Pieces;
use plimsoll_model::{Ecosystem, Package, PackageId};

fuzz_target!(|input: &[u8]| {
    let Some((choice, file)) = input.split_first() else { return };
    match choice % 8 {
        0 => check_signed(file),
        1 => assert_eq!(packages(file, usize::MAX), packages(file, 7)),
        4 => check_compiled(file),
        5 => check_preferences(file),
        6 => check_request("etc/apt/sources.list", file),
        7 => check_request("etc/apt/sources.list.d/a.sources", file),
        kind => {
            let Ok(text) = str::from_utf8(file) else { return };
            let sources = match kind {
                2 => Ok(parse_sources_list(text)),
                _ => parse_deb822_sources(text),
            };
            for source in sources.map(|sources| sources.sources).unwrap_or_default() {
                assert!(!source.uris.is_empty() && !source.suites.is_empty(), "{source:?}");
            }
        }
    }
});

/// What Debian did not sign is not accepted: no input of ours is.
fn check_signed(file: &[u8]) {
    let keys = carried_keyring(Ecosystem::Debian).expect("Debian's keys are carried");
    let keyring = Keyring::from_bytes(keys).expect("they are sound");
    let now = Timestamp::from_second(1_795_000_000).expect("a time");
    if let Ok(verified) = verify_inline(file, &keyring, now) {
        assert!(!verified.signers().is_empty());
        let text = str::from_utf8(file).expect("it was accepted");
        assert!(verified.text().lines().all(|line| text.contains(line)), "text from elsewhere");
    }
    let half = file.len() / 2;
    assert!(verify_detached(&file[..half], &file[half..], &keyring, now).is_err());
    let _ = Keyring::from_bytes(file);
}

fn packages(file: &[u8], size: usize) -> Vec<String> {
    let mut found = Vec::new();
    for package in Packages::new(Pieces::new(file, size)) {
        if let Ok(package) = &package {
            let texts = [&package.name, &package.version, &package.architecture];
            assert!(texts.iter().all(|text| !text.is_empty()), "{package:?}");
            let parts = package.filename.iter().flat_map(|name| name.split('/'));
            assert!(parts.into_iter().all(|part| part != ".." && !part.is_empty()), "{package:?}");
        }
        found.push(format!("{package:?}"));
    }
    found
}

/// The compiled index has what the index has; and of any bytes as a compiled one nothing but errors comes.
fn check_compiled(file: &[u8]) {
    if let Ok(compiled) = CompiledIndex::of(file) {
        let index = Index::from_bytes("index", compiled.to_bytes()).expect("it was just made");
        index.verify().expect("it was just made");
        let whole: Vec<_> = Packages::new(file).flatten().collect();
        assert_eq!(index.len().expect("it was verified"), whole.len());
        for package in whole {
            let mut entries = index.package(&package.name).expect("it was verified").flatten();
            assert!(entries.any(|entry| entry.version == package.version), "{package:?}");
            let source = &package.source;
            let found = index.source(&source.name, &source.version).expect("it was verified");
            assert!(found.iter().any(|entry| entry.name == package.name), "{package:?}");
        }
    }
    if let Ok(index) = Index::from_bytes("index", file.to_vec()) {
        let _ = index.verify();
        let _ = index.package("a").map(Iterator::count);
        let _ = index.sources().map(Iterator::count);
        let _ = index.problems();
    }
}

/// Whatever preferences and configuration say, an update is a newer version.
fn check_preferences(file: &[u8]) {
    let paths = ["etc/apt/preferences", "etc/apt/apt.conf"];
    let files = BTreeMap::from(paths.map(|path| (path.to_owned(), file.to_vec())));
    let preferences = Preferences::of(&files);
    let stanza = "Package: a\nVersion: 2\nArchitecture: amd64\n\n\
                  Package: a\nVersion: 1\nArchitecture: amd64\n\n\
                  Package: a\nVersion: 4\nArchitecture: amd64\n";
    let compiled = CompiledIndex::of(stanza.as_bytes()).expect("it is one");
    let index = Index::from_bytes("index", compiled.to_bytes()).expect("it was just made");
    let package = Package {
        id: PackageId::of(Ecosystem::Debian, "a", "3", Some("amd64")),
        ecosystem: Ecosystem::Debian,
        name: "a".to_owned(),
        version: "3".to_owned(),
        arch: Some("amd64".to_owned()),
        source: None,
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    };
    let state = AptState {
        packages: &[package],
        native: "amd64",
        holds: &BTreeSet::new(),
        machine_id: None,
    };
    let offer = Offer {
        suite: "bookworm",
        site: "example.org",
        pocket: Pocket::Main,
        release: &Release::default(),
        component: "main",
        architecture: "amd64",
        index: &index,
    };
    let updates = pending_updates(state, &[offer], &preferences).expect("the index is sound");
    let [pending] = updates.pending.as_slice() else { panic!("{updates:?}") };
    assert_eq!(pending.candidate, "4");
}

/// Whatever an image names, only the distribution is asked, and its security suite always.
fn check_request(path: &str, file: &[u8]) {
    let files = BTreeMap::from([(path.to_owned(), file.to_vec())]);
    let scope = "debian:12".parse().expect("a scope");
    let architectures = ["amd64".to_owned()];
    let system = AptSystem { scope: &scope, architectures: &architectures };
    let request = archives_to_ask(&files, system, &|_| false);
    for asked in &request.ask {
        let url = asked.url("InRelease");
        let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        assert!(host.is_some_and(|host| host.ends_with(".debian.org")), "{url}");
        assert!(url.split('/').all(|part| part != ".."), "{url}");
        assert!(url.chars().all(|c| c.is_ascii_graphic()), "{url}");
    }
    assert!(request.ask.iter().any(|asked| asked.suite == "bookworm-security"));
}
