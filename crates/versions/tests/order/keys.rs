//! What holds of every scheme whatever its rules: keys order as comparison does, and comparison is a
//! total order.

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, compare, sort_key};

use crate::generator::{APK, Alphabet, DPKG, RPM, Random, SEMVER};
use crate::support::{check, key as key_of};

const PAIRS: usize = 100_000;

fn check_pairs(scheme: Scheme, alphabet: &Alphabet) {
    let mut random = Random::seeded(0x0bad_5eed_0000_0001 + scheme as u64);
    let mut counts = [0; 3];
    let mut refused = 0;
    while counts.iter().sum::<usize>() < PAIRS {
        let (a, b) = alphabet.pair(&mut random);
        match compare(scheme, &a, &b) {
            Ok(order) => {
                check(scheme, &a, order, &b);
                counts[(order as i8 + 1) as usize] += 1;
            }
            Err(invalid) => {
                // The same version is refused by comparison from either side and by the key.
                assert_eq!(sort_key(scheme, &invalid.version, &mut Vec::new()), Err(invalid));
                assert!(compare(scheme, &b, &a).is_err(), "{b:?} against {a:?}");
                refused += 1;
            }
        }
    }
    println!("{scheme}: keys of {PAIRS} pairs order as the versions; {refused} more refused");
    assert!(counts.iter().all(|&count| count > PAIRS / 20), "lopsided pairs: {counts:?}");
}

fn check_transitive(scheme: Scheme, alphabet: &Alphabet) {
    let mut random = Random::seeded(0x0bad_5eed_0000_0002);
    for _ in 0..PAIRS {
        let (a, b) = alphabet.pair(&mut random);
        let (_, c) = alphabet.pair(&mut random);
        let mut triple = [a, b, c];
        if triple.iter().all(|version| sort_key(scheme, version, &mut Vec::new()).is_ok()) {
            triple.sort_by(|a, b| compare(scheme, a, b).unwrap());
            let [a, _, c] = &triple;
            assert_ne!(compare(scheme, a, c).unwrap(), Ordering::Greater, "{scheme}: {triple:?}");
        }
    }
}

#[test]
fn dpkg_keys_and_order_agree() {
    check_pairs(Scheme::Dpkg, &DPKG);
    check_transitive(Scheme::Dpkg, &DPKG);
}

#[test]
fn rpm_keys_and_order_agree() {
    check_pairs(Scheme::Rpm, &RPM);
    check_transitive(Scheme::Rpm, &RPM);
}

#[test]
fn apk_keys_and_order_agree() {
    check_pairs(Scheme::Apk, &APK);
    check_transitive(Scheme::Apk, &APK);
}

#[test]
fn semver_keys_and_order_agree() {
    check_pairs(Scheme::Semver, &SEMVER);
    check_transitive(Scheme::Semver, &SEMVER);
}

#[test]
fn a_key_is_appended_to_what_is_there() {
    let mut key = b"debian".to_vec();
    sort_key(Scheme::Dpkg, "1:2.0", &mut key).unwrap();
    assert_eq!(key.strip_prefix(b"debian"), Some(&*key_of(Scheme::Dpkg, "1:2.0")));
}
