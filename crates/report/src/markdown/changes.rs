//! Pending updates as Markdown.

use plimsoll_model::{Changes, Update};

use super::escape::{code_block, for_html, for_markdown};
use super::table::{folded, table};
use crate::changes_table::{
    ENTRIES_SHOWN, Length, Pending, archive_lines, beginning, by_urgency, entry_title, sum,
    why_held,
};
use crate::words::{counted, first_of};

/// Ids named in a cell before they are only counted.
const IDS_SHOWN: usize = 6;
/// Updates whose changelogs are printed: GitHub refuses comments of more than 65,536 characters.
const CHANGELOGS_SHOWN: usize = 20;

/// The updates of each image as a table, with their changelogs folded away.
pub fn changes_markdown(pending: &[Pending<'_>]) -> String {
    let sections: Vec<_> = pending.iter().map(|pending| section(*pending)).collect();
    sections.join("\n")
}

fn section(pending: Pending<'_>) -> String {
    let changes = pending.changes;
    let platform = changes.image.platform.as_ref().map(|platform| format!(" ({platform})"));
    let name = for_markdown(&changes.image.reference);
    let sum: Vec<_> = sum(pending).into_iter().map(|(words, _)| words).collect();
    let updates = by_urgency(&changes.updates);
    let rows: Vec<_> = updates.iter().map(|update| row(update)).collect();
    let folded: String =
        updates.iter().take(CHANGELOGS_SHOWN).map(|update| changelog(update)).collect();
    let left_out = updates.len().saturating_sub(CHANGELOGS_SHOWN);
    let left_out = match left_out {
        0 => String::new(),
        n => format!(
            "The changelogs of {} are left out.\n",
            counted(n, "more update", "more updates")
        ),
    };
    let blocks = [
        format!("## {name}{}\n", platform.unwrap_or_default()),
        format!("**{}**\n", sum.join("; ")),
        archive(changes),
        table(&["Source", "Installed", "Candidate", "Suite", "Ids"], &rows),
        folded,
        left_out,
        problems(changes),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n")
}

fn archive(changes: &Changes) -> String {
    let lines = archive_lines(changes).into_iter().map(|parts| {
        let words: Vec<_> = parts.into_iter().map(|(words, _)| words).collect();
        format!("- {}\n", for_markdown(&words.join(" · ")))
    });
    lines.collect()
}

fn problems(changes: &Changes) -> String {
    let lines = changes.problems.iter().map(|problem| {
        let words = format!("problem: {}: {}", problem.path, problem.message);
        format!("- {}\n", for_markdown(&words))
    });
    lines.collect()
}

fn row(update: &Update) -> Vec<String> {
    let ids: Vec<&str> = update.ids.iter().map(String::as_str).collect();
    let ids = match ids.len() {
        0 if update.security => "no id named".to_owned(),
        _ => for_markdown(&first_of(&ids, IDS_SHOWN)),
    };
    let severity = update.severity.map(|severity| format!("{severity} ")).unwrap_or_default();
    let mut suite = for_markdown(&update.suite);
    if update.security {
        suite.push_str(" (security)");
    }
    if let Some(held) = update.held_back {
        suite.push_str(&format!(", {}", why_held(held)));
    }
    vec![
        for_markdown(&update.source),
        for_markdown(&update.installed),
        for_markdown(&update.candidate),
        suite,
        format!("{severity}{ids}"),
    ]
}

/// News first: they are to be read before updating.
fn changelog(update: &Update) -> String {
    let mut body = String::new();
    if let Some(news) = &update.news {
        let (news, more) = beginning(news, Length::Short);
        body.push_str("**Behaviour changes: read before updating**\n\n");
        body.push_str(&code_block(&format!("{news}\n{more}")));
        body.push('\n');
    }
    let mut text = String::new();
    for entry in update.entries.iter().take(ENTRIES_SHOWN) {
        let (changes, more) = beginning(&entry.text, Length::Short);
        let title = entry_title(entry);
        for line in [&title, &changes, &more].into_iter().filter(|line| !line.is_empty()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !text.is_empty() {
        body.push_str(&code_block(&text));
    }
    if update.entries.len() > ENTRIES_SHOWN {
        let more = update.entries.len() - ENTRIES_SHOWN;
        body.push_str(&format!("\nand {}\n", counted(more, "older entry", "older entries")));
    }
    match &update.problem {
        Some(problem) => {
            body.push_str(&format!("\nNo changelog: {}\n", for_markdown(problem)));
        }
        None if !update.complete && !update.entries.is_empty() => {
            let installed = for_markdown(&update.installed);
            body.push_str(&format!("\nIncomplete: it does not reach down to {installed}\n"));
        }
        None => {}
    }
    let title = format!("{} {} → {}", update.source, update.installed, update.candidate);
    folded(&for_html(&title), &body)
}
