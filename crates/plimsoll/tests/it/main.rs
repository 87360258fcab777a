//! The program from outside: what is typed, what comes out, and the exit code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

mod archive_states;
mod bad_input;
mod base;
mod base_claims;
mod bases;
mod changes_apt;
mod changes_faults;
mod commands;
mod concurrency;
mod database;
mod debian;
mod diff;
mod documents;
mod engines;
mod evidence;
mod explain;
mod feeds;
mod flipped_bytes;
mod formats;
mod ignore_rules;
mod inventory;
mod real_data;
mod references;
mod registry_faults;
mod tables;
mod verdicts;
