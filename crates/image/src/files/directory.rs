//! The files of a layout in a directory. Links are followed, but never out of it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use plimsoll_unpack::SafePath;

use super::{Files, FoundLayer};
use crate::document::MAX_DOCUMENT_BYTES;
use crate::error::Error;
use crate::in_root::InRoot;
use crate::stored::Stored;

/// A directory with a layout in it.
pub(crate) struct Directory {
    source_name: Arc<str>,
    root: Arc<InRoot>,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let source_name = path.display().to_string();
        match InRoot::open(path) {
            Ok(root) => Ok(Self { source_name: source_name.into(), root: Arc::new(root) }),
            Err(source) => Err(Error::Read { source_name, source }),
        }
    }

    fn open_file(&self, path: &str) -> Result<Option<(SafePath, File, u64)>, Error> {
        let Ok(safe_path) = SafePath::new(path) else { return Ok(None) };
        match self.root.open_file(&safe_path) {
            Ok(found) => Ok(found.map(|(file, size)| (safe_path, file, size))),
            Err(source) => Err(Error::Read { source_name: self.name_of(path), source }),
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
        let Some((_, file, bytes)) = self.open_file(path)? else { return Ok(None) };
        if bytes > MAX_DOCUMENT_BYTES {
            return Err(Error::DocumentTooLarge {
                source_name: self.source_name.to_string(),
                document: path.to_owned(),
                bytes,
                limit: MAX_DOCUMENT_BYTES,
            });
        }
        let mut content = Vec::new();
        match file.take(bytes).read_to_end(&mut content) {
            Ok(_) => Ok(Some(content)),
            Err(source) => Err(Error::Read { source_name: self.name_of(path), source }),
        }
    }

    fn layer(&self, path: &str) -> Result<Option<FoundLayer>, Error> {
        let Some((safe_path, file, size)) = self.open_file(path)? else { return Ok(None) };
        let entry = safe_path.to_string();
        let stored = Stored::in_root(self.name_of(path), &self.root, safe_path, &file)?;
        Ok(Some(FoundLayer { entry, size, stored: Some(stored) }))
    }
}
