#![doc = include_str!("../README.md")]

mod compile;
pub mod feeds;
mod generations;
pub mod matching;
mod scheme;
mod shard;

pub use compile::{CompileError, Compiled, Compiler};
pub use feeds::{Feed, FeedError, Source};
pub use generations::{
    BundleError, Change, Damage, Generation, Installed, Provenance, Setback, ShardInfo, Shrinkage,
    Store, StoreError, Trust, Validator,
};
pub use matching::{Explanation, Hit, Judged, MatchError, Matched, Matcher, Options, Verdict};
pub use scheme::compare as compare_versions;
pub use shard::ShardError;
