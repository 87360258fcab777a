//! Which branch of Alpine an image follows.

/// The branch that `/etc/apk/repositories` names: apk takes the highest version that any untagged
/// repository has, and what a system is made of comes from `main`. `edge` is the highest.
pub(super) fn branch(repositories: &str) -> Option<String> {
    let mut main: Option<Branch> = None;
    let mut other: Option<Branch> = None;
    for line in repositories.lines() {
        let line = line.trim();
        // `@tag` repositories only serve packages asked for by tag.
        if line.is_empty() || line.starts_with('#') || line.starts_with('@') {
            continue;
        }
        let mut parts = line.trim_end_matches('/').rsplit('/');
        let repository = parts.next().unwrap_or_default();
        let Some(branch) = parts.next().and_then(Branch::parse) else { continue };
        let best = if repository == "main" { &mut main } else { &mut other };
        *best = best.take().max(Some(branch));
    }
    main.or(other).map(|branch| branch.to_string())
}

/// The branch of a `VERSION_ID`: `3.20.3` is of 3.20, a pre-release (`3.21_alpha20240807`) of edge.
pub(super) fn branch_of_version(version_id: &str) -> Option<String> {
    if version_id.contains('_') || version_id == "edge" {
        return Some(Branch::Edge.to_string());
    }
    let mut parts = version_id.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some(Branch::Release(major, minor).to_string())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Branch {
    Release(u32, u32),
    Edge,
}

impl Branch {
    fn parse(text: &str) -> Option<Self> {
        if text == "edge" {
            return Some(Self::Edge);
        }
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        Some(Self::Release(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for Branch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Release(major, minor) => write!(f, "{major}.{minor}"),
            Self::Edge => f.write_str("edge"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_name_a_branch() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(branch(text).as_deref(), expected, "{text}");
        };
        check(
            "https://host/alpine/v3.20/main\nhttps://host/alpine/v3.20/community\n",
            Some("3.20"),
        );
        check("#https://host/alpine/v3.20/main\n http://host/alpine/edge/main/ \n", Some("edge"));
        check("https://host/alpine/v3.9/main\nhttps://host/alpine/v3.10/main\n", Some("3.10"));
        check(
            "https://host/v3.20/main\n@edge https://host/edge/main\nhttps://host/edge/testing",
            Some("3.20"),
        );
        check("https://host/edge/testing", Some("edge"));
        check("https://host/alpine/latest-stable/main\n/media/cdrom/apks\n\n", None);
        check("", None);
    }

    #[test]
    fn versions_belong_to_branches() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(branch_of_version(text).as_deref(), expected, "{text}");
        };
        check("3.20.3", Some("3.20"));
        check("3.4", Some("3.4"));
        check("3.21_alpha20240807", Some("edge"));
        check("edge", Some("edge"));
        check("nonsense", None);
    }
}
