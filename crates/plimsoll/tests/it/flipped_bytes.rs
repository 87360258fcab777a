//! One flipped byte in a layer: found wherever it is, also after a good scan has filled the cache.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use plimsoll_testkit::{DockerArchive, Image, Layout, OciTar};

use crate::support::{TestContext, shop, shop_feeds};

const SCAN: &[&str] = &["scan", "--from", "feeds", "--format", "json"];

/// Flips one bit in the middle of `part` of the file, which has to be found in it. Size and time of the
/// last change stay what they were.
fn flip(path: &Path, part: &[u8]) {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let at = bytes.windows(part.len()).position(|window| window == part).unwrap() + part.len() / 2;
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[bytes[at] ^ 1]).unwrap();
    file.set_modified(modified).unwrap();
}

/// Scans well, is damaged, and is refused: with the cache of the good scan, without one, and anew.
fn check(
    reference: &str,
    write: impl Fn(&TestContext, &Image),
    damage: impl Fn(&TestContext, &Image),
) {
    let image = shop();
    let context = TestContext::new();
    shop_feeds(&context);
    write(&context, &image);
    let scan = [SCAN, &[reference]].concat();
    let good = context.plimsoll(&scan).ends_with(0);
    assert_eq!(good.findings().len(), 6);
    damage(&context, &image);
    let without_cache = context.plimsoll(&[&scan[..], &["--no-cache"]].concat()).ends_with(1);
    assert_eq!(without_cache.stdout, "");
    let cached = context.plimsoll(&scan);
    assert_eq!(cached.code, 1, "the cache answers for damaged bytes: {cached}");
    context.plimsoll(&["cache", "prune", "--all"]).ends_with(0);
    let anew = context.plimsoll(&scan).ends_with(1);
    assert!(anew.stderr.contains("error: "), "{anew}");
    // What is whole again is read again.
    write(&context, &image);
    assert_eq!(context.plimsoll(&scan).ends_with(0).stdout, good.stdout);
}

#[test]
fn in_a_layout() {
    let damage = |context: &TestContext, image: &Image| {
        let layer = &image.layers[1];
        let blob = context.path("layout/blobs/sha256").join(layer.blob.digest.hex());
        flip(&blob, &layer.bytes().unwrap());
    };
    let write = |context: &TestContext, image: &Image| drop(context.layout("layout", image));
    check("layout", write, damage);
}

#[test]
fn in_an_oci_archive() {
    let write = |context: &TestContext, image: &Image| {
        context.write("oci.tar", Layout::of(image).tar(OciTar::Plain).unwrap());
    };
    let damage = |context: &TestContext, image: &Image| {
        flip(&context.path("oci.tar"), &image.layers[0].bytes().unwrap());
    };
    check("oci.tar", write, damage);
}

#[test]
fn in_a_docker_archive_of_either_generation() {
    for modern in [false, true] {
        let write = |context: &TestContext, image: &Image| {
            let archive = DockerArchive::new().image(&["shop:1"], image);
            let bytes = if modern { archive.modern() } else { archive.legacy() };
            context.write("docker.tar", bytes.unwrap());
        };
        let damage = |context: &TestContext, image: &Image| {
            let layer = &image.layers[1];
            let bytes = if modern { layer.bytes() } else { layer.tar() };
            flip(&context.path("docker.tar"), &bytes.unwrap());
        };
        check("docker.tar", write, damage);
    }
}

#[test]
fn in_manifest_and_configuration() {
    for part in ["manifest", "config"] {
        let write = |context: &TestContext, image: &Image| drop(context.layout("layout", image));
        let damage = |context: &TestContext, image: &Image| {
            let digest = if part == "manifest" { image.digest() } else { image.config_digest() };
            let path = context.path("layout/blobs/sha256").join(digest.hex());
            // Still JSON, and other bytes.
            flip(&path, b"sha256:");
        };
        check("layout", write, damage);
    }
}
