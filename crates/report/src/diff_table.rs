//! The answer of `plimsoll diff` for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plimsoll_model::{Database, Diff, DiffSide, Finding, PackageChange};

use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{counted, day, first_of, not_evaluated, severities};

/// Ids in a row.
const IDS_SHOWN: usize = 4;
/// Packages in a row.
const PACKAGES_SHOWN: usize = 2;

/// What is compared, how many findings and packages came and went, then each of them.
pub fn diff_table(diff: &Diff, look: Look) -> String {
    let mut text = flow(look, " → ", &sides(diff));
    text.push_str(&flow(look, "; ", &sum(diff)));
    for (name, side) in [("before", &diff.from), ("after", &diff.to)] {
        for words in side.coverage.iter().filter_map(not_evaluated) {
            text.push_str(&flow(look, "", &[(format!("{name}: {words}"), Tone::Alarm)]));
        }
        if side.coverage.is_empty() {
            let words = format!("{name}: cannot know, nothing was evaluated");
            text.push_str(&flow(look, "", &[(words, Tone::Alarm)]));
        }
    }
    let tables = [
        findings("GAINED", &diff.gained, look),
        findings("LOST", &diff.lost, look),
        packages(&diff.packages, look),
    ];
    for table in tables.iter().filter(|table| !table.is_empty()) {
        text.push('\n');
        text.push_str(table);
    }
    text
}

/// Two images, or one image and two generations.
fn sides(diff: &Diff) -> Vec<(String, Tone)> {
    let (from, to) = (&diff.from, &diff.to);
    if is_same_image(from, to) && from.database != to.database {
        return vec![
            (format!("{}: {}", from.image.reference, generation(&from.database)), Tone::Strong),
            (generation(&to.database), Tone::Strong),
        ];
    }
    [from, to].map(|side| (side.image.reference.clone(), Tone::Strong)).into()
}

fn is_same_image(from: &DiffSide, to: &DiffSide) -> bool {
    let identity = |side: &DiffSide| (side.image.digest.clone(), side.image.config_digest.clone());
    from.image.reference == to.image.reference && identity(from) == identity(to)
}

fn generation(database: &Database) -> String {
    let Some(id) = &database.generation else { return "no database".to_owned() };
    let of = database.as_of.map(|as_of| format!(" of {}", day(as_of))).unwrap_or_default();
    format!("generation {id}{of}")
}

fn sum(diff: &Diff) -> Vec<(String, Tone)> {
    let side = |findings: &[Finding], word: &str, tone| {
        let words = match findings.len() {
            0 => format!("0 {word}"),
            n => format!("{n} {word} ({})", severities(findings.iter())),
        };
        (words, if findings.is_empty() { Tone::Normal } else { tone })
    };
    let packages = match diff.packages.len() {
        0 => "no package changed".to_owned(),
        n => format!("{} changed", counted(n, "package", "packages")),
    };
    vec![
        side(&diff.gained, "gained", Tone::Alarm),
        side(&diff.lost, "lost", Tone::Good),
        (format!("{} kept", diff.kept), Tone::Normal),
        (packages, Tone::Normal),
    ]
}

/// One row for each update that makes the difference: what one version of one source fixes.
fn findings(title: &str, findings: &[Finding], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            (title, Align::Left),
            ("PACKAGE", Align::Left),
            ("FIXED IN", Align::Left),
            ("WORST", Align::Left),
        ],
    );
    for group in groups(findings) {
        let Some(first) = group.first() else { continue };
        let mut ids: Vec<&str> = group.iter().map(|finding| finding.id.as_str()).collect();
        ids.dedup();
        let mut packages: Vec<&str> = group.iter().map(|finding| package(finding)).collect();
        packages.sort_unstable();
        packages.dedup();
        let fixed = first.fixed_version.as_deref().unwrap_or(match &first.sub_state {
            Some(word) => word,
            None => first.state.as_str(),
        });
        let worst = group.iter().map(|finding| finding.severity).max().unwrap_or_default();
        let kev = if group.iter().any(|finding| finding.kev.is_some()) { " KEV" } else { "" };
        let set_aside = if first.suppressed.is_some() { "\nset aside" } else { "" };
        grid.row([
            (&*first_of(&ids, IDS_SHOWN), Tone::Normal),
            (&*few(&packages), Tone::Strong),
            (fixed, Tone::Normal),
            (&*format!("{worst}{kev}{set_aside}"), Tone::Severity(worst)),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// Findings that share what fixes them, the worst first; within a group by id.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let rule = finding.evidence.first().map_or("", |evidence| evidence.rule.as_str());
        let fix = (finding.fixed_version.as_deref(), finding.sub_state.as_deref(), finding.state);
        groups.entry((rule, fix, finding.suppressed.is_some())).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by(|a, b| (&a.id, &a.package).cmp(&(&b.id, &b.package)));
    }
    groups.sort_by_key(|group| {
        let worst = group.iter().map(|finding| (finding.kev.is_some(), finding.severity)).max();
        Reverse((worst, group.len()))
    });
    groups
}

/// The first packages, and how many more.
fn few(packages: &[&str]) -> String {
    let shown = packages.iter().take(PACKAGES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    match packages.len().saturating_sub(PACKAGES_SHOWN) {
        0 => shown,
        more => format!("{shown}, {more} more"),
    }
}

/// `libssl3@3.0.11-1:amd64`: the package's id without the ecosystem before it.
fn package(finding: &Finding) -> &str {
    let id = finding.package.0.as_str();
    id.split_once('/').map_or(id, |(_, package)| package)
}

fn packages(changes: &[PackageChange], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[("PACKAGE", Align::Left), ("BEFORE", Align::Left), ("AFTER", Align::Left)],
    );
    for change in changes {
        let name = match &change.arch {
            Some(arch) => format!("{}:{arch}", change.name),
            None => change.name.clone(),
        };
        let (before, before_tone) = version(change.from.as_deref(), "added");
        let (after, after_tone) = version(change.to.as_deref(), "removed");
        grid.row([(&*name, Tone::Strong), (before, before_tone), (after, after_tone)]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

fn version<'a>(version: Option<&'a str>, absent: &'a str) -> (&'a str, Tone) {
    match version {
        Some(version) => (version, Tone::Normal),
        None => (absent, Tone::Faint),
    }
}
