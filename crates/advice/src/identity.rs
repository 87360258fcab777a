//! When a package, or a finding, is the same one in another inventory: whatever its version.

use std::collections::{HashMap, HashSet};

use plimsoll_model::{Ecosystem, Finding, FindingKey, Package, PackageChange, PackageId};

/// Where a package stands. Two packages at one place are versions of one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place<'p> {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) name: &'p str,
    pub(crate) arch: Option<&'p str>,
    /// Where it is recorded. Only what no package manager of a system records can be installed twice.
    path: Option<&'p str>,
}

impl<'p> Place<'p> {
    pub(crate) fn of(package: &'p Package) -> Self {
        let path = (!is_of_system(package.ecosystem))
            .then(|| package.locations.first().map(|location| location.path.as_str()))
            .flatten();
        let arch = package.arch.as_deref();
        Self { ecosystem: package.ecosystem, name: &package.name, arch, path }
    }

    /// The change from one version to another at this place.
    pub(crate) fn change(&self, from: Option<&str>, to: Option<&str>) -> PackageChange {
        PackageChange {
            ecosystem: self.ecosystem,
            name: self.name.to_owned(),
            arch: self.arch.map(str::to_owned),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        }
    }
}

/// Where the package of each id stands: outside the system, one version of it may stand in several places.
pub(crate) type Places<'p> = HashMap<&'p PackageId, Vec<Place<'p>>>;

pub(crate) fn places<'p>(packages: impl IntoIterator<Item = &'p Package>) -> Places<'p> {
    let mut places = Places::new();
    for package in packages {
        let of_id = places.entry(&package.id).or_default();
        let place = Place::of(package);
        if !of_id.contains(&place) {
            of_id.push(place);
        }
    }
    places
}

/// Whether the packages belong to a distribution and are recorded by its package manager.
pub(crate) fn is_of_system(ecosystem: Ecosystem) -> bool {
    ecosystem.is_dpkg() || ecosystem.is_apk() || ecosystem.is_rpm()
}

/// The vulnerabilities that some findings speak of, each at the place of its package.
#[derive(Debug, Default)]
pub(crate) struct Known<'f> {
    ids: HashSet<(Place<'f>, &'f str)>,
    /// What the findings call themselves besides.
    aliases: HashSet<(Place<'f>, &'f str)>,
    keys: HashSet<&'f FindingKey>,
}

impl<'f> Known<'f> {
    pub(crate) fn add(&mut self, place: Place<'f>, finding: &'f Finding) {
        self.ids.insert((place, &finding.id));
        self.aliases.extend(aliases(finding).map(|alias| (place, alias)));
        self.keys.insert(&finding.key);
    }

    /// Whether one of the findings is about the same vulnerability of the package at the same place, or of the
    /// same version of it at any.
    pub(crate) fn has(&self, place: Place<'_>, finding: &Finding) -> bool {
        let id = finding.id.as_str();
        self.keys.contains(&finding.key)
            || self.ids.contains(&(place, id))
            || self.aliases.contains(&(place, id))
            || aliases(finding).any(|alias| self.ids.contains(&(place, alias)))
    }
}

/// The other names of the vulnerability itself. Of two CVEs none is a name of the other: a bulletin that
/// names both makes them neighbours only.
fn aliases(finding: &Finding) -> impl Iterator<Item = &str> {
    let is_cve = |name: &str| name.starts_with("CVE-");
    let both = move |alias: &&str| is_cve(&finding.id) && is_cve(alias);
    finding.aliases.iter().map(String::as_str).filter(move |alias| !both(alias))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{finding, package};

    #[test]
    fn a_vulnerability_is_the_same_by_its_id_or_by_an_alias_that_is_an_id() {
        let named = |id: &str, aliases: &[&str]| {
            let aliases = aliases.iter().map(ToString::to_string).collect();
            Finding { aliases, ..finding(id, "libssl3", None) }
        };
        let package = package("libssl3", "openssl", "1");
        let place = Place::of(&package);
        let check = |known: Finding, asked: Finding, expected: bool| {
            let asked = Finding { key: FindingKey::of(&asked.id, &PackageId("2".into())), ..asked };
            let mut set = Known::default();
            set.add(place, &known);
            assert_eq!(set.has(place, &asked), expected, "{} {}", known.id, asked.id);
        };
        check(named("CVE-1", &[]), named("CVE-1", &["GHSA-1"]), true);
        check(named("CVE-1", &[]), named("CVE-2", &[]), false);
        check(named("GHSA-1", &["CVE-1"]), named("CVE-1", &[]), true);
        check(named("CVE-1", &[]), named("GHSA-1", &["CVE-1"]), true);
        // One bulletin about two vulnerabilities does not make them one.
        check(named("CVE-1", &["DSA-1"]), named("CVE-2", &["DSA-1"]), false);
        check(named("CVE-1", &["CVE-2"]), named("CVE-2", &[]), false);
    }

    #[test]
    fn the_same_version_has_the_same_findings_wherever_it_stands() {
        let here = package("nginx", "nginx", "1");
        let there = Package { arch: Some("arm64".to_owned()), ..here.clone() };
        let (known, other) = (finding("CVE-1", "nginx", None), finding("CVE-2", "nginx", None));
        let mut set = Known::default();
        set.add(Place::of(&here), &known);
        assert!(set.has(Place::of(&there), &known));
        assert!(!set.has(Place::of(&there), &other));
    }

    #[test]
    fn a_place_is_a_name_with_an_architecture_and_a_path_outside_the_system() {
        let place = |change: &dyn Fn(&mut Package)| {
            let mut package = package("nginx", "nginx", "1");
            package.ecosystem = Ecosystem::Bitnami;
            change(&mut package);
            package
        };
        let same = place(&|_| {});
        assert_eq!(Place::of(&same), Place::of(&place(&|p| p.version = "2".to_owned())));
        assert_ne!(Place::of(&same), Place::of(&place(&|p| p.arch = Some("arm64".to_owned()))));
        let elsewhere = place(&|p| p.locations[0].path = "opt/nginx".to_owned());
        assert_ne!(Place::of(&same), Place::of(&elsewhere));
        let [mut here, mut there] = [same, elsewhere];
        (here.ecosystem, there.ecosystem) = (Ecosystem::Debian, Ecosystem::Debian);
        assert_eq!(Place::of(&here), Place::of(&there));
    }
}
