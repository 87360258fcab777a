//! The crate as its users see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

mod catalogue;
mod hostile;
mod imports;
mod recognition;
mod support;
mod tags;
