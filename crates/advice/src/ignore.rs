//! `[[ignore]]` entries of plimsoll.toml: findings that somebody decided to live with, until a day.

use jiff::civil::Date;
use plimsoll_model::{Finding, Package, Suppressed};
use serde::{Deserialize, Serialize};

/// One rule. Every field that is given must match; a rule without any of `id`, `package` and `path`
/// matches nothing, so that an unfinished entry cannot hide everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// The id or an alias; `*` stands for any run of characters.
    pub id: Option<String>,
    /// The binary or source package; `*` stands for any run of characters.
    pub package: Option<String>,
    /// A path that records the package; `*` stands for any run of characters.
    pub path: Option<String>,
    /// Why; shown in the report.
    pub reason: Option<String>,
    /// The last day on which the rule holds.
    pub until: Option<Date>,
}

/// Marks the findings that a rule sets aside. `by` names where the rules stand; `packages` are those
/// of the findings. Returns the numbers (from 1) of the rules that have expired by `today`.
pub fn apply_ignore_rules(
    rules: &[IgnoreRule],
    by: &str,
    today: Date,
    packages: &[Package],
    findings: &mut [Finding],
) -> Vec<usize> {
    let expired = |rule: &IgnoreRule| rule.until.is_some_and(|until| until < today);
    let active: Vec<_> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| !expired(rule) && rule.names_something())
        .collect();
    for finding in findings.iter_mut() {
        let Some(package) = packages.iter().find(|package| package.id == finding.package) else {
            continue;
        };
        if let Some((index, rule)) = active.iter().find(|(_, rule)| rule.matches(finding, package))
        {
            finding.suppressed = Some(Suppressed {
                by: format!("{by} [[ignore]] {}", index + 1),
                reason: rule.reason.clone(),
                until: rule.until,
            });
        }
    }
    rules.iter().enumerate().filter(|(_, rule)| expired(rule)).map(|(index, _)| index + 1).collect()
}

impl IgnoreRule {
    fn names_something(&self) -> bool {
        self.id.is_some() || self.package.is_some() || self.path.is_some()
    }

    fn matches(&self, finding: &Finding, package: &Package) -> bool {
        let ids = std::iter::once(&finding.id).chain(&finding.aliases);
        let names = std::iter::once(&package.name).chain(package.source.iter().map(|s| &s.name));
        fits(self.id.as_deref(), ids)
            && fits(self.package.as_deref(), names)
            && fits(self.path.as_deref(), package.locations.iter().map(|location| &location.path))
    }
}

/// Whether there is no pattern, or one of the names matches it.
fn fits<'a>(pattern: Option<&str>, mut names: impl Iterator<Item = &'a String>) -> bool {
    pattern.is_none_or(|pattern| names.any(|name| matches(pattern, name)))
}

/// Whether `pattern`, in which `*` stands for any run of characters, is all of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{finding, package};

    fn rule() -> IgnoreRule {
        IgnoreRule { id: None, package: None, path: None, reason: None, until: None }
    }

    #[test]
    fn every_given_field_must_match() {
        let check = |rule: IgnoreRule, expected: bool| {
            let packages = [package("libssl3", "openssl", "1")];
            let mut findings = [finding("CVE-2023-1", "libssl3", Some("2"))];
            apply_ignore_rules(
                std::slice::from_ref(&rule),
                "plimsoll.toml",
                Date::constant(2026, 1, 1),
                &packages,
                &mut findings,
            );
            assert_eq!(findings[0].suppressed.is_some(), expected, "{rule:?}");
        };
        let id = |id: &str| IgnoreRule { id: Some(id.to_owned()), ..rule() };
        check(id("CVE-2023-1"), true);
        check(id("CVE-2023-*"), true);
        check(id("CVE-2023-2"), false);
        check(IgnoreRule { package: Some("openssl".to_owned()), ..rule() }, true);
        check(IgnoreRule { package: Some("curl".to_owned()), ..id("CVE-2023-1") }, false);
        check(IgnoreRule { path: Some("var/lib/*".to_owned()), ..rule() }, true);
        check(IgnoreRule { until: Some(Date::constant(2025, 12, 31)), ..id("CVE-2023-1") }, false);
        check(IgnoreRule { until: Some(Date::constant(2026, 1, 1)), ..id("CVE-2023-1") }, true);
        check(rule(), false);
    }

    #[test]
    fn stars_match_any_run() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*", "", true),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("ab*ba", "aba", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
