//! Opening images from every local source, whole and broken.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "these are tests")]

mod bad_input;
mod docker_archives;
mod engines;
mod layouts;
mod metadata;
mod paths;
#[path = "../../../engine/tests/real/process.rs"]
mod process;
mod registries;
mod shared_data;
mod support;
