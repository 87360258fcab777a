//! What can be wrong with the catalogue.

use plimsoll_table::{BuildError, InstallError, TableError};

/// Why the catalogue cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file is damaged, or no catalogue of this version.
    #[error(transparent)]
    Table(#[from] TableError),
    /// More than a file can hold.
    #[error("the catalogue of bases cannot be made")]
    Build(#[from] BuildError),
    /// The file cannot be written; the old one is still there.
    #[error(transparent)]
    Install(#[from] InstallError),
}
