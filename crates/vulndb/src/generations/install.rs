//! New shards into a new generation; what failed keeps its last good shard.

use std::io::Write;

use jiff::Timestamp;
use plimsoll_model::Scope;
use plimsoll_table::write_atomically;
use plimsoll_unpack::{Algorithm, Checksum};

use super::manifest::{Generation, ShardInfo, Trust, Validator, digest, shard_path};
use super::store::{Store, StoreError};
use crate::compile::Compiled;

/// Below this share of its former statements, a feed is taken for broken, not for tidied.
const ABSURD_SHRINKAGE: f64 = 0.5;

/// A feed with fewer statements than this may well lose half of them.
const SMALL_FEED: u64 = 100;

/// What came of asking a feed.
#[derive(Clone, Debug)]
pub enum Change {
    /// It was read.
    New {
        /// Its shard.
        compiled: Compiled,
        /// Where it is from.
        provenance: Provenance,
    },
    /// Upstream has nothing newer.
    Unchanged {
        /// The feed's name.
        feed: String,
        /// Whose packages; none for KEV and EPSS.
        scope: Option<Scope>,
        /// When upstream said so.
        checked: Timestamp,
    },
    /// It could not be read.
    Failed {
        /// The feed's name.
        feed: String,
        /// Whose packages; none for KEV and EPSS.
        scope: Option<Scope>,
        /// Why, in one line.
        reason: String,
    },
}

/// Where a shard's data is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Why it is believed.
    pub trust: Trust,
    /// What the servers said, for the next conditional request.
    pub validators: Vec<Validator>,
    /// When the server says the document changed; used where the feed itself has no date.
    pub modified: Option<Timestamp>,
    /// When it was fetched.
    pub checked: Timestamp,
}

/// Whether a feed that lost most of its statements is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shrinkage {
    /// No: its last good shard stays.
    #[default]
    Refuse,
    /// Yes: the operator says so.
    Accept,
}

/// The outcome of an installation.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The generation now in force.
    pub generation: Generation,
    /// The feeds that could not be updated.
    pub setbacks: Vec<Setback>,
}

/// A feed that could not be updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// The feed's name.
    pub feed: String,
    /// Whose packages; none for KEV and EPSS.
    pub scope: Option<Scope>,
    /// Why.
    pub reason: String,
    /// The day of the shard that stays in force; none if there is none.
    pub kept: Option<Timestamp>,
}

impl Store {
    /// Makes a generation of the current one and the changes, and puts it in force. Shards that are not
    /// mentioned stay. Nothing becomes visible before everything is written.
    pub fn install(
        &self,
        changes: Vec<Change>,
        shrinkage: Shrinkage,
    ) -> Result<Installed, StoreError> {
        let _lock = self.lock()?;
        let mut shards = match self.current()? {
            Some(generation) => generation.shards().to_vec(),
            None => Vec::new(),
        };
        let mut setbacks = Vec::new();
        for change in changes {
            match change {
                Change::New { compiled, provenance } => {
                    let at = position(&shards, compiled.feed, compiled.scope.as_ref());
                    let former = at.and_then(|at| shards.get(at));
                    match former
                        .filter(|_| shrinkage == Shrinkage::Refuse)
                        .and_then(|former| shrunk(former, &compiled))
                    {
                        Some(reason) => setbacks.push(keep(
                            &mut shards,
                            compiled.feed,
                            compiled.scope.as_ref(),
                            reason,
                        )),
                        None => {
                            let info = self.write_shard(former, &compiled, provenance)?;
                            if let Some(at) = at {
                                shards.remove(at);
                            }
                            shards.push(info);
                        }
                    }
                }
                Change::Unchanged { feed, scope, checked } => {
                    let at = position(&shards, &feed, scope.as_ref());
                    if let Some(shard) = at.and_then(|at| shards.get_mut(at)) {
                        shard.checked = shard.checked.max(checked);
                        shard.kept = None;
                    }
                }
                Change::Failed { feed, scope, reason } => {
                    setbacks.push(keep(&mut shards, &feed, scope.as_ref(), reason));
                }
            }
        }
        let generation = Generation::new(&self.directory, shards);
        self.publish(&generation)?;
        self.collect()?;
        Ok(Installed { generation, setbacks })
    }

    fn write_shard(
        &self,
        former: Option<&ShardInfo>,
        compiled: &Compiled,
        provenance: Provenance,
    ) -> Result<ShardInfo, StoreError> {
        let sha256 = digest(Checksum::of(Algorithm::Sha256, &compiled.bytes));
        let path = shard_path(&self.directory, &sha256);
        // The name is the content: a file that is there is this one, unless it was damaged since,
        // which `verify` tells and writing again repairs.
        write_atomically(&path, |file| file.write_all(&compiled.bytes))?;
        let unchanged = former.filter(|former| former.sha256 == sha256).map(|former| former.as_of);
        Ok(ShardInfo {
            feed: compiled.feed.to_owned(),
            scope: compiled.scope.clone(),
            sha256,
            size: compiled.bytes.len() as u64,
            advisories: compiled.advisories,
            vectors: compiled.vectors,
            problems: compiled.problems.len() as u64 + compiled.more_problems,
            as_of: compiled
                .date
                .or(provenance.modified)
                .or(unchanged)
                .unwrap_or(provenance.checked),
            checked: provenance.checked,
            trust: provenance.trust,
            validators: provenance.validators,
            kept: None,
        })
    }
}

fn position(shards: &[ShardInfo], feed: &str, scope: Option<&Scope>) -> Option<usize> {
    shards.iter().position(|shard| shard.feed == feed && shard.scope.as_ref() == scope)
}

/// Marks the shard that stays in force, if there is one.
fn keep(shards: &mut [ShardInfo], feed: &str, scope: Option<&Scope>, reason: String) -> Setback {
    let at = position(shards, feed, scope);
    let kept = at.and_then(|at| shards.get_mut(at)).map(|shard| {
        shard.kept = Some(reason.clone());
        shard.as_of
    });
    Setback { feed: feed.to_owned(), scope: scope.cloned(), reason, kept }
}

fn shrunk(former: &ShardInfo, compiled: &Compiled) -> Option<String> {
    let (before, now) = (former.advisories, compiled.advisories);
    let is_absurd = before >= SMALL_FEED && (now as f64) < before as f64 * ABSURD_SHRINKAGE;
    is_absurd.then(|| format!("it shrank from {before} to {now} records"))
}
