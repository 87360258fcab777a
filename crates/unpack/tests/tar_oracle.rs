//! `TarReader` against GNU tar, which writes the tars, and against the `tar` crate, which reads
//! the same bytes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use plimsoll_unpack::Limits;
use plimsoll_unpack::tar::{Kind, TarReader};
use tempfile::TempDir;

/// Path to kind and content.
type Members = BTreeMap<Vec<u8>, (String, Vec<u8>)>;

/// A tree with long names, links, holes and odd bytes.
fn tree() -> TempDir {
    let tree = TempDir::new().unwrap();
    let root = tree.path();
    let deep = format!("{}/{}", "d".repeat(120), "e".repeat(120));
    fs::create_dir_all(root.join(&deep)).unwrap();
    fs::write(root.join(&deep).join("f".repeat(90)), "deep").unwrap();
    fs::write(root.join("plain"), vec![b'p'; 1000]).unwrap();
    fs::write(root.join("new\nline"), "newline").unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"latin-\xe9")), "latin").unwrap();
    fs::hard_link(root.join("plain"), root.join("plain-again")).unwrap();
    symlink("t/".repeat(80) + "target", root.join("long-link")).unwrap();
    symlink("/absolute", root.join("link")).unwrap();
    sparse(&root.join("holes"), &[(1 << 20, 5000), (3 << 20, 1)], 5 << 20);
    let many: Vec<_> = (0..100).map(|n| (n * 131_072, 4096)).collect();
    sparse(&root.join("many-holes"), &many, 14 << 20);
    sparse(&root.join("only-hole"), &[], 1 << 20);
    tree
}

fn sparse(path: &Path, parts: &[(u64, usize)], size: u64) {
    let mut file = File::create(path).unwrap();
    for &(offset, length) in parts {
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(&vec![b's'; length]).unwrap();
    }
    file.set_len(size).unwrap();
}

/// Nothing where GNU tar is not installed.
fn gnu_tar(tree: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("tar")
        .args(arguments)
        .args(["--sort=name", "-C"])
        .arg(tree)
        .args(["-cf", "-", "."])
        .output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        other => {
            println!("skipped: needs GNU tar ({other:?})");
            None
        }
    }
}

fn ours(bytes: &[u8]) -> Members {
    let mut reader = TarReader::new(bytes, &Limits::default());
    let mut members = Members::new();
    while let Some(mut entry) = reader.next_entry().unwrap() {
        let kind = match entry.kind() {
            Kind::Symlink { target } => format!("-> {}", target.escape_ascii()),
            Kind::Hardlink { target } => format!("= {target}"),
            other => format!("{other:?}"),
        };
        let path = entry.path().as_bytes().to_vec();
        members.insert(path, (kind, entry.read_to_vec(1 << 30).unwrap()));
    }
    members
}

/// What lies in the tree. Which of two hard links is the file depends on the order in the tar.
fn on_disk(root: &Path) -> Members {
    let mut members = Members::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        let name = directory.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        members.insert(name, ("Dir".to_owned(), Vec::new()));
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                directories.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                let target = format!("-> {}", target.as_os_str().as_bytes().escape_ascii());
                members.insert(name, (target, Vec::new()));
            } else if name == b"plain-again" {
                members.insert(name, ("= plain".to_owned(), Vec::new()));
            } else {
                members.insert(name, ("File".to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    members
}

/// The same through the `tar` crate, which knows no PAX sparse members.
fn tar_crate(bytes: &[u8]) -> Members {
    let mut members = Members::new();
    for entry in ::tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path_bytes().into_owned();
        let path = path.strip_prefix(b"./").unwrap_or(&path);
        let path = path.strip_suffix(b"/").unwrap_or(path).to_vec();
        let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
        let kind = match entry.header().entry_type() {
            ::tar::EntryType::Symlink => format!("-> {}", link.escape_ascii()),
            ::tar::EntryType::Link => {
                let link = link.strip_prefix(b"./").unwrap_or(&link);
                format!("= {}", String::from_utf8_lossy(link))
            }
            ::tar::EntryType::Directory => "Dir".to_owned(),
            _ => "File".to_owned(),
        };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        members.insert(path, (kind, content));
    }
    members
}

#[track_caller]
fn assert_equal(actual: &Members, expected: &Members, what: &str) {
    let shapes = |members: &Members| -> Vec<(String, String, usize)> {
        members
            .iter()
            .map(|(path, (kind, content))| {
                (path.escape_ascii().to_string(), kind.clone(), content.len())
            })
            .collect()
    };
    assert_eq!(shapes(actual), shapes(expected), "{what}");
    assert!(actual == expected, "{what}: contents differ");
}

#[test]
fn tars_of_gnu_tar_read_as_the_tree_they_were_made_of() {
    let tree = tree();
    let expected = on_disk(tree.path());
    for arguments in [
        &["--format=gnu"][..],
        &["--format=posix"],
        &["--format=gnu", "--sparse"],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
    ] {
        let Some(bytes) = gnu_tar(tree.path(), arguments) else { return };
        let is_sparse = arguments.contains(&"--sparse");
        assert_eq!(bytes.len() < 2 << 20, is_sparse, "{arguments:?}: {} bytes", bytes.len());
        assert_equal(&ours(&bytes), &expected, &arguments.join(" "));
    }
}

#[test]
fn the_tar_crate_reads_the_same() {
    let tree = tree();
    for arguments in [&["--format=gnu"][..], &["--format=posix"], &["--format=gnu", "--sparse"]] {
        let Some(bytes) = gnu_tar(tree.path(), arguments) else { return };
        assert_equal(&ours(&bytes), &tar_crate(&bytes), &arguments.join(" "));
    }
}

#[test]
fn tars_of_the_tar_crate_read_as_it_reads_them() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for n in 0..300 {
        let mut header = ::tar::Header::new_gnu();
        let content = vec![b'c'; n * 7];
        header.set_size(content.len() as u64);
        let name = format!("{}{n}", "name/".repeat(n % 40));
        builder.append_data(&mut header, name, &content[..]).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    assert_equal(&ours(&bytes), &tar_crate(&bytes), "tar crate");
}
