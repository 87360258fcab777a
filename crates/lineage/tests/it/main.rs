//! The crate as its users see it: built catalogues, real lists, real tags, damaged files.

#![cfg(test)]

mod catalogue;
mod hostile;
mod imports;
mod recognition;
mod support;
mod tags;
