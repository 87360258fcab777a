//! Real Debian and Ubuntu systems against the signed indexes of the distribution archive.

use std::collections::BTreeSet;
use std::fs;

use super::json;
use crate::support::{Feeds, TestContext, debian_release, rootfs_of_status, shared};

/// The day of the stored indexes: on another one they are expired, or not made yet.
const FROZEN: &str = "2026-11-24";

/// Debian and Ubuntu judged with nothing but the signed indexes of the distribution archive.
#[test]
fn the_signed_archive_alone_says_what_is_upgradable() {
    if !cfg!(target_arch = "x86_64") {
        return plimsoll_testkit::skipped("needs x86_64: the stored indexes are amd64");
    }
    let ubuntu = "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n";
    for (name, release, suite, at, upgradable) in [
        (
            "debian-bullseye-main-slim",
            debian_release("11", "bullseye"),
            "archive/debian-security/bullseye-security",
            "security.debian.org/debian-security/dists/bullseye-security",
            28,
        ),
        (
            "ubuntu-noble-release",
            ubuntu.to_owned(),
            "archive/ubuntu/noble-security",
            "security.ubuntu.com/ubuntu/dists/noble-security",
            36,
        ),
    ] {
        let Some(suite) = shared(suite) else { return };
        let context = TestContext::new().var("PLIMSOLL_AS_OF", FROZEN);
        let feeds = Feeds::new(context.path("feeds"));
        for file in ["InRelease", "main/binary-amd64/Packages.xz"] {
            let to = feeds.path(at).join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(suite.join(file), to).unwrap();
        }
        let status = shared(&format!("rootfs/dpkg-status/{name}.status.xz")).unwrap();
        rootfs_of_status(&status, &release, &context.path("rootfs"));
        // The program carries Debian's keys; Ubuntu's are the host's or given.
        let keys = shared("archive/keyrings/ubuntu-archive-keyring.gpg").unwrap();
        let keys = keys.to_str().unwrap();
        let mut scan = vec!["scan", "--from", "feeds", "--format", "json", "dir:rootfs"];
        if name.starts_with("ubuntu") {
            scan.extend(["--keyring", keys]);
        }
        let document = context.plimsoll(&scan).ends_with(0).json();

        let answers = json(&shared(&format!("expected/apt-delta/{name}.json")).unwrap());
        let wanted: BTreeSet<_> = answers["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["package"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(wanted.len(), upgradable);
        let found: BTreeSet<_> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                let id = finding["package"].as_str().unwrap();
                let package = id.rsplit('/').next().unwrap();
                package.split('@').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(found, wanted, "{name}");

        // A byte of the index is not what was signed: the feed fails, and nothing can be known.
        let tampered = TestContext::new().var("PLIMSOLL_AS_OF", FROZEN);
        let feeds = Feeds::new(tampered.path("feeds"));
        for file in ["InRelease", "main/binary-amd64/Packages.xz"] {
            let mut bytes = fs::read(suite.join(file)).unwrap();
            if file != "InRelease" {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            let to = feeds.path(at).join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        rootfs_of_status(&status, &release, &tampered.path("rootfs"));
        tampered.plimsoll(&scan).ends_with(11).says("warning: feed apt-archive: ");
    }
}
