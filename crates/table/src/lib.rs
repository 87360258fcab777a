#![doc = include_str!("../README.md")]

mod builder;
mod error;
mod install;
mod keys;
mod layout;
mod map;
mod sections;
mod strings;
mod table;
mod tag;
mod texts;
mod verify;

pub use builder::{BuildError, TableBuilder};
pub use error::{Fault, TableError};
pub use install::{InstallError, write_atomically};
pub use keys::{Key, Keys, KeysBuilder};
pub use layout::SectionKind;
pub use strings::{StringPool, StringRef, Strings};
pub use table::Table;
pub use tag::Tag;
pub use texts::{MAX_TEXT, TextPool, TextReader, TextRef};
