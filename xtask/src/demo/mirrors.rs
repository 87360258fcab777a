//! The mirrors of Debian's archive that this machine uses.

use anyhow::{Context, Result};

use crate::apt::{self, Source};

/// Addresses without a slash at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    pub(super) main: String,
    pub(super) security: String,
}

impl Mirrors {
    /// Those given, else those of apt's sources.
    pub(super) fn find(main: Option<&str>, security: Option<&str>) -> Result<Self> {
        let sources = apt::sources();
        let found = |kind: Kind, option: &str| {
            of_kind(&sources, kind).with_context(|| {
                format!("apt's sources name no archive of Debian here; give one with {option} URL")
            })
        };
        let without_slash = |given: &str| given.trim_end_matches('/').to_owned();
        Ok(Self {
            main: main.map_or_else(|| found(Kind::Main, "--mirror"), |it| Ok(without_slash(it)))?,
            security: security.map_or_else(
                || found(Kind::Security, "--security-mirror"),
                |it| Ok(without_slash(it)),
            )?,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Main,
    Security,
}

/// Mirrors keep the archives' last path component, `debian` and `debian-security`; the releases of
/// Debian all lie in one archive, so the machine's own may be another.
fn of_kind(sources: &[Source], kind: Kind) -> Option<String> {
    let name = match kind {
        Kind::Main => "/debian",
        Kind::Security => "/debian-security",
    };
    sources
        .iter()
        .filter(|source| source.components.iter().any(|component| component == "main"))
        .flat_map(|source| &source.uris)
        .map(|uri| uri.trim_end_matches('/'))
        .find(|uri| uri.starts_with("http") && uri.ends_with(name))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_s_archives_are_told_from_others() {
        let source = |uri: &str, component: &str| Source {
            uris: vec![uri.to_owned()],
            suites: vec!["bookworm".to_owned()],
            components: vec![component.to_owned()],
        };
        let sources = [
            source("https://tools.example/debian", "stable"),
            source("http://m.example/debian-security/", "main"),
            source("http://m.example/debian", "main"),
        ];
        let of = |kind| of_kind(&sources, kind);
        assert_eq!(of(Kind::Main).as_deref(), Some("http://m.example/debian"));
        assert_eq!(of(Kind::Security).as_deref(), Some("http://m.example/debian-security"));
        assert_eq!(of_kind(&sources[..1], Kind::Main), None);
        let given =
            Mirrors::find(Some("http://a.example/debian/"), Some("http://b.example")).unwrap();
        assert_eq!(given.main, "http://a.example/debian");
        assert_eq!(given.security, "http://b.example");
    }
}
