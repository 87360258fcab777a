//! apt's archives: signed releases, indexes of packages, and what is newer in them than what is installed.

mod address;
pub(crate) mod asked;
pub(crate) mod candidates;
mod configuration;
pub(crate) mod deb822;
pub(crate) mod entry;
mod expression;
mod hex;
pub(crate) mod image_keys;
pub(crate) mod index;
pub(crate) mod judge;
mod known;
pub(crate) mod packages;
mod phasing;
mod policy;
pub(crate) mod preferences;
mod read_ahead;
pub(crate) mod release;
pub(crate) mod request;
mod scan;
pub(crate) mod sources;
pub(crate) mod suites;
pub(crate) mod updates;
