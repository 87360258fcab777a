//! The layer edge cases that other projects test with (shared/data, images/docker-archive).

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use super::*;
use crate::testing::facts_of;

/// The tars of a collection, by the last two components of their names.
fn collection(name: &str) -> Option<HashMap<String, Vec<u8>>> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/images/docker-archive");
    let Ok(compressed) = std::fs::read(root.join(name)) else {
        println!("skipped: needs shared/data");
        return None;
    };
    let plain = zstd::decode_all(compressed.as_slice()).unwrap();
    Some(
        files(&plain)
            .into_iter()
            .map(|(path, bytes)| {
                let mut parts = path.rsplit('/');
                let (file, _, folder) =
                    (parts.next().unwrap(), parts.next(), parts.next().unwrap_or(""));
                (format!("{folder}/{file}"), bytes)
            })
            .collect(),
    )
}

fn files(tar: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut files = HashMap::new();
    for entry in tar::Archive::new(tar).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Ok(Some(target)) = entry.link_name() {
            bytes = target.to_string_lossy().into_owned().into_bytes();
        }
        files.insert(path, bytes);
    }
    files
}

/// The layers of a `docker save`, in the order of its manifest.
fn docker_layers(tar: &[u8]) -> Vec<LayerFacts> {
    let files = files(tar);
    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let layers = manifest[0]["Layers"].as_array().unwrap();
    layers
        .iter()
        .map(|layer| {
            let bytes = &files[layer.as_str().unwrap()];
            // A repeated layer is a link to the first: `../ID/layer.tar`.
            match bytes.strip_prefix(b"../") {
                Some(target) => facts_of(&files[str::from_utf8(target).unwrap()]),
                None => facts_of(bytes),
            }
        })
        .collect()
}

fn check(tar: &[u8], expected: &[(&str, Option<(usize, &str)>)]) {
    let layers = docker_layers(tar);
    let layers: Vec<&LayerFacts> = layers.iter().collect();
    for (path, expected) in expected {
        let found = View::new(&layers).file(path.as_bytes()).unwrap();
        let found = found.map(|place| (place.layer, String::from_utf8(place.stored).unwrap()));
        let expected = expected.map(|(layer, path)| (layer, path.to_owned()));
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn go_containerregistry_whiteouts_and_overwrites() {
    let Some(tars) = collection("go-containerregistry-testdata.tar.zst") else { return };
    check(
        &tars["mutate/whiteout_image.tar"],
        &[("foo.txt", None), ("bar.txt", Some((0, "bar.txt")))],
    );
    check(
        &tars["mutate/overwritten_file.tar"],
        &[("foo.txt", Some((1, "bar.txt"))), ("bar.txt", Some((1, "bar.txt")))],
    );
    check(
        &tars["mutate/whiteout_dir.tar"],
        &[("a/foo", None), ("a/baz", Some((3, "a/baz"))), ("b/bar", Some((1, "b/bar")))],
    );
}

#[test]
fn osv_scalibr_links() {
    let Some(tars) = collection("osv-scalibr-layer-testdata.tar.zst") else { return };
    let sample = Some((0, "dir1/sample.txt"));
    check(
        &tars["image/symlink-basic.tar"],
        &[
            ("dir1/absolute-symlink.txt", sample),
            ("dir1/chain-symlink.txt", sample),
            ("dir1/relative-dot-symlink.txt", sample),
        ],
    );
    check(&tars["image/symlink-depth-exceeded.tar"], &[("dir1/symlink7.txt", sample)]);
    check(&tars["image/symlink-dangling.tar"], &[("dir1/chain-symlink.txt", None)]);
    // Inside the root there is no secret.txt, and nothing leads out.
    let attack = [("dir1/attack-symlink.txt", None), ("dir1/attack-symlink-absolute.txt", None)];
    check(&tars["image/symlink-attack.tar"], &attack);
    check(&tars["unpack/symlinks.tar"], &attack);
    check(
        &tars["unpack/symlinks.tar"],
        &[("dir2/dir3/absolute-symlink-inside-root.txt", Some((0, "dir1/sample.txt")))],
    );
    check(&tars["image/overwrite-file.tar"], &[("sample.txt", Some((1, "sample.txt")))]);
    let layers = docker_layers(&tars["image/symlink-cycle.tar"]);
    let cycle = View::new(&[&layers[0]]).file(b"dir1/sample.txt");
    assert_eq!(cycle, Err(Unresolved::Links));
    // A bare layer whose names and links climb.
    let escape = facts_of(&tars["unpack/escape.tar"]);
    let layers = [&escape];
    let view = View::new(&layers);
    for path in ["escape", "trampoline", "usr", "etc/passwd", "../etc/passwd"] {
        if let Ok(Some(place)) = view.file(path.as_bytes()) {
            assert!(!place.stored.starts_with(b"/") && !place.stored.starts_with(b".."));
        }
    }
}
