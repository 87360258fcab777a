//! What goes into a catalogue comes out of it, once, and from whom.

use std::slice::from_ref;
use std::sync::Arc;

use plimsoll_lineage::{Catalogue, Chain, KnownImage, Merged, Source, forget, merge};
use plimsoll_model::Digest;

use crate::support::{Place, digest, image, layers, packages, tagged, time};

#[test]
fn everything_that_is_known_comes_back() {
    let mut known = tagged(image("debian:bookworm-slim", "a b"), &["12-slim"]);
    known.tags[0].digest = Some(digest("index"));
    known.config = Some(digest("config"));
    known.created = Some(time("2026-03-01"));
    known.blobs = Chain::of_blobs(&[digest("blob")]);
    known.scope = Some("debian:12".parse().unwrap());
    known.packages = Some(Arc::new(packages("apt=2.6.1 libc6:amd64=2.36-9")));
    let mut bare = KnownImage::new(&"r.example/a/b:x".parse().unwrap(), Source::Scanned);
    bare.platform = Some("linux/arm/v7".parse().unwrap());
    let place = Place::new(&[known.clone(), bare.clone()]);
    known.tags.sort();
    assert_eq!(place.images(), [known, bare]);
}

#[test]
fn a_file_that_is_not_there_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bases");
    let catalogue = Catalogue::open(&path).unwrap();
    assert!(catalogue.is_empty().unwrap());
    assert_eq!(catalogue.by_chain(Chain::of(&layers("a")).unwrap()).unwrap(), []);
    assert!(!path.exists());
}

#[test]
fn stacks_and_digests_lead_to_all_their_images() {
    let mut mirrored = image("r.example/mirror/debian:12", "a b");
    mirrored.config = Some(digest("config"));
    let place = Place::new(&[
        image("debian:bookworm", "a b"),
        mirrored.clone(),
        image("debian:trixie", "a c"),
        image("alpine:3.18", "d"),
    ]);
    let catalogue = place.open();
    let check = |words: &str, expected: &[&str]| {
        let found = catalogue.by_chain(Chain::of(&layers(words)).unwrap()).unwrap();
        let names: Vec<_> = found.iter().map(KnownImage::name).collect();
        assert_eq!(names, expected, "{words}");
    };
    check("a b", &["debian:bookworm", "r.example/mirror/debian:12"]);
    check("a c", &["debian:trixie"]);
    check("a", &[]);
    check("a b c", &[]);
    check("d", &["alpine:3.18"]);
    let by = |digest: &Digest| catalogue.by_digest(digest).unwrap();
    assert_eq!(by(&digest("config")), *from_ref(&mirrored));
    assert_eq!(by(mirrored.digest.as_ref().unwrap()), [mirrored]);
    assert_eq!(by(&digest("nothing")), []);
    // A chain is an id with its count: one without the other is no proof.
    let chain = Chain { layers: 7, ..Chain::of(&layers("a b")).unwrap() };
    assert_eq!(catalogue.by_chain(chain).unwrap(), []);
}

#[test]
fn a_second_statement_adds_what_is_new() {
    let first = image("debian:bookworm", "a");
    let place = Place::new(from_ref(&first));
    let counts =
        |merged: Merged| (merged.added, merged.updated, merged.unchanged, merged.refused.len());
    let again = merge(&place.path, vec![first.clone()]).unwrap();
    assert_eq!(counts(again), (0, 0, 1, 0));
    let mut second = tagged(first.clone(), &["12"]);
    second.tags.remove(0);
    second.packages = Some(Arc::new(packages("apt=1")));
    assert_eq!(counts(merge(&place.path, vec![second.clone()]).unwrap()), (0, 1, 0, 0));
    let [known] = &place.images()[..] else { panic!("{:?}", place.shown()) };
    assert_eq!(known.names(), ["debian:12", "debian:bookworm"]);
    assert_eq!(known.packages, second.packages);
    // New images twice in one batch are one image.
    let place = Place::new(&[first, second]);
    assert_eq!(place.shown(), ["debian 12,bookworm learned"]);
}

#[test]
fn a_tag_belongs_to_the_image_that_has_it_now() {
    let mut old = image("debian:bookworm", "a");
    let mut new = tagged(image("debian:bookworm", "b"), &["12.9"]);
    (old.seen, new.seen) = (Some(time("2026-01-01")), Some(time("2026-03-01")));
    let place = Place::new(from_ref(&new));
    merge(&place.path, vec![old.clone()]).unwrap();
    assert_eq!(place.shown(), ["debian (bookworm) learned", "debian 12.9,bookworm learned"]);
    // On another platform it is another image's.
    old.platform = Some("linux/arm64".parse().unwrap());
    let place = Place::new(&[new, old]);
    assert_eq!(place.shown(), ["debian 12.9,bookworm learned", "debian bookworm learned"]);
}

#[test]
fn what_was_learned_is_known_by_what_the_registry_answered() {
    let platform = "linux/amd64".parse().unwrap();
    let mut known = image("debian:bookworm", "a");
    known.tags[0].digest = Some(digest("index"));
    let mut imported = image("debian:trixie", "b");
    imported.tags[0].digest = Some(digest("index2"));
    imported.source = Source::Imported("list".to_owned());
    let place = Place::new(&[known, imported]);
    let catalogue = place.open();
    let check = |tag: &str, platform, expected: Option<Digest>| {
        let repository = "docker.io/library/debian";
        assert_eq!(catalogue.known_digest(repository, tag, platform).unwrap(), expected, "{tag}");
    };
    check("bookworm", &platform, Some(digest("index")));
    check("trixie", &platform, None);
    check("buster", &platform, None);
    check("bookworm", &"linux/arm64".parse().unwrap(), None);
}

#[test]
fn a_file_displaces_nothing_that_was_learned() {
    let learned = image("debian:bookworm", "a");
    let mut lie = learned.clone().with_layers(&layers("x"));
    lie.source = Source::Imported("list.jsonl".to_owned());
    lie.seen = Some(time("2030-01-01"));
    let refused = "it has other layers than what was learned from its registry";
    // In whichever order they come.
    let place = Place::new(from_ref(&learned));
    let merged = merge(&place.path, vec![lie.clone()]).unwrap();
    assert_eq!((merged.added, merged.refused[0].message.as_str()), (0, refused));
    assert_eq!(place.images(), *from_ref(&learned));
    let place = Place::new(from_ref(&lie));
    let merged = merge(&place.path, vec![learned.clone()]).unwrap();
    assert_eq!((merged.added, merged.refused[0].message.as_str()), (1, refused));
    assert_eq!(place.images(), *from_ref(&learned));
    // What agrees stands beside it, with its source, and does not take the tag.
    let mut agrees = tagged(learned.clone(), &["12"]);
    agrees.source = lie.source.clone();
    agrees.seen = lie.seen;
    let mut newer = image("debian:bookworm", "y");
    (newer.source, newer.seen) = (lie.source, lie.seen);
    let place = Place::new(&[agrees, learned, newer]);
    let mut shown = place.shown();
    shown.sort();
    let expected =
        ["debian (bookworm) imported", "debian 12,(bookworm) imported", "debian bookworm learned"];
    assert_eq!(shown, expected);
}

#[test]
fn names_are_forgotten_by_pattern() {
    let all = [
        tagged(image("debian:bookworm", "a"), &["12"]),
        image("debian:trixie", "b"),
        image("r.example/x/app:1", "c"),
        image("r.example/x/app:2", "d"),
    ];
    let check = |pattern: &str, forgotten, left: &[&str]| {
        let place = Place::new(&all);
        assert_eq!(forget(&place.path, pattern).unwrap(), forgotten, "{pattern}");
        let shown = place.shown();
        let names: Vec<_> = shown.iter().map(|line| line.trim_end_matches(" learned")).collect();
        assert_eq!(names, left, "{pattern}");
    };
    let app = ["r.example/x/app 1", "r.example/x/app 2"];
    check("debian:bookworm", 1, &["debian 12", "debian trixie", app[0], app[1]]);
    check("debian:*", 3, &app);
    check("debian", 3, &app);
    check("docker.io/library/debian", 3, &app);
    check("r.example/*", 2, &["debian 12,bookworm", "debian trixie"]);
    check("nothing", 0, &["debian 12,bookworm", "debian trixie", app[0], app[1]]);
    check("*", 5, &[]);
}

#[test]
fn digests_of_other_algorithms_are_refused() {
    let place = Place::new(&[]);
    let mut image = image("debian:bookworm", "a");
    image.config = Some(format!("sha512:{}", "0a".repeat(64)).parse().unwrap());
    let merged = merge(&place.path, vec![image]).unwrap();
    assert_eq!(merged.refused.len(), 1);
    assert!(merged.refused[0].message.starts_with("the catalogue keeps only sha256 digests"));
    assert!(place.open().is_empty().unwrap());
}

#[test]
fn the_same_images_give_the_same_bytes() {
    let images =
        [image("debian:bookworm", "a"), image("alpine:3.18", "b"), image("debian:12", "c")];
    let bytes = |images: &[KnownImage]| std::fs::read(Place::new(images).path).unwrap();
    let mut reversed = images.clone();
    reversed.reverse();
    assert_eq!(bytes(&images), bytes(&reversed));
}

#[test]
fn the_nearest_packages_are_found() {
    let with = |name: &str, words: &str, list: &str| {
        let mut image = image(name, words);
        image.packages = Some(Arc::new(packages(list)));
        image
    };
    let base = "a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1";
    let place = Place::new(&[
        with("debian:old", "a", &base.replace("=1", "=0")),
        with("debian:now", "b", base),
        with("debian:next", "c", &base.replace("a=1", "a=2")),
        with("alpine:3", "d", "x=1 y=1 z=1 u=1 v=1"),
    ]);
    let catalogue = place.open();
    let check = |list: &str, expected: &[&str]| {
        let found = catalogue.nearest(&packages(list), None).unwrap();
        let names: Vec<_> = found.iter().map(|nearest| nearest.image.name()).collect();
        assert_eq!(names, expected, "{list}");
    };
    check(&format!("{base} app=3"), &["debian:now"]);
    check(&format!("{base} app=3").replace("a=1 b=1", "a=2 b=3"), &["debian:next"]);
    check("x=1 y=1 z=1", &[]);
    check("", &[]);
    let arm = "linux/arm64".parse().unwrap();
    assert_eq!(catalogue.nearest(&packages(base), Some(&arm)).unwrap(), []);
}

#[test]
fn a_damaged_catalogue_is_not_written_anew() {
    let place = Place::new(&[image("debian:bookworm", "a")]);
    let mut bytes = std::fs::read(&place.path).unwrap();
    // Somewhere in a name, so that nothing but the checksum can tell.
    let at = bytes.windows(8).position(|window| window == b"bookworm").unwrap();
    bytes[at] = b'c';
    std::fs::write(&place.path, &bytes).unwrap();
    assert!(merge(&place.path, vec![image("alpine:3", "x")]).is_err());
    assert!(forget(&place.path, "*").is_err());
    assert_eq!(std::fs::read(&place.path).unwrap(), bytes);
}
