//! Generations: consistent sets of shards, swapped by one rename; the previous one is kept.
//!
//! ```text
//! shards/SHA256.shard     named by content; shared between generations
//! generations/ID.json     which shards, from where, how old
//! current                 two lines: the id in force, and the one before
//! lock                    held by whoever writes; readers need none
//! ```

mod bundle;
mod install;
mod manifest;
mod store;
mod verify;

pub use bundle::BundleError;
pub use install::{Change, Installed, Provenance, Setback, Shrinkage};
pub use manifest::{Generation, ShardInfo, Trust, Validator};
pub use store::{Store, StoreError};
pub use verify::Damage;
