//! The updates as rows.

use plimsoll_model::{HeldBack, Update};

use super::changelog::words;
use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::tone::Tone;
use crate::words::first_of;

/// How many ids a row names before it only counts.
const IDS_SHOWN: usize = 4;

/// One row for each source package.
pub(super) fn table(updates: &[&Update], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            ("SOURCE", Align::Left),
            ("INSTALLED → CANDIDATE", Align::Left),
            ("SUITE", Align::Left),
            ("IDS", Align::Left),
        ],
    );
    grid.at_least(0, 14);
    for update in updates {
        let [source, installed, candidate] = words(update);
        let versions = format!("{installed}\n→ {candidate}");
        let tone = match (update.severity, update.security) {
            (Some(severity), _) => Tone::Severity(severity),
            (None, true) => Tone::Alarm,
            (None, false) => Tone::Normal,
        };
        grid.row([
            (&*source, Tone::Strong),
            (&versions, Tone::Normal),
            (&suite(update), Tone::Normal),
            (&ids(update), tone),
        ]);
    }
    grid.to_string()
}

/// The suite, that it is for security where its name does not say so, and what keeps the update back.
fn suite(update: &Update) -> String {
    let mut text = update.suite.clone();
    if update.security && !text.contains("security") {
        text.push_str("\nsecurity");
    }
    if let Some(held) = update.held_back {
        text.push_str(&format!("\n{}", why_held(held)));
    }
    text
}

/// What keeps an update back.
pub(crate) fn why_held(held: HeldBack) -> &'static str {
    match held {
        HeldBack::Hold => "held back: on hold",
        HeldBack::Pinned => "held back: pinned",
        HeldBack::Phased => "held back: phased",
    }
}

fn ids(update: &Update) -> String {
    let ids: Vec<&str> = update.ids.iter().map(String::as_str).collect();
    let ids = match ids.len() {
        0 if update.security => "no id named".to_owned(),
        _ => first_of(&ids, IDS_SHOWN),
    };
    match update.severity {
        Some(severity) => format!("{severity}\n{ids}"),
        None => ids,
    }
}
