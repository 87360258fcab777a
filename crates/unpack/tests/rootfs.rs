//! `RootDir` against a real file system with links, pipes and escapes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_unpack::SafePath;
use plimsoll_unpack::rootfs::{FileKind, RootDir, RootError};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// A root beside a secret that must stay out of reach.
fn root() -> (TempDir, RootDir) {
    let outside = TempDir::new().unwrap();
    let root = outside.path().join("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("usr/lib")).unwrap();
    fs::write(outside.path().join("secret"), "outside").unwrap();
    fs::write(root.join("usr/lib/os-release"), "inside").unwrap();
    symlink("../usr/lib/os-release", root.join("etc/os-release")).unwrap();
    symlink("/usr/lib/os-release", root.join("etc/absolute")).unwrap();
    symlink("usr/lib", root.join("lib")).unwrap();
    symlink("../../../../secret", root.join("etc/climbs")).unwrap();
    symlink(outside.path().join("secret"), root.join("etc/names-the-host")).unwrap();
    symlink("loop-b", root.join("etc/loop-a")).unwrap();
    symlink("loop-a", root.join("etc/loop-b")).unwrap();
    symlink("/proc/self/root/etc/hostname", root.join("etc/magic")).unwrap();
    fifo(&root.join("etc/fifo"));
    symlink("fifo", root.join("etc/to-fifo")).unwrap();
    let opened = RootDir::open(&root).unwrap();
    (outside, opened)
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn path(text: &str) -> SafePath {
    SafePath::new(text).unwrap()
}

#[test]
fn links_are_followed_within_the_root() {
    let (_outside, root) = root();
    let check = |text: &str| {
        let file = root.open_file(&path(text), 100).unwrap();
        assert_eq!((file.size(), file.mode() & 0o600), (6, 0o600));
        assert_eq!(file.read_to_vec().unwrap(), b"inside", "{text}");
    };
    check("usr/lib/os-release");
    check("etc/os-release");
    check("etc/absolute");
    check("lib/os-release");
}

#[test]
fn links_never_lead_out() {
    let (_outside, root) = root();
    let check = |text: &str| {
        let error = root.open_file(&path(text), 100).unwrap_err();
        assert!(matches!(error, RootError::NotFound { .. }), "{text}: {error:?}");
    };
    check("etc/climbs");
    check("etc/names-the-host");
    check("etc/magic");
    check("../secret");
    check("usr/lib/os-release/below-a-file");

    // A cleaned path is what protects; the kernel is the second line. This name exists in the root
    // only if `..` climbed out.
    let error = root.open_file(&path("etc/loop-a"), 100).unwrap_err();
    assert!(matches!(error, RootError::Open { .. }), "{error:?}");
}

#[test]
fn magic_links_are_refused_when_proc_is_inside() {
    let host = RootDir::open(Path::new("/")).unwrap();
    let error = host.open_file(&path("proc/self/exe"), u64::MAX).unwrap_err();
    assert!(matches!(error, RootError::Open { .. }), "{error:?}");
}

#[test]
fn only_regular_files_are_opened_and_a_fifo_does_not_block() {
    let (_outside, root) = root();
    let start = Instant::now();
    for text in ["etc/fifo", "etc/to-fifo", "etc", "/"] {
        let error = root.open_file(&path(text), 100).unwrap_err();
        assert!(matches!(error, RootError::NotRegular { .. }), "{text}: {error:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn large_files_are_refused_by_their_size() {
    let (outside, root) = root();
    let status = fs::File::create(outside.path().join("root/status")).unwrap();
    status.set_len(10 << 30).unwrap();
    let error = root.open_file(&path("status"), 64 << 20).unwrap_err();
    assert_eq!(error.to_string(), "status has 10737418240 bytes, more than 67108864");
}

#[test]
fn directories_are_listed_sorted_without_following_links() {
    let (_outside, root) = root();
    let list = |text: &str| -> Vec<(String, FileKind)> {
        let entries = root.read_dir(&path(text)).unwrap();
        entries
            .into_iter()
            .map(|entry| (String::from_utf8(entry.name).unwrap(), entry.kind))
            .collect()
    };
    let expected = [("etc", FileKind::Dir), ("lib", FileKind::Symlink), ("usr", FileKind::Dir)];
    assert_eq!(list("/"), expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(list("lib"), [("os-release".to_owned(), FileKind::File)]);
    assert!(list("etc").contains(&("fifo".to_owned(), FileKind::Other)));
    assert_eq!(root.read_link(&path("etc/climbs")).unwrap(), b"../../../../secret");
    assert!(matches!(root.read_dir(&path("none")), Err(RootError::NotFound { .. })));
    assert!(matches!(root.read_dir(&path("etc/os-release")), Err(RootError::NotFound { .. })));
    assert!(root.read_link(&path("etc")).is_err());
}
