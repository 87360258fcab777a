//! apk's repositories: signed indexes, and what is newer in them than what is installed.

pub(crate) mod architecture;
pub(crate) mod archives;
pub(crate) mod index;
pub(crate) mod judge;
pub(crate) mod keys;
pub(crate) mod lists;
mod members;
mod official;
pub(crate) mod secfixes;
pub(crate) mod signature;
pub(crate) mod system;
pub(crate) mod updates;
mod variables;
pub(crate) mod world;
