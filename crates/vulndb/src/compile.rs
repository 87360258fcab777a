//! From the bytes of a feed to the shards of the scopes that are wanted.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use jiff::Timestamp;
use plimsoll_model::{Advisory, Epss, Kev, Problem, Scope};
use plimsoll_table::BuildError;
use plimsoll_unpack::{DecodeError, Decoder, Limits};

use crate::feeds::{self, Feed, FeedError, Format, OvalProfile, Reading, Source};
use crate::shard::{ShardBuilder, build_epss, build_kev};

/// The shard of one scope (or, for KEV and EPSS, of all ids) of one feed, ready to be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The feed's name.
    pub feed: &'static str,
    /// Whose packages; none for KEV and EPSS.
    pub scope: Option<Scope>,
    /// The file.
    pub bytes: Vec<u8>,
    /// How many statements it holds: of packages, or of ids.
    pub advisories: u64,
    /// How many CVSS vectors it holds.
    pub vectors: u64,
    /// The records that could not be used, versions that are none among them.
    pub problems: Vec<Problem>,
    /// Problems beyond those that were kept.
    pub more_problems: u64,
    /// The day the feed says it is of.
    pub date: Option<Timestamp>,
}

/// A shard exceeds what its format can count.
#[derive(Debug, thiserror::Error)]
#[error("compiling {feed}")]
pub struct CompileError {
    /// The feed.
    pub feed: &'static str,
    /// What the table says.
    #[source]
    pub source: BuildError,
}

/// Reads the documents of one feed and keeps what speaks of the wanted scopes.
pub struct Compiler {
    feed: &'static Feed,
    shards: BTreeMap<Scope, ShardBuilder>,
    kev: BTreeMap<String, Kev>,
    epss: BTreeMap<String, Epss>,
    reading: Reading,
}

impl Compiler {
    /// For the wanted scopes; none for KEV and EPSS.
    pub fn new(feed: &'static Feed, wanted: impl IntoIterator<Item = Scope>) -> Self {
        let shards = wanted
            .into_iter()
            .map(|scope| (scope.clone(), ShardBuilder::new(scope, feed.name)))
            .collect();
        Self {
            feed,
            shards,
            kev: BTreeMap::new(),
            epss: BTreeMap::new(),
            reading: Reading::default(),
        }
    }

    /// Reads a document as it is served, but no zip (see [`read_zip`](Self::read_zip)); other compression is
    /// undone here. An error means that the feed is unusable, whatever was read of it.
    pub fn read(&mut self, source: &Source, input: impl Read) -> Result<(), FeedError> {
        let input = Decoder::buffered(input, &Limits::default())
            .map_err(|error: DecodeError| FeedError::Read(std::io::Error::other(error)))?;
        let reading = self.read_plain(source, input)?;
        self.add_reading(reading);
        Ok(())
    }

    /// Reads a zip of OSV records, whose directory is at its end.
    pub fn read_zip(&mut self, input: impl Read + Seek) -> Result<(), FeedError> {
        if self.feed.format != Format::OsvZip {
            return Err(FeedError::NoDocument);
        }
        let shards = &mut self.shards;
        let reading = feeds::read_osv_zip(self.feed.name, input, &mut |advisory| {
            keep(shards, &advisory);
        })?;
        self.add_reading(reading);
        Ok(())
    }

    fn read_plain(&mut self, source: &Source, input: impl Read) -> Result<Reading, FeedError> {
        let name = self.feed.name;
        let shards = &mut self.shards;
        let mut sink = |advisory: Advisory| keep(shards, &advisory);
        match (self.feed.format, &source.scope) {
            (Format::Secdb, Some(scope)) => feeds::read_secdb(name, scope, input, &mut sink),
            (Format::Oval, Some(scope)) => {
                feeds::read_oval(name, scope, OvalProfile::AZURE_LINUX, input, &mut sink)
            }
            (Format::DebianTracker, _) => feeds::read_debian_tracker(input, &mut sink),
            (Format::DebianList, _) => feeds::read_debian_list(name, input, &mut sink),
            (Format::Kev, _) => feeds::read_kev(input, &mut |id, kev| {
                self.kev.insert(id.to_owned(), kev);
            }),
            (Format::Epss, _) => feeds::read_epss(input, &mut |id, epss| {
                self.epss.insert(id.to_owned(), epss);
            }),
            (Format::Secdb | Format::Oval, None) | (Format::OsvZip | Format::Archive, _) => {
                Err(FeedError::NoDocument)
            }
        }
    }

    /// Reads one OSV record that is not in a zip (a checked-out repository of them).
    pub fn read_osv_record(&mut self, name: &str, json: &[u8]) {
        let mut reading = Reading::default();
        let shards = &mut self.shards;
        feeds::read_osv_record(self.feed.name, name, json, &mut reading, &mut |advisory| {
            keep(shards, &advisory);
        });
        self.add_reading(reading);
    }

    /// Adds an advisory that was made elsewhere (crate `distro`, of the distribution archive).
    pub fn add(&mut self, advisory: &Advisory) {
        self.reading.records += 1;
        keep(&mut self.shards, advisory);
    }

    /// Adds what was read besides advisories: problems, the feed's date.
    pub fn add_reading(&mut self, mut reading: Reading) {
        self.reading.records += reading.records;
        self.reading.ignored += reading.ignored;
        self.reading.bad += reading.bad;
        self.reading.problems.append(&mut reading.problems);
        // Of several documents, the oldest says how old the whole is.
        self.reading.date = match (self.reading.date, reading.date) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// What was read so far, besides advisories.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// One shard for each wanted scope, in their order; for KEV and EPSS, one.
    pub fn finish(self) -> Result<Vec<Compiled>, CompileError> {
        let feed = self.feed.name;
        let failed = |source| CompileError { feed, source };
        let Reading { bad, problems, date, .. } = self.reading;
        let more_problems = bad.saturating_sub(problems.len() as u64);
        let ids = match self.feed.format {
            Format::Kev => Some((build_kev(&self.kev).map_err(failed)?, self.kev.len())),
            Format::Epss => Some((build_epss(&self.epss).map_err(failed)?, self.epss.len())),
            _ => None,
        };
        if let Some((bytes, count)) = ids {
            let advisories = count as u64;
            return Ok(vec![Compiled {
                feed,
                scope: None,
                bytes,
                advisories,
                vectors: 0,
                problems,
                more_problems,
                date,
            }]);
        }
        self.shards
            .into_iter()
            .map(|(scope, shard)| {
                let built = shard.finish(&problems).map_err(failed)?;
                Ok(Compiled {
                    feed,
                    scope: Some(scope),
                    bytes: built.bytes,
                    advisories: built.entries,
                    vectors: built.vectors,
                    problems: built.problems,
                    more_problems,
                    date,
                })
            })
            .collect()
    }
}

fn keep(shards: &mut BTreeMap<Scope, ShardBuilder>, advisory: &Advisory) {
    if let Some(shard) = shards.get_mut(&advisory.scope) {
        shard.add(advisory);
    }
}
