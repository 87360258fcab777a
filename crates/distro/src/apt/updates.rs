use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    Advisory, PackageKey, PackageKind, Range, RangeEnd, Scope, SourcePackage, State,
};
use plimsoll_versions::{InvalidVersion, Scheme, compare};

use crate::apt::entry::IndexEntry;
use crate::apt::packages::IndexPackage;

/// The name of these advisories' feed.
pub const FEED: &str = "apt-archive";

/// The newest version of a source package in a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUpdate {
    /// Name and version of the source.
    pub source: SourcePackage,
    /// The binary packages of that version in the index, sorted.
    pub binaries: BTreeSet<String>,
}

/// Collects the newest version of each source from an index.
#[derive(Debug, Default)]
pub struct SourceUpdates {
    newest: BTreeMap<String, SourceUpdate>,
}

impl SourceUpdates {
    /// Takes a package of the index into account. Versions are compared as dpkg does; a version that is none is an
    /// error, and the package does not count.
    pub fn add(&mut self, package: IndexPackage) -> Result<(), InvalidVersion> {
        self.add_binary(package.source, &package.name)
    }

    /// The same for a package of a compiled index.
    pub fn add_entry(&mut self, entry: &IndexEntry<'_>) -> Result<(), InvalidVersion> {
        let (name, version) = (entry.source.to_owned(), entry.source_version.to_owned());
        self.add_binary(SourcePackage { name, version }, entry.name)
    }

    fn add_binary(&mut self, source: SourcePackage, binary: &str) -> Result<(), InvalidVersion> {
        let binary = binary.to_owned();
        match self.newest.entry(source.name.clone()) {
            Entry::Vacant(vacant) => {
                compare(Scheme::Dpkg, &source.version, &source.version)?;
                vacant.insert(SourceUpdate { source, binaries: BTreeSet::from([binary]) });
            }
            Entry::Occupied(mut occupied) => {
                let known = occupied.get_mut();
                match compare(Scheme::Dpkg, &source.version, &known.source.version)? {
                    Ordering::Less => {}
                    Ordering::Equal => {
                        known.binaries.insert(binary);
                    }
                    Ordering::Greater => {
                        *known = SourceUpdate { source, binaries: BTreeSet::from([binary]) };
                    }
                }
            }
        }
        Ok(())
    }

    /// The newest versions, by source name.
    pub fn newest(&self) -> impl Iterator<Item = &SourceUpdate> {
        self.newest.values()
    }
}

/// Reads a security suite as a feed: every source in it has a security update, and whoever has less lacks it.
///
/// Which vulnerabilities an update fixes is in its changelog, not in the index; so the id is the update itself, such
/// as `bookworm-security/openssl@3.0.22-1~deb12u2`, and there is no severity.
pub fn security_advisories(
    scope: &Scope,
    suite: &str,
    updates: &SourceUpdates,
) -> impl Iterator<Item = Advisory> {
    updates.newest().map(move |SourceUpdate { source, .. }| {
        let id = format!("{suite}/{}@{}", source.name, source.version);
        Advisory {
            feed: FEED.to_owned(),
            scope: scope.clone(),
            record: id.clone(),
            ids: vec![id],
            aliases: Vec::new(),
            package: PackageKey {
                name: source.name.clone(),
                kind: PackageKind::Source,
                module: None,
                arch: None,
            },
            ranges: vec![Range { introduced: None, end: RangeEnd::Fixed(source.version.clone()) }],
            versions: Vec::new(),
            state: State::Fixed,
            sub_state: None,
            severity: None,
            cvss: Vec::new(),
            title: Some(format!("{suite} has a newer version of {}", source.name)),
            urls: Vec::new(),
            published: None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apt::packages::Packages;

    fn updates(packages: &[(&str, &str, &str)]) -> SourceUpdates {
        let index: String = packages
            .iter()
            .map(|(name, version, source)| {
                format!(
                    "Package: {name}\nVersion: {version}\nArchitecture: all\nSource: {source}\n\n"
                )
            })
            .collect();
        let mut updates = SourceUpdates::default();
        for package in Packages::new(index.as_bytes()) {
            let _ = updates.add(package.unwrap());
        }
        updates
    }

    #[test]
    fn the_newest_version_of_each_source_counts() {
        fn check(packages: &[(&str, &str, &str)], expected: &[(&str, &str, &[&str])]) {
            let updates = updates(packages);
            let found: Vec<_> = updates
                .newest()
                .map(|update| {
                    let binaries: Vec<_> = update.binaries.iter().map(String::as_str).collect();
                    (update.source.name.as_str(), update.source.version.as_str(), binaries)
                })
                .collect();
            let expected: Vec<_> =
                expected.iter().map(|(name, version, b)| (*name, *version, b.to_vec())).collect();
            assert_eq!(found, expected);
        }
        // Three kernels of one source; a rebuild (+b1) keeps its source's version; 10 is newer than 9.
        check(
            &[
                ("linux-image-9", "6.1.9-1", "linux"),
                ("linux-image-10", "6.1.10-1", "linux"),
                ("linux-headers-10", "6.1.10-1+b1", "linux (6.1.10-1)"),
                ("linux-image-8", "6.1.8-1", "linux"),
            ],
            &[("linux", "6.1.10-1", &["linux-headers-10", "linux-image-10"])],
        );
        check(&[("a", "not a version", "a"), ("b", "1", "b")], &[("b", "1", &["b"])]);
        check(&[("a", "1", "a"), ("a2", "not a version", "a")], &[("a", "1", &["a"])]);
    }

    #[test]
    fn an_update_is_an_advisory_of_its_source() {
        let scope: Scope = "debian:12".parse().unwrap();
        let updates = updates(&[("libssl3", "3.0.22-1~deb12u2", "openssl")]);
        let advisories: Vec<_> =
            security_advisories(&scope, "bookworm-security", &updates).collect();
        let [advisory] = advisories.as_slice() else { panic!("one advisory") };
        assert_eq!(advisory.ids, ["bookworm-security/openssl@3.0.22-1~deb12u2"]);
        assert_eq!(advisory.package.name, "openssl");
        assert_eq!(advisory.package.kind, PackageKind::Source);
        assert_eq!(advisory.ranges[0].end, RangeEnd::Fixed("3.0.22-1~deb12u2".to_owned()));
        assert_eq!(advisory.state, State::Fixed);
    }
}
