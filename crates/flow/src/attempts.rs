//! What was asked in vain lately: a feed, a registry or an address that is down is not asked again by every scan.
//!
//! One line for each in a file of the state directory: `FEED SCOPE TIME`, `registry NAME TIME`, `silent PLACE TIME`.
//! It only spares requests: where it is missing or cannot be read, all are asked.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::session::Session;
use crate::state_file;

/// What failed is left alone for so long.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Feeds times scopes, registries and addresses, that anybody asks within an hour; a longer file is not ours.
const MAX_LINES: usize = 10_000;

const FILE: &str = "attempts";

/// The last attempts, by what was asked.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    last: Last,
    has_changed: bool,
}

type Last = BTreeMap<(String, String), Timestamp>;

impl Attempts {
    pub(crate) fn load(session: &Session) -> Self {
        Self { last: parse(&state_file::read(session, FILE)), has_changed: false }
    }

    /// Whether this failed so recently that asking again would be in vain.
    pub(crate) fn is_recent(&self, what: &str, of: &str, now: Timestamp) -> bool {
        let last = self.last.get(&(what.to_owned(), of.to_owned()));
        last.is_some_and(|&last| is_recent(last, now))
    }

    pub(crate) fn note(&mut self, what: &str, of: &str, now: Timestamp) {
        // A line is split at blanks; nothing on a network has one in its name.
        if !of.contains(char::is_whitespace) {
            self.last.insert((what.to_owned(), of.to_owned()), now);
            self.has_changed = true;
        }
    }

    /// Adds them to those that others stored, where something is new; that they cannot be kept only costs requests.
    pub(crate) fn store(&mut self, session: &Session) {
        if !std::mem::take(&mut self.has_changed) {
            return;
        }
        let now = session.surroundings.now;
        let _ = state_file::update(session, FILE, |text| merged(&self.last, parse(text), now));
    }
}

/// A time to come is that of a clock that was wrong.
fn is_recent(last: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(last);
    !age.is_negative() && age < RETRY_AFTER
}

fn parse(text: &str) -> Last {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let (what, of, at) = (words.next()?, words.next()?, words.next()?);
        Some(((what.to_owned(), of.to_owned()), at.parse().ok()?))
    };
    text.lines().take(MAX_LINES).filter_map(line).collect()
}

/// The later of each, without those that say nothing any more.
fn merged(ours: &Last, mut all: Last, now: Timestamp) -> String {
    for (key, at) in ours {
        let last = all.entry(key.clone()).or_insert(*at);
        *last = (*last).max(*at);
    }
    let mut text = String::new();
    for ((what, of), at) in all.iter().filter(|(_, at)| is_recent(**at, now)) {
        let _ = writeln!(text, "{what} {of} {at}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_processes_noted_is_kept_for_an_hour() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let ours =
            parse("silent https://a 2026-06-01T11:50:00Z\nosv debian:12 2026-06-01T11:10:00Z");
        let theirs = parse(
            "silent https://a 2026-06-01T11:20:00Z\nsilent https://b 2026-06-01T11:30:00Z\n\
             silent https://c 2026-06-01T10:59:00Z\nsilent https://d 2026-06-01T12:01:00Z\nno line\n",
        );
        let expected = "osv debian:12 2026-06-01T11:10:00Z\n\
                        silent https://a 2026-06-01T11:50:00Z\n\
                        silent https://b 2026-06-01T11:30:00Z\n";
        assert_eq!(merged(&ours, theirs, now), expected);
    }

    #[test]
    fn a_failure_is_recent_for_an_hour_and_not_before_it_happened() {
        fn check(at: &str, expected: bool) {
            let mut attempts = Attempts::default();
            attempts.note("silent", "https://a", at.parse().unwrap());
            let now = "2026-06-01T12:00:00Z".parse().unwrap();
            assert_eq!(attempts.is_recent("silent", "https://a", now), expected, "{at}");
            assert!(!attempts.is_recent("silent", "https://b", now));
        }
        check("2026-06-01T11:01:00Z", true);
        check("2026-06-01T11:00:00Z", false);
        check("2026-06-01T12:00:01Z", false);
    }
}
