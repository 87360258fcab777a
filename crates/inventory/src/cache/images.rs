//! The images of an engine that only repeats what their configurations claim.
//!
//! ```text
//! sha256 of the rest, in hexadecimal · JSON: the image and its diff_ids, lowest layer first
//! ```

use std::path::PathBuf;

use plimsoll_model::{DiffId, Digest};

use super::{Cache, CacheError, files, hash, name};

/// Raised whenever the format changes, or what is verified before an entry is written: older
/// entries are then not found, and the image is exported again.
const VERSION: u32 = 1;

/// More layers than an engine can stack, at less than 200 bytes each.
const MAX_IMAGE: u64 = 1 << 20;

/// The hexadecimal digits of the hash.
const HASH: usize = 64;

impl Cache {
    /// The diff_ids of an image whose layers were all read, and computed to be these.
    pub(crate) fn by_image(&self, image: &Digest) -> Option<Vec<DiffId>> {
        let bytes = files::read(&self.image_path(image), MAX_IMAGE)?;
        let (expected, json) = bytes.split_at_checked(HASH)?;
        if hash(json).as_bytes() != expected {
            return None;
        }
        let (stored, diff_ids): (String, Vec<String>) = serde_json::from_slice(json).ok()?;
        if stored != image.to_string() {
            return None;
        }
        diff_ids.iter().map(|diff_id| diff_id.parse().ok().map(DiffId)).collect()
    }

    /// Keeps the diff_ids of an image that were computed from all its layers.
    pub(crate) fn store_image(
        &self,
        image: &Digest,
        diff_ids: &[&DiffId],
    ) -> Result<(), CacheError> {
        let path = self.image_path(image);
        let diff_ids: Vec<String> = diff_ids.iter().map(ToString::to_string).collect();
        let json = match serde_json::to_vec(&(image.to_string(), diff_ids)) {
            Ok(json) => json,
            Err(error) => return Err(CacheError::Write { path, source: error.into() }),
        };
        files::write(&path, &[hash(&json).as_bytes(), &json].concat())
    }

    pub(super) fn image_path(&self, image: &Digest) -> PathBuf {
        self.directory.join("by-image").join(format!("{}-v{VERSION}", name(image)))
    }
}
