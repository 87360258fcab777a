//! Debian releases, their root file systems made by mmdebstrap, with apt as the judge.

mod base;
mod changes;
mod machine;
mod release;
mod upgrades;

pub(crate) use changes::updates;
pub(crate) use machine::Machine;
pub(crate) use release::{Release, release};

/// The releases that are compared with reality.
pub(crate) const CODENAMES: [&str; 3] = ["bullseye", "bookworm", "trixie"];
