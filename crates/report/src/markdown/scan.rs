//! Scans as Markdown.

use plimsoll_advice::{by_source, next_command};
use plimsoll_model::{Finding, Os, RemedyAction, Scan};

use super::escape::for_markdown;
use super::table::{folded, table, title};
use crate::filtered::Filtered;
use crate::scan_table::{
    Since, by_key, can_be_summed, caveats, changed, distinct_ids, instruction, offered, parts,
    since, sources, sum, support, uncleared, worst_of,
};
use crate::words::{self, counted, day, first_of, short_id};

/// Ids named in a cell before they are only counted.
const IDS_SHOWN: usize = 6;
/// Problems listed before they are only counted.
const PROBLEMS_SHOWN: usize = 10;
/// Remedies offered: more are no choice.
const REMEDIES_SHOWN: usize = 5;

/// The scans, one section each: what is wrong and since when, what to do, what to type next; the details
/// folded away.
pub fn markdown(scans: &[Filtered<'_>]) -> String {
    let sections: Vec<_> = scans.iter().map(|filtered| section(*filtered)).collect();
    sections.join("\n")
}

fn section(filtered: Filtered<'_>) -> String {
    let scan = filtered.scan;
    let title = title(&scan.image);
    let blocks = [
        title,
        alert(filtered),
        about(scan),
        what_to_do(scan),
        next(scan),
        folded("Updates and what each clears", &updates(scan)),
        folded("What nothing clears", &nothing_clears(scan)),
        notes(filtered),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n")
}

/// The sum in bold, then since when, then where.
fn alert(filtered: Filtered<'_>) -> String {
    let scan = filtered.scan;
    if !can_be_summed(filtered) {
        return String::new();
    }
    let sum: Vec<_> = sum(scan).into_iter().map(|(words, _)| words).collect();
    let mut lines = vec![format!("**{}**", sum.join("; "))];
    let since = since(scan);
    let since = since
        .iter()
        .map(|Since { what, date, id, .. }| format!("{what} {date} ({})", for_markdown(id)));
    let since: Vec<_> = since.collect();
    if !since.is_empty() {
        lines.push(since.join("; "));
    }
    lines.extend(parts(scan));
    lines.join("\\\n") + "\n"
}

/// The system, how long it is cared for, when the image was built and on what.
fn about(scan: &Scan) -> String {
    let mut facts = Vec::new();
    match &scan.os {
        Some(os) => {
            facts.push(for_markdown(system(os)));
            facts.extend(os.eol.as_ref().map(|eol| support(eol, scan.as_of).0));
        }
        None => facts.push("no operating system was recognised".to_owned()),
    }
    facts.extend(scan.image.created.map(|created| format!("built {}", day(created))));
    facts.extend(scan.base.as_ref().map(|base| {
        let (name, evidence) = words::base(base, scan.image.layers.len());
        format!("on {} ({evidence})", for_markdown(&name))
    }));
    let data = scan.database.as_of.map(|as_of| as_of.strftime("%Y-%m-%d %H:%M UTC").to_string());
    facts.push(match data {
        Some(data) => format!("advisories of {data}"),
        None => "no advisories to judge with".to_owned(),
    });
    format!("{}\n", facts.join(" · "))
}

fn system(os: &Os) -> &str {
    os.pretty_name.as_deref().unwrap_or(&os.id)
}

fn what_to_do(scan: &Scan) -> String {
    let findings = by_key(scan);
    let rows: Vec<_> = offered(scan)
        .take(REMEDIES_SHOWN)
        .map(|remedy| {
            let worst = worst_of(remedy, &findings);
            let worst = if worst.is_empty() { worst } else { format!(" ({worst})") };
            let caveat =
                remedy.reason.as_deref().map(|reason| format!(" {}", for_markdown(reason)));
            vec![
                for_markdown(&instruction(remedy, scan)) + &caveat.unwrap_or_default(),
                format!("{}{worst}", remedy.clears.len()),
                remedy.introduces.len().to_string(),
                changed(remedy),
            ]
        })
        .collect();
    table(&["What to do", "Clears", "Brings in", "Changes"], &rows)
}

fn next(scan: &Scan) -> String {
    let command = next_command(scan);
    command.map(|command| format!("Next: {}\n", for_markdown(&command))).unwrap_or_default()
}

fn updates(scan: &Scan) -> String {
    let updates = by_source(&scan.packages, &scan.findings);
    let rows: Vec<_> = updates
        .iter()
        .filter_map(|update| {
            let version = update.version?;
            let installed = update.packages.first().map_or("", |package| match &package.source {
                Some(source) => &source.version,
                None => &package.version,
            });
            let ids: Vec<_> = update.distinct_ids().into_iter().map(short_id).collect();
            Some(vec![
                for_markdown(update.source),
                for_markdown(installed),
                for_markdown(version),
                worst(&update.findings),
                for_markdown(&first_of(&ids, IDS_SHOWN)),
            ])
        })
        .collect();
    table(&["Update", "From", "To", "Worst", "Clears"], &rows)
}

fn worst(findings: &[&Finding]) -> String {
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or_default();
    match findings.iter().any(|finding| finding.kev.is_some()) {
        true => format!("**{worst}, KEV**"),
        false => worst.to_string(),
    }
}

/// By the vendor's reason where other images were weighed too, else by source package.
fn nothing_clears(scan: &Scan) -> String {
    let is_weighed = scan.remedies.iter().any(|remedy| remedy.action == RemedyAction::None);
    let groups = match is_weighed {
        true => uncleared(scan),
        false => by_source(&scan.packages, &scan.findings)
            .into_iter()
            .filter(|update| update.version.is_none())
            .map(|update| ("no fix yet", update.findings))
            .collect(),
    };
    let rows: Vec<_> = groups
        .iter()
        .map(|(reason, findings)| {
            vec![
                for_markdown(&sources(scan, findings)),
                worst(findings),
                for_markdown(&first_of(&distinct_ids(findings), IDS_SHOWN)),
                for_markdown(reason),
            ]
        })
        .collect();
    table(&["Packages", "Worst", "Findings", "Why"], &rows)
}

fn notes(filtered: Filtered<'_>) -> String {
    let scan = filtered.scan;
    let caveats = caveats(filtered).into_iter().map(|(words, _)| words);
    let problems = scan
        .problems
        .iter()
        .take(PROBLEMS_SHOWN)
        .map(|problem| format!("problem: {}: {}", problem.path, problem.message));
    let more = scan.problems.len().saturating_sub(PROBLEMS_SHOWN);
    let more =
        (more > 0).then(|| format!("and {}", counted(more, "more problem", "more problems")));
    let notes = caveats.chain(problems).chain(more);
    notes.map(|words| format!("- {}\n", for_markdown(&words))).collect()
}
