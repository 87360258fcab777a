//! The images of compressed archives, which would have to be read whole to be known.
//!
//! ```text
//! sha256 of the rest, in hexadecimal · JSON: the key and the images
//! ```

use std::path::PathBuf;

use plimsoll_image::ArchivedImage;

use super::{Cache, CacheError, files, hash};

/// Raised whenever an archive would be described otherwise, or the format changes, also that of
/// the model's image: older entries are then not found, and the archive is read again.
const VERSION: u32 = 2;

/// The documents of an archive, from which the images come, are no more.
const MAX_ARCHIVE: u64 = 16 << 20;

/// The hexadecimal digits of the hash.
const HASH: usize = 64;

impl Cache {
    /// The images of an archive that has not changed since it was read to its end and verified:
    /// every layer that is in it has the diff_id that was computed.
    pub(crate) fn by_archive(&self, key: &str) -> Option<Vec<ArchivedImage>> {
        let bytes = files::read(&self.archive_path(key), MAX_ARCHIVE)?;
        let (expected, json) = bytes.split_at_checked(HASH)?;
        if hash(json).as_bytes() != expected {
            return None;
        }
        let (stored, images): (String, Vec<ArchivedImage>) = serde_json::from_slice(json).ok()?;
        (stored == key).then_some(images)
    }

    /// Keeps the images of an archive that was read to its end, every layer verified.
    pub(crate) fn store_archive(
        &self,
        key: &str,
        images: &[ArchivedImage],
    ) -> Result<(), CacheError> {
        let path = self.archive_path(key);
        let json = match serde_json::to_vec(&(key, images)) {
            Ok(json) => json,
            Err(error) => return Err(CacheError::Write { path, source: error.into() }),
        };
        let bytes = [hash(&json).as_bytes(), &json].concat();
        // Larger ones would not be read.
        match bytes.len() as u64 > MAX_ARCHIVE {
            true => Ok(()),
            false => files::write(&path, &bytes),
        }
    }

    pub(super) fn archive_path(&self, key: &str) -> PathBuf {
        self.directory.join("by-archive").join(format!("{}-v{VERSION}", hash(key.as_bytes())))
    }
}
