//! What changed between two images, or for one image between two sets of advisories.

use plimsoll_model::{Diff, DiffSchema, DiffSide, Finding, Scan};

use crate::change::{by_place, package_changes};
use crate::identity::{Known, Place, places};

/// The differences. Findings are the same where vulnerability and package are, whatever its version; those
/// that an ignore rule sets aside are neither gained nor lost. Day and tool are those of `to`.
pub fn diff(from: &Scan, to: &Scan) -> Diff {
    let (before, after) = (Located::of(from), Located::of(to));
    let gained: Vec<Finding> = after.missing_in(&before).cloned().collect();
    Diff {
        schema: DiffSchema::V1,
        tool: to.tool.clone(),
        as_of: to.as_of,
        from: side(from),
        to: side(to),
        packages: package_changes(&by_place(&from.packages), &by_place(&to.packages)),
        kept: after.in_force().count() - gained.len(),
        gained,
        lost: before.missing_in(&after).cloned().collect(),
    }
}

fn side(scan: &Scan) -> DiffSide {
    DiffSide {
        image: scan.image.clone(),
        database: scan.database.clone(),
        coverage: scan.coverage.clone(),
    }
}

/// The findings of a scan, each at the places of its package.
struct Located<'s> {
    findings: Vec<(Vec<Place<'s>>, &'s Finding)>,
    known: Known<'s>,
}

impl<'s> Located<'s> {
    fn of(scan: &'s Scan) -> Self {
        let places = places(&scan.packages);
        let mut located = Self { findings: Vec::new(), known: Known::default() };
        for finding in &scan.findings {
            let Some(places) = places.get(&finding.package) else { continue };
            for place in places {
                located.known.add(*place, finding);
            }
            located.findings.push((places.clone(), finding));
        }
        located
    }

    fn in_force(&self) -> impl Iterator<Item = &(Vec<Place<'s>>, &'s Finding)> {
        self.findings.iter().filter(|(_, finding)| finding.suppressed.is_none())
    }

    /// What the other side has at none of the places, not even set aside.
    fn missing_in(&self, other: &Located<'_>) -> impl Iterator<Item = &'s Finding> {
        self.in_force()
            .filter(|(places, finding)| {
                !places.iter().any(|place| other.known.has(*place, finding))
            })
            .map(|&(_, finding)| finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{finding_of, packages, scan};

    /// Findings are written `CVE-1 package`; `-` in front sets one aside.
    fn scan_of(installed: &str, findings: &[&str]) -> Scan {
        let packages = packages(installed);
        let findings =
            findings
                .iter()
                .map(|text| {
                    let (id, name) = text.trim_start_matches('-').split_once(' ').unwrap();
                    let package = packages.iter().find(|package| package.name == name).unwrap();
                    let mut finding = finding_of(id, &package.id, None);
                    finding.suppressed = text.starts_with('-').then(|| {
                        plimsoll_model::Suppressed { by: String::new(), reason: None, until: None }
                    });
                    finding
                })
                .collect();
        Scan { packages, findings, ..scan() }
    }

    fn check(from: &Scan, to: &Scan, expected: &[&str], kept: usize) {
        let diff = diff(from, to);
        let line = |sign: char| {
            move |finding: &Finding| format!("{sign} {} {}", finding.id, finding.package)
        };
        let lines: Vec<String> =
            diff.gained.iter().map(line('+')).chain(diff.lost.iter().map(line('-'))).collect();
        assert_eq!(lines, expected);
        assert_eq!(diff.kept, kept);
    }

    #[test]
    fn findings_are_the_same_whatever_the_version() {
        check(
            &scan_of("a=1 b=1", &["CVE-1 a", "CVE-2 b"]),
            &scan_of("a=2 b=1", &["CVE-1 a", "CVE-2 b"]),
            &[],
            2,
        );
    }

    #[test]
    fn findings_come_and_go_with_packages_and_with_what_is_known() {
        check(
            &scan_of("a=1 b=1 c=1", &["CVE-1 a", "CVE-2 b", "CVE-3 c"]),
            &scan_of("a=2 b=1 d=1", &["CVE-4 a", "CVE-5 b", "CVE-6 d"]),
            &[
                "+ CVE-4 debian/a@2",
                "+ CVE-5 debian/b@1",
                "+ CVE-6 debian/d@1",
                "- CVE-1 debian/a@1",
                "- CVE-2 debian/b@1",
                "- CVE-3 debian/c@1",
            ],
            0,
        );
    }

    #[test]
    fn one_version_in_two_places_is_looked_for_in_both() {
        let at = |version: &str, paths: &[&str], ids: &[&str]| {
            let of = |path: &&str| {
                let mut package = packages(&format!("nginx={version}")).remove(0);
                package.ecosystem = plimsoll_model::Ecosystem::Bitnami;
                package.locations[0].path = (*path).to_owned();
                package
            };
            let packages: Vec<_> = paths.iter().map(of).collect();
            let of = |id: &&str| finding_of(id, &packages[0].id, None);
            Scan { findings: ids.iter().map(of).collect(), packages, ..scan() }
        };
        let both = at("1", &["opt/a", "opt/b"], &["CVE-1"]);
        check(&both, &at("2", &["opt/a"], &["CVE-1"]), &[], 1);
        check(&both, &at("2", &["opt/b"], &["CVE-1"]), &[], 1);
        check(&at("2", &["opt/a"], &["CVE-1"]), &both, &[], 1);
        // It was only moved.
        check(&at("1", &["opt/a"], &["CVE-1"]), &at("1", &["opt/b"], &["CVE-1"]), &[], 1);
        check(
            &both,
            &at("2", &["opt/c"], &["CVE-1"]),
            &["+ CVE-1 debian/nginx@2", "- CVE-1 debian/nginx@1"],
            0,
        );
    }

    #[test]
    fn what_a_rule_sets_aside_is_neither_gained_nor_lost() {
        let (shown, hidden) = (scan_of("a=1", &["CVE-1 a"]), scan_of("a=1", &["-CVE-1 a"]));
        check(&shown, &hidden, &[], 0);
        check(&hidden, &shown, &[], 1);
        check(&scan_of("a=1", &[]), &hidden, &[], 0);
    }
}
