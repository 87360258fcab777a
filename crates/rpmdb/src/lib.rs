#![doc = include_str!("../README.md")]

mod bdb;
mod bytes;
mod error;
mod format;
mod header;
mod installed;
mod ndb;
mod package;
mod problem;
mod sqlite;

pub use error::Error;
pub use format::Format;
pub use header::{Header, HeaderError, Kind, Tag};
pub use installed::{Installed, read};
pub use package::{Package, SourcePackage};
pub use problem::{Place, Problem, Reason};
