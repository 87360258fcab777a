//! The distributions' own hosts, and where on them their repositories are.

use plimsoll_model::Ecosystem::{
    self, AlmaLinux, Amazon, AzureLinux, CentOs, Fedora, OpenSuse, Oracle, Photon, RedHat, Rocky,
    Suse,
};

use super::system::System;

/// Where a distribution serves its repositories itself, over https and to everybody; its mirrors are not among them.
pub(super) fn hosts(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        AlmaLinux => &["repo.almalinux.org", "vault.almalinux.org"],
        Rocky => &["download.rockylinux.org", "dl.rockylinux.org"],
        CentOs => &["mirror.stream.centos.org", "composes.stream.centos.org"],
        Fedora => &["dl.fedoraproject.org", "codecs.fedoraproject.org"],
        RedHat => &["cdn-ubi.redhat.com"],
        Oracle => &["yum.oracle.com"],
        Amazon => &["cdn.amazonlinux.com"],
        AzureLinux => &["packages.microsoft.com"],
        OpenSuse => &["download.opensuse.org", "cdn.opensuse.org", "codecs.opensuse.org"],
        Suse => &["updates.suse.com"],
        Photon => &["packages.vmware.com", "packages-prod.broadcom.com"],
        _ => &[],
    }
}

/// How a known repository is found; addresses have variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Its address.
    Base(String),
    /// A list on the distribution's own host, which names the address of the day.
    List(String),
}

/// A repository that a distribution has for everybody, by the id in its own `.repo` files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: &'static str,
    pub(super) way: Way,
}

/// The repository with this id.
pub(super) fn find(system: &System, id: &str) -> Option<Known> {
    let releases = releases(system);
    let mut all = releases.flat_map(|release| release.all().map(|one| release.known(one)));
    all.find(|known| known.id.eq_ignore_ascii_case(id))
}

/// The repositories that an image of this system has where none of its files says so.
pub(super) fn defaults(system: &System) -> impl Iterator<Item = Known> {
    releases(system).flat_map(|release| release.defaults.iter().map(|one| release.known(one)))
}

/// Repositories of one release, or of all that are served alike.
struct Release {
    ecosystem: Ecosystem,
    /// By their first number; empty for all.
    majors: &'static [&'static str],
    /// What all addresses begin with.
    root: &'static str,
    /// Ids and paths of those that images have; a path to a `.list` is a mirror list.
    defaults: &'static [(&'static str, &'static str)],
    /// Of those that images may have.
    others: &'static [(&'static str, &'static str)],
}

impl Release {
    fn all(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        self.defaults.iter().chain(self.others)
    }

    fn known(&self, (id, path): &(&'static str, &'static str)) -> Known {
        let address = format!("https://{}/{path}", self.root);
        let way = if path.ends_with(".list") { Way::List(address) } else { Way::Base(address) };
        Known { id, way }
    }
}

fn releases(system: &System) -> impl Iterator<Item = &'static Release> {
    // Tumbleweed is named by its day, not by a release.
    let major = match system.id.as_str() {
        "opensuse-tumbleweed" => "tumbleweed",
        _ => system.major(),
    };
    RELEASES.iter().filter(move |release| {
        release.ecosystem == system.ecosystem
            && (release.majors.is_empty() || release.majors.contains(&major))
    })
}

/// From the `.repo` files that the distributions' release packages install.
static RELEASES: &[Release] = &[
    Release {
        ecosystem: AlmaLinux,
        majors: &[],
        root: "repo.almalinux.org/almalinux/$releasever",
        defaults: &[
            ("baseos", "BaseOS/$basearch/os"),
            ("appstream", "AppStream/$basearch/os"),
            ("extras", "extras/$basearch/os"),
        ],
        others: &[
            ("crb", "CRB/$basearch/os"),
            ("powertools", "PowerTools/$basearch/os"),
            ("highavailability", "HighAvailability/$basearch/os"),
        ],
    },
    Release {
        ecosystem: Rocky,
        majors: &[],
        root: "download.rockylinux.org/pub/rocky/$releasever",
        defaults: &[
            ("baseos", "BaseOS/$basearch/os"),
            ("appstream", "AppStream/$basearch/os"),
            ("extras", "extras/$basearch/os"),
        ],
        others: &[("crb", "CRB/$basearch/os"), ("powertools", "PowerTools/$basearch/os")],
    },
    // CentOS Linux ended; only Stream has this host.
    Release {
        ecosystem: CentOs,
        majors: &["9", "10"],
        root: "mirror.stream.centos.org",
        defaults: &[
            ("baseos", "$releasever-stream/BaseOS/$basearch/os"),
            ("appstream", "$releasever-stream/AppStream/$basearch/os"),
        ],
        others: &[
            ("crb", "$releasever-stream/CRB/$basearch/os"),
            ("extras-common", "SIGs/$releasever-stream/extras/$basearch/extras-common"),
        ],
    },
    Release {
        ecosystem: Fedora,
        majors: &[],
        root: "dl.fedoraproject.org/pub/fedora/linux",
        defaults: &[
            ("fedora", "releases/$releasever/Everything/$basearch/os"),
            ("updates", "updates/$releasever/Everything/$basearch"),
        ],
        others: &[],
    },
    Release {
        ecosystem: Fedora,
        majors: &[],
        root: "codecs.fedoraproject.org/openh264",
        defaults: &[],
        others: &[("fedora-cisco-openh264", "$releasever/$basearch/os")],
    },
    Release {
        ecosystem: RedHat,
        majors: &["8"],
        root: "cdn-ubi.redhat.com/content/public/ubi/dist/ubi8/8/$basearch",
        defaults: &[("ubi-8-baseos-rpms", "baseos/os"), ("ubi-8-appstream-rpms", "appstream/os")],
        others: &[("ubi-8-codeready-builder-rpms", "codeready-builder/os")],
    },
    Release {
        ecosystem: RedHat,
        majors: &["9"],
        root: "cdn-ubi.redhat.com/content/public/ubi/dist/ubi9/9/$basearch",
        defaults: &[("ubi-9-baseos-rpms", "baseos/os"), ("ubi-9-appstream-rpms", "appstream/os")],
        others: &[("ubi-9-codeready-builder-rpms", "codeready-builder/os")],
    },
    Release {
        ecosystem: RedHat,
        majors: &["10"],
        root: "cdn-ubi.redhat.com/content/public/ubi/dist/ubi10/10/$basearch",
        defaults: &[("ubi-10-baseos-rpms", "baseos/os"), ("ubi-10-appstream-rpms", "appstream/os")],
        others: &[],
    },
    Release {
        ecosystem: Oracle,
        majors: &["8"],
        root: "yum.oracle.com/repo/OracleLinux/OL8",
        defaults: &[
            ("ol8_baseos_latest", "baseos/latest/$basearch"),
            ("ol8_appstream", "appstream/$basearch"),
        ],
        others: &[],
    },
    Release {
        ecosystem: Oracle,
        majors: &["9"],
        root: "yum.oracle.com/repo/OracleLinux/OL9",
        defaults: &[
            ("ol9_baseos_latest", "baseos/latest/$basearch"),
            ("ol9_appstream", "appstream/$basearch"),
        ],
        others: &[],
    },
    Release {
        ecosystem: Amazon,
        majors: &["2023"],
        root: "cdn.amazonlinux.com/al2023",
        defaults: &[("amazonlinux", "core/mirrors/$releasever/$basearch/mirror.list")],
        others: &[],
    },
    Release {
        ecosystem: Amazon,
        majors: &["2"],
        root: "cdn.amazonlinux.com/2",
        defaults: &[("amzn2-core", "core/latest/$basearch/mirror.list")],
        others: &[],
    },
    Release {
        ecosystem: AzureLinux,
        majors: &["2"],
        root: "packages.microsoft.com/cbl-mariner/$releasever/prod",
        defaults: &[("mariner-official-base", "base/$basearch")],
        others: &[],
    },
    Release {
        ecosystem: AzureLinux,
        majors: &["3"],
        root: "packages.microsoft.com/azurelinux/$releasever/prod",
        defaults: &[("azurelinux-official-base", "base/$basearch")],
        others: &[],
    },
    Release {
        ecosystem: OpenSuse,
        majors: &["15"],
        root: "download.opensuse.org",
        defaults: &[
            ("repo-oss", "distribution/leap/$releasever/repo/oss"),
            ("repo-update", "update/leap/$releasever/oss"),
            ("repo-sle-update", "update/leap/$releasever/sle"),
        ],
        others: &[],
    },
    Release {
        ecosystem: OpenSuse,
        majors: &["tumbleweed"],
        root: "download.opensuse.org/tumbleweed",
        defaults: &[("repo-oss", "repo/oss")],
        others: &[],
    },
    Release {
        ecosystem: Photon,
        majors: &[],
        root: "packages.vmware.com/photon/$releasever",
        defaults: &[
            ("photon", "photon_release_$releasever_$basearch"),
            ("photon-updates", "photon_updates_$releasever_$basearch"),
        ],
        others: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::address::Address;
    use crate::rpm::system::expand;

    fn system(ecosystem: Ecosystem, version_id: &str) -> System {
        let (id, version_id) = (String::new(), version_id.to_owned());
        System { ecosystem, id, version_id, arch: "x86_64".to_owned() }
    }

    #[test]
    fn every_known_repository_is_at_a_host_of_its_distribution() {
        for release in RELEASES {
            let variables = system(release.ecosystem, "9").variables();
            for known in release.all().map(|one| release.known(one)) {
                let (Way::Base(address) | Way::List(address)) = known.way;
                let address = Address::parse(&expand(&address, &variables)).unwrap();
                assert!(address.is_at(hosts(release.ecosystem)), "{address:?}");
            }
        }
    }

    #[test]
    fn a_release_has_its_own_repositories() {
        fn check(ecosystem: Ecosystem, version_id: &str, expected: &[&str]) {
            let system = system(ecosystem, version_id);
            let found: Vec<_> = defaults(&system).map(|known| known.id).collect();
            assert_eq!(found, expected);
        }
        check(Rocky, "9.3", &["baseos", "appstream", "extras"]);
        check(RedHat, "8.10", &["ubi-8-baseos-rpms", "ubi-8-appstream-rpms"]);
        check(CentOs, "7", &[]);
        check(Amazon, "2023", &["amazonlinux"]);
        check(Amazon, "2", &["amzn2-core"]);
        assert!(find(&system(AlmaLinux, "9"), "CRB").is_some());
        assert!(find(&system(AlmaLinux, "9"), "epel").is_none());
    }
}
