//! The findings as rows: by remedy, by finding, by package, by layer. Where it is known what the base
//! brought, a column says so.

use std::collections::BTreeMap;

use plimsoll_advice::{SourceFindings, by_source};
use plimsoll_model::{DiffId, Finding, Origin, Package, PackageId, RemedyAction, Scan};

use super::alert::origin;
use super::remedies::nothing_clears;
use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::Tone;
use crate::words::{first_of, severities, short_id};

/// How many ids a row of the remedy table names before it only counts.
const IDS_SHOWN: usize = 4;
/// How many binary packages a row names before it only counts.
const PACKAGES_SHOWN: usize = 3;

/// One row for each source package: what to update, to which version, and what that clears; then what
/// nothing clears.
pub(super) fn by_remedy(scan: &Scan, look: Look) -> String {
    let updates = by_source(&scan.packages, &scan.findings);
    let (fixable, open): (Vec<_>, Vec<_>) =
        updates.into_iter().partition(|update| update.version.is_some());
    // Whoever weighed other images knows of what is left whether one of them clears it; without such
    // advice all that is known is that no version of the package does.
    let is_weighed = scan.remedies.iter().any(|remedy| remedy.action == RemedyAction::None);
    let rest = match is_weighed {
        true => nothing_clears(scan, look),
        false => no_fix_yet(&open, look),
    };
    let tables = [update_table(&fixable, look), rest];
    let tables: Vec<_> = tables.into_iter().filter(|table| !table.is_empty()).collect();
    tables.join("\n")
}

fn update_table(updates: &[SourceFindings<'_>], look: Look) -> String {
    let in_parts = updates.iter().flat_map(|update| &update.findings).any(|f| is_placed(f));
    let mut columns = vec![
        ("UPDATE", Align::Left),
        ("FROM → TO", Align::Left),
        ("WORST", Align::Left),
        ("CLEARS", Align::Left),
    ];
    if in_parts {
        columns.insert(1, ("IN", Align::Left));
    }
    let mut grid = Grid::new(look, &columns);
    grid.at_least(0, 14);
    grid.unbroken(columns.len() - 2);
    for update in updates {
        let names = names(update);
        let versions = format!("{}\n→ {}", installed(update), update.version.unwrap_or_default());
        let (worst, ids) = (worst(update), ids(update));
        let mut row = vec![
            (names.as_str(), Tone::Strong),
            (&*versions, Tone::Normal),
            (&*worst, Tone::Severity(update.worst())),
            (&*ids, Tone::Normal),
        ];
        if in_parts {
            row.insert(1, (origin(update.findings.iter().copied()), Tone::Faint));
        }
        grid.row(row);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

fn no_fix_yet(updates: &[SourceFindings<'_>], look: Look) -> String {
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
    for update in updates {
        grid.row([
            (&*names(update), Tone::Normal),
            (installed(update), Tone::Normal),
            (&worst(update), Tone::Severity(update.worst())),
            (&ids(update), Tone::Normal),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// Whether it is known if the base or an own layer brought it.
fn is_placed(finding: &Finding) -> bool {
    finding.origin != Origin::Unknown
}

/// One row for each finding.
pub(super) fn by_finding(scan: &Scan, look: Look) -> String {
    let packages = by_id(&scan.packages);
    let in_parts = in_force(scan).any(is_placed);
    let mut columns = vec![
        ("ID", Align::Left),
        ("PACKAGE", Align::Left),
        ("INSTALLED", Align::Left),
        ("FIXED IN", Align::Left),
        ("SEVERITY", Align::Left),
    ];
    if in_parts {
        columns.insert(2, ("IN", Align::Left));
    }
    let mut grid = Grid::new(look, &columns);
    grid.unbroken(0);
    grid.unbroken(columns.len() - 1);
    let mut findings: Vec<_> = in_force(scan).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.kev.is_some(), finding.severity)));
    for finding in findings {
        let Some(package) = packages.get(&finding.package) else { continue };
        let fixed = finding.fixed_version.as_deref().unwrap_or(match &finding.sub_state {
            Some(word) => word,
            None => finding.state.as_str(),
        });
        let severity = severity(finding);
        let mut row = vec![
            (&*finding.id, Tone::Normal),
            (&*package.name, Tone::Strong),
            (&*package.version, Tone::Normal),
            (fixed, if finding.fixed_version.is_some() { Tone::Normal } else { Tone::Faint }),
            (&*severity, Tone::Severity(finding.severity)),
        ];
        if in_parts {
            row.insert(2, (origin(std::iter::once(finding)), Tone::Faint));
        }
        grid.row(row);
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
    let in_parts = in_force(scan).any(is_placed);
    let mut columns = vec![
        ("PACKAGE", Align::Left),
        ("INSTALLED", Align::Left),
        ("FINDINGS", Align::Right),
        ("FIXABLE", Align::Right),
        ("SEVERITIES", Align::Left),
    ];
    if in_parts {
        columns.insert(1, ("IN", Align::Left));
    }
    let mut grid = Grid::new(look, &columns);
    for (id, findings) in groups {
        let Some(package) = packages.get(id) else { continue };
        let fixable = findings.iter().filter(|finding| finding.fixed_version.is_some()).count();
        let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or_default();
        let (count, fixable) = (findings.len().to_string(), fixable.to_string());
        let severities = severities(findings.iter().copied());
        let mut row = vec![
            (&*package.name, Tone::Strong),
            (&*package.version, Tone::Normal),
            (&*count, Tone::Normal),
            (&*fixable, Tone::Normal),
            (&*severities, Tone::Severity(worst)),
        ];
        if in_parts {
            row.insert(1, (origin(findings.iter().copied()), Tone::Faint));
        }
        grid.row(row);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// One row for each layer, lowest first, also for those without findings.
pub(super) fn by_layer(scan: &Scan, look: Look) -> String {
    let packages = by_id(&scan.packages);
    let in_parts = scan.image.layers.iter().any(|layer| layer.origin != Origin::Unknown);
    let mut columns = vec![
        ("LAYER", Align::Right),
        ("PACKAGES", Align::Right),
        ("FINDINGS", Align::Right),
        ("FIXABLE", Align::Right),
        ("BUILD STEP", Align::Left),
    ];
    if in_parts {
        columns.insert(1, ("OF", Align::Left));
    }
    let mut grid = Grid::new(look, &columns);
    let layer_of = |id: &PackageId| packages.get(id).and_then(|p| p.introduced_in.as_ref());
    for (index, layer) in scan.image.layers.iter().enumerate() {
        let is_here = |of: Option<&DiffId>| of.is_some() && of == layer.diff_id.as_ref();
        let findings: Vec<_> =
            in_force(scan).filter(|finding| is_here(layer_of(&finding.package))).collect();
        let installed = scan.packages.iter().filter(|p| is_here(p.introduced_in.as_ref())).count();
        let fixable = findings.iter().filter(|finding| finding.fixed_version.is_some()).count();
        let worst = findings.iter().map(|finding| finding.severity).max();
        let (number, installed) = ((index + 1).to_string(), installed.to_string());
        let (count, fixable) = (findings.len().to_string(), fixable.to_string());
        let mut row = vec![
            (&*number, Tone::Strong),
            (&*installed, Tone::Normal),
            (&*count, worst.map_or(Tone::Normal, Tone::Severity)),
            (&*fixable, Tone::Normal),
            (layer.created_by.as_deref().unwrap_or("not recorded"), Tone::Faint),
        ];
        if in_parts {
            let whose = match layer.origin {
                Origin::Base => "base",
                Origin::Own => "own",
                Origin::Unknown => "",
            };
            row.insert(1, (whose, Tone::Faint));
        }
        grid.row(row);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// The findings that no rule set aside.
pub(super) fn in_force(scan: &Scan) -> impl Iterator<Item = &Finding> {
    scan.findings.iter().filter(|finding| finding.suppressed.is_none())
}

fn by_id(packages: &[Package]) -> BTreeMap<&PackageId, &Package> {
    packages.iter().map(|package| (&package.id, package)).collect()
}

/// The source, and the installed binaries where their names differ from it.
fn names(update: &SourceFindings<'_>) -> String {
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
fn installed<'a>(update: &SourceFindings<'a>) -> &'a str {
    update.packages.first().map_or("", |package| match &package.source {
        Some(source) => &source.version,
        None => &package.version,
    })
}

fn worst(update: &SourceFindings<'_>) -> String {
    let kev = update.findings.iter().any(|finding| finding.kev.is_some());
    format!("{}{}", update.worst(), if kev { "\nKEV" } else { "" })
}

fn severity(finding: &Finding) -> String {
    format!("{}{}", finding.severity, if finding.kev.is_some() { " KEV" } else { "" })
}

fn ids(update: &SourceFindings<'_>) -> String {
    let ids: Vec<&str> = update.distinct_ids().into_iter().map(short_id).collect();
    first_of(&ids, IDS_SHOWN)
}
