//! apt's archives: signed releases, indexes of packages, and what is newer in them than what is installed.

pub(crate) mod deb822;
pub(crate) mod packages;
pub(crate) mod release;
pub(crate) mod sources;
pub(crate) mod suites;
pub(crate) mod updates;
