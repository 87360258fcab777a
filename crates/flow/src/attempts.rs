//! What was asked in vain lately: a feed or an image of a registry that is down is not asked again by every scan.
//!
//! One line for each in a file of the state directory: `FEED SCOPE TIME`, `registry NAME TIME`, `silent ADDRESS TIME`.
//! It only spares requests: where it is missing or cannot be read, all are asked.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use crate::session::Session;

/// What failed is left alone for so long.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Feeds times scopes, and registries, that anybody has; a longer file is not ours.
const MAX_LINES: usize = 10_000;

const FILE: &str = "feed-attempts";

/// The last attempts.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    last: BTreeMap<(String, String), Timestamp>,
    has_changed: bool,
}

impl Attempts {
    pub(crate) fn load(session: &Session) -> Self {
        let text = std::fs::read_to_string(session.state_dir().join(FILE)).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split(' ');
            let (what, of, at) = (words.next()?, words.next()?, words.next()?);
            Some(((what.to_owned(), of.to_owned()), at.parse().ok()?))
        };
        Self { last: text.lines().take(MAX_LINES).filter_map(line).collect(), has_changed: false }
    }

    /// Whether this failed so recently that asking again would be in vain.
    pub(crate) fn is_recent(&self, what: &str, of: &str, now: Timestamp) -> bool {
        let last = self.last.get(&(what.to_owned(), of.to_owned()));
        last.is_some_and(|&last| now.duration_since(last) < RETRY_AFTER)
    }

    pub(crate) fn note(&mut self, what: &str, of: &str, now: Timestamp) {
        self.last.insert((what.to_owned(), of.to_owned()), now);
        self.has_changed = true;
    }

    /// Keeps them where something is new; that they cannot be kept only costs requests.
    pub(crate) fn store(&self, session: &Session) {
        let write = || -> std::io::Result<()> {
            session.make_state_dir().map_err(std::io::Error::other)?;
            let mut file = tempfile::NamedTempFile::new_in(session.state_dir())?;
            for ((what, of), at) in &self.last {
                writeln!(file, "{what} {of} {at}")?;
            }
            file.persist(session.state_dir().join(FILE))?;
            Ok(())
        };
        if self.has_changed {
            let _ = write();
        }
    }
}
