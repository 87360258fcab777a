//! One file for each command: arguments in, one call of `flow`, the answer out.

pub(crate) mod base;
pub(crate) mod bases;
pub(crate) mod cache;
pub(crate) mod changes;
pub(crate) mod compare_versions;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod db;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod inventory;
pub(crate) mod man;
pub(crate) mod ps;
pub(crate) mod scan;
pub(crate) mod version;
