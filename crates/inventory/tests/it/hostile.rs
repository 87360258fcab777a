//! What was made to break a scanner: the error names the thing, nothing is cached, nothing hangs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_inventory::{Budget, Cache, read};

use crate::support::{
    Blob, Layout, chain, gzip, names, open, read_with, scan, settings, sha256, shared, status,
    tar_of, write,
};

/// The error of an image with these layers; nothing may be cached.
fn refused(layers: &[Blob]) -> String {
    let layout = Layout::new(layers);
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let error = read_with(open(&layout.reference()), Some(&cache), &|_| {}).unwrap_err();
    assert_eq!(cache.info().unwrap().files, 0);
    chain(&error)
}

fn tar() -> Vec<u8> {
    tar_of(&[("var/lib/dpkg/status", status(&["a 1"]).as_bytes())])
}

#[test]
fn truncated_layers() {
    for blob in [Blob::gzip(&tar()), Blob::zstd(&tar())] {
        let cut = &blob.bytes[..blob.bytes.len() - 20];
        let layer = Blob { bytes: cut.to_vec(), ..blob };
        let name = sha256(&layer.bytes);
        let error = refused(&[layer]);
        assert!(error.contains(&name), "{error}");
    }
    let tar = tar();
    let layer = Blob { bytes: tar[..700].to_vec(), ..Blob::plain(&tar) };
    let name = sha256(&layer.bytes);
    assert!(refused(&[layer]).contains(&name));
}

#[test]
fn one_flipped_byte() {
    let blob = Blob::gzip(&tar());
    let layout = Layout::new(&[blob]);
    let blob = Blob::gzip(&tar());
    let path = layout.blob_path(&blob.bytes);
    for at in [0, 12, blob.bytes.len() / 2, blob.bytes.len() - 1] {
        let mut bytes = blob.bytes.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = chain(&read_with(open(&layout.reference()), None, &|_| {}).unwrap_err());
        let (promised, found) = (sha256(&blob.bytes), sha256(&bytes));
        assert!(error.contains(&promised) && error.contains(&found), "byte {at}: {error}");
    }
}

#[test]
fn a_configuration_that_claims_another_diff_id() {
    let claimed = sha256(b"something else");
    let layer = Blob { diff_id: claimed.clone(), ..Blob::gzip(&tar()) };
    let error = refused(&[layer]);
    assert!(error.contains(&claimed) && error.contains(&sha256(&tar())), "{error}");
}

#[test]
fn bombs() {
    let layout = Layout::new(&[Blob::gzip(&tar_of(&[("zeros", &vec![0; 4 << 20])]))]);
    let budget = Budget::default();
    let mut settings = settings(None, &budget, &|_| {});
    settings.limits.max_output_bytes = 1 << 20;
    let error = chain(&read(open(&layout.reference()), &settings).unwrap_err());
    assert!(error.contains("1048576"), "{error}");
    settings.limits.max_output_bytes = u64::MAX;
    (settings.limits.max_ratio, settings.limits.ratio_floor_bytes) = (10, 1 << 20);
    assert!(read(open(&layout.reference()), &settings).is_err());
    let names: Vec<String> = (0..100).map(|n| format!("f{n}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let layout = Layout::new(&[Blob::gzip(&tar_of(&files))]);
    settings.limits.max_entries = 50;
    let error = chain(&read(open(&layout.reference()), &settings).unwrap_err());
    assert!(error.contains("50"), "{error}");
}

#[test]
fn names_that_climb_or_are_not_text() {
    // Written by hand: no library makes such names.
    let member = |name: &[u8], content: &[u8]| {
        let mut header = tar::Header::new_old();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    };
    let packages = status(&["a 1"]);
    for name in [
        &b"../../var/lib/dpkg/status"[..],
        b"/var/lib/dpkg/status",
        b"./var//lib/./dpkg/status",
        b"x/../var/lib/dpkg/status",
    ] {
        let mut tar = member(name, packages.as_bytes());
        tar.extend(member(b"new\nline\xff\x1b[31m", b""));
        tar.extend([0; 1024]);
        let layout = Layout::new(&[Blob::gzip(&tar)]);
        let inventory = scan(&layout.reference());
        assert_eq!(names(&inventory), ["a 1"], "{name:?}");
        assert_eq!(inventory.packages[0].locations[0].path, "var/lib/dpkg/status");
    }
}

#[test]
fn an_endless_status() {
    let mut packages = status(&["a 1"]).into_bytes();
    packages.resize(300 << 20, b' ');
    let layout = Layout::new(&[Blob::gzip(&tar_of(&[("var/lib/dpkg/status", &packages)]))]);
    let inventory = scan(&layout.reference());
    assert_eq!(names(&inventory), ["a 1"]);
    let limit = "is larger than 268435456 bytes: the rest was not read";
    assert!(inventory.problems.iter().any(|problem| problem.message == limit));
    assert!(inventory.problems.iter().all(|problem| problem.path == "var/lib/dpkg/status"));

    let root = tempfile::tempdir().unwrap();
    write(root.path(), "var/lib/dpkg/status", b"").unwrap();
    let file =
        fs::File::options().write(true).open(root.path().join("var/lib/dpkg/status")).unwrap();
    file.set_len(10 << 30).unwrap();
    let inventory = scan(&format!("dir:{}", root.path().display()));
    assert!(
        inventory.problems[0].message.contains("more than 268435456"),
        "{:?}",
        inventory.problems
    );
}

#[test]
fn a_pipe_named_status() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "etc/os-release", b"ID=debian\nVERSION_ID=12").unwrap();
    fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
    let path = root.path().join("var/lib/dpkg/status");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    let started = Instant::now();
    let inventory = scan(&format!("dir:{}", root.path().display()));
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(inventory.problems.len(), 1, "{:?}", inventory.problems);
    assert_eq!(inventory.problems[0].path, "var/lib/dpkg/status");
}

#[test]
fn links_that_leave_a_root_file_system() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "status", status(&["secret 1"]).as_bytes()).unwrap();
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
    let link = root.path().join("var/lib/dpkg/status");
    for target in [
        outside.path().join("status"),
        Path::new("../../../../../../../../..")
            .join(outside.path().strip_prefix("/").unwrap())
            .join("status"),
    ] {
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let inventory = scan(&format!("dir:{}", root.path().display()));
        assert_eq!(names(&inventory), Vec::<String>::new(), "{}", target.display());
        fs::remove_file(&link).unwrap();
    }
    std::os::unix::fs::symlink("status", &link).unwrap();
    let inventory = scan(&format!("dir:{}", root.path().display()));
    assert_eq!(inventory.problems.len(), 1, "{:?}", inventory.problems);
}

#[test]
fn one_database_under_two_names_in_a_root_file_system() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "usr/lib/apk/db/installed", b"P:musl\nV:1.2-r0\n\n").unwrap();
    std::os::unix::fs::symlink("usr/lib", root.path().join("lib")).unwrap();
    let inventory = scan(&format!("dir:{}", root.path().display()));
    assert_eq!((inventory.packages.len(), inventory.packages[0].locations.len()), (1, 1));
    assert_eq!(inventory.packages[0].introduced_in, None);
    assert_eq!(inventory.packages[0].locations[0].layer, None);
}

#[test]
fn an_rpm_database_damaged_at_every_page() {
    let Some(path) = shared("rpmdb/sle15-bci-a/usr/lib/sysimage/rpm/Packages.db") else { return };
    let inventory = |database: &[u8]| {
        let blob = Blob::plain(&tar_of(&[("usr/lib/sysimage/rpm/Packages.db", database)]));
        scan(&Layout::new(&[blob]).reference())
    };
    let sound = fs::read(path).unwrap();
    let expected = names(&inventory(&sound));
    assert_eq!(expected.len(), 35);
    let mut noticed = 0;
    for page in (0..sound.len()).step_by(4096 * 8) {
        let mut database = sound.clone();
        let end = (page + 4096).min(database.len());
        database[page..end].fill(0xff);
        let damaged = inventory(&database);
        // What is lost is said to be.
        assert!(names(&damaged) == expected || !damaged.problems.is_empty(), "page at {page}");
        noticed += usize::from(!damaged.problems.is_empty());
    }
    assert!(noticed > 10, "{noticed}");
}

#[test]
fn a_broken_rpm_database_beside_another_one() {
    let (Some(sqlite), Some(old)) = (
        shared("rpmdb/amazonlinux2023-plain/var/lib/rpm/rpmdb.sqlite"),
        shared("rpmdb/libuuid-bdb/var/lib/rpm/Packages"),
    ) else {
        return;
    };
    let (sqlite, old) = (fs::read(sqlite).unwrap(), fs::read(old).unwrap());
    let inventory = |sqlite: &[u8], old: &[u8]| {
        let files = [("var/lib/rpm/rpmdb.sqlite", sqlite), ("var/lib/rpm/Packages", old)];
        scan(&Layout::new(&[Blob::plain(&tar_of(&files))]).reference())
    };
    let mut broken = sqlite.clone();
    broken[4096..].fill(0xff);
    let found = inventory(&broken, &old);
    assert_eq!(found.packages[0].locations[0].path, "var/lib/rpm/Packages");
    assert!(found.problems.iter().any(|problem| problem.path == "var/lib/rpm/rpmdb.sqlite"));
    assert_eq!(found.unread.len(), 1, "{:?}", found.unread);

    // Nothing is lost with a leftover, but that it is broken is said.
    let found = inventory(&sqlite, b"rubbish");
    assert_eq!((found.packages.len(), found.problems.len(), found.unread.len()), (103, 1, 0));
    assert_eq!(found.problems[0].path, "var/lib/rpm/Packages");
}

#[test]
fn holes_without_end_in_databases() {
    let mut tar = Vec::new();
    for number in 0..3 {
        let mut header = tar::Header::new_gnu();
        header.set_path(format!("{number}/dpkg/status")).unwrap();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_size(0);
        header.set_mode(0o644);
        header.as_gnu_mut().unwrap().set_real_size(3 << 20);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
    }
    tar.extend([0; 1024]);
    let layout = Layout::new(&[Blob::plain(&tar)]);
    let budget = Budget::default();
    let mut settings = settings(None, &budget, &|_| {});
    settings.limits.max_output_bytes = 8 << 20;
    let error = chain(&read(open(&layout.reference()), &settings).unwrap_err());
    assert!(error.contains("holes of sparse files yields more than 8388608 bytes"), "{error}");
    settings.limits.max_output_bytes = 10 << 20;
    assert_eq!(read(open(&layout.reference()), &settings).unwrap().len(), 1);
}

#[test]
fn a_large_rpm_database_goes_through_the_disk_and_leaves_nothing() {
    let Some(path) = shared("rpmdb/amazonlinux2023-plain/var/lib/rpm/rpmdb.sqlite") else { return };
    let mut database = fs::read(path).unwrap();
    // sqlite ignores what lies behind the last page of its header.
    database.resize(12 << 20, 0);
    let blob = Blob::gzip(&tar_of(&[("var/lib/rpm/rpmdb.sqlite", &database)]));
    let layout = Layout::new(&[blob]);
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    for cache in [Some(&cache), None] {
        let inventory = &read_with(open(&layout.reference()), cache, &|_| {}).unwrap()[0];
        assert_eq!(inventory.packages.len(), 103, "{:?}", inventory.problems);
    }
    for entry in fs::read_dir(directory.path()).unwrap() {
        assert!(entry.unwrap().file_type().unwrap().is_dir());
    }
}

#[test]
fn rubbish_around_the_layers_of_an_archive() {
    let layout = Layout::new(&[Blob::gzip(&tar())]);
    fs::write(layout.path().join("blobs/sha256/odd"), gzip(b"no tar at all")).unwrap();
    let file = layout.path().join("image.tar.gz");
    fs::write(&file, gzip(&layout.tar())).unwrap();
    let inventory = scan(&format!("oci-archive:{}", file.display()));
    assert_eq!(names(&inventory), ["a 1"]);
}
