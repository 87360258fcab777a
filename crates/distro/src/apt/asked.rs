//! A suite to ask: where its files are, and what must sign it.

use plimsoll_model::{ArchiveStatus, ArchiveSuite, Ecosystem};

use crate::apt::known::official;
use crate::apt::suites::{Pocket, Suite};
use crate::openpgp::keyring::Keyring;

/// A suite whose archive may be asked.
#[derive(Clone, Debug)]
pub struct AskedSuite {
    /// Scheme, host and root of the archive, without a slash at the end.
    pub base: String,
    /// Its name: `bookworm-security`; a path that ends in a slash is an archive without suites.
    pub suite: String,
    /// `main`, `contrib` …; empty for a path.
    pub components: Vec<String>,
    /// dpkg's architectures whose packages are of interest, the system's own first.
    pub architectures: Vec<String>,
    /// Which part of a release it is by its name; none of them for others' archives.
    pub pocket: Pocket,
    /// What may sign it.
    pub keys: SuiteKeys,
    /// The host as the image names it, which preferences speak of.
    pub site: String,
    /// Whose packages the system has.
    pub(crate) ecosystem: Ecosystem,
    /// The system's release; what a name by age such as `stable` must stand for.
    pub(crate) codename: Option<String>,
}

/// What may sign a suite.
#[derive(Clone, Debug)]
pub enum SuiteKeys {
    /// Only the distribution's keys for that suite, wherever their bytes come from.
    Distribution,
    /// Those, the operator's, and at last these of the image, with which it is never verified.
    Image(Keyring),
}

impl AskedSuite {
    /// An official suite at its own host.
    pub fn official(suite: &Suite, components: &[&str], architectures: &[String]) -> Self {
        Self {
            base: official(suite.host, suite.root).base(),
            suite: suite.name.clone(),
            components: components.iter().map(ToString::to_string).collect(),
            architectures: architectures.to_vec(),
            pocket: suite.pocket,
            keys: SuiteKeys::Distribution,
            site: suite.host.to_owned(),
            ecosystem: suite.ecosystem,
            codename: Some(suite.codename.to_owned()),
        }
    }

    /// The archive as people read it: `security.debian.org/debian-security`.
    pub fn address(&self) -> &str {
        self.base.split_once("://").map_or(&self.base, |(_scheme, address)| address)
    }

    /// Whether it is a path without components.
    pub fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }

    /// The address of a file below the suite: `InRelease`, or the path of an index.
    pub fn url(&self, file: &str) -> String {
        let Self { base, suite, .. } = self;
        if !self.is_flat() {
            return format!("{base}/dists/{suite}/{file}");
        }
        let path = suite.trim_start_matches("./").trim_matches('/');
        let separator = if path.is_empty() { "" } else { "/" };
        format!("{base}{separator}{path}/{file}")
    }

    /// The address of a `.deb` by the `Filename` of an index, which is below the archive's root.
    pub fn deb_url(&self, filename: &str) -> String {
        format!("{}/{filename}", self.base)
    }

    /// What is shown of it when it could not be asked.
    pub fn unreachable(&self, reason: impl Into<String>) -> ArchiveSuite {
        self.told(ArchiveStatus::Unreachable, reason.into())
    }

    /// What is shown of it when its files do not fit together, not even when asked for again.
    pub fn inconsistent(&self, reason: impl Into<String>) -> ArchiveSuite {
        self.told(ArchiveStatus::Inconsistent, reason.into())
    }

    pub(crate) fn told(&self, status: ArchiveStatus, reason: String) -> ArchiveSuite {
        ArchiveSuite {
            suite: self.suite.clone(),
            address: self.address().to_owned(),
            signed_by: None,
            date: None,
            valid_until: None,
            status,
            reason: Some(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_below_the_suite_and_debs_below_the_root() {
        fn check(suite: &str, expected: &str) {
            let asked = AskedSuite {
                base: "https://example.org/apt".to_owned(),
                suite: suite.to_owned(),
                components: Vec::new(),
                architectures: Vec::new(),
                pocket: Pocket::Other,
                keys: SuiteKeys::Distribution,
                site: "example.org".to_owned(),
                ecosystem: Ecosystem::Debian,
                codename: None,
            };
            assert_eq!(asked.url("InRelease"), expected);
            assert_eq!(asked.deb_url("pool/a.deb"), "https://example.org/apt/pool/a.deb");
        }
        check("bookworm", "https://example.org/apt/dists/bookworm/InRelease");
        check("buster/updates", "https://example.org/apt/dists/buster/updates/InRelease");
        check("/", "https://example.org/apt/InRelease");
        check("./", "https://example.org/apt/InRelease");
        check("stable/", "https://example.org/apt/stable/InRelease");
        check("./a/b/", "https://example.org/apt/a/b/InRelease");
    }
}
