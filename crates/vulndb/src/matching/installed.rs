//! Which names and versions of a package are compared.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_model::{Ecosystem, Package};
use plimsoll_versions::InvalidVersion;

use crate::scheme::sort_key;

/// A name of a package with the version that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side<'p> {
    pub(super) role: Role,
    pub(super) name: &'p str,
    /// As it is compared, which may be less than what is installed: see [`comparable`].
    pub(super) version: Cow<'p, str>,
    pub(super) key: Result<Vec<u8>, InvalidVersion>,
}

/// Which of a package's two names a side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Source,
    Binary,
}

impl Role {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source package",
            Self::Binary => "binary package",
        }
    }
}

/// Packages built from one version of one source, which is judged once.
pub(super) struct Group<'p> {
    /// Any of them: they have the same source.
    pub(super) first: &'p Package,
    pub(super) packages: Vec<&'p Package>,
}

/// The packages by source, in the order of their sources' names.
pub(super) fn groups<'p>(packages: &[&'p Package]) -> Vec<Group<'p>> {
    let mut groups: BTreeMap<(&str, Cow<'_, str>), Vec<&'p Package>> = BTreeMap::new();
    for &package in packages {
        groups.entry((source_name(package), source_version(package))).or_default().push(package);
    }
    groups
        .into_values()
        .filter_map(|packages| Some(Group { first: packages.first()?, packages }))
        .collect()
}

/// The source's name and version; the binary's where no source is recorded.
pub(super) fn source_side(package: &Package) -> Side<'_> {
    side(Role::Source, package.ecosystem, source_name(package), source_version(package))
}

/// The package's own name and version.
pub(super) fn binary_side(package: &Package) -> Side<'_> {
    side(Role::Binary, package.ecosystem, &package.name, Cow::Borrowed(&package.version))
}

fn side<'p>(role: Role, ecosystem: Ecosystem, name: &'p str, version: Cow<'p, str>) -> Side<'p> {
    let version = comparable(ecosystem, version);
    let mut key = Vec::with_capacity(version.len() + 8);
    let key = sort_key(ecosystem, &version, &mut key).map(|()| key);
    Side { role, name, version, key }
}

fn source_name(package: &Package) -> &str {
    package.source.as_ref().map_or(&package.name, |source| &source.name)
}

/// An rpm records its source as a file name, without the epoch; the binary's is the best guess there is.
fn source_version(package: &Package) -> Cow<'_, str> {
    let Some(source) = &package.source else { return Cow::Borrowed(&package.version) };
    if package.ecosystem.is_rpm()
        && !source.version.contains(':')
        && let Some((epoch, _)) = package.version.split_once(':')
    {
        return Cow::Owned(format!("{epoch}:{}", source.version));
    }
    Cow::Borrowed(&source.version)
}

/// The part of a version that advisories of the ecosystem speak of: Azure Linux's OVAL knows no epochs,
/// Bitnami's records no packaging revisions (`1.25.3-1`).
fn comparable(ecosystem: Ecosystem, version: Cow<'_, str>) -> Cow<'_, str> {
    let cut = |part: &str| Cow::Owned(part.to_owned());
    match ecosystem {
        Ecosystem::AzureLinux => match version.split_once(':') {
            Some((_, rest)) => cut(rest),
            None => version,
        },
        Ecosystem::Bitnami => match version.rsplit_once('-') {
            Some((rest, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => {
                cut(rest)
            }
            _ => version,
        },
        _ => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_that_advisories_speak_of_is_compared() {
        for (ecosystem, version, expected) in [
            (Ecosystem::AzureLinux, "1:2.0.0-1.cm2", "2.0.0-1.cm2"),
            (Ecosystem::AzureLinux, "2.0.0-1.cm2", "2.0.0-1.cm2"),
            (Ecosystem::AlmaLinux, "1:2.0.0-1.el9", "1:2.0.0-1.el9"),
            (Ecosystem::Bitnami, "1.25.3-12", "1.25.3"),
            (Ecosystem::Bitnami, "1.25.3-rc1", "1.25.3-rc1"),
            (Ecosystem::Debian, "1.25.3-12", "1.25.3-12"),
        ] {
            assert_eq!(comparable(ecosystem, Cow::Borrowed(version)), expected);
        }
    }
}
