//! SARIF 2.1.0 (OASIS), the format of code-scanning pages.
//!
//! A function of the scans alone: the same scans give the same bytes.

mod document;

use std::collections::BTreeMap;

use plimsoll_model::{Finding, Package, PackageId, Scan, Severity, State};
use sha2::{Digest, Sha256};

use self::document::{
    ArtifactLocation, AutomationDetails, Configuration, Driver, Fingerprints, Invocation, Level,
    Location, Log, LogicalLocation, Message, Notification, PartialFingerprints, PhysicalLocation,
    Region, ResultProperties, Rule, RuleProperties, Run, Suppression, Tool,
};
use crate::escape::for_terminal;
use crate::filtered::Filtered;
use crate::json::to_json;
use crate::unique::Unique;
use crate::web::{first_address, path_reference};
use crate::words::without_tag;

/// The schema's name, as its own `$id` has it.
const SCHEMA: &str = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json";

/// The scans as SARIF: a run for each image and platform, a rule for each id, a result for each finding.
/// What could not be judged or read is a notification of the run.
///
/// # Errors
/// None for a scan; see [`to_json`].
pub fn sarif(scans: &[Filtered<'_>]) -> serde_json::Result<String> {
    let mut names = Unique::default();
    let runs =
        scans.iter().map(|filtered| run(*filtered, automation_id(filtered.scan, &mut names)));
    to_json(&Log { schema: SCHEMA, version: "2.1.0", runs: runs.collect() })
}

fn run(filtered: Filtered<'_>, automation_id: String) -> Run<'_> {
    let scan = filtered.scan;
    let mut rules: Vec<Rule<'_>> = Vec::new();
    let mut rule_of: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &scan.findings {
        let index = *rule_of.entry(&finding.id).or_insert_with(|| {
            rules.push(rule(finding));
            rules.len() - 1
        });
        // A rule speaks for all its findings: it is as bad as the worst.
        if let Some(known) = rules.get_mut(index)
            && known.default_configuration.level < level(finding.severity)
        {
            *known = rule(finding);
        }
    }
    let packages: BTreeMap<&PackageId, &Package> =
        scan.packages.iter().map(|package| (&package.id, package)).collect();
    let results = scan.findings.iter().map(|finding| {
        let index = rule_of.get(finding.id.as_str()).copied().unwrap_or_default();
        result(scan, finding, packages.get(&finding.package).copied(), index)
    });
    Run {
        tool: Tool { driver: Driver { name: "plimsoll", version: &scan.tool.version, rules } },
        automation_details: AutomationDetails { id: automation_id },
        invocations: [Invocation {
            execution_successful: scan.was_evaluated(),
            tool_execution_notifications: notifications(filtered),
        }],
        results: results.collect(),
    }
}

/// What a code-scanning page tells runs apart by: the image without its tag, so that the next build takes
/// the place of this one. The slash at the end says that it is all category and no number of a run.
fn automation_id(scan: &Scan, names: &mut Unique) -> String {
    let platform = scan.image.platform.as_ref().map(|platform| format!("/{platform}"));
    let name = without_tag(&scan.image.reference);
    let name = format!("plimsoll/{name}{}", platform.unwrap_or_default());
    format!("{}/", names.claim(&for_terminal(&name)))
}

fn rule(finding: &Finding) -> Rule<'_> {
    let title = finding.title.as_deref().unwrap_or(&finding.id);
    let help: Vec<_> =
        std::iter::once(title).chain(finding.urls.iter().map(String::as_str)).map(plain).collect();
    Rule {
        id: for_terminal(&finding.id),
        short_description: Message { text: plain(&finding.id) },
        full_description: Message { text: plain(title) },
        help: Message { text: help.join("\n") },
        help_uri: first_address(finding),
        default_configuration: Configuration { level: level(finding.severity) },
        properties: RuleProperties {
            security_severity: score(finding),
            tags: ["security", "vulnerability", finding.severity.as_str()],
        },
    }
}

fn result<'a>(
    scan: &'a Scan,
    finding: &'a Finding,
    package: Option<&'a Package>,
    rule_index: usize,
) -> document::Result<'a> {
    let (name, version) = package.map_or(("a package", ""), |p| (&p.name, &p.version));
    let fixed = match &finding.fixed_version {
        Some(version) => format!("fixed in {version}"),
        None => format!("{}, no version fixes it", state(finding)),
    };
    let text = format!("{} in {name} {version}: {fixed}", finding.id);
    let path = package.and_then(|package| package.locations.first());
    let uri =
        path.map_or_else(|| path_reference(&scan.image.reference), |l| path_reference(&l.path));
    document::Result {
        rule_id: for_terminal(&finding.id),
        rule_index,
        level: level(finding.severity),
        message: Message { text: plain(&text) },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region: Region { start_line: 1 },
            },
            logical_locations: [
                LogicalLocation {
                    name: for_terminal(&scan.image.reference),
                    fully_qualified_name: None,
                    kind: "image",
                },
                LogicalLocation {
                    name: for_terminal(name),
                    fully_qualified_name: Some(for_terminal(&finding.package.0)),
                    kind: "package",
                },
            ],
        }],
        fingerprints: Fingerprints { key: for_terminal(&finding.key.0) },
        partial_fingerprints: PartialFingerprints { line: line_hash(&finding.key.0) },
        suppressions: finding
            .suppressed
            .iter()
            .map(|rule| Suppression {
                kind: "external",
                justification: rule.reason.as_deref().map(for_terminal),
            })
            .collect(),
        properties: ResultProperties {
            severity: finding.severity.as_str(),
            state: finding.state.as_str(),
            origin: finding.origin,
            fixed_version: finding.fixed_version.as_deref().map(for_terminal),
            exploited_since: finding.kev.as_ref().map(|kev| kev.added.to_string()),
            epss: finding.epss.map(|epss| epss.score),
        },
    }
}

/// Code-scanning pages recognise a result by this; without it they hash a line of a file that they do
/// not have.
fn line_hash(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let hex: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}:1")
}

fn notifications(filtered: Filtered<'_>) -> Vec<Notification> {
    filtered
        .notices()
        .map(|text| Notification { level: Level::Warning, message: Message { text: plain(&text) } })
        .collect()
}

fn state(finding: &Finding) -> &str {
    match (&finding.sub_state, finding.state) {
        (Some(word), _) => word,
        (None, State::Fixed | State::Affected) => "affected",
        (None, state) => state.as_str(),
    }
}

/// What nobody has rated is not mild: it is shown like a medium one.
fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium | Severity::Unknown => Level::Warning,
        Severity::Low | Severity::Negligible => Level::Note,
    }
}

/// The number by which code-scanning pages sort: the CVSS score where it says the same as the severity,
/// else one in the middle of the severity's range, because the vendor's word on its own package outranks
/// a general score.
fn score(finding: &Finding) -> Option<String> {
    let middle = match finding.severity {
        Severity::Critical => 9.5,
        Severity::High => 8.0,
        Severity::Medium => 5.5,
        Severity::Low => 2.0,
        Severity::Negligible => 0.1,
        Severity::Unknown => return None,
    };
    let scores = finding.cvss.iter().map(|cvss| cvss.score);
    let same = scores.filter(|score| Severity::from_cvss_score(*score) == finding.severity);
    Some(format!("{:.1}", same.reduce(f64::max).unwrap_or(middle)))
}

/// Foreign text as a plain message: neither a link (`[text](target)`, SARIF 3.11.6) nor a placeholder
/// (`{0}`, SARIF 3.11.5).
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in for_terminal(text).chars() {
        match c {
            '[' | ']' => plain.extend(['\\', c]),
            '{' | '}' => plain.extend([c, c]),
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_neither_link_nor_placeholder() {
        assert_eq!(plain("see [here](http://evil) {0}"), "see \\[here\\](http://evil) {{0}}");
    }
}
