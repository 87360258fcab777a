//! Tar, read forward in one pass.
//!
//! The `tar` crate reads a GNU long name or a PAX header of any size into memory, so the framing is
//! our own: extension headers are bounded, bodies nobody wants are skipped where they lie.
//!
//! Decided as Go's `archive/tar` does: global PAX headers do not apply to later members; the last
//! of several PAX headers counts; an empty PAX value changes nothing; links, directories and
//! devices have no body whatever their size field says; two zero blocks or the end of the bytes
//! end the tar, and what follows is not looked at (but still digested by `read_layer`).

mod entry;
mod error;
mod header;
mod pax;
mod reader;
mod sparse;

pub use entry::{Entry, Kind};
pub use error::TarError;
pub use reader::TarReader;
