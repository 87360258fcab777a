//! One registries.conf as TOML.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Access, Mirror, Pulls, Registries, Rule, Trust};
use crate::environment::read_small;
use crate::error::Error;

/// The keys that matter for reading; others belong to other programs.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    unqualified_search_registries: Vec<String>,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    #[serde(default)]
    registry: Vec<RegistryTable>,
    /// Only in version 1 of the format.
    registries: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RegistryTable {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default)]
    mirror_by_digest_only: bool,
    #[serde(default)]
    mirror: Vec<MirrorTable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MirrorTable {
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    pull_from_mirror: PullFromMirror,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PullFromMirror {
    #[default]
    #[serde(alias = "")]
    All,
    DigestOnly,
    TagOnly,
}

/// Reads and merges the files; those that do not exist say nothing.
pub(crate) fn load(files: &[PathBuf]) -> Result<Registries, Error> {
    let mut merged = Registries::default();
    for path in files {
        if let Some(bytes) = read_small(path)? {
            let text = String::from_utf8(bytes).map_err(|_| bad(path, "it is not UTF-8"))?;
            merged.overlay(parse(path, &text)?);
        }
    }
    Ok(merged)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Registries, Error> {
    let file: File = toml::from_str(text).map_err(|error| bad(path, error.message()))?;
    if file.registries.is_some() {
        return Err(bad(path, "version 1 of the format is not supported"));
    }
    let rules: Result<Vec<_>, _> =
        file.registry.into_iter().map(|table| rule(path, table)).collect();
    let search = file.unqualified_search_registries.iter();
    let search: Result<Vec<_>, _> = search.map(|host| location(path, host)).collect();
    Ok(Registries { search: search?, aliases: file.aliases, rules: rules? })
}

fn rule(path: &Path, table: RegistryTable) -> Result<Rule, Error> {
    let own_location = location(path, &table.location)?;
    let prefix = location(path, &table.prefix)?;
    let is_wildcard = prefix.starts_with("*.");
    let (prefix, location_or_prefix) = match (prefix.is_empty(), own_location.is_empty()) {
        (true, true) => return Err(bad(path, "a registry has neither prefix nor location")),
        (true, false) => (own_location.clone(), own_location),
        (false, true) if is_wildcard => (prefix, String::new()),
        (false, true) => (prefix.clone(), prefix),
        (false, false) => (prefix, own_location),
    };
    if prefix.contains('*') && (!is_wildcard || prefix[1..].contains('*')) {
        return Err(bad(path, &format!("the prefix {prefix:?} has a wildcard within")));
    }
    let mirrors = table.mirror.into_iter().map(|mirror| {
        Ok(Mirror {
            location: location(path, &mirror.location)?,
            trust: trust(mirror.insecure),
            pulls: match mirror.pull_from_mirror {
                PullFromMirror::All if table.mirror_by_digest_only => Pulls::DigestOnly,
                PullFromMirror::All => Pulls::All,
                PullFromMirror::DigestOnly => Pulls::DigestOnly,
                PullFromMirror::TagOnly => Pulls::TagOnly,
            },
        })
    });
    Ok(Rule {
        mirrors: mirrors.collect::<Result<_, _>>()?,
        prefix,
        location: location_or_prefix,
        trust: trust(table.insecure),
        access: if table.blocked { Access::Blocked } else { Access::Open },
    })
}

fn location(path: &Path, text: &str) -> Result<String, Error> {
    if text.contains("://") {
        return Err(bad(path, &format!("the location {text:?} must not be a URL")));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn trust(insecure: bool) -> Trust {
    if insecure { Trust::Insecure } else { Trust::Verified }
}

fn bad(path: &Path, why: &str) -> Error {
    Error::BadFile { path: path.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_used_say_why() {
        let check = |text: &str, expected: &str| {
            let error = parse(Path::new("r.conf"), text).unwrap_err().to_string();
            assert!(error.starts_with("r.conf cannot be used: "), "{error}");
            assert!(error.contains(expected), "{error}");
        };
        check("[registries.search]\nregistries = ['a.example']", "version 1");
        check("[[registry]]\nblocked = true", "neither prefix nor location");
        check("[[registry]]\nlocation = 'https://a.example'", "must not be a URL");
        check("[[registry]]\nprefix = 'a.*.example'\nlocation = 'b'", "wildcard within");
        check("[[registry]]\nlocation = 7", "invalid type");
        check("[[registry]]\nlocation = 'a'\n[[registry.mirror]]\n", "location");
    }

    #[test]
    fn keys_of_other_programs_are_ignored() {
        let text = "short-name-mode = 'enforcing'\ncredential-helpers = ['containers-auth.json']\n\
                    additional-layer-store-auth-helper = 'x'";
        assert_eq!(parse(Path::new("r.conf"), text).unwrap(), Registries::default());
    }
}
