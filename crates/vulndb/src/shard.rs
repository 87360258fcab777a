//! A shard: the advisories of one feed for one scope, compiled into one immutable table.
//!
//! `packages` leads from a package's name to its entries; an entry has ranges with sort keys of their
//! versions, so that judging a version is comparing bytes; what an entry shares with others of its record
//! (ids, title, addresses, vectors) is a bulletin. Titles and addresses are strings and no compressed
//! texts: unpacking a page costs more than everything else in a match.

mod build;
mod format;
mod intern;
mod priority;
mod read;

pub(crate) use build::ShardBuilder;
pub(crate) use format::Kind;
pub(crate) use priority::{EpssTable, KevTable, build_epss, build_kev};
pub use read::ShardError;
pub(crate) use read::{Entry, Judgement, Shard, View, is_modular_version};
