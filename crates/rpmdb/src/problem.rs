//! What could not be read, where and why.

use std::fmt;

use crate::header::HeaderError;

/// A part of the database that could not be read, or that contradicts the rest. What stands
/// elsewhere was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Problem {
    /// Where in the file.
    pub place: Place,
    /// What is wrong there.
    #[source]
    pub reason: Reason,
}

/// A place, numbered as the format itself counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The database file as a whole.
    Database,
    /// A frame of sqlite's write-ahead log, counted from 1; 0 is the log's header.
    Frame(u32),
    /// A page: sqlite counts from 1, Berkeley DB from 0.
    Page(u32),
    /// An entry of a page, counted from 0.
    Entry {
        /// The page.
        page: u32,
        /// sqlite's cell or Berkeley DB's item.
        index: u16,
    },
    /// A slot of ndb's slot table, counted in 16-byte units from the start of the file.
    Slot(u32),
    /// A 16-byte block of ndb's data area, counted from the start of the file.
    Block(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("database"),
            Self::Frame(0) => f.write_str("write-ahead log"),
            Self::Frame(frame) => write!(f, "write-ahead log, frame {frame}"),
            Self::Page(page) => write!(f, "page {page}"),
            Self::Entry { page, index } => write!(f, "page {page}, entry {index}"),
            Self::Slot(slot) => write!(f, "slot {slot}"),
            Self::Block(block) => write!(f, "block {block}"),
        }
    }
}

/// What is wrong at a [`Place`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The record was found whole, but it is not a sound rpm header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The number of records differs from the one the database keeps.
    #[error("the database says {stated} records, {readable} were readable")]
    Count {
        /// As the database says.
        stated: u32,
        /// As found.
        readable: u32,
    },
    /// The file ends before the last page its header names.
    #[error("the database says {stated} pages, the file has {present}")]
    Truncated {
        /// As the database says.
        stated: u64,
        /// Whole pages in the file.
        present: u64,
    },
    /// A link leads to a page the file does not have, or that cannot be linked.
    #[error("there is no page {0} to link")]
    PageMissing(u32),
    /// Two links lead to one page: the second is not followed.
    #[error("page {0} is linked twice")]
    PageTaken(u32),
    /// The page's kind is not one that belongs where it is linked.
    #[error("page {page} has kind {kind}, which does not belong here")]
    PageKind {
        /// The page.
        page: u32,
        /// Its kind byte.
        kind: u8,
    },
    /// A Berkeley DB page carries another page's number.
    #[error("page {page} carries the number {found}")]
    PageNumber {
        /// Where it stands.
        page: u32,
        /// What it says.
        found: u32,
    },
    /// The page's directory of entries does not fit the page.
    #[error("the page's directory of entries is invalid")]
    PageDirectory,
    /// Entries and free space overlap or leave a hole: the page's directory has been damaged.
    #[error("the page's entries and free space do not add up")]
    PageSpace,
    /// An entry reaches outside its page.
    #[error("the entry reaches outside its page")]
    EntryBounds,
    /// The entry lies on bytes of another entry: the second is not read.
    #[error("the entry overlaps another")]
    EntryOverlap,
    /// The record is longer than any rpm header may be.
    #[error("a record of {0} bytes is longer than an rpm header may be")]
    RecordLength(u64),
    /// The pages a record continues on hold fewer or more bytes than it has.
    #[error("the record's overflow pages do not hold its {0} bytes")]
    ChainLength(u64),
    /// The b-tree is deeper than sqlite allows.
    #[error("the b-tree is deeper than sqlite allows")]
    TreeDepth,
    /// Row numbers do not ascend, so a page is not where it belongs.
    #[error("row {0} is out of order")]
    RowOrder(i64),
    /// The row's columns are not those of the table.
    #[error("the row's columns are not those of the table")]
    RowColumns,
    /// Another table or index claims the root page of `Packages`.
    #[error("page {0} is the root of \"Packages\" and of something else")]
    RootShared(u32),
    /// The log's header is damaged; like sqlite, nothing of the log is used.
    #[error("the write-ahead log's header is invalid, the log is not used")]
    LogHeader,
    /// The log has another page size than the database; nothing of it is used.
    #[error("the write-ahead log's page size {0} is not the database's, the log is not used")]
    LogPageSize(u32),
    /// The frame fails its checksum; like sqlite, it and all later frames are not used.
    #[error("the frame is damaged, it and later frames are not used")]
    LogFrame,
    /// The slot has not the magic every slot carries.
    #[error("the slot has no magic")]
    SlotMagic,
    /// The slot's numbers point outside the data area.
    #[error("the slot points outside the data")]
    SlotBounds,
    /// The slot's blocks belong to another slot too.
    #[error("the slot's blocks belong to another slot too")]
    SlotOverlap,
    /// What stands at the slot's blocks is not this slot's package.
    #[error("the blocks do not hold this slot's package")]
    BlobFrame,
    /// The package fails its checksum.
    #[error("the package fails its checksum")]
    BlobChecksum,
    /// Data no slot points to: a slot was lost, or an erasure was interrupted.
    #[error("data that no slot points to")]
    StrayData,
    /// The hash table names more buckets than its mask or the file's pages allow.
    #[error("the hash table cannot have {0} buckets")]
    BucketCount(u64),
    /// An entry of a kind that a hash of packages does not have (duplicates, for one).
    #[error("an entry of kind {0} does not belong in the packages")]
    EntryKind(u8),
    /// The key is not the four bytes of a package number.
    #[error("the key is not a package number")]
    Key,
    /// There were more problems than are worth listing.
    #[error("{0} further problems")]
    Further(u64),
}
