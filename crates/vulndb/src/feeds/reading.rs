//! What reading a feed gives besides its advisories.

use std::fmt::Display;
use std::io::{self, Read};

use jiff::Timestamp;
use plimsoll_model::Problem;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A document that is read as a whole (an Alpine secdb, KEV) is at most 2 MB; thirty times that is room.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 64 << 20;

/// The problems kept of one feed; more are counted. A feed with more is broken, and says so by the count.
const MAX_PROBLEMS: usize = 1000;

/// The whole feed is unusable: its last good shard stays in force.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The bytes could not be read or unpacked.
    #[error("reading the feed")]
    Read(#[source] io::Error),
    /// It is not what its format says.
    #[error("not {expected}: {reason}")]
    Syntax {
        /// The format, with its article: `an OVAL document`.
        expected: &'static str,
        /// What the parser said.
        reason: String,
    },
    /// More bytes than a feed of this format can sensibly have.
    #[error("more than {limit} bytes in one document")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Crate `distro` judges the archive; there is nothing to read here.
    #[error("this feed is not read from a document")]
    NoDocument,
}

impl FeedError {
    pub(crate) fn syntax(expected: &'static str, reason: impl Display) -> Self {
        Self::Syntax { expected, reason: reason.to_string() }
    }
}

/// The outcome of reading one document of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Records seen, good or bad.
    pub records: u64,
    /// Records that say nothing of vulnerabilities here: withdrawn ones, mere bug fixes, other systems.
    pub ignored: u64,
    /// Records (or parts) that could not be used; `problems` tells of the first thousand.
    pub bad: u64,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
    /// The day the feed itself says it is of.
    pub date: Option<Timestamp>,
}

impl Reading {
    /// Records that `record` could not be used.
    pub fn problem(&mut self, record: impl Display, message: impl Display) {
        self.bad += 1;
        if self.problems.len() < MAX_PROBLEMS {
            let (path, message) = (record.to_string(), message.to_string());
            self.problems.push(Problem { path, layer: None, message });
        }
    }

    /// The value of an optional field; one of a wrong type is a problem of `record`, and absent.
    pub(crate) fn field<T: DeserializeOwned>(
        &mut self,
        record: impl Display,
        name: &str,
        raw: Option<&RawValue>,
    ) -> Option<T> {
        match serde_json::from_str(raw?.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(record, format_args!("{name}: {error}"));
                None
            }
        }
    }
}

/// Reads a whole document of at most `limit` bytes.
pub(crate) fn read_document(input: impl Read, limit: u64) -> Result<Vec<u8>, FeedError> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes).map_err(FeedError::Read)?;
    if bytes.len() as u64 > limit {
        return Err(FeedError::TooLarge { limit });
    }
    Ok(bytes)
}

/// Titles are one line; a longer description is cut here.
const MAX_TITLE: usize = 200;

/// The first line of a description, cut to a title's length; none if it is empty.
pub(crate) fn title(text: &str) -> Option<String> {
    let line = text.trim().lines().next()?.trim_end();
    if line.chars().count() <= MAX_TITLE {
        return (!line.is_empty()).then(|| line.to_owned());
    }
    let cut: String = line.chars().take(MAX_TITLE - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

/// A time as feeds write it; the year 1 that Go writes for "none" is none.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.trim().parse().ok()?;
    (time.as_second() > 0).then_some(time)
}
