//! The findings as rows: by remedy, by finding, by package, by layer.

use std::collections::BTreeMap;

use plimsoll_advice::{SourceUpdate, source_updates};
use plimsoll_model::{DiffId, Finding, Package, PackageId, Scan, Severity};

use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::Tone;

/// How many ids a row of the remedy table names before it only counts.
const IDS_SHOWN: usize = 4;
/// How many binary packages a row names before it only counts.
const PACKAGES_SHOWN: usize = 3;

/// One row for each source package: what to update, to which version, and what that clears.
pub(super) fn by_remedy(scan: &Scan, look: Look) -> String {
    let updates = source_updates(&scan.packages, &scan.findings);
    let (fixable, open): (Vec<_>, Vec<_>) =
        updates.into_iter().partition(|update| update.version.is_some());
    let mut text = String::new();
    if !fixable.is_empty() {
        let mut grid = Grid::new(
            look,
            &[
                ("UPDATE", Align::Left),
                ("FROM → TO", Align::Left),
                ("WORST", Align::Left),
                ("CLEARS", Align::Left),
            ],
        );
        grid.at_least(0, 14);
        grid.unbroken(2);
        for update in &fixable {
            let versions =
                format!("{}\n→ {}", installed(update), update.version.unwrap_or_default());
            grid.row([
                (&*names(update), Tone::Strong),
                (&versions, Tone::Normal),
                (&worst(update), Tone::Severity(update.worst())),
                (&ids(update), Tone::Normal),
            ]);
        }
        text.push_str(&grid.to_string());
    }
    if !open.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        let mut grid = Grid::new(
            look,
            &[
                ("NO FIX YET", Align::Left),
                ("INSTALLED", Align::Left),
                ("WORST", Align::Left),
                ("FINDINGS", Align::Left),
            ],
        );
        grid.at_least(0, 14);
        grid.unbroken(2);
        for update in &open {
            grid.row([
                (&*names(update), Tone::Normal),
                (installed(update), Tone::Normal),
                (&worst(update), Tone::Severity(update.worst())),
                (&ids(update), Tone::Normal),
            ]);
        }
        text.push_str(&grid.to_string());
    }
    text
}

/// One row for each finding.
pub(super) fn by_finding(scan: &Scan, look: Look) -> String {
    let packages = by_id(&scan.packages);
    let mut grid = Grid::new(
        look,
        &[
            ("ID", Align::Left),
            ("PACKAGE", Align::Left),
            ("INSTALLED", Align::Left),
            ("FIXED IN", Align::Left),
            ("SEVERITY", Align::Left),
        ],
    );
    grid.unbroken(0);
    grid.unbroken(4);
    let mut findings: Vec<_> = in_force(scan).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.kev.is_some(), finding.severity)));
    for finding in findings {
        let Some(package) = packages.get(&finding.package) else { continue };
        let fixed = finding.fixed_version.as_deref().unwrap_or(match &finding.sub_state {
            Some(word) => word,
            None => finding.state.as_str(),
        });
        grid.row([
            (&*finding.id, Tone::Normal),
            (&package.name, Tone::Strong),
            (&package.version, Tone::Normal),
            (fixed, if finding.fixed_version.is_some() { Tone::Normal } else { Tone::Faint }),
            (&severity(finding), Tone::Severity(finding.severity)),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// One row for each package that has findings.
pub(super) fn by_package(scan: &Scan, look: Look) -> String {
    let packages = by_id(&scan.packages);
    let mut groups: BTreeMap<&PackageId, Vec<&Finding>> = BTreeMap::new();
    for finding in in_force(scan) {
        groups.entry(&finding.package).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, findings)| {
        std::cmp::Reverse((findings.iter().map(|finding| finding.severity).max(), findings.len()))
    });
    let mut grid = Grid::new(
        look,
        &[
            ("PACKAGE", Align::Left),
            ("INSTALLED", Align::Left),
            ("FINDINGS", Align::Right),
            ("FIXABLE", Align::Right),
            ("SEVERITIES", Align::Left),
        ],
    );
    for (id, findings) in groups {
        let Some(package) = packages.get(id) else { continue };
        let fixable = findings.iter().filter(|finding| finding.fixed_version.is_some()).count();
        let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or_default();
        grid.row([
            (&*package.name, Tone::Strong),
            (&package.version, Tone::Normal),
            (&findings.len().to_string(), Tone::Normal),
            (&fixable.to_string(), Tone::Normal),
            (&severities(findings.into_iter()), Tone::Severity(worst)),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// One row for each layer, lowest first, also for those without findings.
pub(super) fn by_layer(scan: &Scan, look: Look) -> String {
    let packages = by_id(&scan.packages);
    let mut grid = Grid::new(
        look,
        &[
            ("LAYER", Align::Right),
            ("PACKAGES", Align::Right),
            ("FINDINGS", Align::Right),
            ("FIXABLE", Align::Right),
            ("BUILD STEP", Align::Left),
        ],
    );
    let layer_of = |id: &PackageId| packages.get(id).and_then(|p| p.introduced_in.as_ref());
    for (index, layer) in scan.image.layers.iter().enumerate() {
        let is_here = |of: Option<&DiffId>| of.is_some() && of == layer.diff_id.as_ref();
        let findings: Vec<_> =
            in_force(scan).filter(|finding| is_here(layer_of(&finding.package))).collect();
        let installed = scan.packages.iter().filter(|p| is_here(p.introduced_in.as_ref())).count();
        let fixable = findings.iter().filter(|finding| finding.fixed_version.is_some()).count();
        let worst = findings.iter().map(|finding| finding.severity).max();
        grid.row([
            (&*(index + 1).to_string(), Tone::Strong),
            (&installed.to_string(), Tone::Normal),
            (&findings.len().to_string(), worst.map_or(Tone::Normal, Tone::Severity)),
            (&fixable.to_string(), Tone::Normal),
            (layer.created_by.as_deref().unwrap_or("not recorded"), Tone::Faint),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// `2 critical, 5 high`: the severities that occur, worst first.
pub(super) fn severities<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let words: Vec<_> =
        counts.iter().rev().map(|(severity, count)| format!("{count} {severity}")).collect();
    words.join(", ")
}

/// The findings that no rule set aside.
pub(super) fn in_force(scan: &Scan) -> impl Iterator<Item = &Finding> {
    scan.findings.iter().filter(|finding| finding.suppressed.is_none())
}

fn by_id(packages: &[Package]) -> BTreeMap<&PackageId, &Package> {
    packages.iter().map(|package| (&package.id, package)).collect()
}

/// The source, and the installed binaries where their names differ from it.
fn names(update: &SourceUpdate<'_>) -> String {
    let mut binaries: Vec<&str> = update.packages.iter().map(|package| &*package.name).collect();
    binaries.sort_unstable();
    binaries.dedup();
    if binaries == [update.source] {
        return update.source.to_owned();
    }
    let more = binaries.len().saturating_sub(PACKAGES_SHOWN);
    binaries.truncate(PACKAGES_SHOWN);
    let mut text = format!("{}\n({}", update.source, binaries.join(", "));
    if more > 0 {
        text.push_str(&format!(", {more} more"));
    }
    text.push(')');
    text
}

/// The installed version of the source where it is recorded, as fixed versions speak of it.
fn installed<'a>(update: &SourceUpdate<'a>) -> &'a str {
    update.packages.first().map_or("", |package| match &package.source {
        Some(source) => &source.version,
        None => &package.version,
    })
}

fn worst(update: &SourceUpdate<'_>) -> String {
    let kev = update.findings.iter().any(|finding| finding.kev.is_some());
    format!("{}{}", update.worst(), if kev { "\nKEV" } else { "" })
}

fn severity(finding: &Finding) -> String {
    format!("{}{}", finding.severity, if finding.kev.is_some() { " KEV" } else { "" })
}

fn ids(update: &SourceUpdate<'_>) -> String {
    let ids: Vec<&str> = update.distinct_ids().into_iter().map(short_id).collect();
    let count = ids.len();
    let shown = ids[..count.min(IDS_SHOWN)].join(" ");
    match count {
        1 => shown,
        _ if count <= IDS_SHOWN => format!("{count}: {shown}"),
        _ => format!("{count}: {shown} +{}", count - IDS_SHOWN),
    }
}

/// Where only the distribution archive speaks, the id is `suite/source@version`, and the row says source
/// and version already.
fn short_id(id: &str) -> &str {
    match id.split_once('/') {
        Some((suite, rest)) if rest.contains('@') => suite,
        _ => id,
    }
}
