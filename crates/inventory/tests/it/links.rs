//! Images in which links lead to the databases.

use plimsoll_inventory::Cache;

use crate::support::{Blob, Layout, chain, names, open, read_with, settle, status, tar_of};

/// The database is a file that nothing marks as one; only a link in the upper layer says so.
fn hidden() -> Vec<Blob> {
    let packages = status(&["a 1", "b 2"]);
    let lower = tar_of(&[
        ("data/packages", packages.as_bytes()),
        ("etc/os-release", b"ID=debian\nVERSION_ID=12"),
    ]);
    let upper = tar_of(&[("var/lib/dpkg/status", b"->../../../data/packages")]);
    vec![Blob::gzip(&lower), Blob::zstd(&upper)]
}

#[test]
fn a_file_that_was_not_kept_is_read_again_and_then_cached() {
    let layout = Layout::new(&hidden());
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    settle();
    for (scan, notes) in [("first", 1), ("second", 0)] {
        let inventory = &read_with(open(&layout.reference()), Some(&cache), &|_| {}).unwrap()[0];
        assert_eq!(names(inventory), ["a 1", "b 2"], "{scan}");
        assert_eq!(inventory.packages[0].locations[0].path, "data/packages");
        assert_eq!(inventory.notes.len(), notes, "{scan}: {:?}", inventory.notes);
        assert_eq!(inventory.problems, []);
    }
}

#[test]
fn an_archive_that_is_read_once_says_what_it_missed() {
    let layout = Layout::new(&hidden());
    let file = layout.path().join("image.tar.gz");
    std::fs::write(&file, crate::support::gzip(&layout.tar())).unwrap();
    let opened = open(&format!("oci-archive:{}", file.display()));
    let inventory = match read_with(opened, None, &|_| {}) {
        Ok(mut all) => all.remove(0),
        Err(error) => panic!("{}", chain(&error)),
    };
    assert_eq!(names(&inventory), Vec::<String>::new());
    assert_eq!(inventory.problems[0].path, "data/packages");
    assert!(inventory.problems[0].message.contains("read only once"));
}

#[test]
fn hard_links_and_merged_usr() {
    let packages = status(&["a 1"]);
    let apk = b"P:musl\nV:1.2-r0\nA:x86_64\n\n";
    let lower = tar_of(&[
        ("var/lib/dpkg/status-old", packages.as_bytes()),
        ("var/lib/dpkg/status", b"=var/lib/dpkg/status-old"),
        ("lib", b"->usr/lib"),
        ("usr/lib/apk/db/installed", apk),
    ]);
    let layout = Layout::new(&[Blob::plain(&lower)]);
    let inventory = &read_with(open(&layout.reference()), None, &|_| {}).unwrap()[0];
    assert_eq!(names(inventory), ["a 1", "musl 1.2-r0"]);
    let paths: Vec<_> = inventory.packages.iter().map(|package| &package.locations).collect();
    assert_eq!((paths[0].len(), paths[1].len()), (1, 1));
}
