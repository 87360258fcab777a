//! The answer of `plimsoll diff` for people.

use plimsoll_model::{Database, Diff, DiffSide, Finding, PackageChange};

use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{counted, day, not_evaluated, severities};

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

fn findings(title: &str, findings: &[Finding], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            (title, Align::Left),
            ("PACKAGE", Align::Left),
            ("FIXED IN", Align::Left),
            ("SEVERITY", Align::Left),
        ],
    );
    grid.unbroken(0);
    grid.unbroken(3);
    let mut findings: Vec<_> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.kev.is_some(), finding.severity)));
    for finding in findings {
        let fixed = finding.fixed_version.as_deref().unwrap_or(match &finding.sub_state {
            Some(word) => word,
            None => finding.state.as_str(),
        });
        let kev = if finding.kev.is_some() { " KEV" } else { "" };
        let set_aside = if finding.suppressed.is_some() { "\nset aside" } else { "" };
        grid.row([
            (&*finding.id, Tone::Normal),
            (package(finding), Tone::Strong),
            (fixed, Tone::Normal),
            (&*format!("{}{kev}{set_aside}", finding.severity), Tone::Severity(finding.severity)),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
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
