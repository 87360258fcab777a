#![doc = include_str!("../README.md")]

mod answers;
mod archives;
mod attempts;
mod base;
mod bases;
mod changes;
mod database;
mod diff;
mod error;
mod event;
mod explain;
mod inventory;
mod knowledge;
mod memo;
mod names;
mod neighbourhood;
mod newer;
mod ps;
mod reach;
mod recognition;
mod registries;
mod scan;
mod session;
mod side_by_side;
mod silence;
mod state_file;
mod survey;
#[cfg(test)]
mod testing;
mod update;

pub use base::{BasesFound, base};
pub use bases::{
    ImportedBases, KnownBase, LearnRequest, LearnedBases, bases_forget, bases_import, bases_learn,
    bases_list,
};
pub use changes::{ChangesFound, changes};
pub use database::{
    DatabaseStatus, ShardStatus, export, feeds, import, search, shard_problems, status, verify,
};
pub use diff::{diff, diff_generations};
pub use error::Error;
pub use event::{Event, Observer};
pub use explain::{ImageExplanation, explain};
pub use inventory::{CacheInfo, Pruned, cache_info, cache_prune, inventories};
pub use plimsoll_image::PlatformChoice;
pub use plimsoll_vulndb::{Shrinkage, Trust, Verdict};
pub use ps::{Ps, PsContainer, ps};
pub use scan::{Scanned, scan};
pub use session::{Session, Settings, Surroundings};
pub use update::{FeedOutcome, FeedResult, UpdateRequest, Updated, update};
