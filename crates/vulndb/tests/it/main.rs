//! The crate from outside: feeds of the shared data, rules on built data, files.

#![cfg(test)]

mod alpine;
mod azure;
mod build;
mod generations;
mod hostile;
mod real_feeds;
mod rules;
mod shared;
