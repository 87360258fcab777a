//! From a signed archive to what an update fixes, all with this crate's own judgement.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use plimsoll_distro::{
    CompiledIndex, DebChangelog, Index, Keyring, Pending, Release, deb_update, read_doc,
    verify_detached, verify_inline,
};
use plimsoll_testkit::{AptArchive, AptKey, AptSuite, Deb, changelog_entry};
use plimsoll_unpack::{Algorithm, HashingReader};

const NOW: i64 = 1_795_000_000;

fn archive(directory: &Path, key: &AptKey) {
    let suite = "bookworm-security";
    let text = [
        changelog_entry("openssl", "3.0.22-1", suite, "  * CVE-2026-0002: two."),
        changelog_entry("openssl", "3.0.20-1", suite, "  * CVE-2026-0001: one."),
    ];
    let libssl3 = Deb::new("libssl3", "3.0.22-1").source("openssl").docs_of("openssl");
    let openssl = Deb::new("openssl", "3.0.22-1").changelog(&text.join("\n"));
    let suite = AptSuite::new(suite).security("bookworm").package(libssl3).package(openssl);
    AptArchive::new(directory, key).suite(suite).write(NOW).unwrap();
}

#[test]
fn an_archive_is_followed_from_its_signature_to_the_changelog() {
    let directory = tempfile::tempdir().unwrap();
    let key = AptKey::new(7);
    archive(directory.path(), &key);
    let dists = directory.path().join("dists/bookworm-security");
    let read = |name: &str| fs::read(dists.join(name)).unwrap();
    let keyring = Keyring::from_bytes(&key.keyring()).unwrap();
    let now = Timestamp::from_second(NOW + 60).unwrap();

    let verified = verify_inline(&read("InRelease"), &keyring, now).unwrap();
    assert!(verify_detached(&read("Release"), &read("Release.gpg"), &keyring, now).is_ok());
    let stranger = Keyring::from_bytes(&AptKey::new(8).keyring()).unwrap();
    assert!(verify_inline(&read("InRelease"), &stranger, now).is_err());

    let release = Release::of(&verified).unwrap();
    let path = "main/binary-amd64/Packages";
    let index = read(path);
    release.index(path).unwrap().check(&index).unwrap();
    let index = CompiledIndex::of(&*index).unwrap().to_bytes();
    let index = Index::from_bytes(path, index).unwrap();
    let packages = index.source("openssl", "3.0.22-1").unwrap();

    let mut package = packages.iter().find(|package| package.name == "libssl3").unwrap();
    let doc = loop {
        let path = directory.path().join(package.filename.unwrap());
        let mut deb = HashingReader::new(fs::File::open(path).unwrap(), Algorithm::Sha256);
        let doc = read_doc(&mut deb, package.name).unwrap();
        io::copy(&mut deb, &mut io::sink()).unwrap();
        let (checksum, size) = deb.finish();
        assert_eq!(checksum.as_bytes(), package.sha256.unwrap());
        assert_eq!(Some(size), package.size);
        match &doc.changelog {
            DebChangelog::Sibling(name) => {
                assert_eq!((package.name, name.as_str()), ("libssl3", "openssl"));
                package = packages.iter().find(|package| package.name == *name).unwrap();
            }
            _ => break doc,
        }
    };

    let pending = Pending {
        source: "openssl".to_owned(),
        installed: "3.0.20-1".to_owned(),
        candidate: package.source_version.to_owned(),
        suite: "bookworm-security".to_owned(),
        security: true,
        held_back: None,
        binaries: Vec::new(),
        bulletins: Vec::new(),
    };
    let update = deb_update(&pending, Ok(&doc));
    assert_eq!((update.ids, update.complete), (vec!["CVE-2026-0002".to_owned()], true));
    assert_eq!(update.entries.len(), 1);
}
