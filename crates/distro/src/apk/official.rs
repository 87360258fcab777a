//! The known archives of the distributions that use apk.

use plimsoll_model::{Ecosystem, Scope};

/// A repository of a distribution's own archive, by the host and path that we ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Official {
    /// `v3.20/main`.
    pub(super) name: String,
    /// `dl-cdn.alpinelinux.org/alpine/v3.20/main`.
    pub(super) base: String,
}

/// Whether a host is the distribution's own.
pub(super) fn is_official_host(ecosystem: Ecosystem, host: &str) -> bool {
    let domains: &[&str] = match ecosystem {
        Ecosystem::Alpine => &["alpinelinux.org"],
        Ecosystem::Wolfi | Ecosystem::Chainguard => &["wolfi.dev", "cgr.dev"],
        _ => &[],
    };
    domains.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// The repository that an address on such a host stands for; none if it stands for no public one.
pub(super) fn official(ecosystem: Ecosystem, host: &str, path: &str) -> Option<Official> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (ecosystem, host, parts.as_slice()) {
        (Ecosystem::Alpine, _, ["alpine", branch, repository] | [branch, repository])
            if is_branch(branch) && REPOSITORIES.contains(repository) =>
        {
            Some(alpine(branch, repository))
        }
        (Ecosystem::Wolfi | Ecosystem::Chainguard, "packages.wolfi.dev", ["os"]) => Some(wolfi()),
        // A virtual host holds what an organisation may have, below its id; this much of it is public.
        (Ecosystem::Wolfi | Ecosystem::Chainguard, _, [.., "chainguard"]) => Some(chainguard()),
        (Ecosystem::Wolfi | Ecosystem::Chainguard, _, ["extras"] | [.., "extra-packages"]) => {
            Some(Official { name: "extras".to_owned(), base: "packages.cgr.dev/extras".to_owned() })
        }
        _ => None,
    }
}

/// What a release has without anybody asking.
pub(super) fn defaults(scope: &Scope) -> Vec<Official> {
    match (scope.ecosystem, scope.release.as_deref()) {
        (Ecosystem::Alpine, Some(release)) => {
            let numbered = release.starts_with(|c: char| c.is_ascii_digit());
            let branch = if numbered { format!("v{release}") } else { release.to_owned() };
            ["main", "community"].map(|repository| alpine(&branch, repository)).into()
        }
        (Ecosystem::Wolfi, _) => vec![wolfi()],
        (Ecosystem::Chainguard, _) => vec![chainguard()],
        _ => Vec::new(),
    }
}

/// Alpine's repositories of packages, now and formerly.
const REPOSITORIES: [&str; 4] = ["main", "community", "testing", "backports"];

/// `v3.20`, `edge`, `latest-stable`.
fn is_branch(text: &str) -> bool {
    matches!(text, "edge" | "latest-stable")
        || text.strip_prefix('v').and_then(|version| version.split_once('.')).is_some_and(
            |(major, minor)| {
                let is_number =
                    |text: &str| text.parse::<u8>().is_ok_and(|number| number.to_string() == text);
                is_number(major) && is_number(minor)
            },
        )
}

fn alpine(branch: &str, repository: &str) -> Official {
    Official {
        name: format!("{branch}/{repository}"),
        base: format!("dl-cdn.alpinelinux.org/alpine/{branch}/{repository}"),
    }
}

fn wolfi() -> Official {
    Official { name: "os".to_owned(), base: "packages.wolfi.dev/os".to_owned() }
}

fn chainguard() -> Official {
    Official { name: "chainguard".to_owned(), base: "apk.cgr.dev/chainguard".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_on_official_hosts_become_ours() {
        fn check(ecosystem: Ecosystem, host: &str, path: &str, expected: Option<&str>) {
            let found = official(ecosystem, host, path).map(|official| official.base);
            assert_eq!(found.as_deref(), expected, "{host}{path}");
        }
        let alpine = Ecosystem::Alpine;
        let main = Some("dl-cdn.alpinelinux.org/alpine/v3.20/main");
        check(alpine, "dl-cdn.alpinelinux.org", "/alpine/v3.20/main", main);
        check(alpine, "nl.alpinelinux.org", "/alpine//v3.20/main/", main);
        check(alpine, "dl-cdn.alpinelinux.org", "/v3.20/main", main);
        let edge = Some("dl-cdn.alpinelinux.org/alpine/edge/testing");
        check(alpine, "dl-4.alpinelinux.org", "/alpine/edge/testing", edge);
        for path in [
            "",
            "/alpine",
            "/alpine/v3.20",
            "/alpine/../main",
            "/alpine/v3/main",
            "/alpine/v3.+1/main",
        ] {
            check(alpine, "dl-cdn.alpinelinux.org", path, None);
        }
        check(Ecosystem::Wolfi, "packages.wolfi.dev", "/os", Some("packages.wolfi.dev/os"));
        let chainguard = Some("apk.cgr.dev/chainguard");
        check(Ecosystem::Chainguard, "virtualapk.cgr.dev", "/0ac7/chainguard", chainguard);
        check(Ecosystem::Chainguard, "apk.cgr.dev", "/chainguard-private", None);
        check(Ecosystem::Wolfi, "packages.cgr.dev", "/extras", Some("packages.cgr.dev/extras"));
    }

    #[test]
    fn only_whole_names_are_official_hosts() {
        fn check(ecosystem: Ecosystem, host: &str, expected: bool) {
            assert_eq!(is_official_host(ecosystem, host), expected, "{host}");
        }
        check(Ecosystem::Alpine, "dl-cdn.alpinelinux.org", true);
        check(Ecosystem::Alpine, "alpinelinux.org", true);
        check(Ecosystem::Alpine, "evil-alpinelinux.org", false);
        check(Ecosystem::Alpine, "alpinelinux.org.evil.example", false);
        check(Ecosystem::Alpine, "packages.wolfi.dev", false);
        check(Ecosystem::Wolfi, "packages.wolfi.dev", true);
        check(Ecosystem::Chainguard, "apk.cgr.dev", true);
        check(Ecosystem::MinimOs, "cgr.dev", false);
    }
}
