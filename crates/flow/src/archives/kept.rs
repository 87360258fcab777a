//! What distribution archives answered, kept in the cache: signed documents under their address, compiled
//! indexes and changelogs under the hash of what they were made from.
//!
//! Nothing here is believed because it is here: a document is verified each time it is used. Without a cache
//! everything lives in a directory that goes with the run.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use plimsoll_fetch::Validators;
use plimsoll_unpack::{Algorithm, Checksum};

use crate::session::Session;

/// Below the cache's directory; `plimsoll cache prune` knows it by this name.
const DIRECTORY: &str = "archives";
/// A header of three short lines stands before a document.
const MAX_HEADER: usize = 4096;

/// A document as it was answered last.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) bytes: Vec<u8>,
    pub(crate) validators: Validators,
    /// When the archive said last that there is nothing newer.
    pub(crate) checked: Timestamp,
}

/// The kept answers.
pub(crate) struct Kept {
    directory: PathBuf,
    /// Set where there is no cache; removed in the end.
    _temporary: Option<tempfile::TempDir>,
}

impl Kept {
    /// In the cache where there is one that can be written; else for this run only, beside the run's other files
    /// in the state directory. Where that cannot be written either, nothing is kept: that costs requests and memory.
    pub(crate) fn open(session: &Session) -> Self {
        if let Some(cache) = &session.settings.cache_dir {
            let directory = cache.join(DIRECTORY);
            if session.make_private(&directory).is_ok() {
                return Self { directory, _temporary: None };
            }
        }
        let made = session.make_state_dir().ok();
        match made.and_then(|()| tempfile::tempdir_in(session.state_dir()).ok()) {
            Some(made) => Self { directory: made.path().to_owned(), _temporary: Some(made) },
            None => Self { directory: session.state_dir().join(DIRECTORY), _temporary: None },
        }
    }

    /// The document that was kept for an address.
    pub(crate) fn document(&self, address: &str) -> Option<Document> {
        let whole = std::fs::read(self.document_path(address)).ok()?;
        let mut lines = whole.splitn(4, |byte| *byte == b'\n');
        let mut line = || lines.next().and_then(|line| std::str::from_utf8(line).ok());
        let (checked, etag, last_modified) = (line()?, line()?, line()?);
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Document {
            checked: checked.parse().ok()?,
            validators: Validators { etag: text(etag), last_modified: text(last_modified) },
            bytes: lines.next()?.to_vec(),
        })
    }

    /// Keeps a document; that it cannot be kept only costs a request.
    pub(crate) fn keep_document(&self, address: &str, document: &Document) {
        let header = |value: &Option<String>| {
            let value = value.as_deref().unwrap_or_default();
            if value.contains('\n') || value.len() > MAX_HEADER {
                String::new()
            } else {
                value.to_owned()
            }
        };
        let Document { bytes, validators, checked } = document;
        let (etag, last_modified) = (header(&validators.etag), header(&validators.last_modified));
        let mut whole = format!("{checked}\n{etag}\n{last_modified}\n").into_bytes();
        whole.extend_from_slice(bytes);
        let _ = self.write(&self.document_path(address), &whole);
    }

    /// Where a file of this kind, made from content with this hash, is or belongs.
    pub(crate) fn path(&self, kind: &str, hash: &str) -> PathBuf {
        self.directory.join(format!("{kind}-{hash}"))
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    fn document_path(&self, address: &str) -> PathBuf {
        self.path("document", &hash_of(address))
    }
}

/// A name for a file, of any text.
pub(crate) fn hash_of(text: &str) -> String {
    Checksum::of(Algorithm::Sha256, text.as_bytes()).to_string().replace(':', "-")
}
