//! What the program says, and what the distributions' own programs do.
//!
//! Real root file systems with their real package managers are the judges: of which updates are pending, of what
//! an upgrade clears and brings in, and of what becomes of an image on a newer base.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod alpine;
mod debian;
mod findings;
mod live;
mod program;
mod stored;
