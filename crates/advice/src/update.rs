//! Findings by the update of a source package that clears them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plimsoll_model::{Ecosystem, Finding, Package, PackageId, Severity, State};
use plimsoll_vulndb::compare_versions;

use crate::distinct::distinct;

/// The findings of one source package that its update clears, or those that no update does.
#[derive(Clone, Debug)]
pub struct SourceFindings<'a> {
    /// The source package, or the binary where its source is not recorded.
    pub source: &'a str,
    /// The installed binary packages that are updated with it, by name.
    pub packages: Vec<&'a Package>,
    /// The lowest version that clears all of `findings`; none where nothing clears them.
    pub version: Option<&'a str>,
    /// What it clears, the worst first.
    pub findings: Vec<&'a Finding>,
}

impl<'a> SourceFindings<'a> {
    /// The lowest version that clears all findings of one of the packages; none where it has no such.
    pub(crate) fn version_of(&self, package: &Package) -> Option<&'a str> {
        let of_package = self.findings.iter().filter(|finding| finding.package == package.id);
        of_package.fold(None, |version, finding| {
            later(package.ecosystem, version, finding.fixed_version.as_deref())
        })
    }

    /// The worst severity among the findings.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or_default()
    }

    /// The different ids that the findings have: a source with five binaries still has each id once.
    pub fn distinct_ids(&self) -> Vec<&'a str> {
        distinct(self.findings.iter().map(|finding| finding.id.as_str()))
    }
}

/// The findings in force, grouped by source package and by whether a version fixes them: those that an
/// update clears first, each part from the worst to the mildest. Suppressed findings are left out.
pub fn by_source<'a>(packages: &'a [Package], findings: &'a [Finding]) -> Vec<SourceFindings<'a>> {
    let by_id: BTreeMap<&PackageId, &Package> =
        packages.iter().map(|package| (&package.id, package)).collect();
    let mut groups: BTreeMap<(Ecosystem, &str, bool), SourceFindings<'a>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.suppressed.is_none()) {
        let Some(&package) = by_id.get(&finding.package) else { continue };
        let source = package.source.as_ref().map_or(&*package.name, |source| &source.name);
        let fixable = finding.fixed_version.is_some();
        let group = groups.entry((package.ecosystem, source, fixable)).or_insert_with(|| {
            SourceFindings { source, packages: Vec::new(), version: None, findings: Vec::new() }
        });
        if !group.packages.iter().any(|known| known.id == package.id) {
            group.packages.push(package);
        }
        group.version = later(package.ecosystem, group.version, finding.fixed_version.as_deref());
        group.findings.push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.findings.sort_by(|a, b| by_urgency(a, b));
    }
    groups.sort_by_cached_key(|group| {
        let kev = group.findings.iter().any(|finding| finding.kev.is_some());
        let key = (kev, group.worst(), group.distinct_ids().len());
        (group.version.is_none(), std::cmp::Reverse(key), group.source)
    });
    groups
}

/// Exploited first, then by severity, by what the vendor says, by likelihood, by id.
fn by_urgency(a: &Finding, b: &Finding) -> Ordering {
    let undetermined = |finding: &Finding| finding.state == State::Undetermined;
    let score = |finding: &Finding| finding.epss.map_or(0.0, |epss| epss.score);
    b.kev
        .is_some()
        .cmp(&a.kev.is_some())
        .then(undetermined(a).cmp(&undetermined(b)))
        .then(b.severity.cmp(&a.severity))
        .then(score(b).total_cmp(&score(a)))
        .then_with(|| a.id.cmp(&b.id))
}

/// The higher of two fixed versions; where they cannot be compared the one that came first stays.
fn later<'a>(ecosystem: Ecosystem, a: Option<&'a str>, b: Option<&'a str>) -> Option<&'a str> {
    let (Some(first), Some(second)) = (a, b) else { return a.or(b) };
    match compare_versions(ecosystem, first, second) {
        Ok(Ordering::Less) => b,
        _ => a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{finding, package};

    #[test]
    fn one_update_of_a_source_clears_what_its_highest_fixed_version_fixes() {
        let packages = [package("libssl3", "openssl", "1"), package("openssl", "openssl", "1")];
        let findings = [
            finding("CVE-1", "libssl3", Some("1.9")),
            finding("CVE-1", "openssl", Some("1.9")),
            finding("CVE-2", "libssl3", Some("1.10")),
            finding("CVE-3", "libssl3", None),
        ];
        let updates = by_source(&packages, &findings);
        assert_eq!(updates.len(), 2);
        assert_eq!(updates[0].version, Some("1.10"));
        assert_eq!(updates[0].packages.len(), 2);
        assert_eq!(updates[0].distinct_ids(), ["CVE-1", "CVE-2"]);
        assert_eq!(updates[0].version_of(&packages[0]), Some("1.10"));
        assert_eq!(updates[0].version_of(&packages[1]), Some("1.9"));
        assert_eq!((updates[1].version, updates[1].version_of(&packages[0])), (None, None));
    }

    #[test]
    fn suppressed_findings_are_nobodys_work() {
        let packages = [package("a", "a", "1")];
        let mut finding = finding("CVE-1", "a", Some("2"));
        finding.suppressed =
            Some(plimsoll_model::Suppressed { by: String::new(), reason: None, until: None });
        assert!(by_source(&packages, &[finding]).is_empty());
    }
}
