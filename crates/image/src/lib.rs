#![doc = include_str!("../README.md")]

mod archive;
mod context;
mod described;
mod document;
mod engine;
mod error;
mod files;
mod layout;
mod media_type;
mod metadata;
mod open;
mod platform_choice;
mod recognise;
mod registry;
mod root_fs;
mod source;
mod stored;
mod stream;
mod tag;
mod walk;

pub use context::{Context, RegistryOpener};
pub use error::{Error, Tried};
pub use metadata::{Attestation, HistoryStep, Metadata};
pub use open::open;
pub use platform_choice::PlatformChoice;
pub use root_fs::RootFs;
pub use source::{Export, KnownBy, Opened, SourceImage, SourceLayer};
pub use stored::FileStamp;
pub use stream::{ArchiveEntry, ArchiveStream, ArchivedImage, ArchivedLayer};
