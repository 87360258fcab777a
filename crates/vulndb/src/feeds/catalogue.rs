//! Which feeds there are: name, upstream address, format, licence, and whom they speak for.

use plimsoll_model::{Ecosystem, Scope};

/// How a feed's document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Alpine's secdb and what is shaped like it: JSON, or YAML in older copies.
    Secdb,
    /// The JSON export of the Debian security tracker.
    DebianTracker,
    /// The tracker's list of DSAs or DLAs.
    DebianList,
    /// A zip of OSV records.
    OsvZip,
    /// OVAL definitions.
    Oval,
    /// CISA's catalogue of known exploited vulnerabilities.
    Kev,
    /// EPSS scores as CSV.
    Epss,
    /// No document: crate `distro` reads the distribution archive.
    Archive,
}

impl Format {
    /// The word that `db feeds` prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secdb => "secdb",
            Self::DebianTracker => "debian tracker json",
            Self::DebianList => "dsa/dla list",
            Self::OsvZip => "osv zip",
            Self::Oval => "oval",
            Self::Kev => "kev json",
            Self::Epss => "epss csv",
            Self::Archive => "signed archive indexes",
        }
    }
}

/// How much a feed's word counts where several speak of one vulnerability; the first is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The distribution's own statement about every vulnerability, fixed or not.
    Tracker,
    /// The distribution's own announcements of fixes.
    Bulletins,
    /// A collection by others of what the distribution says.
    Osv,
    /// Only "the security suite has a newer version".
    Archive,
    /// Not about packages: KEV, EPSS.
    Priority,
}

/// One feed.
#[derive(Debug)]
pub struct Feed {
    /// Its name in evidence, coverage and `db status`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The licence of its data, as far as the publisher names one.
    pub license: &'static str,
    /// How it is read.
    pub format: Format,
    /// How much its word counts.
    pub standing: Standing,
    upstream: Upstream,
}

/// A document to fetch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The upstream address; `--from BASE` reads `BASE/HOST/PATH` instead.
    pub address: String,
    /// The scope that the document speaks for, where the document itself does not say.
    pub scope: Option<Scope>,
}

#[derive(Debug)]
enum Upstream {
    /// One document for all releases of an ecosystem.
    Whole(Ecosystem, &'static str),
    /// Documents for each release; none for a release that is not covered.
    Releases(Ecosystem, &'static str, fn(&str) -> Vec<String>),
    /// One document about ids, whatever the package.
    Ids(&'static str),
    /// Made by crate `distro`, of the archives of these.
    Made(&'static [Ecosystem], &'static str),
}

impl Feed {
    /// Whether it has something to say about a scope.
    pub fn serves(&self, scope: &Scope) -> bool {
        match &self.upstream {
            Upstream::Whole(ecosystem, _) => *ecosystem == scope.ecosystem,
            Upstream::Made(ecosystems, _) => ecosystems.contains(&scope.ecosystem),
            Upstream::Releases(..) => !self.sources(Some(scope)).is_empty(),
            Upstream::Ids(_) => false,
        }
    }

    /// What to fetch for a scope; for feeds about ids the scope does not matter. Empty where nothing
    /// is to be fetched: the scope is not served, or crate `distro` makes the advisories.
    pub fn sources(&self, scope: Option<&Scope>) -> Vec<Source> {
        let served = |ecosystem| scope.is_none_or(|scope| scope.ecosystem == ecosystem);
        match (&self.upstream, scope) {
            (Upstream::Ids(address), _) => {
                vec![Source { address: (*address).to_owned(), scope: None }]
            }
            (Upstream::Whole(ecosystem, address), _) if served(*ecosystem) => {
                let scope = (self.format == Format::Secdb).then(|| Scope::rolling(*ecosystem));
                vec![Source { address: (*address).to_owned(), scope }]
            }
            (Upstream::Releases(ecosystem, _, addresses), Some(scope)) if served(*ecosystem) => {
                let release = scope.release.as_deref().unwrap_or_default();
                addresses(release)
                    .into_iter()
                    .map(|address| Source { address, scope: Some(scope.clone()) })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whom it speaks for, for people: `alpine:3.N`, `debian`, `every id`.
    pub fn scopes(&self) -> &'static str {
        match &self.upstream {
            Upstream::Whole(ecosystem, _) => ecosystem.as_str(),
            Upstream::Releases(_, scopes, _) | Upstream::Made(_, scopes) => scopes,
            Upstream::Ids(_) => "every id",
        }
    }

    /// The upstream address for people, with `N` for a release's number.
    pub fn address(&self) -> String {
        match &self.upstream {
            Upstream::Whole(_, address) | Upstream::Ids(address) => (*address).to_owned(),
            Upstream::Releases(_, _, addresses) => addresses("N").join(" "),
            Upstream::Made(..) => "the distribution archive".to_owned(),
        }
    }
}

/// All feeds, those of one ecosystem in the order of [`Standing`].
pub fn all() -> &'static [Feed] {
    FEEDS
}

/// The feed of a name.
pub fn find(name: &str) -> Option<&'static Feed> {
    FEEDS.iter().find(|feed| feed.name == name)
}

/// The feeds that speak of a scope, the strongest witness first.
pub fn for_scope(scope: &Scope) -> Vec<&'static Feed> {
    let mut feeds: Vec<_> = FEEDS.iter().filter(|feed| feed.serves(scope)).collect();
    feeds.sort_by_key(|feed| feed.standing);
    feeds
}

/// The feeds about ids whatever the package: KEV and EPSS.
pub fn priority() -> Vec<&'static Feed> {
    FEEDS.iter().filter(|feed| feed.standing == Standing::Priority).collect()
}

macro_rules! osv {
    ($name:literal, $title:literal, $license:literal, $ecosystem:ident, $directory:literal) => {
        Feed {
            name: $name,
            title: $title,
            license: $license,
            format: Format::OsvZip,
            standing: Standing::Osv,
            upstream: Upstream::Whole(
                Ecosystem::$ecosystem,
                concat!(
                    "https://osv-vulnerabilities.storage.googleapis.com/",
                    $directory,
                    "/all.zip"
                ),
            ),
        }
    };
}

macro_rules! secdb {
    ($name:literal, $title:literal, $license:literal, $ecosystem:ident, $address:literal) => {
        Feed {
            name: $name,
            title: $title,
            license: $license,
            format: Format::Secdb,
            standing: Standing::Tracker,
            upstream: Upstream::Whole(Ecosystem::$ecosystem, $address),
        }
    };
}

macro_rules! debian {
    ($name:literal, $title:literal, $format:ident, $standing:ident, $address:literal) => {
        Feed {
            name: $name,
            title: $title,
            license: "public data",
            format: Format::$format,
            standing: Standing::$standing,
            upstream: Upstream::Whole(Ecosystem::Debian, $address),
        }
    };
}

macro_rules! ids {
    ($name:literal, $title:literal, $license:literal, $format:ident, $address:literal) => {
        Feed {
            name: $name,
            title: $title,
            license: $license,
            format: Format::$format,
            standing: Standing::Priority,
            upstream: Upstream::Ids($address),
        }
    };
}

static FEEDS: &[Feed] = &[
    debian!(
        "debian-tracker",
        "Debian security tracker",
        DebianTracker,
        Tracker,
        "https://security-tracker.debian.org/tracker/data/json"
    ),
    debian!(
        "debian-dsa",
        "Debian Security Advisories",
        DebianList,
        Bulletins,
        "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"
    ),
    debian!(
        "debian-dla",
        "Debian LTS Advisories",
        DebianList,
        Bulletins,
        "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list"
    ),
    osv!("osv-debian", "Debian in OSV", "public data", Debian, "Debian"),
    Feed {
        name: "apt-archive",
        title: "The signed security suite of the distribution archive",
        license: "archive metadata",
        format: Format::Archive,
        standing: Standing::Archive,
        upstream: Upstream::Made(&[Ecosystem::Debian, Ecosystem::Ubuntu], "debian ubuntu"),
    },
    osv!("osv-ubuntu", "Ubuntu in OSV", "CC-BY-SA-4.0", Ubuntu, "Ubuntu"),
    Feed {
        name: "alpine-secdb",
        title: "Alpine security database",
        license: "factual data",
        format: Format::Secdb,
        standing: Standing::Tracker,
        upstream: Upstream::Releases(Ecosystem::Alpine, "alpine:3.N alpine:edge", alpine),
    },
    osv!("osv-alpine", "Alpine in OSV", "factual data", Alpine, "Alpine"),
    secdb!(
        "wolfi-secdb",
        "Wolfi security database",
        "CC-BY-NC-ND",
        Wolfi,
        "https://packages.wolfi.dev/os/security.json"
    ),
    osv!("osv-wolfi", "Wolfi in OSV", "CC-BY-NC-ND", Wolfi, "Wolfi"),
    secdb!(
        "chainguard-secdb",
        "Chainguard security database",
        "CC-BY-NC-ND",
        Chainguard,
        "https://packages.cgr.dev/chainguard/security.json"
    ),
    osv!("osv-chainguard", "Chainguard in OSV", "CC-BY-NC-ND", Chainguard, "Chainguard"),
    secdb!(
        "minimos-secdb",
        "MinimOS security database",
        "not stated",
        MinimOs,
        "https://packages.mini.dev/advisories/secdb/security.json"
    ),
    osv!("osv-minimos", "MinimOS in OSV", "not stated", MinimOs, "MinimOS"),
    osv!("osv-almalinux", "AlmaLinux in OSV", "MIT", AlmaLinux, "AlmaLinux"),
    osv!("osv-rocky", "Rocky Linux in OSV", "BSD", Rocky, "Rocky%20Linux"),
    osv!("osv-redhat", "Red Hat in OSV", "CC-BY-4.0", RedHat, "Red%20Hat"),
    osv!("osv-suse", "SUSE in OSV", "CC-BY-4.0", Suse, "SUSE"),
    osv!("osv-opensuse", "openSUSE in OSV", "CC-BY-4.0", OpenSuse, "openSUSE"),
    osv!("osv-mageia", "Mageia in OSV", "CC-BY-SA-4.0", Mageia, "Mageia"),
    osv!("osv-openeuler", "openEuler in OSV", "not stated", OpenEuler, "openEuler"),
    osv!("osv-bitnami", "Bitnami in OSV", "Apache-2.0", Bitnami, "Bitnami"),
    Feed {
        name: "azurelinux-oval",
        title: "Azure Linux and CBL-Mariner OVAL",
        license: "MIT",
        format: Format::Oval,
        standing: Standing::Tracker,
        upstream: Upstream::Releases(
            Ecosystem::AzureLinux,
            "azurelinux:1.0 azurelinux:2.0 azurelinux:3.0",
            azurelinux,
        ),
    },
    ids!(
        "kev",
        "CISA known exploited vulnerabilities",
        "CC0-1.0",
        Kev,
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
    ),
    ids!(
        "epss",
        "FIRST exploit prediction scores",
        "free with attribution to FIRST.org",
        Epss,
        "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
    ),
];

fn alpine(release: &str) -> Vec<String> {
    // Releases are `3.20`; the branch is `v3.20`, only edge has no number.
    let branch = match release {
        "edge" => "edge".to_owned(),
        "" => return Vec::new(),
        number => format!("v{number}"),
    };
    ["main", "community"]
        .into_iter()
        // The branches up to 3.2 have no community repository.
        .filter(|repository| *repository == "main" || !matches!(release, "3.0" | "3.1" | "3.2"))
        .map(|repository| format!("https://secdb.alpinelinux.org/{branch}/{repository}.json"))
        .collect()
}

fn azurelinux(release: &str) -> Vec<String> {
    const AT: &str =
        "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/";
    let name = match release {
        "1.0" => "cbl-mariner-1.0-oval.xml",
        "2.0" => "cbl-mariner-2.0-oval.xml",
        "3.0" | "N" => "azurelinux-3.0-oval.xml",
        _ => return Vec::new(),
    };
    vec![format!("{AT}{name}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_scope_knows_its_feeds() {
        for (at, feed) in FEEDS.iter().enumerate() {
            assert!(
                FEEDS.iter().skip(at + 1).all(|other| other.name != feed.name),
                "{}",
                feed.name
            );
            assert!(!feed.address().is_empty() && !feed.scopes().is_empty());
        }
        let names = |scope: &str| -> Vec<&str> {
            for_scope(&scope.parse().unwrap()).iter().map(|feed| feed.name).collect()
        };
        assert_eq!(
            names("debian:12"),
            ["debian-tracker", "debian-dsa", "debian-dla", "osv-debian", "apt-archive"]
        );
        assert_eq!(names("alpine:3.20"), ["alpine-secdb", "osv-alpine"]);
        assert_eq!(names("azurelinux:2.0"), ["azurelinux-oval"]);
        assert!(names("azurelinux:9.0").is_empty());
        assert!(names("fedora:40").is_empty());
        assert_eq!(priority().len(), 2);
    }

    #[test]
    fn sources_follow_the_release() {
        let addresses = |feed: &str, scope: &str| -> Vec<String> {
            let scope = scope.parse().unwrap();
            find(feed).unwrap().sources(Some(&scope)).into_iter().map(|s| s.address).collect()
        };
        assert_eq!(
            addresses("alpine-secdb", "alpine:3.10"),
            [
                "https://secdb.alpinelinux.org/v3.10/main.json",
                "https://secdb.alpinelinux.org/v3.10/community.json"
            ]
        );
        assert_eq!(addresses("alpine-secdb", "alpine:3.2").len(), 1);
        assert!(addresses("alpine-secdb", "debian:12").is_empty());
        assert_eq!(
            addresses("osv-rocky", "rocky:9"),
            ["https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip"]
        );
        assert!(addresses("apt-archive", "debian:12").is_empty());
        assert_eq!(find("kev").unwrap().sources(None).len(), 1);
    }
}
