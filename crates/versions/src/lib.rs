#![doc = include_str!("../README.md")]

pub mod apk;
pub mod dpkg;
mod invalid;
mod number;
mod order;
pub mod rpm;
mod scheme;
pub mod semver;

pub use invalid::{Flaw, InvalidVersion};
pub use order::{compare, sort_key};
pub use scheme::{Scheme, UnknownScheme};
