//! Pending updates as Markdown.

use plimsoll_model::{Changes, Update};

use super::escape::{code_block, for_html, for_markdown};
use super::table::{folded, list_within, table_within, title};
use crate::changes_table::{
    ENTRIES_SHOWN, Length, Shown, WORD_SHOWN, archive_lines, beginning, by_urgency, entry_title,
    sum, update_title, why_held,
};
use crate::words::{counted, cut, first_of};

/// GitHub refuses comments of more characters. Counted in bytes, of which there are no fewer.
const MAX_BYTES: usize = 65_536;
/// Ids named in a cell before they are only counted.
const IDS_SHOWN: usize = 6;
/// Characters printed of a line about a suite or a problem.
const LINE_SHOWN: usize = 400;

/// The updates of each image as a table, with their changelogs folded away as far as there is room for them: each
/// image has an equal share of it.
pub fn changes_markdown(shown: &[Shown<'_>]) -> String {
    // Less the line between two of them.
    let room = (MAX_BYTES / shown.len().max(1)).saturating_sub(1);
    let sections: Vec<_> = shown.iter().map(|shown| section(*shown, room)).collect();
    sections.join("\n")
}

fn section(shown: Shown<'_>, room: usize) -> String {
    let changes = shown.changes;
    let sum: Vec<_> = sum(shown).into_iter().map(|(words, _)| words).collect();
    let updates = by_urgency(&changes.updates);
    let rows: Vec<_> = updates.iter().map(|update| row(update)).collect();
    let mut page = Page { text: String::new(), room };
    page.add(&title(&changes.image));
    page.add(&format!("**{}**\n", sum.join("; ")));
    page.add(&archive(changes, room / 4));
    let problems = problems(changes, room / 4);
    // What went wrong is to be said whatever is left out.
    page.room = page.room.saturating_sub(problems.len() + 1);
    let titles = ["Source", "Installed", "Candidate", "Suite", "Ids"];
    page.add(&table_within(page.left(), &titles, &rows));
    let left_out = |count| {
        let updates = counted(count, "more update", "more updates");
        format!("The changelogs of {updates} are left out.\n")
    };
    let reserved = left_out(updates.len()).len() + 1;
    page.room = page.room.saturating_sub(reserved);
    let mut folded = String::new();
    let mut without = 0;
    for update in updates {
        let changelog = changelog(update);
        match folded.len() + changelog.len() < page.left() {
            true => folded.push_str(&changelog),
            false => without += 1,
        }
    }
    page.add(&folded);
    page.room += reserved;
    if without > 0 {
        page.add(&left_out(without));
    }
    page.room = room;
    page.add(&problems);
    page.text
}

/// Blocks with an empty line between them, in a limited number of bytes.
struct Page {
    text: String,
    room: usize,
}

impl Page {
    fn left(&self) -> usize {
        self.room.saturating_sub(self.text.len() + 1)
    }

    /// Adds a block where it fits.
    fn add(&mut self, block: &str) {
        if block.is_empty() || block.len() > self.left() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
    }
}

fn archive(changes: &Changes, room: usize) -> String {
    let lines = archive_lines(changes).into_iter().map(|parts| {
        let words: Vec<_> = parts.into_iter().map(|(words, _)| words).collect();
        for_markdown(&cut(&words.join(" · "), LINE_SHOWN))
    });
    list_within(room, lines)
}

fn problems(changes: &Changes, room: usize) -> String {
    let lines = changes.problems.iter().map(|problem| {
        let words = format!("problem: {}: {}", problem.path, problem.message);
        for_markdown(&cut(&words, LINE_SHOWN))
    });
    list_within(room, lines)
}

/// A name or a version in a cell.
fn word(text: &str) -> String {
    for_markdown(&cut(text, WORD_SHOWN))
}

fn row(update: &Update) -> Vec<String> {
    let ids: Vec<&str> = update.ids.iter().map(String::as_str).collect();
    let ids = match ids.len() {
        0 if update.security => "no id named".to_owned(),
        _ => for_markdown(&cut(&first_of(&ids, IDS_SHOWN), LINE_SHOWN)),
    };
    let severity = update.severity.map(|severity| format!("{severity} ")).unwrap_or_default();
    let mut suite = word(&update.suite);
    if update.security {
        suite.push_str(" (security)");
    }
    if let Some(held) = update.held_back {
        suite.push_str(&format!(", {}", why_held(held)));
    }
    vec![
        word(&update.source),
        word(&update.installed),
        word(&update.candidate),
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
            body.push_str(&format!(
                "\nNo changelog: {}\n",
                for_markdown(&cut(problem, LINE_SHOWN))
            ));
        }
        None if !update.complete && !update.entries.is_empty() => {
            let installed = word(&update.installed);
            body.push_str(&format!("\nIncomplete: it does not reach down to {installed}\n"));
        }
        None => {}
    }
    folded(&for_html(&update_title(update)), &body)
}
