//! The orders of this crate against their authorities: the tools themselves, their published tables,
//! recorded version lists, and the mistakes other scanners are known for.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail and report as tests do"
)]

mod apk_tools;
mod defects;
mod dpkg_tool;
mod generator;
mod keys;
mod recorded;
mod rpm_tool;
mod semver_crate;
mod support;
