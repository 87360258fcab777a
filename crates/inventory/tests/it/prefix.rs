//! The lowest layers alone, out of an image that was read.

use std::collections::BTreeMap;
use std::fs;

use plimsoll_inventory::{Cache, ImageInventory, Layers};

use crate::support::{
    Blob, Layout, gzip, names, open, read_with, scan, settle, shared, status, tar_of, write,
};

fn held(packages: &str) -> String {
    packages.replacen("install ok installed", "hold ok installed", 1)
}

/// A base of two layers, and two of somebody else's on top, who upgrades, adds and removes.
fn layers() -> Vec<Blob> {
    let base = held(&status(&["a 1", "b 1"]));
    let own = status(&["a 1", "b 2", "c 1"]).replacen(
        "c\nStatus: install ok installed",
        "c\nStatus: install ok half-configured",
        1,
    );
    vec![
        Blob::gzip(&tar_of(&[
            ("data/packages", base.as_bytes()),
            ("etc/os-release", b"ID=debian\nVERSION_ID=11"),
            ("etc/apt/sources.list", b"deb x y"),
        ])),
        Blob::zstd(&tar_of(&[
            ("var/lib/dpkg/status", b"->/data/packages"),
            ("etc/os-release", b"ID=debian\nVERSION_ID=12"),
        ])),
        Blob::plain(&tar_of(&[("data/packages", own.as_bytes())])),
        Blob::gzip(&tar_of(&[("etc/apt/.wh.sources.list", b""), ("etc/os-release", b"ID=x")])),
    ]
}

/// What an image of the lowest layers alone would be, but for its name.
fn alone(count: usize) -> ImageInventory {
    scan(&Layout::new(&layers().into_iter().take(count).collect::<Vec<_>>()).reference())
}

fn check(whole: &ImageInventory) {
    assert_eq!(whole.verified_layers, 4);
    assert_eq!(names(whole), ["a 1", "b 2", "c 1"]);
    assert_eq!(whole.unsettled.values().collect::<Vec<_>>(), ["half-configured"]);
    assert_eq!((whole.held.len(), whole.manager_files.len()), (0, 0));
    for count in 1..=4 {
        let prefix = whole.prefix(count).unwrap();
        let alone = alone(count);
        let part = |inventory: &ImageInventory| {
            (
                inventory.os.clone(),
                inventory.packages.clone(),
                inventory.held.clone(),
                inventory.unsettled.clone(),
                inventory.manager_files.clone(),
                inventory.problems.clone(),
                inventory.verified_layers,
                inventory.layers.clone(),
            )
        };
        assert_eq!(part(&prefix), part(&alone), "{count}");
        assert_eq!(prefix.image.layers.len(), count);
        assert_eq!((&prefix.image.digest, &prefix.notes), (&None, &Vec::new()));
    }
    let base = whole.prefix(2).unwrap();
    assert_eq!((names(&base), base.held.len()), (vec!["a 1".to_owned(), "b 1".to_owned()], 1));
    assert_eq!(base.manager_files["etc/apt/sources.list"], b"deb x y");
    assert!(whole.prefix(0).is_none() && whole.prefix(5).is_none());
}

#[test]
fn the_lowest_layers_are_what_they_would_be_alone() {
    let layout = Layout::new(&layers());
    check(&scan(&layout.reference()));
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    settle();
    for _ in 0..2 {
        let inventory = &read_with(open(&layout.reference()), Some(&cache), &|_| {}).unwrap()[0];
        check(inventory);
    }
    let mut dropped = scan(&layout.reference());
    dropped.layers = Layers::default();
    assert!(dropped.prefix(1).is_none());
}

#[test]
fn of_an_archive_too() {
    let Some(path) = shared("images/docker-archive/alpine-310.tar.gz") else { return };
    let inventory = scan(&format!("docker-archive:{}", path.display()));
    let prefix = inventory.prefix(1).unwrap();
    assert_eq!((prefix.packages.len(), prefix.packages), (14, inventory.packages.clone()));
    assert_eq!(prefix.manager_files, inventory.manager_files);
    let repositories = &inventory.manager_files["etc/apk/repositories"];
    assert!(repositories.starts_with(b"http"), "{repositories:?}");
    assert!(inventory.manager_files.contains_key("etc/apk/world"));
    assert!(inventory.manager_files.keys().any(|path| path.starts_with("etc/apk/keys/")));
    assert_eq!(inventory.unread_manager_files, BTreeMap::new());
}

#[test]
fn a_foreign_layer_ends_what_is_verified() {
    let mut blobs = layers();
    blobs[2].media_type = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    let layout = Layout::new(&blobs);
    fs::remove_file(layout.blob_path(&blobs[2].bytes)).unwrap();
    let inventory = scan(&layout.reference());
    assert_eq!((inventory.verified_layers, inventory.layers.len()), (2, 4));
    assert_eq!(inventory.unread.len(), 1);
    // Below it everything is known; with it nobody can say what the layers hold.
    let prefix = inventory.prefix(2).unwrap();
    assert_eq!((prefix.unread.len(), prefix.verified_layers), (0, 2));
    assert_eq!(inventory.prefix(3), None);
}

#[test]
fn a_root_file_system_has_settings_and_no_layers() {
    let root = tempfile::tempdir().unwrap();
    let large = vec![b'x'; (256 << 10) + 1];
    for (path, content) in [
        ("var/lib/dpkg/status", held(&status(&["a 1"])).as_bytes()),
        ("etc/apt/sources.list.d/x.sources", b"Types: deb"),
        ("etc/apt/sources.list.d/x.save", b"no"),
        ("usr/share/keyrings/k.gpg", b"key"),
        ("etc/apt/trusted.gpg.d/same.gpg", b"key"),
        ("usr/share/keyrings/large.gpg", &large),
        ("etc/machine-id", b"1"),
        ("var/lib/apt/extended_states", b"Package: a"),
    ] {
        write(root.path(), path, content).unwrap();
    }
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, root.path().join(path)).unwrap();
    };
    link("../../../usr/share/keyrings/k.gpg", "etc/apt/trusted.gpg.d/k.gpg");
    link("/dev/null", "etc/apt/sources.list.d/null.list");
    let inventory = scan(&format!("dir:{}", root.path().display()));
    let files: Vec<&str> = inventory.manager_files.keys().map(String::as_str).collect();
    assert_eq!(
        files,
        [
            "etc/apt/sources.list.d/x.sources",
            "etc/apt/trusted.gpg.d/k.gpg",
            "etc/apt/trusted.gpg.d/same.gpg",
            "etc/machine-id",
            "usr/share/keyrings/k.gpg",
            "var/lib/apt/extended_states",
        ]
    );
    assert_eq!(inventory.manager_files["etc/apt/trusted.gpg.d/same.gpg"], b"key");
    let unread: Vec<&str> = inventory.unread_manager_files.keys().map(String::as_str).collect();
    assert_eq!(unread, ["usr/share/keyrings/large.gpg"]);
    assert_eq!((inventory.problems.len(), inventory.unread.len()), (0, 0));
    assert_eq!((inventory.held.len(), inventory.verified_layers), (1, 0));
    assert!(inventory.layers.is_empty() && inventory.prefix(1).is_none());
}

#[test]
fn a_compressed_archive_keeps_its_layers_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("image.tar.gz");
    let blobs: Vec<Blob> = layers().into_iter().skip(2).collect();
    fs::write(&file, gzip(&Layout::new(&blobs).tar())).unwrap();
    let inventory = scan(&format!("oci-archive:{}", file.display()));
    assert_eq!((inventory.layers.len(), inventory.verified_layers), (2, 2));
    assert!(inventory.prefix(1).unwrap().os.is_none());
    assert_eq!(inventory.os.unwrap().id, "x");
}
