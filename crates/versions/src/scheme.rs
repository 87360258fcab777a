//! The version schemes and the names they go by.

use std::fmt;
use std::str::FromStr;

/// Whose rules two versions are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Debian and what is built like it: `[epoch:]upstream[-revision]`.
    Dpkg,
    /// Red Hat, SUSE, Amazon and the other rpm systems: `[epoch:]version[-release]`.
    Rpm,
    /// Alpine, Wolfi, Chainguard: numbers, a letter, `_suffixes`, `-rN`.
    Apk,
    /// Semantic Versioning 2.0 as npm, cargo and Go use it.
    Semver,
}

/// No scheme has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no version scheme is known for {name:?}")]
pub struct UnknownScheme {
    /// The name as it was given.
    pub name: String,
}

/// The names of each scheme, in lower case without separators: package managers, purl types,
/// os-release `ID`s and OSV ecosystems.
const NAMES: [(Scheme, &[&str]); 4] = [
    (
        Scheme::Dpkg,
        &["dpkg", "deb", "apt", "debian", "ubuntu", "raspbian", "devuan", "kali", "linuxmint"],
    ),
    (
        Scheme::Rpm,
        &[
            "rpm",
            "dnf",
            "yum",
            "zypper",
            "tdnf",
            "redhat",
            "rhel",
            "centos",
            "centosstream",
            "fedora",
            "almalinux",
            "alma",
            "rocky",
            "rockylinux",
            "oracle",
            "oraclelinux",
            "ol",
            "amazon",
            "amazonlinux",
            "amzn",
            "azurelinux",
            "mariner",
            "cblmariner",
            "photon",
            "photonos",
            "suse",
            "sles",
            "sled",
            "slmicro",
            "opensuse",
            "opensuseleap",
            "opensusetumbleweed",
            "mageia",
            "openeuler",
        ],
    ),
    (Scheme::Apk, &["apk", "alpine", "alpinelinux", "wolfi", "chainguard", "minimos"]),
    (
        Scheme::Semver,
        &["semver", "npm", "node", "cargo", "crates", "cratesio", "rust", "go", "golang"],
    ),
];

impl Scheme {
    /// Every scheme, in the order of the enum.
    pub const ALL: [Scheme; 4] = [Scheme::Dpkg, Scheme::Rpm, Scheme::Apk, Scheme::Semver];

    /// The scheme's own name, which [`FromStr`] reads back.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Dpkg => "dpkg",
            Scheme::Rpm => "rpm",
            Scheme::Apk => "apk",
            Scheme::Semver => "semver",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    /// Reads a package manager's, distribution's or ecosystem's name; case, spaces and punctuation
    /// do not count (`Red Hat`, `crates.io`), nor does what follows a colon (`Debian:12`).
    fn from_str(name: &str) -> Result<Scheme, UnknownScheme> {
        let system = name.split_once(':').map_or(name, |(system, _release)| system);
        NAMES
            .into_iter()
            .find(|(_, known)| known.iter().any(|known| is_same_name(system, known)))
            .map(|(scheme, _)| scheme)
            .ok_or_else(|| UnknownScheme { name: name.to_owned() })
    }
}

fn is_same_name(given: &str, known: &str) -> bool {
    let letters = given.chars().filter(|c| !matches!(c, ' ' | '-' | '_' | '.'));
    letters.map(|c| c.to_ascii_lowercase()).eq(known.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<Scheme>) {
        assert_eq!(name.parse::<Scheme>().ok(), expected, "{name:?}");
    }

    #[test]
    fn ecosystems_distributions_and_tools_name_their_scheme() {
        check("dpkg", Some(Scheme::Dpkg));
        check("Debian:12", Some(Scheme::Dpkg));
        check("Ubuntu:22.04:LTS", Some(Scheme::Dpkg));
        check("Red Hat:enterprise_linux:9::appstream", Some(Scheme::Rpm));
        check("CBL-Mariner", Some(Scheme::Rpm));
        check("openSUSE:Leap 15.6", Some(Scheme::Rpm));
        check("opensuse-tumbleweed", Some(Scheme::Rpm));
        check("SL-Micro", Some(Scheme::Rpm));
        check("Alpine:v3.20", Some(Scheme::Apk));
        check("Wolfi", Some(Scheme::Apk));
        check("crates.io", Some(Scheme::Semver));
        check("Go", Some(Scheme::Semver));
    }

    #[test]
    fn other_names_are_refused_and_named() {
        check("", None);
        check(":12", None);
        check("debianish", None);
        check("PyPI", None);
        let error = "Maven".parse::<Scheme>().unwrap_err();
        assert_eq!(error.to_string(), "no version scheme is known for \"Maven\"");
    }

    #[test]
    fn every_scheme_reads_back_its_own_name() {
        for scheme in Scheme::ALL {
            check(&scheme.to_string(), Some(scheme));
        }
    }

    #[test]
    fn every_known_name_is_reachable_and_of_one_scheme() {
        for (scheme, names) in NAMES {
            for name in names {
                check(name, Some(scheme));
            }
        }
    }
}
