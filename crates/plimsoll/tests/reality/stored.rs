//! Root file systems of one day against the signed indexes of that day: what apt said then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;

use plimsoll_testkit::{shared_data, skipped};
use serde_json::Value;

use crate::findings::text;
use crate::program::Program;

/// When the indexes were stored: some promise to be news for a week only.
const DAY: &str = "2026-11-24";

struct Stored {
    /// Of the status file and of what apt said.
    name: &'static str,
    os_release: &'static str,
    sources: &'static str,
    /// Where the copy has a suite, and where the shared data has it.
    suites: &'static [(&'static str, &'static str)],
    keyring: &'static str,
    /// How many binaries are upgradable.
    upgradable: usize,
}

const STORED: &[Stored] = &[
    Stored {
        name: "debian-bookworm-main-slim",
        os_release: "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
        sources: "deb http://ftp.debian.org/debian bookworm main\n\
                  deb http://ftp.debian.org/debian bookworm-updates main\n\
                  deb http://security.debian.org/debian-security bookworm-security main\n",
        suites: &[
            ("ftp.debian.org/debian/dists/bookworm", "debian/bookworm"),
            ("ftp.debian.org/debian/dists/bookworm-updates", "debian/bookworm-updates"),
            (
                "security.debian.org/debian-security/dists/bookworm-security",
                "debian-security/bookworm-security",
            ),
        ],
        keyring: "debian-archive-keyring.gpg",
        upgradable: 9,
    },
    Stored {
        name: "debian-bullseye-main-slim",
        os_release: "ID=debian\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n",
        // The main suite was not stored: nothing has come to it since.
        sources: "deb http://security.debian.org/debian-security bullseye-security main\n",
        suites: &[(
            "security.debian.org/debian-security/dists/bullseye-security",
            "debian-security/bullseye-security",
        )],
        keyring: "debian-archive-keyring.gpg",
        upgradable: 28,
    },
    Stored {
        name: "ubuntu-noble-release",
        os_release: "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n",
        sources: "deb http://archive.ubuntu.com/ubuntu noble main\n\
                  deb http://security.ubuntu.com/ubuntu noble-security main\n",
        suites: &[
            ("archive.ubuntu.com/ubuntu/dists/noble", "ubuntu/noble"),
            ("security.ubuntu.com/ubuntu/dists/noble-security", "ubuntu/noble-security"),
        ],
        keyring: "ubuntu-archive-keyring.gpg",
        upgradable: 36,
    },
];

#[test]
fn stored_archives_have_the_updates_that_apt_found() {
    let Some(shared) = shared_data() else { return };
    if !cfg!(target_arch = "x86_64") {
        return skipped("needs x86_64: the stored indexes are amd64");
    }
    for stored in STORED {
        let keyring = shared.join("archive/keyrings").join(stored.keyring).display().to_string();
        let program = Program::new().with_copy().with(&["--as-of", DAY, "--keyring", &keyring]);
        for (address, path) in stored.suites {
            program.place(address, &shared.join("archive").join(path));
        }
        let status = shared.join(format!("rootfs/dpkg-status/{}.status.xz", stored.name));
        let mut packages = String::new();
        let mut status = liblzma::read::XzDecoder::new(File::open(status).unwrap());
        status.read_to_string(&mut packages).unwrap();
        for (path, content) in [
            ("etc/os-release", stored.os_release),
            ("etc/apt/sources.list", stored.sources),
            ("var/lib/dpkg/status", &packages),
        ] {
            let path = program.path("root").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let root = format!("dir:{}", program.path("root").display());
        let changes = program.json(&["changes", &root]);
        for suite in changes["distribution_archive"].as_array().unwrap() {
            assert_eq!(suite["status"], "verified", "{suite}");
        }

        let expected = shared.join(format!("expected/apt-delta/{}.json", stored.name));
        let expected: Value = serde_json::from_slice(&fs::read(expected).unwrap()).unwrap();
        let expected = expected["packages"].as_array().unwrap();
        assert_eq!(expected.len(), stored.upgradable);
        let mut found = BTreeSet::new();
        let mut newer = BTreeMap::new();
        for update in changes["updates"].as_array().unwrap() {
            let source = text(&update["source"]);
            newer.insert(source.clone(), text(&update["candidate"]));
            for binary in update["binaries"].as_array().unwrap() {
                found.insert(
                    [&text(binary), &source, &text(&update["installed"])].map(String::clone),
                );
            }
        }
        let wanted: BTreeSet<_> = expected
            .iter()
            .map(|one| ["package", "source", "installed_source"].map(|field| text(&one[field])))
            .collect();
        assert_eq!(found, wanted, "{}", stored.name);
        // Binaries have their source's version, but for an epoch of their own.
        for one in expected {
            let candidate = text(&one["candidate"]);
            let version = &newer[&text(&one["source"])];
            let bare =
                |version: &str| version.split_once(':').map_or(version, |it| it.1).to_owned();
            assert_eq!(bare(version), bare(&candidate), "{one}");
        }
    }
}
