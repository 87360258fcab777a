//! From references to inventories, over real and hostile images.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests may do both")]

mod archives;
mod cache;
mod engine;
mod hostile;
mod links;
mod prefix;
mod real;
mod rpm;
mod support;
