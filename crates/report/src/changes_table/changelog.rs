//! What the changelog says of one update.

use std::borrow::Cow;

use plimsoll_model::{ChangelogEntry, Update};

use super::Length;
use super::overview::why_held;
use crate::look::Look;
use crate::paragraph::paragraph;
use crate::tone::{Tone, flow};
use crate::words::{counted, cut, day};

/// Entries printed of one update unless everything is asked for: what is far behind has dozens.
pub(crate) const ENTRIES_SHOWN: usize = 4;
/// Lines printed of one entry unless everything is asked for: a new upstream version may bring hundreds.
const LINES_SHOWN: usize = 8;
/// Characters printed of one line unless everything is asked for: nobody writes longer ones by hand.
const CHARACTERS_SHOWN: usize = 400;
/// Characters printed of a name or a version: real ones have less than half as many.
pub(crate) const WORD_SHOWN: usize = 100;
/// Blanks before the line of an entry's version.
const INDENT: usize = 2;

/// A line that names the update, then the news, then the entries.
pub(super) fn section(update: &Update, length: Length, look: Look) -> String {
    let mut parts =
        vec![(update_title(update), Tone::Strong), (update.suite.clone(), Tone::Normal)];
    if !update.binaries.is_empty() && update.binaries != [update.source.as_str()] {
        parts.push((update.binaries.join(", "), Tone::Faint));
    }
    let mut text = flow(look, " · ", &parts);
    let mut lines = |indent, words: &str, tone| {
        for line in paragraph(look, indent, words, tone) {
            text.push_str(&line);
            text.push('\n');
        }
    };
    if let Some(held) = update.held_back {
        lines(INDENT, why_held(held), Tone::Alarm);
    }
    if let Some(news) = &update.news {
        lines(INDENT, "behaviour changes: read before updating", Tone::Alarm);
        let (news, more) = beginning(news, length);
        lines(2 * INDENT, &news, Tone::Normal);
        lines(2 * INDENT, &more, Tone::Faint);
    }
    let shown = match length {
        Length::Short => ENTRIES_SHOWN,
        Length::Full => usize::MAX,
    };
    for entry in update.entries.iter().take(shown) {
        lines(INDENT, &entry_title(entry), Tone::Normal);
        let (changes, more) = beginning(&entry.text, length);
        lines(2 * INDENT, &changes, Tone::Normal);
        lines(2 * INDENT, &more, Tone::Faint);
    }
    if update.entries.len() > shown {
        let more = counted(update.entries.len() - shown, "older entry", "older entries");
        lines(INDENT, &format!("… {more} (--full prints all)"), Tone::Faint);
    }
    match (&update.problem, update.entries.is_empty()) {
        (Some(problem), _) => lines(INDENT, &format!("no changelog: {problem}"), Tone::Alarm),
        (None, true) => lines(INDENT, "the changelog says nothing between the two", Tone::Faint),
        (None, false) if !update.complete => {
            let words = format!("incomplete: it does not reach down to {}", update.installed);
            lines(INDENT, &words, Tone::Alarm);
        }
        (None, false) => {}
    }
    text
}

/// `openssl 3.0.16-1 → 3.0.17-1`.
pub(crate) fn update_title(update: &Update) -> String {
    let [source, installed, candidate] = words(update);
    format!("{source} {installed} → {candidate}")
}

/// Source, installed version, and candidate.
pub(super) fn words(update: &Update) -> [Cow<'_, str>; 3] {
    [&update.source, &update.installed, &update.candidate].map(|word| cut(word, WORD_SHOWN))
}

/// `3.0.17-1 · 2026-11-02 · urgency medium`.
pub(crate) fn entry_title(entry: &ChangelogEntry) -> String {
    let mut title = cut(&entry.version, WORD_SHOWN).into_owned();
    if let Some(date) = entry.date {
        title.push_str(&format!(" · {}", day(date)));
    }
    if let Some(urgency) = &entry.urgency {
        title.push_str(&format!(" · urgency {}", cut(urgency, WORD_SHOWN)));
    }
    title
}

/// As much of the text as is to be printed, without empty lines and without the blanks before every line,
/// and what to say of the rest.
pub(crate) fn beginning(text: &str, length: Length) -> (String, String) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = match length {
        Length::Short if lines.len() > LINES_SHOWN => LINES_SHOWN,
        Length::Short | Length::Full => lines.len(),
    };
    let more = match lines.len() - shown {
        0 => String::new(),
        n => format!("… {}", counted(n, "more line", "more lines")),
    };
    let blanks = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().map(blanks).min().unwrap_or(0);
    let lines = lines.into_iter().take(shown).map(|line| {
        let line = line.get(common..).unwrap_or_default();
        match length {
            Length::Short => cut(line, CHARACTERS_SHOWN),
            Length::Full => Cow::Borrowed(line),
        }
    });
    let lines: Vec<_> = lines.collect();
    (lines.join("\n"), more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_whatever_its_words() {
        let entry = |version: &str, urgency: &str| ChangelogEntry {
            version: version.to_owned(),
            date: None,
            urgency: Some(urgency.to_owned()),
            text: String::new(),
        };
        assert_eq!(entry_title(&entry("1.2-3", "low")), "1.2-3 · urgency low");
        let long = "9".repeat(1 << 20);
        let cut = format!("{}…", "9".repeat(WORD_SHOWN));
        assert_eq!(entry_title(&entry(&long, &long)), format!("{cut} · urgency {cut}"));
    }
}
