//! The official suites of the distributions: where they are, and what must sign them.

use plimsoll_model::{Ecosystem, Scope};

use crate::openpgp::keyring::Keyring;
use crate::openpgp::keys::{KeyUse, archive_keys};

/// Which part of a release a suite holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pocket {
    /// The release as it was published, and with its point releases.
    Main,
    /// Updates that are not about security.
    Updates,
    /// Security updates.
    Security,
    /// Newer versions from later releases, by choice.
    Backports,
    /// Anything else, such as what is proposed for the next point release, and whatever others offer.
    Other,
}

/// An official suite of a distribution archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Whose.
    pub ecosystem: Ecosystem,
    /// Its name: `bookworm-security`.
    pub name: String,
    /// The release's codename: `bookworm`.
    pub codename: &'static str,
    /// Which part of the release.
    pub pocket: Pocket,
    /// The distribution's own host, which no setting of an image changes.
    pub host: &'static str,
    /// The archive's path on that host, without slashes around it.
    pub root: &'static str,
}

impl Pocket {
    /// What the names of suites of this pocket end in.
    fn suffix(self) -> &'static str {
        match self {
            Self::Main | Self::Other => "",
            Self::Updates => "-updates",
            Self::Security => "-security",
            Self::Backports => "-backports",
        }
    }

    /// Takes a suite's name apart: `bookworm-security` into `bookworm` and its pocket. Until buster Debian wrote
    /// `stretch/updates`.
    pub(crate) fn split(suite: &str) -> (&str, Self) {
        if let Some(release) = suite.strip_suffix("/updates") {
            return (release, Self::Security);
        }
        if suite == "proposed-updates" {
            return ("stable", Self::Other);
        }
        let found = [Self::Updates, Self::Security, Self::Backports]
            .into_iter()
            .find_map(|pocket| Some((suite.strip_suffix(pocket.suffix())?, pocket)));
        match found {
            // `stable-proposed-updates` is no suite of updates yet.
            Some((release, Self::Updates)) if release.ends_with("-proposed") => {
                (release.trim_end_matches("-proposed"), Self::Other)
            }
            Some(found) => found,
            None => match suite.split_once('-') {
                Some((release, _other)) => (release, Self::Other),
                None => (suite, Self::Main),
            },
        }
    }
}

impl Suite {
    /// The path of its `InRelease` on the host.
    pub fn in_release_path(&self) -> String {
        self.path_of("InRelease")
    }

    /// The path on the host of a file below the suite, as its release lists it.
    pub fn path_of(&self, file: &str) -> String {
        format!("{}/dists/{}/{file}", self.root, self.name)
    }

    /// The path below the suite of the packages of `main`, where every base image's packages are.
    pub fn packages_index(architecture: &str) -> String {
        format!("main/binary-{architecture}/Packages.xz")
    }

    /// What is left of a keyring for this suite: the keys that sign it.
    pub fn signers(&self, keyring: Keyring) -> Keyring {
        signers(self.ecosystem, self.pocket, keyring)
    }
}

/// What is left of a keyring for the official suites of a pocket.
pub(crate) fn signers(ecosystem: Ecosystem, pocket: Pocket, keyring: Keyring) -> Keyring {
    let signs = |key_use| match (ecosystem, pocket) {
        // Debian's security team has its own archive with its own keys.
        (Ecosystem::Debian, Pocket::Security) => key_use == KeyUse::Security,
        _ => key_use != KeyUse::Security,
    };
    let fingerprints: Vec<_> = archive_keys(ecosystem)
        .filter(|key| signs(key.key_use))
        .map(|key| key.fingerprint)
        .collect();
    keyring.only(&fingerprints)
}

/// The suites of a release, the release itself first: `debian:12`, for the packages of `amd64`.
///
/// None for a distribution without an apt archive and for releases that are not at these hosts any more or not yet.
pub fn suites(scope: &Scope, architecture: &str) -> Option<Vec<Suite>> {
    let (_, _, codename) = RELEASES.iter().find(|(ecosystem, release, _)| {
        *ecosystem == scope.ecosystem && Some(*release) == scope.release.as_deref()
    })?;
    Some(
        [Pocket::Main, Pocket::Updates, Pocket::Security]
            .map(|pocket| {
                let (host, root) = place(scope.ecosystem, pocket, architecture);
                let name = format!("{codename}{}", pocket.suffix());
                Suite { ecosystem: scope.ecosystem, name, codename, pocket, host, root }
            })
            .into(),
    )
}

/// The hosts of a distribution's archive: addresses of an image's package sources on these may be asked.
pub fn archive_hosts(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Debian => &["ftp.debian.org", "security.debian.org"],
        Ecosystem::Ubuntu => &["archive.ubuntu.com", "security.ubuntu.com", "ports.ubuntu.com"],
        _ => &[],
    }
}

/// The releases whose suites have these names and are kept at these hosts; from Debian's `distro-info-data`.
const RELEASES: [(Ecosystem, &str, &str); 11] = [
    (Ecosystem::Debian, "11", "bullseye"),
    (Ecosystem::Debian, "12", "bookworm"),
    (Ecosystem::Debian, "13", "trixie"),
    (Ecosystem::Ubuntu, "16.04", "xenial"),
    (Ecosystem::Ubuntu, "18.04", "bionic"),
    (Ecosystem::Ubuntu, "20.04", "focal"),
    (Ecosystem::Ubuntu, "22.04", "jammy"),
    (Ecosystem::Ubuntu, "24.04", "noble"),
    (Ecosystem::Ubuntu, "26.04", "resolute"),
    (Ecosystem::Ubuntu, "26.10", "stonking"),
    (Ecosystem::Ubuntu, "27.04", "tenacious"),
];

pub(crate) fn place(
    ecosystem: Ecosystem,
    pocket: Pocket,
    architecture: &str,
) -> (&'static str, &'static str) {
    match (ecosystem, pocket, architecture) {
        (Ecosystem::Ubuntu, Pocket::Security, "amd64" | "i386") => {
            ("security.ubuntu.com", "ubuntu")
        }
        (Ecosystem::Ubuntu, _, "amd64" | "i386") => ("archive.ubuntu.com", "ubuntu"),
        (Ecosystem::Ubuntu, _, _) => ("ports.ubuntu.com", "ubuntu-ports"),
        (_, Pocket::Security, _) => ("security.debian.org", "debian-security"),
        _ => ("ftp.debian.org", "debian"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(scope: &str, architecture: &str) -> Option<Vec<String>> {
        let suites = suites(&scope.parse().unwrap(), architecture)?;
        Some(suites.iter().map(|s| format!("{}/{}", s.host, s.in_release_path())).collect())
    }

    #[test]
    fn suites_lie_at_the_distributions_own_hosts() {
        fn check(scope: &str, architecture: &str, expected: &[&str]) {
            assert_eq!(paths(scope, architecture).unwrap(), expected);
            let scope: Scope = scope.parse().unwrap();
            for suite in suites(&scope, architecture).unwrap() {
                assert!(archive_hosts(scope.ecosystem).contains(&suite.host));
            }
        }
        check(
            "debian:12",
            "arm64",
            &[
                "ftp.debian.org/debian/dists/bookworm/InRelease",
                "ftp.debian.org/debian/dists/bookworm-updates/InRelease",
                "security.debian.org/debian-security/dists/bookworm-security/InRelease",
            ],
        );
        check(
            "ubuntu:24.04",
            "amd64",
            &[
                "archive.ubuntu.com/ubuntu/dists/noble/InRelease",
                "archive.ubuntu.com/ubuntu/dists/noble-updates/InRelease",
                "security.ubuntu.com/ubuntu/dists/noble-security/InRelease",
            ],
        );
        check(
            "ubuntu:22.04",
            "arm64",
            &[
                "ports.ubuntu.com/ubuntu-ports/dists/jammy/InRelease",
                "ports.ubuntu.com/ubuntu-ports/dists/jammy-updates/InRelease",
                "ports.ubuntu.com/ubuntu-ports/dists/jammy-security/InRelease",
            ],
        );
    }

    #[test]
    fn names_of_suites_tell_release_and_pocket() {
        fn check(suite: &str, release: &str, pocket: Pocket) {
            assert_eq!(Pocket::split(suite), (release, pocket), "{suite}");
        }
        check("bookworm", "bookworm", Pocket::Main);
        check("bookworm-security", "bookworm", Pocket::Security);
        check("buster/updates", "buster", Pocket::Security);
        check("noble-updates", "noble", Pocket::Updates);
        check("noble-backports", "noble", Pocket::Backports);
        check("bookworm-backports-sloppy", "bookworm", Pocket::Other);
        check("noble-proposed", "noble", Pocket::Other);
        check("stable-proposed-updates", "stable", Pocket::Other);
        check("proposed-updates", "stable", Pocket::Other);
    }

    #[test]
    fn other_releases_have_no_suites() {
        for scope in ["debian:7", "ubuntu:23.10", "alpine:3.20", "wolfi"] {
            assert_eq!(paths(scope, "amd64"), None, "{scope}");
        }
    }
}
