//! Limits that hold for every package manager.

/// A machine has a handful of suites or repositories; an image could name any number, and each costs a request.
pub(crate) const MAX_ASKED: usize = 100;

/// Each is a line of the report.
pub(crate) const MAX_NOT_ASKED: usize = 1_000;
