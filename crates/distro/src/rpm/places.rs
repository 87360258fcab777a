//! Which repositories are asked, and where: the trust rules on addresses.

use plimsoll_model::{ArchiveStatus, ArchiveSuite};

use super::address::{Address, shown};
use super::configuration::{Configuration, Demand, Mirrors, Repository};
use super::official::{self, Known, Way};
use super::system::{System, expand};
use crate::limits::{MAX_ASKED, MAX_NOT_ASKED};

/// Where the metadata of every repository begins.
const REPOMD: &str = "repodata/repomd.xml";

/// A mirror list names some hundred addresses.
const MAX_MIRRORS: usize = 10_000;

/// Why a repository is refused that names no address of its own.
const ONLY_MIRRORS: &str =
    "it names only a list of mirrors, and the distribution's own address is not known";

/// Which repositories of an image are asked, and which are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// To be asked.
    pub asked: Vec<Place>,
    /// Not to be asked: each with the reason; the last stands for all that follow where there are too many.
    pub refused: Vec<ArchiveSuite>,
}

/// Why a host may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// It is the distribution's own.
    Official,
    /// The operator allowed it.
    Allowed,
}

/// A repository and the one address at which it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The repository.
    pub repository: Repository,
    /// Its address, with a slash at the end; empty until [`Self::with_mirror_list`] where there is a mirror list.
    pub base: String,
    /// The address of a list that names the address of the day: to be asked first.
    pub mirror_list: Option<String>,
    /// Why it may be asked.
    pub host: Host,
    /// Whether the release has it without anybody naming it: what is newer is known only if all these answer.
    pub is_default: bool,
    /// The hosts that its mirror list may name.
    hosts: &'static [&'static str],
}

impl Place {
    /// The address of a file of the repository, by its path below the base.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The address of the list of all metadata.
    pub fn repomd_url(&self) -> String {
        self.url(REPOMD)
    }

    /// The address of its detached signature; many distributions have none.
    pub fn signature_url(&self) -> String {
        format!("{}.asc", self.repomd_url())
    }

    /// Takes the first address of a mirror list that is at the distribution's own hosts.
    pub fn with_mirror_list(self, list: &str) -> Result<Self, &'static str> {
        let lines = list.lines().map(str::trim).take(MAX_MIRRORS);
        let mut addresses = lines.filter_map(|line| Address::parse(line).ok());
        let address = addresses.find(|address| address.is_at(self.hosts));
        let base = address.ok_or("its mirror list names no host of the distribution")?;
        Ok(Self { base: base.secured().base(), mirror_list: None, ..self })
    }

    /// Whether both are one repository, however it is set up.
    fn is_same(&self, other: &Self) -> bool {
        self.base == other.base && self.mirror_list == other.mirror_list
    }

    /// What is reported of it before it was asked.
    pub fn suite(&self, status: ArchiveStatus, reason: Option<String>) -> ArchiveSuite {
        let address = self.mirror_list.as_deref().unwrap_or(&self.base);
        suite(&self.repository, address, status, reason)
    }
}

/// Decides which repositories are asked, and where.
///
/// Only hosts of the distribution itself are asked, always over https, and hosts for which `is_allowed` holds. Mirrors,
/// and lists that lead to them, are hosts that nobody here knows: where an image names only such for a repository that
/// its distribution has for everybody, the distribution's own address of that repository is asked instead. The release's
/// own repositories are asked in any case, as the image has them set up: what it names may be a part of them, or
/// frozen, and what is asked is what the distribution has fixed.
pub fn places(
    system: &System,
    configuration: &Configuration,
    is_allowed: &dyn Fn(&str) -> bool,
) -> Places {
    let mut places = Places::default();
    for repository in configuration.repositories.iter().filter(|r| r.is_enabled) {
        if places.asked.len() >= MAX_ASKED || places.refused.len() >= MAX_NOT_ASKED {
            let reason = Some("there are more repositories than any system has".to_owned());
            places.refused.push(suite(repository, "", ArchiveStatus::NotAllowed, reason));
            break;
        }
        match place(system, repository, is_allowed) {
            Ok(place) => places.asked.push(place),
            Err((address, reason)) => places.refused.push(suite(
                repository,
                &address,
                ArchiveStatus::NotAllowed,
                Some(reason.to_owned()),
            )),
        }
    }
    for default in defaults(system, configuration) {
        match places.asked.iter_mut().find(|place| place.is_same(&default)) {
            Some(place) => place.is_default = true,
            None => places.asked.push(default),
        }
    }
    places
}

/// The repositories of the release. What the image says about one counts though it be disabled, or elsewhere: its
/// excludes, its priority.
fn defaults(system: &System, configuration: &Configuration) -> impl Iterator<Item = Place> {
    official::defaults(system).filter_map(|known| {
        let is_it = |r: &&Repository| r.id.eq_ignore_ascii_case(known.id);
        let set_up = configuration.repositories.iter().find(is_it);
        let mut place = official_place(system, &known, set_up)?;
        place.repository.is_enabled = true;
        Some(Place { is_default: true, ..place })
    })
}

fn place(
    system: &System,
    repository: &Repository,
    is_allowed: &dyn Fn(&str) -> bool,
) -> Result<Place, (String, &'static str)> {
    let hosts = official::hosts(system.ecosystem);
    let made = |base: String, host| Place {
        repository: repository.clone(),
        base,
        mirror_list: None,
        host,
        is_default: false,
        hosts,
    };
    let mut refused = None;
    for text in &repository.addresses {
        let why = match Address::parse(text) {
            Ok(address) if address.is_at(hosts) => {
                return Ok(made(address.secured().base(), Host::Official));
            }
            Ok(address) if is_allowed(&address.host) => {
                return Ok(made(address.base(), Host::Allowed));
            }
            Ok(_) => "its host is not the distribution's",
            Err(why) => why,
        };
        refused = refused.or(Some((text.clone(), why)));
    }
    if let Some(known) = official::find(system, &repository.id)
        && let Some(place) = official_place(system, &known, Some(repository))
    {
        return Ok(place);
    }
    let unknown = match &repository.mirrors {
        Some(Mirrors::List(list)) => match Address::parse(list) {
            Ok(address) if address.is_at(hosts) => {
                let list = Some(address.secured().file());
                return Ok(Place { mirror_list: list, ..made(String::new(), Host::Official) });
            }
            _ => (list.clone(), ONLY_MIRRORS),
        },
        Some(Mirrors::Metalink(list)) => (list.clone(), ONLY_MIRRORS),
        None => (String::new(), "it has no address"),
    };
    Err(refused.unwrap_or(unknown))
}

/// A known repository at its own address: as the image has it set up, or as it comes.
fn official_place(system: &System, known: &Known, set_up: Option<&Repository>) -> Option<Place> {
    let (Way::Base(template) | Way::List(template)) = &known.way;
    let address = Address::parse(&expand(template, &system.variables())).ok()?;
    let (base, mirror_list) = match &known.way {
        Way::Base(_) => (address.base(), None),
        Way::List(_) => (String::new(), Some(address.file())),
    };
    let repository = set_up.cloned().unwrap_or_else(|| Repository {
        id: known.id.to_owned(),
        addresses: Vec::new(),
        mirrors: None,
        is_enabled: true,
        signature: Demand::Optional,
        keys: Vec::new(),
        excludes: Vec::new(),
        includes: Vec::new(),
        priority: super::configuration::DEFAULT_PRIORITY,
        cost: super::configuration::DEFAULT_COST,
        module_hotfixes: false,
    });
    let hosts = official::hosts(system.ecosystem);
    let host = Host::Official;
    Some(Place { repository, base, mirror_list, host, is_default: false, hosts })
}

fn suite(
    repository: &Repository,
    address: &str,
    status: ArchiveStatus,
    reason: Option<String>,
) -> ArchiveSuite {
    ArchiveSuite {
        suite: repository.id.clone(),
        address: shown(address),
        signed_by: None,
        date: None,
        valid_until: None,
        status,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Ecosystem;

    use super::*;

    fn system(ecosystem: Ecosystem, version_id: &str) -> System {
        let (id, version_id) = (String::new(), version_id.to_owned());
        System { ecosystem, id, version_id, arch: "x86_64".to_owned() }
    }

    fn check(ecosystem: Ecosystem, version_id: &str, repo: &str, expected: &[&str]) {
        let system = system(ecosystem, version_id);
        let files = [("etc/yum.repos.d/a.repo", repo.as_bytes())];
        let configuration = Configuration::read(files, &system);
        let found = places(&system, &configuration, &|host| host == "mirror.corp");
        let asked = found.asked.iter().map(|place| {
            let list = place.mirror_list.as_deref().unwrap_or_default();
            let default = if place.is_default { " default" } else { "" };
            format!("{} {:?} {}{list}{default}", place.repository.id, place.host, place.base)
        });
        let refused = found.refused.iter().map(|suite| {
            let reason = suite.reason.as_deref().unwrap_or_default();
            format!("{} {} {}: {reason}", suite.suite, suite.status, suite.address)
        });
        assert_eq!(asked.chain(refused).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_known_and_allowed_hosts_are_asked() {
        check(
            Ecosystem::AlmaLinux,
            "9.3",
            "[baseos]\nmirrorlist=https://mirrors.almalinux.org/mirrorlist/$releasever/baseos\n\
             [own]\nbaseurl=http://repo.almalinux.org/almalinux/9/x/\n\
             [corp]\nbaseurl=http://evil.example/x http://mirror.corp/y/\n\
             [epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-9\n\
             [evil]\nbaseurl=http://169.254.169.254/latest\n\
             [file]\nbaseurl=file:///etc\n\
             [appstream]\nbaseurl=http://mirror.example/alma/AppStream/\n\
             [off]\nbaseurl=http://evil.example/x\nenabled=0\n",
            &[
                "baseos Official https://repo.almalinux.org/almalinux/9/BaseOS/x86_64/os/ default",
                "own Official https://repo.almalinux.org/almalinux/9/x/",
                "corp Allowed http://mirror.corp/y/",
                "appstream Official https://repo.almalinux.org/almalinux/9/AppStream/x86_64/os/ default",
                "extras Official https://repo.almalinux.org/almalinux/9/extras/x86_64/os/ default",
                "epel not_allowed mirrors.fedoraproject.org/metalink?repo=epel-9: it names only a list of mirrors, \
                 and the distribution's own address is not known",
                "evil not_allowed 169.254.169.254/latest: its host is not the distribution's",
                "file not_allowed /etc: its address is neither http nor https",
            ],
        );
    }

    #[test]
    fn the_repositories_of_the_release_are_asked_whatever_the_image_names() {
        let base = "azurelinux-official-base Official \
                    https://packages.microsoft.com/azurelinux/3.0/prod/base/x86_64/ default";
        check(Ecosystem::AzureLinux, "3.0", "", &[base]);
        check(Ecosystem::AzureLinux, "3.0", "[own]\nbaseurl=http://x/\nenabled=0\n", &[base]);
        check(
            Ecosystem::AzureLinux,
            "3.0",
            "[own]\nbaseurl=http://mirror.corp/\n",
            &["own Allowed http://mirror.corp/", base],
        );
        let other = "packages.microsoft.com/azurelinux/3.0/prod/other/x86_64/";
        check(
            Ecosystem::AzureLinux,
            "3.0",
            &format!("[other]\nbaseurl=https://{other}\n"),
            &[&format!("other Official https://{other}"), base],
        );
        check(Ecosystem::Mageia, "9", "", &[]);
    }

    #[test]
    fn a_repository_of_the_release_is_set_up_as_the_image_says() {
        let system = system(Ecosystem::AzureLinux, "3.0");
        let repo = "[azurelinux-official-base]\nbaseurl=http://x/\nenabled=0\npriority=7\n";
        let files = [("etc/yum.repos.d/a.repo", repo.as_bytes())];
        let configuration = Configuration::read(files, &system);
        let asked = places(&system, &configuration, &|_| false).asked;
        let [base] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!((base.repository.priority, base.repository.is_enabled), (7, true));
    }

    #[test]
    fn repositories_beyond_any_system_are_not_asked() {
        let system = system(Ecosystem::AzureLinux, "3.0");
        let check = |baseurl: &str, asked: usize, refused: usize| {
            let repo: String =
                (0..2_000).map(|n| format!("[r{n}]\nbaseurl={baseurl}/{n}\n")).collect();
            let files = [("etc/yum.repos.d/a.repo", repo.as_bytes())];
            let configuration = Configuration::read(files, &system);
            let found = places(&system, &configuration, &|host| host == "mirror.corp");
            // The release's own comes on top, and what stands for those that follow.
            assert_eq!((found.asked.len(), found.refused.len()), (asked + 1, refused + 1));
            let reason = found.refused.last().and_then(|suite| suite.reason.as_deref());
            assert_eq!(reason, Some("there are more repositories than any system has"));
        };
        check("http://mirror.corp", MAX_ASKED, 0);
        check("http://other.example", 0, MAX_NOT_ASKED);
    }

    #[test]
    fn a_mirror_list_of_the_distribution_leads_to_its_own_hosts_only() {
        let system = system(Ecosystem::Amazon, "2023");
        let repo = "[amazonlinux]\nmirrorlist=https://cdn.amazonlinux.com/x/$releasever/mirror.list\n\
                    [other]\nmirrorlist=https://cdn.amazonlinux.com/other/mirror.list\n";
        let files = [("etc/yum.repos.d/a.repo", repo.as_bytes())];
        let configuration = Configuration::read(files, &system);
        let mut asked = places(&system, &configuration, &|_| false).asked.into_iter();
        let [core, other] = [asked.next().unwrap(), asked.next().unwrap()];
        assert_eq!(
            core.mirror_list.as_deref(),
            Some("https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list")
        );
        let list = "http://evil.example/x\nhttp://cdn.amazonlinux.com/core/guids/1/x86_64/\n";
        let core = core.with_mirror_list(list).unwrap();
        let url = "https://cdn.amazonlinux.com/core/guids/1/x86_64/repodata/repomd.xml";
        assert_eq!(core.repomd_url(), url);
        assert_eq!(core.signature_url(), format!("{url}.asc"));
        assert_eq!(
            other.mirror_list.as_deref(),
            Some("https://cdn.amazonlinux.com/other/mirror.list")
        );
        assert!(other.with_mirror_list("http://evil.example/x\n").is_err());
    }
}
