//! Any bytes as a file of an apt archive or its configuration: signed index, package index, lists of sources.
//!
//! Input: one byte that chooses the kind of file; the file.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use plimsoll_distro::{
    Keyring, Packages, carried_keyring, parse_deb822_sources, parse_sources_list, verify_detached,
    verify_inline,
};
use plimsoll_fuzz::Pieces;
use plimsoll_model::Ecosystem;

fuzz_target!(|input: &[u8]| {
    let Some((choice, file)) = input.split_first() else { return };
    match choice % 4 {
        0 => check_signed(file),
        1 => assert_eq!(packages(file, usize::MAX), packages(file, 7)),
        _ => {
            let Ok(text) = str::from_utf8(file) else { return };
            let sources = match choice % 4 {
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
