//! The newest date that was seen of each suite: an archive that shows an older one afterwards is a replay.
//!
//! One line for each suite in a file of the state directory, which, unlike the cache, is not pruned.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use jiff::Timestamp;

use crate::session::Session;
use crate::state_file;

/// Suites that anybody asks; a longer file is not ours.
const MAX_LINES: usize = 10_000;

const FILE: &str = "archive-dates";

/// The dates by address.
#[derive(Debug, Default)]
pub(super) struct Dates {
    seen: Seen,
    has_changed: bool,
}

type Seen = BTreeMap<String, Timestamp>;

impl Dates {
    pub(super) fn load(session: &Session) -> Self {
        Self { seen: parse(&state_file::read(session, FILE)), has_changed: false }
    }

    /// The newest date of the suite at this address.
    pub(super) fn seen(&self, address: &str) -> Option<Timestamp> {
        self.seen.get(address).copied()
    }

    pub(super) fn note(&mut self, address: &str, date: Timestamp) {
        if self.seen(address).is_none_or(|seen| seen < date) && !address.contains('\n') {
            self.seen.insert(address.to_owned(), date);
            self.has_changed = true;
        }
    }

    /// Adds them to those that others stored, where something is new. Without them an archive may go back in time.
    pub(super) fn store(&mut self, session: &Session) -> io::Result<()> {
        match std::mem::take(&mut self.has_changed) {
            true => state_file::update(session, FILE, |text| merged(&self.seen, parse(text))),
            false => Ok(()),
        }
    }
}

fn parse(text: &str) -> Seen {
    let line = |line: &str| {
        let (at, address) = line.split_once(' ')?;
        Some((address.to_owned(), at.parse().ok()?))
    };
    text.lines().take(MAX_LINES).filter_map(line).collect()
}

/// The newest of each.
fn merged(ours: &Seen, mut all: Seen) -> String {
    for (address, date) in ours {
        let seen = all.entry(address.clone()).or_insert(*date);
        *seen = (*seen).max(*date);
    }
    let mut text = String::new();
    for (address, at) in &all {
        let _ = writeln!(text, "{at} {address}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_two_processes_saw_the_newest_is_kept() {
        let ours = parse("2026-06-01T00:00:00Z https://a/\n2026-06-02T00:00:00Z https://b/ c\n");
        let theirs = parse(
            "2026-06-03T00:00:00Z https://a/\nno date https://d/\n2026-06-01T00:00:00Z https://b/ c\n\
             2026-06-04T00:00:00Z https://e/\n",
        );
        let expected = "2026-06-03T00:00:00Z https://a/\n\
                        2026-06-02T00:00:00Z https://b/ c\n\
                        2026-06-04T00:00:00Z https://e/\n";
        assert_eq!(merged(&ours, theirs), expected);
    }

    #[test]
    fn dates_never_go_back() {
        let (old, new) = ("2026-06-01T00:00:00Z".parse().unwrap(), Timestamp::MAX);
        let mut dates = Dates::default();
        dates.note("https://a/", new);
        dates.note("https://a/", old);
        assert_eq!(dates.seen("https://a/"), Some(new));
        assert_eq!(dates.seen("https://b/"), None);
    }
}
