//! What is wrong with a header.

use super::{Kind, Tag};

/// The record is not a sound rpm header, or does not name a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The record ends inside its index.
    #[error("the header is cut short")]
    Cut,
    /// No entry, or more than rpm allows.
    #[error("a header cannot have {0} entries")]
    EntryCount(u32),
    /// The store is larger than rpm allows.
    #[error("a header's data cannot have {0} bytes")]
    StoreLength(u32),
    /// The store is not as long as the header says.
    #[error("the header says {stated} bytes of data, the record has {found}")]
    Length {
        /// As the header says.
        stated: u32,
        /// As the record has.
        found: u64,
    },
    /// The mark around what the package was built with is damaged.
    #[error("the header's region is damaged")]
    Region,
    /// The entry's kind, offset or count does not fit the store.
    #[error("the header's {0} is damaged")]
    Entry(Tag),
    /// The entry has a kind this tag never has.
    #[error("the header's {tag} holds {kind}")]
    Kind {
        /// Which entry.
        tag: Tag,
        /// What it holds.
        kind: Kind,
    },
    /// The text is not UTF-8, or longer than such a text can be.
    #[error("the header's {0} is not a text")]
    Text(Tag),
    /// The number does not fit what it counts.
    #[error("the header's {0} is out of range")]
    Range(Tag),
    /// Every package has a name, a version and a release; this one lacks one or has it empty.
    #[error("the header has no {0}")]
    Missing(Tag),
}
