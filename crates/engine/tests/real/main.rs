//! The client against real engines: each test starts its own, on its own data and socket.

#![expect(clippy::panic, clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

mod docker;
mod fixture;
mod podman;
mod process;
