use std::io;
use std::path::{Path, PathBuf};

use crate::layout::SectionKind;
use crate::tag::Tag;

/// Why a table could not be used: which file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct TableError {
    /// The file, or the name given to bytes in memory.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: Fault,
}

impl TableError {
    pub(crate) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_path_buf(), fault }
    }
}

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system did not let us open or map it.
    #[error("cannot be opened ({0})")]
    Open(io::Error),
    /// A directory, a pipe, a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Too short for a header, or the first bytes are not ours.
    #[error("is not a table")]
    NotATable,
    /// Made by a newer or older program than this one, as a container.
    #[error("has container format {found}, this program reads {expected}")]
    Format {
        /// What this program reads.
        expected: u32,
        /// What the file says.
        found: u32,
    },
    /// A table, but of something else.
    #[error("holds \"{found}\", not \"{expected}\"")]
    Kind {
        /// What the caller wants.
        expected: Tag,
        /// What the file says.
        found: Tag,
    },
    /// The records mean something else than this program thinks.
    #[error("has version {found} of \"{kind}\", this program reads {expected}")]
    Version {
        /// What the file holds.
        kind: Tag,
        /// What this program reads.
        expected: u32,
        /// What the file says.
        found: u32,
    },
    /// The file was cut, or something was appended.
    #[error("is {actual} bytes long, its header says {stated}")]
    Length {
        /// Bytes by the header.
        stated: u64,
        /// Bytes there are.
        actual: u64,
    },
    /// The directory is wrong as a whole: too many sections, fields that must be zero.
    #[error("has a header that no version of this program writes")]
    Header,
    /// Sections must follow each other without gaps to the end of the file.
    #[error("section \"{section}\" does not lie where it must")]
    Place {
        /// The section.
        section: Tag,
    },
    /// The section is not there.
    #[error("has no section \"{section}\"")]
    Missing {
        /// The section.
        section: Tag,
    },
    /// The section is there, but holds something else.
    #[error("section \"{section}\" does not hold {expected}")]
    SectionKind {
        /// The section.
        section: Tag,
        /// What the caller wants.
        expected: SectionKind,
    },
    /// The records are not of the size of the type they are read as.
    #[error("section \"{section}\" has records of {found} bytes, not {expected}")]
    Stride {
        /// The section.
        section: Tag,
        /// Bytes of the caller's type.
        expected: usize,
        /// Bytes by the directory.
        found: u32,
    },
    /// Something points outside the section.
    #[error("section \"{section}\": {what} {at} is out of bounds")]
    Bounds {
        /// The section pointed into.
        section: Tag,
        /// What was followed: "key", "string", "text page" …
        what: &'static str,
        /// Its number or offset.
        at: u64,
    },
    /// A string or a text is not UTF-8.
    #[error("section \"{section}\": {what} {at} is not UTF-8")]
    Utf8 {
        /// The section.
        section: Tag,
        /// "string" or "text page".
        what: &'static str,
        /// Its number or offset.
        at: u64,
    },
    /// A page of text does not unpack to the length it states.
    #[error("section \"{section}\": text page {page} does not unpack")]
    Page {
        /// The section.
        section: Tag,
        /// The page's number.
        page: u32,
    },
    /// Keys are not in ascending order; found by [`verify`](crate::Table::verify) only.
    #[error("section \"{section}\": key {key} is out of order")]
    Order {
        /// The section.
        section: Tag,
        /// The key's number.
        key: u32,
    },
    /// The bytes are not those that were written; found by [`verify`](crate::Table::verify) only.
    #[error("does not have the checksum its header states")]
    Checksum,
}
