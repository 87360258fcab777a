//! When a feed was asked last, also where it failed: a feed that is down is not asked again by every scan.
//!
//! One line for each feed and scope in a file of the state directory. It only spares requests: where it is
//! missing or cannot be read, feeds are asked.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::Scope;

use crate::session::Session;

/// A feed that failed is left alone for so long.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Feeds times scopes that anybody has; a longer file is not ours.
const MAX_LINES: usize = 10_000;

const FILE: &str = "feed-attempts";

/// The last attempts.
#[derive(Debug, Default)]
pub(super) struct Attempts(BTreeMap<(String, String), Timestamp>);

impl Attempts {
    pub(super) fn load(session: &Session) -> Self {
        let text = std::fs::read_to_string(session.state_dir().join(FILE)).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split(' ');
            let (feed, scope, at) = (words.next()?, words.next()?, words.next()?);
            Some(((feed.to_owned(), scope.to_owned()), at.parse().ok()?))
        };
        Self(text.lines().take(MAX_LINES).filter_map(line).collect())
    }

    /// Whether the feed failed for the scope so recently that asking again would be in vain.
    pub(super) fn is_recent(&self, feed: &str, scope: &Scope, now: Timestamp) -> bool {
        let last = self.0.get(&(feed.to_owned(), scope.to_string()));
        last.is_some_and(|&last| now.duration_since(last) < RETRY_AFTER)
    }

    pub(super) fn note(&mut self, feed: &str, scope: &Scope, now: Timestamp) {
        self.0.insert((feed.to_owned(), scope.to_string()), now);
    }

    /// Keeps them; that they cannot be kept only costs requests.
    pub(super) fn store(&self, session: &Session) {
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(session.state_dir())?;
            for ((feed, scope), at) in &self.0 {
                writeln!(file, "{feed} {scope} {at}")?;
            }
            file.persist(session.state_dir().join(FILE))?;
            Ok(())
        };
        let _ = write();
    }
}
