//! Compressed archives, which are read as streams, once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use plimsoll_image::PlatformChoice;
use plimsoll_inventory::{Cache, Event, FactsFrom, ImageInventory};

use crate::cache::{count, layers};
use crate::support::{
    Blob, Layout, chain, gzip, names, open, read_with, settle, sha256, shared, status, tar_of,
    try_open,
};

/// A compressed archive of an image and a cache beside it.
struct Fixture {
    directory: tempfile::TempDir,
    file: PathBuf,
    cache: Cache,
}

impl Fixture {
    fn new(archive: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("image.tar.gz");
        fs::write(&file, gzip(archive)).unwrap();
        settle();
        let cache = Cache::new(directory.path().join("cache"));
        Self { directory, file, cache }
    }

    fn reference(&self) -> String {
        self.file.display().to_string()
    }

    fn count(&self) -> (usize, usize) {
        count(&self.reference(), &self.cache)
    }

    fn entry(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.directory.path().join("cache/by-archive")).unwrap();
        let entry = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none());
        entry
    }
}

/// Two scans: the same answer, the second one without any bytes.
fn check(reference: &str, platform: &PlatformChoice, cache: &Cache) -> Vec<ImageInventory> {
    let scan = |expected: FactsFrom| {
        let opened = try_open(reference, platform.clone()).unwrap();
        let layers = Mutex::new(0);
        let inventories = read_with(opened, Some(cache), &|event| match event {
            Event::LayerDone { from, .. } => {
                assert_eq!(from, expected, "{reference}");
                *layers.lock().unwrap() += 1;
            }
            _ => assert_eq!(expected, FactsFrom::Bytes, "{reference}: {event:?}"),
        });
        assert_ne!(layers.into_inner().unwrap(), 0, "{reference}");
        inventories.unwrap()
    };
    let first = scan(FactsFrom::Bytes);
    assert_eq!(scan(FactsFrom::Cache), first, "{reference}");
    first
}

#[test]
fn a_compressed_archive_is_read_as_a_stream() {
    let archive = Fixture::new(&Layout::new(&layers()).tar());
    let reference = format!("oci-archive:{}", archive.reference());
    for _ in 0..2 {
        let inventory = &read_with(open(&reference), None, &|_| {}).unwrap()[0];
        assert_eq!(names(inventory), ["a 1", "b 1"]);
        assert_eq!(inventory.image.layers.len(), 3);
        assert!(inventory.image.layers.iter().all(|layer| layer.diff_id.is_some()));
    }
}

#[test]
fn an_unchanged_archive_is_not_read_again() {
    let archive = Fixture::new(&Layout::new(&layers()).tar());
    let first = check(&archive.reference(), &PlatformChoice::All, &archive.cache);
    let info = archive.cache.info().unwrap();
    assert_eq!((info.layers, info.files), (3, 7));
    // By another way to the same file, and under that name.
    let link = archive.directory.path().join("link");
    std::os::unix::fs::symlink(&archive.file, &link).unwrap();
    let link = link.display().to_string();
    let opened = try_open(&link, PlatformChoice::All).unwrap();
    // Whoever read it now would find nothing.
    File::create(&archive.file).unwrap();
    let mut again = read_with(opened, Some(&archive.cache), &|event| {
        assert!(matches!(event, Event::LayerDone { from: FactsFrom::Cache, .. }), "{event:?}");
    })
    .unwrap();
    assert_eq!(again[0].image.reference, link);
    again[0].image.reference.clone_from(&first[0].image.reference);
    assert_eq!(again, first);
}

#[test]
fn a_changed_byte_is_noticed_in_a_cached_archive() {
    let archive = Fixture::new(&Layout::new(&layers()).tar());
    assert_eq!(archive.count(), (3, 0));
    assert_eq!(archive.count(), (0, 3));
    let modified = fs::metadata(&archive.file).unwrap().modified().unwrap();
    let good = fs::read(&archive.file).unwrap();
    let write = |bytes: &[u8]| {
        fs::write(&archive.file, bytes).unwrap();
        // What anybody can set says nothing has happened.
        File::options().write(true).open(&archive.file).unwrap().set_modified(modified).unwrap();
        settle();
    };
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    write(&flipped);
    for _ in 0..2 {
        read_with(open(&archive.reference()), Some(&archive.cache), &|_| {}).unwrap_err();
    }
    write(&good);
    assert_eq!(archive.count(), (3, 0));
    assert_eq!(archive.count(), (0, 3));
}

#[test]
fn another_layer_than_promised_is_never_kept() {
    let mut blobs = layers();
    blobs[1].diff_id = blobs[0].diff_id.clone();
    let archive = Fixture::new(&Layout::new(&blobs).tar());
    for _ in 0..2 {
        let opened = open(&archive.reference());
        let error = chain(&read_with(opened, Some(&archive.cache), &|_| {}).unwrap_err());
        assert!(error.contains("diff_id"), "{error}");
    }
    assert_eq!(archive.cache.info().unwrap().files, 0);
}

#[test]
fn what_is_damaged_or_missing_is_read_again() {
    let archive = Fixture::new(&Layout::new(&layers()).tar());
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() - 10;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let first_facts = || {
        let mut facts = fs::read_dir(archive.cache.directory().join("facts")).unwrap();
        facts.next().unwrap().unwrap().path()
    };
    let damages: [&dyn Fn(); 6] = [
        &|| flip(&archive.entry()),
        &|| fs::write(archive.entry(), b"").unwrap(),
        &|| fs::remove_file(archive.entry()).unwrap(),
        &|| flip(&first_facts()),
        &|| fs::remove_file(first_facts()).unwrap(),
        &|| assert_eq!(archive.cache.prune(0).unwrap().left, 0),
    ];
    assert_eq!(archive.count(), (3, 0));
    for (number, damage) in damages.iter().enumerate() {
        assert_eq!(archive.count(), (0, 3), "damage {number}");
        damage();
        assert_eq!(archive.count(), (3, 0), "damage {number}");
    }
}

#[test]
fn each_choice_of_an_archive_has_its_own_answer() {
    let mut layout = Layout::new(&layers());
    let database = status(&["c 1"]);
    layout.add("arm64", &[Blob::gzip(&tar_of(&[("var/lib/dpkg/status", database.as_bytes())]))]);
    let archive = Fixture::new(&layout.tar());
    let reference = archive.reference();
    let packages = |platform: PlatformChoice| -> Vec<Vec<String>> {
        check(&reference, &platform, &archive.cache).iter().map(names).collect()
    };
    let one = |platform: &str| PlatformChoice::One(platform.parse().unwrap());
    let host = PlatformChoice::Host("linux/amd64".parse().unwrap());
    assert_eq!(packages(host), [["a 1", "b 1"]]);
    assert_eq!(packages(one("linux/amd64")), [["a 1", "b 1"]]);
    assert_eq!(packages(one("linux/arm64")), [["c 1"]]);
    assert_eq!(packages(PlatformChoice::All), [vec!["a 1", "b 1"], vec!["c 1"]]);
    let error = chain(&error_of(&archive, &reference, one("linux/s390x")));
    assert!(error.contains("no image for linux/s390x"), "{error}");
}

#[test]
fn each_tag_of_an_archive_has_its_own_answer() {
    let one = tar_of(&[("var/lib/dpkg/status", status(&["a 1"]).as_bytes())]);
    let two = tar_of(&[("var/lib/dpkg/status", status(&["b 1"]).as_bytes())]);
    let config = |layer: &[u8]| {
        let rootfs = serde_json::json!({"type": "layers", "diff_ids": [sha256(layer)]});
        serde_json::json!({"os": "linux", "architecture": "amd64", "rootfs": rootfs}).to_string()
    };
    let manifest = serde_json::json!([
        {"Config": "1.json", "RepoTags": ["shop:1"], "Layers": ["1/layer.tar"]},
        {"Config": "2.json", "RepoTags": ["shop:2"], "Layers": ["2/layer.tar"]}]);
    let archive = Fixture::new(&tar_of(&[
        ("1/layer.tar", &one),
        ("2/layer.tar", &two),
        ("1.json", config(&one).as_bytes()),
        ("2.json", config(&two).as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
    ]));
    for (tag, expected) in [("shop:1", "a 1"), ("shop:2", "b 1")] {
        let reference = format!("docker-archive:{}:{tag}", archive.reference());
        let inventories = check(&reference, &PlatformChoice::All, &archive.cache);
        assert_eq!(inventories.iter().map(names).collect::<Vec<_>>(), [[expected]]);
    }
    let error = chain(&error_of(&archive, &archive.reference(), PlatformChoice::All));
    assert!(error.contains("has 2 images"), "{error}");
}

#[test]
fn a_foreign_layer_stays_unknown_in_the_cache() {
    let own = tar_of(&[("var/lib/dpkg/status", status(&["a 1"]).as_bytes())]);
    let foreign = sha256(b"not here");
    let diff_ids = [foreign.clone(), sha256(&own)];
    let config = serde_json::json!({"os": "linux", "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let manifest = serde_json::json!([{"Config": "c.json", "Layers": ["1/layer.tar", "2/layer.tar"],
        "LayerSources": {foreign.clone(): {"digest": foreign, "size": 9,
            "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}}}]);
    let archive = Fixture::new(&tar_of(&[
        ("2/layer.tar", &own),
        ("c.json", config.to_string().as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
    ]));
    let inventory = &check(&archive.reference(), &PlatformChoice::All, &archive.cache)[0];
    assert_eq!(names(inventory), ["a 1"]);
    assert_eq!(inventory.problems.len(), 1, "{:?}", inventory.problems);
    assert!(inventory.problems[0].message.contains("foreign"), "{:?}", inventory.problems);
    assert_eq!(inventory.unread, [format!("layer {foreign} (not distributed with the image)")]);
}

#[test]
fn alpine_3_10_is_read_once() {
    let Some(path) = shared("images/docker-archive/alpine-310.tar.gz") else { return };
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("cache"));
    let inventories = check(&path.display().to_string(), &PlatformChoice::All, &cache);
    assert_eq!(inventories[0].packages.len(), 14);
}

fn error_of(
    archive: &Fixture,
    reference: &str,
    platform: PlatformChoice,
) -> plimsoll_inventory::Error {
    let opened = try_open(reference, platform).unwrap();
    read_with(opened, Some(&archive.cache), &|_| {}).unwrap_err()
}
