//! The official image of an operating system.

use plimsoll_model::Os;

/// `ID` of os-release, repository, and what its tags are made of. Official images of Docker Hub unless there is a
/// host.
const SYSTEMS: &[(&str, &str, Tags)] = &[
    ("almalinux", "almalinux", Tags::Version),
    ("alpine", "alpine", Tags::Version),
    ("amzn", "amazonlinux", Tags::Version),
    ("arch", "archlinux", Tags::Base),
    ("azurelinux", "mcr.microsoft.com/azurelinux/base/core", Tags::Version),
    ("centos", "quay.io/centos/centos", Tags::Stream),
    ("debian", "debian", Tags::Codename),
    ("fedora", "fedora", Tags::Version),
    ("ol", "oraclelinux", Tags::Version),
    ("opensuse-leap", "opensuse/leap", Tags::Version),
    ("opensuse-tumbleweed", "opensuse/tumbleweed", Tags::Latest),
    ("photon", "photon", Tags::Version),
    ("rhel", "registry.access.redhat.com/ubi", Tags::Ubi),
    ("rocky", "rockylinux/rockylinux", Tags::Version),
    ("ubuntu", "ubuntu", Tags::Version),
    ("wolfi", "cgr.dev/chainguard/wolfi-base", Tags::Latest),
];

#[derive(Clone, Copy)]
enum Tags {
    /// `VERSION_ID`.
    Version,
    /// The codename, or `VERSION_ID` without one.
    Codename,
    /// `stream9`.
    Stream,
    /// Red Hat has a repository per release: `ubi9:9.4`.
    Ubi,
    Base,
    Latest,
}

/// A repository and a tag, without a variant.
pub(super) fn image(os: &Os) -> Option<(String, String)> {
    let (_, repository, tags) = *SYSTEMS.iter().find(|(id, ..)| *id == os.id)?;
    let version = os.version_id.as_deref().filter(|version| is_plain(version));
    let tag = match tags {
        Tags::Version => version?.to_owned(),
        Tags::Codename => {
            os.codename.as_deref().filter(|name| is_plain(name)).or(version)?.to_owned()
        }
        Tags::Stream => format!("stream{}", version?),
        Tags::Ubi => {
            let version = version?;
            let release = version.split('.').next()?;
            return Some((format!("{repository}{release}"), version.to_owned()));
        }
        Tags::Base => "base".to_owned(),
        Tags::Latest => "latest".to_owned(),
    };
    Some((repository.to_owned(), tag))
}

/// The suffix by which tags of other images name the system: `bookworm`, `alpine3.18`.
pub(super) fn suffix(os: &Os) -> Option<String> {
    match os.id.as_str() {
        "alpine" => {
            let mut parts = os.version_id.as_deref()?.split('.');
            let release = format!("alpine{}.{}", parts.next()?, parts.next()?);
            is_plain(&release).then_some(release)
        }
        "debian" | "ubuntu" => os.codename.clone().filter(|name| is_plain(name)),
        _ => None,
    }
}

/// Fits into a tag.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 30
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(id: &str, version: &str, codename: &str) -> Os {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Os {
            id: id.to_owned(),
            version_id: text(version),
            codename: text(codename),
            pretty_name: None,
            eol: None,
            ecosystem: None,
            scope: None,
        }
    }

    #[test]
    fn systems_have_images() {
        let check = |os: Os, expected: Option<&str>| {
            let found = image(&os).map(|(repository, tag)| format!("{repository}:{tag}"));
            assert_eq!(found.as_deref(), expected);
        };
        check(os("debian", "12", "bookworm"), Some("debian:bookworm"));
        check(os("debian", "12", ""), Some("debian:12"));
        check(os("alpine", "3.18.4", ""), Some("alpine:3.18.4"));
        check(os("rhel", "9.4", ""), Some("registry.access.redhat.com/ubi9:9.4"));
        check(os("centos", "9", ""), Some("quay.io/centos/centos:stream9"));
        check(os("arch", "", ""), Some("archlinux:base"));
        check(os("debian", "../x", "a b"), None);
        check(os("nosuch", "1", ""), None);
    }

    #[test]
    fn systems_have_suffixes() {
        assert_eq!(suffix(&os("alpine", "3.18.4", "")).as_deref(), Some("alpine3.18"));
        assert_eq!(suffix(&os("debian", "12", "bookworm")).as_deref(), Some("bookworm"));
        assert_eq!(suffix(&os("alpine", "3", "")), None);
        assert_eq!(suffix(&os("fedora", "40", "")), None);
    }
}
