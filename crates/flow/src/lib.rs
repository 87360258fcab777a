#![doc = include_str!("../README.md")]

mod database;
mod error;
mod event;
mod explain;
mod inventory;
mod ps;
mod scan;
mod session;
mod update;

pub use database::{
    DatabaseStatus, ShardStatus, export, feeds, import, search, shard_problems, status, verify,
};
pub use error::Error;
pub use event::{Event, Observer};
pub use explain::{ImageExplanation, explain};
pub use inventory::{CacheInfo, Pruned, cache_info, cache_prune, inventories};
pub use plimsoll_image::PlatformChoice;
pub use plimsoll_vulndb::{Shrinkage, Trust, Verdict};
pub use ps::{Ps, PsContainer, ps};
pub use scan::{Scanned, scan, was_evaluated};
pub use session::{Session, Settings, Surroundings};
pub use update::{FeedOutcome, FeedResult, UpdateRequest, Updated, update};
