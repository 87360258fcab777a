//! What to do, the most useful first, and what nothing helps against.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_advice::{by_source, distinct};
use plimsoll_model::{
    Finding, FindingKey, Package, PackageId, Remedy, RemedyAction, Scan, Severity,
};

use super::groups::in_force;
use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{counted, first_of};

/// How many remedies are worth a choice; the rest are in the JSON.
const REMEDIES_SHOWN: usize = 5;
/// How many ids a row of what nothing clears names before it only counts.
const IDS_SHOWN: usize = 3;
/// How many packages such a row names before it only counts.
const PACKAGES_SHOWN: usize = 3;

/// The first remedies as rows, without those that the table of updates below has anyway; the recommended
/// one is always there. Empty where there would be nothing else.
pub(super) fn what_to_do(scan: &Scan, look: Look) -> String {
    let updates = by_source(&scan.packages, &scan.findings);
    let is_row_below = |remedy: &Remedy| {
        remedy.action == RemedyAction::UpgradePackages
            && remedy.introduces.is_empty()
            && remedy.reason.is_none()
            && updates.iter().any(|update| {
                let words = update.version.map(|version| format!("{} {version}", update.source));
                words.is_some() && words == remedy.target
            })
    };
    if offered(scan).all(is_row_below) {
        return String::new();
    }
    let remedies: Vec<_> = offered(scan)
        .enumerate()
        .filter(|(rank, remedy)| *rank == 0 || !is_row_below(remedy))
        .map(|(_, remedy)| remedy)
        .collect();
    let findings = by_key(scan);
    let mut grid = Grid::new(
        look,
        &[
            ("WHAT TO DO", Align::Left),
            ("CLEARS", Align::Left),
            ("BRINGS IN", Align::Right),
            ("CHANGES", Align::Left),
        ],
    );
    grid.unbroken(2);
    for (index, remedy) in remedies.iter().take(REMEDIES_SHOWN).enumerate() {
        let mut words = instruction(remedy, scan);
        if let Some(caveat) = &remedy.reason {
            words.push_str(&format!("\n({caveat})"));
        }
        let introduced = match remedy.introduces.len() {
            0 => Tone::Normal,
            _ => Tone::Alarm,
        };
        grid.row([
            (&*words, if index == 0 { Tone::Strong } else { Tone::Normal }),
            (&cleared(remedy, &findings), Tone::Normal),
            (&remedy.introduces.len().to_string(), introduced),
            (&changed(remedy), Tone::Normal),
        ]);
    }
    let mut text = grid.to_string();
    if remedies.len() > REMEDIES_SHOWN {
        let more = remedies.len() - REMEDIES_SHOWN;
        let words = format!("and {more} more (--format json has all)");
        text.push_str(&flow(look, "", &[(words, Tone::Faint)]));
    }
    text
}

/// The remedies that do something, the recommended one first.
pub(crate) fn offered(scan: &Scan) -> impl Iterator<Item = &Remedy> {
    scan.remedies.iter().filter(|remedy| remedy.action != RemedyAction::None)
}

/// A remedy of the scan as an instruction: `build on today's debian:bookworm-slim`.
pub fn instruction(remedy: &Remedy, scan: &Scan) -> String {
    let target = remedy.target.as_deref().unwrap_or("");
    let is = |name: Option<&str>| name == Some(target);
    let base = scan.base.as_ref().map(|base| base.reference.as_str());
    match remedy.action {
        RemedyAction::UpgradeImage if is(Some(&scan.image.reference)) => {
            format!("take today's {target}")
        }
        RemedyAction::UpgradeImage => format!("take {target}"),
        RemedyAction::UpgradeBase if is(base) => format!("build on today's {target}"),
        RemedyAction::UpgradeBase => format!("build on {target}"),
        RemedyAction::RebaseAndPatch if is(base) => {
            format!("build on today's {target} and upgrade the packages of the own layers")
        }
        RemedyAction::RebaseAndPatch => {
            format!("build on {target} and upgrade the packages of the own layers")
        }
        RemedyAction::UpgradePackages => match target.split_once(' ') {
            Some((source, version)) if !version.contains(' ') => {
                format!("upgrade {source} to {version}")
            }
            _ => format!("install {target}"),
        },
        RemedyAction::BumpDependency => format!("raise {target}"),
        RemedyAction::None => "nothing yet".to_owned(),
    }
}

/// `41` and below it the worst of them: `1 KEV, 2 critical, 5 high`.
fn cleared(remedy: &Remedy, findings: &BTreeMap<&FindingKey, &Finding>) -> String {
    let worst = worst_of(remedy, findings);
    let count = remedy.clears.len();
    match worst.is_empty() {
        true => count.to_string(),
        false => format!("{count}\n{worst}"),
    }
}

/// `1 KEV, 2 critical, 5 high`, of what the remedy clears; empty where it clears none of these.
pub(crate) fn worst_of(remedy: &Remedy, findings: &BTreeMap<&FindingKey, &Finding>) -> String {
    let cleared: Vec<_> = remedy.clears.iter().filter_map(|key| findings.get(key)).collect();
    let of = |is: &dyn Fn(&Finding) -> bool| cleared.iter().filter(|finding| is(finding)).count();
    let counts = [
        (of(&|finding| finding.kev.is_some()), "KEV"),
        (of(&|finding| finding.severity == Severity::Critical), "critical"),
        (of(&|finding| finding.severity == Severity::High), "high"),
    ];
    let words: Vec<_> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    words.join(", ")
}

/// How many packages change; empty where that is not known.
pub(crate) fn changed(remedy: &Remedy) -> String {
    match remedy.changes.len() {
        0 => String::new(),
        n => counted(n, "package", "packages"),
    }
}

/// Every finding of the scan by its key.
pub(crate) fn by_key(scan: &Scan) -> BTreeMap<&FindingKey, &Finding> {
    scan.findings.iter().map(|finding| (&finding.key, finding)).collect()
}

/// One row for each reason why nothing clears findings: the reason, the packages, the ids.
pub(super) fn nothing_clears(scan: &Scan, look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            ("NOTHING CLEARS", Align::Left),
            ("WORST", Align::Left),
            ("FINDINGS", Align::Left),
            ("WHY", Align::Left),
        ],
    );
    grid.at_least(0, 14);
    grid.unbroken(1);
    for (reason, findings) in uncleared(scan) {
        let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or_default();
        grid.row([
            (&*sources(scan, &findings), Tone::Normal),
            (worst.as_str(), Tone::Severity(worst)),
            (&first_of(&distinct_ids(&findings), IDS_SHOWN), Tone::Normal),
            (reason, Tone::Faint),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// The findings that nothing clears, by the vendor's reason, the worst group first.
pub(crate) fn uncleared(scan: &Scan) -> Vec<(&str, Vec<&Finding>)> {
    let mut groups: BTreeMap<&str, BTreeSet<&FindingKey>> = BTreeMap::new();
    for remedy in scan.remedies.iter().filter(|remedy| remedy.action == RemedyAction::None) {
        let reason = remedy.reason.as_deref().unwrap_or("no fix yet");
        groups.entry(reason).or_default().extend(&remedy.clears);
    }
    let mut groups: Vec<(&str, Vec<&Finding>)> = groups
        .into_iter()
        .map(|(reason, keys)| {
            let mut findings: Vec<_> =
                in_force(scan).filter(|finding| keys.contains(&finding.key)).collect();
            findings.sort_by_key(|f| std::cmp::Reverse((f.kev.is_some(), f.severity)));
            (reason, findings)
        })
        .filter(|(_, findings)| !findings.is_empty())
        .collect();
    groups.sort_by_key(|(_, findings)| {
        std::cmp::Reverse((findings.first().map(|finding| finding.severity), findings.len()))
    });
    groups
}

/// The ids of the findings, each once, in their order.
pub(crate) fn distinct_ids<'a>(findings: &[&'a Finding]) -> Vec<&'a str> {
    distinct(findings.iter().map(|finding| finding.id.as_str()))
}

/// The source packages of the findings, in their order; those beyond the first few only counted.
pub(crate) fn sources(scan: &Scan, findings: &[&Finding]) -> String {
    let packages: BTreeMap<&PackageId, &Package> =
        scan.packages.iter().map(|package| (&package.id, package)).collect();
    let mut names: Vec<&str> = Vec::new();
    for package in findings.iter().filter_map(|finding| packages.get(&finding.package)) {
        let name = package.source.as_ref().map_or(&*package.name, |source| &source.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(PACKAGES_SHOWN);
    names.truncate(PACKAGES_SHOWN);
    match more {
        0 => names.join(", "),
        n => format!("{}, {n} more", names.join(", ")),
    }
}
