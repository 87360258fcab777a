//! Why no package at all can be read from a file.

/// The file is no rpm database, or what tells where its records are is unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No bytes. rpm itself never leaves such a file: even an empty database has a first page.
    #[error("the rpm database is empty")]
    Empty,
    /// The first bytes belong to none of the formats in [`crate::Format`].
    #[error("not an rpm database: neither sqlite, ndb nor berkeley db")]
    Unrecognised,
    /// Berkeley DB b-trees hold rpm's indexes, not its packages.
    #[error("a berkeley db b-tree is not a supported rpm database")]
    BerkeleyBtree,
    /// A field of the file's own header has a value the format does not allow.
    #[error("the rpm database's header has an invalid {field}: {value}")]
    InvalidField {
        /// The field, by the name the format's documentation gives it.
        field: &'static str,
        /// The value found.
        value: u64,
    },
    /// The file ends inside its own header.
    #[error("the rpm database ends inside its header")]
    HeaderCut,
    /// Pages are encrypted or carry checksums, which rpm never asked Berkeley DB for.
    #[error("the berkeley db file uses encryption or page checksums")]
    BerkeleyFlags,
    /// The sqlite database has no table `Packages`, or its row in the schema cannot be read.
    #[error("the sqlite database has no readable table \"Packages\"")]
    NoPackagesTable,
}
