//! Newer versions of installed packages.

use std::collections::HashMap;

use plimsoll_distro::Pending;
use plimsoll_model::{Package, PackageId, SourcePackage};
use plimsoll_vulndb::MatchError;

use super::{Exchange, Simulated, Simulator};
use crate::change::{ByPlace, by_place};
use crate::update::SourceFindings;

/// The versions that packages are upgraded to.
pub(crate) struct Upgrade<'a> {
    to: HashMap<&'a PackageId, Target<'a>>,
}

struct Target<'a> {
    version: &'a str,
    source_version: &'a str,
}

impl<'a> Upgrade<'a> {
    /// What an archive offers: the binaries of a source go together.
    pub(crate) fn pending(updates: impl IntoIterator<Item = &'a Pending>) -> Self {
        let mut to = HashMap::new();
        for update in updates {
            for binary in &update.binaries {
                let source_version = update.candidate.as_str();
                to.insert(&binary.package, Target { version: &binary.candidate, source_version });
            }
        }
        Self { to }
    }

    /// What advisories name as fixed, where no archive was asked. Which versions the binaries of that
    /// source have is not known: each takes the version that fixes it, which its advisories compare with.
    pub(crate) fn fixed(update: &SourceFindings<'a>) -> Self {
        let mut to = HashMap::new();
        for package in &update.packages {
            if let Some(version) = update.version_of(package) {
                to.insert(&package.id, Target { version, source_version: version });
            }
        }
        Self { to }
    }

    /// Keeps the upgrades of some packages only.
    pub(super) fn retain(&mut self, keep: impl Fn(&PackageId) -> bool) {
        self.to.retain(|package, _| keep(package));
    }

    /// The places that change, each with all of its versions.
    pub(super) fn apply(&self, installed: &ByPlace<'_>) -> Vec<Vec<Package>> {
        installed
            .values()
            .filter(|versions| versions.iter().any(|package| self.to.contains_key(&package.id)))
            .map(|versions| versions.iter().map(|package| self.upgraded(package)).collect())
            .collect()
    }

    fn upgraded(&self, package: &Package) -> Package {
        let Some(target) = self.to.get(&package.id) else { return package.clone() };
        let (ecosystem, arch) = (package.ecosystem, package.arch.as_deref());
        Package {
            id: PackageId::of(ecosystem, &package.name, target.version, arch),
            version: target.version.to_owned(),
            source: package.source.as_ref().map(|source| SourcePackage {
                name: source.name.clone(),
                version: target.source_version.to_owned(),
            }),
            // Nothing that judges it reads its purl, so none is made.
            purl: String::new(),
            ..package.clone()
        }
    }
}

impl Simulator<'_> {
    pub(crate) fn upgrade(&self, upgrade: &Upgrade<'_>) -> Result<Simulated, MatchError> {
        let upgraded = upgrade.apply(&self.installed);
        let come = by_place(upgraded.iter().flatten());
        let of = |place| Some((place, self.installed.get(&place)?.clone()));
        let gone = come.keys().filter_map(|place| of(*place)).collect();
        self.exchange(&Exchange { gone, come }, self.subject.os)
    }
}
