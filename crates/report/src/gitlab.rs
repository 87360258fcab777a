//! GitLab's report for container scanning, schema 15.
//!
//! A function of the scans alone: no clock, so "start" and "end" are the beginning of the day that the
//! scans speak for.

mod document;

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_model::{Finding, Package, PackageId, Scan, Severity};
use sha2::{Digest, Sha256};

use self::document::{
    Analyzer, Dependency, Identifier, Link, Location, Message, Named, Report, Run, Vulnerability,
};
use crate::escape::for_terminal;
use crate::filtered::Filtered;
use crate::json::to_json;
use crate::markdown::for_markdown;
use crate::uuid::uuid_of_hash;
use crate::web::is_web_address;

/// The version of the schema: GitLab reads every 15.x.
const SCHEMA_VERSION: &str = "15.1.4";
/// The schema's longest name of a vulnerability, in characters.
const MAX_NAME: usize = 255;
/// The schema's longest solution, in characters.
const MAX_SOLUTION: usize = 7000;

/// The scans as one report. Findings that an ignore rule sets aside are left out: the format has no word
/// for them. What could not be judged or read is a message of the scan.
///
/// # Errors
/// None for a scan; see [`to_json`].
pub fn gitlab(scans: &[Filtered<'_>]) -> serde_json::Result<String> {
    let version = scans.first().map_or("", |filtered| &filtered.scan.tool.version);
    let day = scans.iter().map(|filtered| filtered.scan.as_of).max().unwrap_or_default();
    let time = format!("{day}T00:00:00");
    to_json(&Report {
        version: SCHEMA_VERSION,
        scan: Run {
            analyzer: analyzer(version),
            scanner: analyzer(version),
            kind: "container_scanning",
            start_time: &time,
            end_time: &time,
            status: if scans.iter().all(|filtered| filtered.scan.was_evaluated()) {
                "success"
            } else {
                "failure"
            },
            messages: scans.iter().flat_map(|filtered| messages(*filtered)).collect(),
        },
        vulnerabilities: scans.iter().flat_map(|filtered| vulnerabilities(filtered.scan)).collect(),
    })
}

fn analyzer(version: &str) -> Analyzer<'_> {
    Analyzer {
        id: "plimsoll",
        name: "Plimsoll",
        version: if version.is_empty() { "unknown" } else { version },
        vendor: Named { name: "Plimsoll".into() },
    }
}

fn messages(filtered: Filtered<'_>) -> Vec<Message> {
    let image = &filtered.scan.image.reference;
    filtered
        .notices()
        .map(|text| format!("{image}: {text}"))
        .map(|text| Message { level: "warn", value: for_terminal(&text).into_owned() })
        .collect()
}

fn vulnerabilities(scan: &Scan) -> Vec<Vulnerability<'_>> {
    let packages: BTreeMap<&PackageId, &Package> =
        scan.packages.iter().map(|package| (&package.id, package)).collect();
    let image = image(scan);
    let system = system(scan);
    let in_force = scan.findings.iter().filter(|finding| finding.suppressed.is_none());
    in_force
        .filter_map(|finding| {
            let package = packages.get(&finding.package)?;
            let title = finding.title.as_deref().unwrap_or(&finding.id);
            Some(Vulnerability {
                id: id(&image, finding),
                name: first_characters(&for_terminal(title), MAX_NAME),
                description: description(finding, package),
                severity: severity(finding.severity),
                solution: first_characters(&solution(finding, package), MAX_SOLUTION),
                identifiers: identifiers(finding),
                links: finding
                    .urls
                    .iter()
                    .filter(|url| is_web_address(url))
                    .map(|url| Link { url })
                    .collect(),
                location: Location {
                    dependency: Dependency {
                        package: Named { name: for_terminal(&package.name) },
                        version: for_terminal(&package.version),
                    },
                    operating_system: system.clone(),
                    image: image.clone(),
                },
            })
        })
        .collect()
}

/// The image's name: the schema wants one that is not empty.
fn image(scan: &Scan) -> String {
    match scan.image.reference.is_empty() {
        true => "unknown".to_owned(),
        false => for_terminal(&scan.image.reference).into_owned(),
    }
}

/// `debian:12`, as other tools write it.
fn system(scan: &Scan) -> String {
    let Some(os) = scan.os.as_ref().filter(|os| !os.id.is_empty()) else {
        return "unknown".to_owned();
    };
    let name = match &os.version_id {
        Some(version) => format!("{}:{version}", os.id),
        None => os.id.clone(),
    };
    for_terminal(&name).into_owned()
}

/// The same finding of the same image has the same id in every report.
fn id(image: &str, finding: &Finding) -> String {
    let mut hash = Sha256::new();
    hash.update(image.as_bytes());
    hash.update([0]);
    hash.update(finding.key.0.as_bytes());
    uuid_of_hash(&hash.finalize())
}

/// GitLab shows it as Markdown.
fn description(finding: &Finding, package: &Package) -> String {
    let mut text = format!(
        "{} in {} {}.",
        for_markdown(&finding.id),
        for_markdown(&package.name),
        for_markdown(&package.version)
    );
    if let Some(title) = &finding.title {
        text.push_str(&format!("\n\n{}", for_markdown(title)));
    }
    if let Some(kev) = &finding.kev {
        text.push_str(&format!("\n\nKnown to be exploited since {} (CISA KEV).", kev.added));
    }
    // Where only the changelog speaks, its sentence is the title already.
    let quotes = finding.evidence.iter().filter_map(|witness| witness.quote.as_deref());
    for quote in quotes.filter(|quote| finding.title.as_deref() != Some(*quote)) {
        text.push_str(&format!("\n\nThe changelog says: {}", for_markdown(quote)));
    }
    text
}

fn solution(finding: &Finding, package: &Package) -> String {
    let name = match &package.source {
        Some(source) if source.name != package.name => {
            format!("{} (source {})", package.name, source.name)
        }
        _ => package.name.clone(),
    };
    let solution = match (&finding.fixed_version, &finding.sub_state) {
        (Some(version), _) => format!("Upgrade {name} to {version} or later."),
        (None, Some(word)) => format!("No version fixes it yet; the vendor says: {word}."),
        (None, None) => "No version fixes it yet.".to_owned(),
    };
    for_terminal(&solution).into_owned()
}

/// The id itself is the primary identifier, its other names follow.
fn identifiers(finding: &Finding) -> Vec<Identifier<'_>> {
    let mut names = vec![finding.id.as_str()];
    names.extend(finding.aliases.iter().map(String::as_str));
    names.dedup();
    let names = names.into_iter().filter(|name| !name.is_empty());
    names
        .map(|name| Identifier {
            kind: identifier_kind(name),
            name: for_terminal(name),
            value: for_terminal(name),
            url: is_cve(name).then(|| format!("https://www.cve.org/CVERecord?id={name}")),
        })
        .collect()
}

/// `cve`, `ghsa`, `dsa`: the capitals before the first dash, as GitLab names the kinds.
fn identifier_kind(name: &str) -> Cow<'_, str> {
    match name.split_once('-') {
        Some((letters, _))
            if !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            letters.to_ascii_lowercase().into()
        }
        _ => "plimsoll".into(),
    }
}

fn is_cve(name: &str) -> bool {
    let numbers = name.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.is_some_and(|(year, number)| is_number(year) && is_number(number))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Negligible => "Info",
        Severity::Unknown => "Unknown",
    }
}

fn first_characters(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_kinds_that_gitlab_knows() {
        for (name, kind, cve) in [
            ("CVE-2025-0001", "cve", true),
            ("GHSA-xxxx-yyyy-zzzz", "ghsa", false),
            ("DSA-5532-1", "dsa", false),
            ("CVE-2025-1\"><", "cve", false),
            ("bookworm-security/openssl@3", "plimsoll", false),
            ("-", "plimsoll", false),
        ] {
            assert_eq!((&*identifier_kind(name), is_cve(name)), (kind, cve), "{name}");
        }
    }
}
