//! Packages and archives made in code, judged by dpkg and apt.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_testkit::{
    AptArchive, AptKey, AptSuite, Deb, DebCompression, Entry, changelog_entry, needs_programs,
};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&stderr));
    text
}

fn openssl(version: &str) -> Deb {
    let body = "  * CVE-2026-54872: a test.";
    Deb::new("libssl3", version)
        .source("openssl")
        .architecture("amd64")
        .file("usr/lib/libssl.so.3", "code")
        .entry(Entry::symlink("usr/lib/libssl.so", "libssl.so.3"))
        .changelog(&changelog_entry("openssl", version, "bookworm-security", body))
        .control_file("postinst", "#!/bin/sh\nexit 0\n")
}

#[test]
fn dpkg_deb_reads_what_is_built() {
    if !needs_programs(&["dpkg-deb"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("package.deb");
    for compression in
        [DebCompression::None, DebCompression::Gzip, DebCompression::Xz, DebCompression::Zstd]
    {
        fs::write(&path, openssl("3.0.2-1").compression(compression).build().unwrap()).unwrap();
        let fields = output(Command::new("dpkg-deb").arg("-f").arg(&path));
        assert!(fields.starts_with("Package: libssl3\nVersion: 3.0.2-1\n"), "{fields}");
        assert!(fields.contains("\nSource: openssl\n"), "{fields}");
        let info = output(Command::new("dpkg-deb").arg("-I").arg(&path));
        assert!(info.contains("postinst"), "{info}");
        let listing = output(Command::new("dpkg-deb").arg("-c").arg(&path));
        let names: Vec<_> = listing.lines().map(|line| line.split(" ./").nth(1).unwrap()).collect();
        assert_eq!(
            names,
            [
                "",
                "usr/",
                "usr/lib/",
                "usr/lib/libssl.so.3",
                "usr/share/",
                "usr/share/doc/",
                "usr/share/doc/libssl3/",
                "usr/share/doc/libssl3/changelog.Debian.gz",
                "usr/lib/libssl.so -> libssl.so.3",
            ]
        );
    }
}

#[test]
fn a_package_is_repacked_with_one_more_entry() {
    let packed = openssl("3.0.2-1").compression(DebCompression::Zstd).build().unwrap();
    let entry = changelog_entry("openssl", "3.0.2-1+plimsoll1", "bookworm-security", "  * CVE-1.");
    let repacked = Deb::from_bytes(&packed)
        .unwrap()
        .version("3.0.2-1+plimsoll1")
        .changelog_entry(&entry)
        .unwrap();
    let again = Deb::from_bytes(&repacked.build().unwrap()).unwrap();
    assert_eq!(again.file_name(), "libssl3_3.0.2-1+plimsoll1_amd64.deb");
    assert_eq!(again.source_package().name, "openssl");
    let text = again.changelog_text().unwrap();
    assert!(text.starts_with(&entry), "{text}");
    assert!(text.contains("\n\nopenssl (3.0.2-1) "), "{text}");
    // Nothing else changed: with the old version and changelog it is the same package again.
    let old =
        changelog_entry("openssl", "3.0.2-1", "bookworm-security", "  * CVE-2026-54872: a test.");
    assert_eq!(again.version("3.0.2-1").changelog(&old).build().unwrap(), packed);
    assert!(Deb::new("bare", "1").changelog_entry(&entry).is_err());
}

/// An apt of its own below `root`, which reads the archive there and nothing of this machine.
fn apt(root: &Path, arguments: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    let etc = root.join("etc");
    let state = root.join("state");
    for directory in [&etc, &state.join("lists/partial"), &root.join("cache/archives/partial")] {
        fs::create_dir_all(directory).unwrap();
    }
    let status = root.join("status");
    if !status.exists() {
        fs::write(&status, "").unwrap();
    }
    for (option, path) in [
        ("Dir::Etc", &etc),
        ("Dir::State", &state),
        ("Dir::State::status", &status),
        ("Dir::Cache", &root.join("cache")),
    ] {
        apt.arg("-o").arg(format!("{option}={}", path.display()));
    }
    // Nobody else may read a directory of a test.
    apt.args(["-o", "APT::Sandbox::User=root", "-o", "APT::Architecture=amd64"]);
    apt.args(["-o", "Acquire::Languages=none"]).args(arguments).env("LC_ALL", "C");
    apt
}

#[test]
fn apt_trusts_the_archive_and_finds_the_updates() {
    if !needs_programs(&["apt-get", "gpgv"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let now = now();
    let key = AptKey::new(1);
    let security = AptSuite::new("bookworm-security")
        .security("bookworm")
        .valid_until(now + 7 * 86_400)
        .package(openssl("3.0.3-1"))
        .package(Deb::new("arm", "1").architecture("arm64"));
    let backports = AptSuite::new("bookworm-backports")
        .field("Label", "Debian Backports")
        .not_automatic()
        .package(openssl("3.5.0-1~bpo12+1"));
    let archive = root.join("archive");
    AptArchive::new(&archive, &key).suite(security).suite(backports).write(now).unwrap();

    fs::write(root.join("key.gpg"), key.keyring()).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    let sources: String = ["bookworm-security", "bookworm-backports"]
        .iter()
        .map(|suite| {
            let (key, archive) = (root.join("key.gpg"), archive.display());
            format!("deb [signed-by={}] file:{archive} {suite} main\n", key.display())
        })
        .collect();
    fs::write(root.join("etc/sources.list"), sources).unwrap();
    let installed = "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.2-1\n\
                     Architecture: amd64\nSource: openssl\nMaintainer: x\nDescription: x\n\n";
    fs::write(root.join("status"), installed).unwrap();

    output(&mut apt(root, &["update", "-o", "APT::Update::Error-Mode=any"]));
    let simulated = output(&mut apt(root, &["-s", "dist-upgrade"]));
    assert!(simulated.contains("\nInst libssl3 [3.0.2-1] (3.0.3-1 "), "{simulated}");
    assert!(simulated.contains("Debian-Security:bookworm-security"), "{simulated}");

    // Older clients read the signature beside the file.
    let release = archive.join("dists/bookworm-security/InRelease");
    let signed = fs::read_to_string(&release).unwrap();
    fs::remove_file(&release).unwrap();
    fs::remove_dir_all(root.join("state")).unwrap();
    output(&mut apt(root, &["update", "-o", "APT::Update::Error-Mode=any"]));

    // Another key, or one changed byte of an index: apt refuses.
    let refused = |what: &str| {
        fs::remove_dir_all(root.join("state")).unwrap();
        let result = apt(root, &["update", "-o", "APT::Update::Error-Mode=any"]).output().unwrap();
        assert!(!result.status.success(), "{what}");
    };
    fs::write(root.join("key.gpg"), AptKey::new(2).keyring()).unwrap();
    refused("another key");
    fs::write(root.join("key.gpg"), key.keyring()).unwrap();
    fs::write(&release, signed.replace("Debian-Security", "debian-security")).unwrap();
    refused("a changed byte");
}
