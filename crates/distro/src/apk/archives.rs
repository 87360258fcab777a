//! Which repositories are asked for an image: the trust rules on addresses.

use plimsoll_model::{ArchiveStatus, ArchiveSuite, Scope};

use crate::apk::lists::{ApkIndexKind, ApkRepository};
use crate::apk::official::{self, Official};
use crate::apk::system::ApkSystem;

/// The largest legal name of a host with a port, and a path: what people can still read.
const MAX_ADDRESS: usize = 512;

/// A repository to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApkArchive {
    /// `v3.20/main`.
    pub suite: String,
    /// Host and path, as people are told: `dl-cdn.alpinelinux.org/alpine/v3.20/main`.
    pub address: String,
    /// Where the index is: `https://dl-cdn.alpinelinux.org/alpine/v3.20/main/x86_64/APKINDEX.tar.gz`.
    pub index_url: String,
    /// The architecture that the index is of.
    pub arch: String,
    /// Only packages that name this tag come from it.
    pub tag: Option<String>,
    /// Whose keys count for it.
    pub keys: ApkArchiveKeys,
    /// Whether the release has it without anybody naming it: what is newer is known only if all these answer.
    pub is_default: bool,
}

/// Whose keys count for a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApkArchiveKeys {
    /// Those that the program carries, or the operator named.
    Official,
    /// Those of the image as well, which make it no more than "signed by the image's key".
    Image,
}

/// The repositories of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkArchives {
    /// In the order in which apk prefers them.
    pub ask: Vec<ApkArchive>,
    /// What the image names and is not asked, with the reason.
    pub refused: Vec<ArchiveSuite>,
}

/// Says which repositories to ask for an image of a release.
///
/// What an image names on a host of its distribution becomes our own address of the same repository. Another host is
/// asked only if `is_allowed` by the operator, a directory of the image never. The release's own repositories are asked
/// in any case: what an image names may be a part of them, or frozen.
pub fn apk_archives(
    scope: &Scope,
    system: &ApkSystem,
    is_allowed: impl Fn(&str) -> bool,
) -> ApkArchives {
    let arch = system.arch.as_str();
    let mut defaults: Vec<ApkArchive> = official::defaults(scope)
        .into_iter()
        .map(|official| ApkArchive { is_default: true, ..own(official, arch, None) })
        .collect();
    let mut archives = ApkArchives::default();
    for repository in &system.repositories.repositories {
        let archive = match place(scope, repository, &is_allowed) {
            Ok(Place::Official(official)) => own(official, arch, repository.tag.clone()),
            Ok(Place::Allowed { address }) => foreign(repository, address, arch),
            Err(reason) => {
                archives.refused.push(refused(repository, reason));
                continue;
            }
        };
        let is_default = defaults.contains(&ApkArchive { is_default: true, ..archive.clone() });
        let archive = ApkArchive { is_default, ..archive };
        if !archives.ask.contains(&archive) {
            archives.ask.push(archive);
        }
    }
    defaults.retain(|default| !archives.ask.contains(default));
    archives.ask.extend(defaults);
    archives
}

enum Place<'a> {
    Official(Official),
    Allowed { address: &'a str },
}

fn place<'a>(
    scope: &Scope,
    repository: &'a ApkRepository,
    is_allowed: impl Fn(&str) -> bool,
) -> Result<Place<'a>, &'static str> {
    let url = repository.url.as_str();
    let Some((scheme, address)) = url.split_once("://").filter(|(scheme, _)| *scheme != "file")
    else {
        return Err("is a directory of the image");
    };
    if !matches!(scheme, "http" | "https") {
        return Err("its address is neither http nor https");
    }
    let (authority, path) = address.find('/').map_or((address, ""), |at| address.split_at(at));
    if authority.contains('@') || address.contains(['?', '#']) {
        return Err("its address carries credentials or a query");
    }
    let host = authority.split_once(':').map_or(authority, |(host, _port)| host);
    let host = host.to_ascii_lowercase();
    if official::is_official_host(scope.ecosystem, &host) {
        return official::official(scope.ecosystem, &host, path)
            .map(Place::Official)
            .ok_or("is no public repository of the distribution");
    }
    if !is_allowed(&host) {
        return Err("its host is not the distribution's, and not allowed");
    }
    if repository.kind == ApkIndexKind::Adb {
        return Err("its index has the format of apk-tools 3, which is not read yet");
    }
    Ok(Place::Allowed { address })
}

fn own(official: Official, arch: &str, tag: Option<String>) -> ApkArchive {
    ApkArchive {
        suite: official.name,
        index_url: format!("https://{}/{arch}/APKINDEX.tar.gz", official.base),
        address: official.base,
        arch: arch.to_owned(),
        tag,
        keys: ApkArchiveKeys::Official,
        is_default: false,
    }
}

fn foreign(repository: &ApkRepository, address: &str, arch: &str) -> ApkArchive {
    let url = &repository.url;
    ApkArchive {
        suite: name_of(address),
        address: address.to_owned(),
        index_url: match repository.kind {
            ApkIndexKind::File => url.clone(),
            ApkIndexKind::Directory | ApkIndexKind::Adb => format!("{url}/{arch}/APKINDEX.tar.gz"),
        },
        arch: arch.to_owned(),
        tag: repository.tag.clone(),
        keys: ApkArchiveKeys::Image,
        is_default: false,
    }
}

impl ApkArchive {
    /// What is shown of it when its index could not be had.
    pub fn unreachable(&self, reason: impl Into<String>) -> ArchiveSuite {
        self.told(ArchiveStatus::Unreachable, reason.into())
    }

    pub(super) fn told(&self, status: ArchiveStatus, reason: String) -> ArchiveSuite {
        ArchiveSuite {
            suite: self.suite.clone(),
            address: self.address.clone(),
            signed_by: None,
            date: None,
            valid_until: None,
            status,
            reason: Some(reason),
        }
    }
}

fn refused(repository: &ApkRepository, reason: &str) -> ArchiveSuite {
    let url = repository.url.as_str();
    let address = url.split_once("://").map_or(url, |(_scheme, address)| address);
    // What stands before an @ may be a password.
    let address = address.rsplit_once('@').map_or(address, |(_user, address)| address);
    let address: String = address.chars().take(MAX_ADDRESS).collect();
    ArchiveSuite {
        suite: name_of(&address),
        address,
        signed_by: None,
        date: None,
        valid_until: None,
        status: ArchiveStatus::NotAllowed,
        reason: Some(reason.to_owned()),
    }
}

/// The last two parts of an address, which name a repository wherever its mirror keeps it.
fn name_of(address: &str) -> String {
    let mut parts = address.rsplit('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some(last), Some(before)) => format!("{before}/{last}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scope: &str, list: &str, asked: &[&str], refusals: &[(&str, &str)]) {
        let files = [("etc/apk/repositories".to_owned(), list.as_bytes().to_vec())].into();
        let system = ApkSystem::read(&files, "x86_64");
        let allowed = |host: &str| host == "mirror.example";
        let found = apk_archives(&scope.parse().unwrap(), &system, allowed);
        let found_asked: Vec<String> = found
            .ask
            .iter()
            .map(|archive| {
                let keys = match archive.keys {
                    ApkArchiveKeys::Official => "",
                    ApkArchiveKeys::Image => " image",
                };
                let tag = archive.tag.as_deref().unwrap_or_default();
                let default = if archive.is_default { " default" } else { "" };
                format!("{} {}{keys}{tag}{default}", archive.suite, archive.index_url)
            })
            .collect();
        assert_eq!(found_asked, asked, "{list}");
        let found_refused: Vec<(&str, &str)> = found
            .refused
            .iter()
            .map(|suite| {
                assert_eq!(suite.status, ArchiveStatus::NotAllowed);
                (suite.address.as_str(), suite.reason.as_deref().unwrap())
            })
            .collect();
        assert_eq!(found_refused, refusals, "{list}");
    }

    const MAIN: &str = "v3.20/main https://dl-cdn.alpinelinux.org/alpine/v3.20/main/x86_64/APKINDEX.tar.gz default";
    const COMMUNITY: &str = "v3.20/community https://dl-cdn.alpinelinux.org/alpine/v3.20/community/x86_64/APKINDEX.tar.gz default";

    #[test]
    fn official_hosts_are_asked_at_our_address() {
        let list = "http://NL.alpinelinux.org:8080/alpine/v3.20/main\n\
                    https://dl-cdn.alpinelinux.org/alpine/v3.20/main/\n\
                    v3 https://dl-cdn.alpinelinux.org/alpine/v3.20/community\n";
        check("alpine:3.20", list, &[MAIN, COMMUNITY], &[]);
    }

    #[test]
    fn other_hosts_only_with_leave_and_directories_never() {
        let list = "https://mirror.example/alpine/v3.20/main\n\
                    @own https://mirror.example/x/APKINDEX.tar.gz\n\
                    https://other.example/alpine/v3.20/main\n\
                    http://127.0.0.1/v3.20/main\n\
                    /media/cdrom/apks\nfile:///srv/apks\n\
                    ftp://mirror.example/v3.20/main\n\
                    https://user:secret@mirror.example/v3.20/main\n\
                    v3 https://mirror.example/v3.20/main\n\
                    https://dl-cdn.alpinelinux.org/private/main\n";
        let host = "its host is not the distribution's, and not allowed";
        let credentials = "its address carries credentials or a query";
        check(
            "alpine:3.20",
            list,
            &[
                "v3.20/main https://mirror.example/alpine/v3.20/main/x86_64/APKINDEX.tar.gz image",
                "x/APKINDEX.tar.gz https://mirror.example/x/APKINDEX.tar.gz imageown",
                MAIN,
                COMMUNITY,
            ],
            &[
                ("other.example/alpine/v3.20/main", host),
                ("127.0.0.1/v3.20/main", host),
                ("/media/cdrom/apks", "is a directory of the image"),
                ("/srv/apks", "is a directory of the image"),
                ("mirror.example/v3.20/main", "its address is neither http nor https"),
                ("mirror.example/v3.20/main", credentials),
                (
                    "mirror.example/v3.20/main",
                    "its index has the format of apk-tools 3, which is not read yet",
                ),
                (
                    "dl-cdn.alpinelinux.org/private/main",
                    "is no public repository of the distribution",
                ),
            ],
        );
    }

    #[test]
    fn the_repositories_of_the_release_are_asked_whatever_the_image_names() {
        check("alpine:3.20", "", &[MAIN, COMMUNITY], &[]);
        let host = "https://dl-cdn.alpinelinux.org/alpine";
        check("alpine:3.20", &format!("{host}/v3.20/community"), &[COMMUNITY, MAIN], &[]);
        let old = format!("v3.19/main {host}/v3.19/main/x86_64/APKINDEX.tar.gz");
        check("alpine:3.20", &format!("{host}/v3.19/main"), &[&old, MAIN, COMMUNITY], &[]);
        let main = format!("{host}/v3.20/main");
        let tagged = format!("v3.20/main {main}/x86_64/APKINDEX.tar.gzown");
        check("alpine:3.20", &format!("@own {main}"), &[&tagged, MAIN, COMMUNITY], &[]);
        let edge = "https://dl-cdn.alpinelinux.org/alpine/edge/main";
        let tagged = format!("edge/main {edge}/x86_64/APKINDEX.tar.gzedge");
        check("alpine:3.20", &format!("@edge {edge}"), &[&tagged, MAIN, COMMUNITY], &[]);
        let os = "os https://packages.wolfi.dev/os/x86_64/APKINDEX.tar.gz default";
        check("wolfi", "", &[os], &[]);
        check("minimos", "", &[], &[]);
    }
}
