//! The newest date that was seen of each suite: an archive that shows an older one afterwards is a replay.
//!
//! One line for each suite in a file of the state directory, which, unlike the cache, is not pruned.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::Timestamp;

use crate::session::Session;

/// Suites that anybody asks; a longer file is not ours.
const MAX_LINES: usize = 10_000;

const FILE: &str = "archive-dates";

/// The dates by address.
#[derive(Debug, Default)]
pub(super) struct Dates {
    seen: BTreeMap<String, Timestamp>,
    has_changed: bool,
}

impl Dates {
    pub(super) fn load(session: &Session) -> Self {
        let text = std::fs::read_to_string(session.state_dir().join(FILE)).unwrap_or_default();
        let line = |line: &str| {
            let (at, address) = line.split_once(' ')?;
            Some((address.to_owned(), at.parse().ok()?))
        };
        let seen = text.lines().take(MAX_LINES).filter_map(line).collect();
        Self { seen, has_changed: false }
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

    /// Keeps them where something is new; that they cannot be kept costs only the protection.
    pub(super) fn store(&self, session: &Session) {
        let write = || -> std::io::Result<()> {
            session.make_state_dir().map_err(std::io::Error::other)?;
            let mut file = tempfile::NamedTempFile::new_in(session.state_dir())?;
            for (address, at) in &self.seen {
                writeln!(file, "{at} {address}")?;
            }
            file.persist(session.state_dir().join(FILE))?;
            Ok(())
        };
        if self.has_changed {
            let _ = write();
        }
    }
}
