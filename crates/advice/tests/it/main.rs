//! Simulations against what really comes of an action, on data of the Debian project.

#![cfg(test)]

mod pending_updates;
mod real_bases;
mod shared;
