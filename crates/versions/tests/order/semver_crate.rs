//! Semantic Versions against cargo's own reading of them.

use plimsoll_versions::Scheme;

use crate::generator::{Alphabet, Random};
use crate::support::check;

const PAIRS: usize = 200_000;

/// Mostly valid Semantic Versions, with numbers cargo's 64 bits can hold.
const STRICT: Alphabet = Alphabet {
    epochs: &["0.0.0", "0.1.0", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "10.0.0", "1.0.0-0"],
    pieces: &[
        "-0",
        "-1",
        "-10",
        "-a",
        "-rc",
        "-B",
        "--",
        ".0",
        ".1",
        ".10",
        ".a",
        ".rc1",
        ".0a",
        "0",
        "a",
        "-rc.1",
        "-alpha.beta",
        "-18446744073709551615",
    ],
    revisions: &["", "", "", "+a", "+01", "+incompatible", "+a-b.c"],
};

#[test]
fn pairs_order_as_cargo_orders_them() {
    let mut random = Random::seeded(0x0bad_5eed_0000_0003);
    let mut counts = [0; 3];
    while counts.iter().sum::<usize>() < PAIRS {
        let (a, b) = STRICT.pair(&mut random);
        if let (Ok(left), Ok(right)) = (semver::Version::parse(&a), semver::Version::parse(&b)) {
            let expected = left.cmp_precedence(&right);
            check(Scheme::Semver, &a, expected, &b);
            counts[(expected as i8 + 1) as usize] += 1;
        }
    }
    println!("semver: {PAIRS} pairs compared with cargo's crate, 0 differ; <, =, > {counts:?}");
    assert!(counts.iter().all(|&count| count > PAIRS / 20), "lopsided pairs: {counts:?}");
}
