//! A root file system in a directory: no layers, no configuration.

use std::path::Path;

use plimsoll_model::{Image, Transport};
use plimsoll_unpack::rootfs::RootDir;

use crate::error::Error;

/// A root file system in a directory.
#[derive(Debug)]
pub struct RootFs {
    /// The reference and nothing else.
    pub image: Image,
    /// The directory; nothing outside it can be reached through this.
    pub root: RootDir,
}

impl RootFs {
    pub(crate) fn open(path: &Path, reference: &str) -> Result<Self, Error> {
        let root = RootDir::open(path)
            .map_err(|source| Error::Read { source_name: path.display().to_string(), source })?;
        let image = Image {
            reference: reference.to_owned(),
            source: Transport::Dir.to_string(),
            digest: None,
            config_digest: None,
            platform: None,
            created: None,
            layers: Vec::new(),
        };
        Ok(Self { image, root })
    }
}
