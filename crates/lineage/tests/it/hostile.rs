//! Catalogues that somebody else has made.

use plimsoll_lineage::{Catalogue, Chain};

use crate::support::{Place, digest, image, layers, packages};

/// Everything that can be asked of a catalogue.
fn exercise(bytes: Vec<u8>) {
    let Ok(catalogue) = Catalogue::from_bytes("bases", bytes) else { return };
    let _ = catalogue.images().map(Iterator::count);
    let _ = catalogue.by_digest(&digest("x"));
    let _ = Chain::of(&layers("a")).map(|chain| catalogue.by_chain(chain));
    let _ = catalogue.nearest(&packages("a=1 b=1 c=1 d=1 e=1"), None);
    let platform = "linux/amd64".parse().unwrap();
    let _ = catalogue.known_digest("docker.io/library/debian", "bookworm", &platform);
}

#[test]
fn damaged_catalogues_are_errors_and_never_panic() {
    let mut known = image("debian:bookworm", "a");
    known.packages = Some(packages("a=1 b=1 c=1 d=1 e=1").into());
    let place = Place::new(&[known, image("alpine:3", "x b")]);
    let bytes = std::fs::read(&place.path).unwrap();
    for at in 0..bytes.len() {
        for bits in [0xff, 0x01, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bits;
            exercise(damaged);
        }
    }
    for length in 0..bytes.len() {
        exercise(bytes[..length].to_vec());
    }
}
