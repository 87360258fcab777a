//! Any three strings as versions of any scheme: comparison is a total order and sort keys agree with it.
//!
//! Input: one byte that chooses the scheme, then up to three versions, one a line.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use plimsoll_versions::{Scheme, compare, rpm, sort_key};

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let scheme = Scheme::ALL[usize::from(*choice) % Scheme::ALL.len()];
    let mut versions = text.splitn(3, '\n');
    let mut next = || versions.next().unwrap_or_default();
    let [a, b, c] = [next(), next(), next()];

    for (a, b) in [(a, b), (b, c), (a, c)] {
        check_pair(scheme, a, b);
    }
    let order = |a, b| compare(scheme, a, b).ok();
    if let (Some(first), Some(second), Some(whole)) = (order(a, b), order(b, c), order(a, c)) {
        match (first, second) {
            (Ordering::Equal, other) | (other, Ordering::Equal) => assert_eq!(whole, other),
            (first, second) if first == second => assert_eq!(whole, first),
            _ => {}
        }
    }
});

fn check_pair(scheme: Scheme, a: &str, b: &str) {
    let (key_a, key_b) = (key(scheme, a), key(scheme, b));
    let order = compare(scheme, a, b).ok();
    assert_eq!(order.is_some(), key_a.is_some() && key_b.is_some(), "who is valid");
    assert_eq!(compare(scheme, b, a).ok(), order.map(Ordering::reverse), "antisymmetry");
    assert_eq!(key_a.zip(key_b).map(|(a, b)| a.cmp(&b)), order, "keys");
    match scheme {
        Scheme::Semver => check_oracle(a, b, order),
        Scheme::Rpm => {
            // A version that states no release fits every release, and then only then.
            let stated = rpm::compare_stated(a, b).ok();
            assert_eq!(stated.is_some(), order.is_some());
            assert!(stated == Some(Ordering::Equal) || stated == order);
        }
        Scheme::Dpkg | Scheme::Apk => {}
    }
}

fn key(scheme: Scheme, version: &str) -> Option<Vec<u8>> {
    let mut key = b"kept".to_vec();
    let result = sort_key(scheme, version, &mut key);
    assert!(key.starts_with(b"kept") && (result.is_ok() || key.len() == 4));
    result.ok().map(|()| key)
}

/// What the `semver` crate accepts, we do, and order alike.
fn check_oracle(a: &str, b: &str, order: Option<Ordering>) {
    if let (Ok(a), Ok(b)) = (semver::Version::parse(a), semver::Version::parse(b)) {
        assert_eq!(order, Some(a.cmp_precedence(&b)), "the semver crate");
    }
}
