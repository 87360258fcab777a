//! The files of a layout in a directory. Links are followed, but never out of it.

use std::path::Path;
use std::sync::Arc;

use plimsoll_unpack::SafePath;
use plimsoll_unpack::rootfs::{RootDir, RootError, RootFile};

use super::{Files, FoundLayer};
use crate::document::MAX_DOCUMENT_BYTES;
use crate::error::Error;
use crate::stored::{Stored, io_error};

/// A directory with a layout in it.
pub(crate) struct Directory {
    source_name: Arc<str>,
    root: Arc<RootDir>,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let source_name = path.display().to_string();
        match RootDir::open(path) {
            Ok(root) => Ok(Self { source_name: source_name.into(), root: Arc::new(root) }),
            Err(source) => Err(Error::Read { source_name, source }),
        }
    }

    /// Nothing where there is no such file; anything but a regular file is refused unopened.
    fn open_file(&self, path: &str, max_bytes: u64) -> Result<Option<(SafePath, RootFile)>, Error> {
        let Ok(safe_path) = SafePath::new(path) else { return Ok(None) };
        match self.root.open_file(&safe_path, max_bytes) {
            Ok(file) => Ok(Some((safe_path, file))),
            Err(RootError::NotFound { .. }) => Ok(None),
            Err(RootError::TooLarge { bytes, limit, .. }) => Err(Error::DocumentTooLarge {
                source_name: self.source_name.to_string(),
                document: path.to_owned(),
                bytes,
                limit,
            }),
            Err(error) => {
                Err(Error::Read { source_name: self.name_of(path), source: io_error(error) })
            }
        }
    }

    fn name_of(&self, path: &str) -> String {
        format!("{}/{path}", self.source_name)
    }
}

impl Files for Directory {
    fn source_name(&self) -> &str {
        &self.source_name
    }

    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some((_, file)) = self.open_file(path, MAX_DOCUMENT_BYTES)? else { return Ok(None) };
        match file.read_to_vec() {
            Ok(content) => Ok(Some(content)),
            Err(source) => Err(Error::Read { source_name: self.name_of(path), source }),
        }
    }

    fn layer(&self, path: &str) -> Result<Option<FoundLayer>, Error> {
        let Some((safe_path, file)) = self.open_file(path, u64::MAX)? else { return Ok(None) };
        let (entry, size) = (safe_path.to_string(), file.size());
        let stored = Stored::in_root(self.name_of(path), &self.root, safe_path, &file)?;
        Ok(Some(FoundLayer { entry, size, stored: Some(stored) }))
    }
}
