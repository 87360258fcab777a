//! A changelog as a feed.

use std::collections::BTreeMap;

use plimsoll_model::{Advisory, PackageKey, PackageKind, Range, RangeEnd, Scope, State};
use plimsoll_versions::{Scheme, compare};

use crate::apt::updates::FEED;
use crate::changelog::delta::{Fix, fixes_of};
use crate::changelog::parse::Changelog;

/// Whose changelog it is, and where its package was found.
#[derive(Clone, Copy, Debug)]
pub struct ChangelogOrigin<'a> {
    /// The release.
    pub scope: &'a Scope,
    /// The suite: `bookworm-security`.
    pub suite: &'a str,
    /// The source package.
    pub source: &'a str,
    /// The version of the source in that suite.
    pub candidate: &'a str,
}

/// Every id of a changelog as fixed in the lowest version whose entry names it: whoever has less lacks the fix.
///
/// Entries of rebuilds and of versions that dpkg refuses do not count: no source version can be compared with theirs.
pub fn changelog_advisories(
    origin: &ChangelogOrigin<'_>,
    changelog: &Changelog<'_>,
) -> Vec<Advisory> {
    let entries = changelog.entries.iter().filter(|entry| {
        !entry.is_binary_only() && compare(Scheme::Dpkg, entry.version, entry.version).is_ok()
    });
    let fixes = fixes_of(entries);
    let mut items: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for Fix { id, version, quote } in &fixes {
        items.entry((version, quote)).or_default().push(id);
    }
    fixes
        .iter()
        .filter_map(|fix| {
            let item = (fix.version.as_str(), fix.quote.as_str());
            let beside = items.get(&item).map_or(&[] as &[&str], Vec::as_slice);
            match one_flaw(beside) {
                Some(cve) if cve != fix.id => None,
                Some(_) => Some(advisory(origin, fix, beside)),
                None => Some(advisory(origin, fix, &[])),
            }
        })
        .collect()
}

/// The CVE that an item is about, if every other id in it is GitHub's name of an advisory: two names of one flaw.
fn one_flaw<'a>(ids: &[&'a str]) -> Option<&'a str> {
    let (cves, others): (Vec<&str>, Vec<&str>) =
        ids.iter().copied().partition(|id| id.starts_with("CVE-"));
    match cves.as_slice() {
        [cve] if others.iter().all(|id| id.starts_with("GHSA-")) => Some(cve),
        _ => None,
    }
}

fn advisory(origin: &ChangelogOrigin<'_>, fix: &Fix, names: &[&str]) -> Advisory {
    let ChangelogOrigin { scope, suite, source, candidate } = origin;
    Advisory {
        feed: FEED.to_owned(),
        scope: (*scope).clone(),
        record: format!("{suite}/{source}@{candidate}"),
        ids: vec![fix.id.clone()],
        aliases: names.iter().filter(|name| **name != fix.id).map(ToString::to_string).collect(),
        package: PackageKey {
            name: (*source).to_owned(),
            kind: PackageKind::Source,
            module: None,
            arch: None,
        },
        ranges: vec![Range { introduced: None, end: RangeEnd::Fixed(fix.version.clone()) }],
        versions: Vec::new(),
        state: State::Fixed,
        sub_state: None,
        severity: None,
        cvss: Vec::new(),
        title: Some(fix.quote.clone()),
        urls: Vec::new(),
        published: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_fixed_in_the_lowest_version_that_names_it() {
        let text = "\
p (3-1) bookworm-security; urgency=high\n\n  * CVE-2026-0002, drop the patch of CVE-2026-0001.\n
p (2-1+b1) sid; urgency=high\n\n  * Rebuild with the fix of CVE-2026-0003.\n
p (x:2) sid; urgency=high\n\n  * CVE-2026-0004\n
p (2-1) bookworm; urgency=high\n\n  * CVE-2026-0001: overflow.\n
p (1-1) unstable; urgency=high\n\n  * Initial release.\n";
        let scope: Scope = "debian:12".parse().unwrap();
        let origin = ChangelogOrigin {
            scope: &scope,
            suite: "bookworm-security",
            source: "p",
            candidate: "3-1",
        };
        let advisories = changelog_advisories(&origin, &Changelog::parse(text));
        let found: Vec<_> = advisories
            .iter()
            .map(|advisory| {
                (&*advisory.ids[0], &advisory.ranges[0].end, advisory.title.as_deref().unwrap())
            })
            .collect();
        let fixed = |version: &str| RangeEnd::Fixed(version.to_owned());
        let both = "CVE-2026-0002, drop the patch of CVE-2026-0001.";
        assert_eq!(
            found,
            [
                ("CVE-2026-0002", &fixed("3-1"), both),
                ("CVE-2026-0001", &fixed("2-1"), "CVE-2026-0001: overflow."),
            ]
        );
        let advisory = &advisories[0];
        assert_eq!(advisory.record, "bookworm-security/p@3-1");
        assert_eq!((&*advisory.feed, &*advisory.package.name), (FEED, "p"));
        assert_eq!((advisory.package.kind, advisory.state), (PackageKind::Source, State::Fixed));
    }

    #[test]
    fn a_cve_and_githubs_name_in_one_item_are_one_flaw() {
        let text = "\
p (2-1) bookworm; urgency=high\n\n  * GHSA-r9hj-j2rw-4q3m: Fix allocation (CVE-2026-0001).
  * GHSA-aaaa-bbbb-cccc, CVE-2026-0002, CVE-2026-0003
  * GHSA-dddd-eeee-ffff\n";
        let scope: Scope = "debian:12".parse().unwrap();
        let origin =
            ChangelogOrigin { scope: &scope, suite: "bookworm", source: "p", candidate: "2-1" };
        let advisories = changelog_advisories(&origin, &Changelog::parse(text));
        let mut found: Vec<_> = advisories
            .iter()
            .map(|advisory| (advisory.ids.join(" "), advisory.aliases.join(" ")))
            .collect();
        found.sort();
        let expected = [
            ("CVE-2026-0001", "GHSA-r9hj-j2rw-4q3m"),
            ("CVE-2026-0002", ""),
            ("CVE-2026-0003", ""),
            ("GHSA-aaaa-bbbb-cccc", ""),
            ("GHSA-dddd-eeee-ffff", ""),
        ];
        assert_eq!(found, expected.map(|(id, alias)| (id.to_owned(), alias.to_owned())));
    }
}
