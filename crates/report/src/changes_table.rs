//! The answer of `plimsoll changes` for people.

mod archive;
mod changelog;
mod overview;

use plimsoll_advice::distinct;
use plimsoll_model::{Changes, Update};

pub(crate) use archive::archive_lines;
pub(crate) use changelog::{ENTRIES_SHOWN, WORD_SHOWN, beginning, entry_title, update_title};
pub(crate) use overview::why_held;

use crate::look::Look;
use crate::scan_table::header;
use crate::tone::{Tone, flow};
use crate::words::{counted, plural};

/// How much of the changelogs to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The first lines of the newest entries.
    Short,
    /// Everything.
    Full,
}

/// The updates of an image that are shown, and what the document does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The document.
    pub changes: &'a Changes,
    /// How many updates a filter took out of the document.
    pub hidden: usize,
}

/// The whole report: the image, what the archive is worth, the updates as a table, then what their
/// changelogs say.
pub fn changes_table(shown: Shown<'_>, length: Length, look: Look) -> String {
    let Shown { changes, .. } = shown;
    let mut text = header(&changes.image, changes.os.as_ref(), changes.as_of, look);
    for line in archive_lines(changes) {
        text.push_str(&flow(look, " · ", &line));
    }
    text.push('\n');
    text.push_str(&flow(look, "; ", &sum(shown)));
    let updates = by_urgency(&changes.updates);
    if !updates.is_empty() {
        text.push('\n');
        text.push_str(&overview::table(&updates, look));
    }
    for update in &updates {
        text.push('\n');
        text.push_str(&changelog::section(update, length, look));
    }
    if !changes.problems.is_empty() {
        text.push('\n');
    }
    for problem in &changes.problems {
        let words = format!("problem: {}: {}", problem.path, problem.message);
        text.push_str(&flow(look, "", &[(words, Tone::Alarm)]));
    }
    text
}

/// Security updates first, then those the distribution calls worse, then those that name more ids.
pub(crate) fn by_urgency(updates: &[Update]) -> Vec<&Update> {
    let mut updates: Vec<_> = updates.iter().collect();
    updates.sort_by_key(|update| {
        let key = (update.security, update.severity, update.ids.len());
        (std::cmp::Reverse(key), &update.source)
    });
    updates
}

/// How many updates wait, and what to know of them before anything is typed.
pub(crate) fn sum(shown: Shown<'_>) -> Vec<(String, Tone)> {
    let Shown { changes, hidden } = shown;
    let is_whole = changes.is_whole;
    let updates = &changes.updates;
    let security: Vec<_> = updates.iter().filter(|update| update.security).collect();
    let mut parts = Vec::new();
    let mut part = |words: String, tone| parts.push((words, tone));
    match (updates.len(), hidden) {
        (0, 0) => {}
        (0, _) if is_whole => part("no pending security updates".to_owned(), Tone::Good),
        (0, _) => {}
        (n, _) if n == security.len() => {}
        (n, _) => part(format!("{} pending", counted(n, "update", "updates")), Tone::Strong),
    }
    if !security.is_empty() {
        let pending = if security.len() == updates.len() { " pending" } else { "" };
        let ids = distinct(security.iter().flat_map(|update| &update.ids).map(String::as_str));
        let named = match ids.len() {
            0 => "no id named".to_owned(),
            n => counted(n, "id", "ids"),
        };
        let words = counted(security.len(), "security update", "security updates");
        part(format!("{words}{pending} ({named})"), Tone::Alarm);
    }
    let mut count =
        |of: fn(&Update) -> bool, words: &str, tone| match updates.iter().filter(|u| of(u)).count()
        {
            0 => {}
            n => part(format!("{n} {words}"), tone),
        };
    count(|update| update.news.is_some(), "with changes of behaviour", Tone::Alarm);
    count(|update| update.held_back.is_some(), "held back", Tone::Normal);
    count(|update| update.problem.is_some(), "without a changelog", Tone::Normal);
    if hidden > 0 {
        let words = plural(hidden, "update is", "updates are");
        part(format!("{hidden} other {words} not shown"), Tone::Normal);
    }
    match (is_whole, updates.len() + hidden, changes.problems.len()) {
        (false, _, _) if changes.distribution_archive.is_empty() => {
            let words = "cannot know: no distribution archive is known for this system";
            part(words.to_owned(), Tone::Alarm);
        }
        (false, _, _) if updates.is_empty() => {
            let words = "cannot know: the archive's word on security does not count";
            part(words.to_owned(), Tone::Alarm);
        }
        (false, _, _) => {
            let words = "there may be more: the archive's word on security does not count";
            part(words.to_owned(), Tone::Alarm);
        }
        (true, 0, 0) => {
            part("no pending updates: nothing newer is offered".to_owned(), Tone::Good);
        }
        (true, 0, n) => {
            let problems = counted(n, "problem", "problems");
            part(format!("no pending updates in what could be read, but {problems}"), Tone::Alarm);
        }
        (true, _, _) => {}
    }
    parts
}
