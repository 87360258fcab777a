//! Debian as it is: this machine's mirrors of its archive, and small frozen archives of real packages.

mod frozen;
mod mirrors;

pub use frozen::FrozenArchive;
pub use mirrors::DebianMirrors;
