//! The catalogue of known images: one immutable table, replaced as a whole.

mod build;
mod error;
mod format;
mod merge;
mod nearest;
mod read;

pub use error::CatalogueError;
pub use merge::{Merged, forget, merge};
pub use nearest::Nearest;
pub use read::Catalogue;
