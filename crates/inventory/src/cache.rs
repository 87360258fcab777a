//! The facts cache: layers that were read before, found again without their bytes.
//!
//! ```text
//! facts/ALGORITHM-HEX-vN       the facts of the layer with this diff_id, by analysers of version N
//! by-digest/ALGORITHM-HEX      the diff_id behind a digest of stored bytes
//! by-stamp/HEX                 the digest and the diff_id behind an unchanged part of a local file
//! by-archive/HEX-vN            the images of an unchanged compressed archive
//! by-image/ALGORITHM-HEX-vN    the diff_ids of an image that only its engine has
//! ```
//!
//! What else the program keeps in the same place has directories of its own: see
//! [`shared_with`](Cache::shared_with).
//!
//! Every pair was computed by this program from the bytes. Files appear by rename and are never
//! changed, so any number of readers and writers share a cache without a lock. What cannot be read,
//! or is damaged, counts as absent and is written anew.

mod archives;
mod files;
mod images;
mod prune;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::{Algorithm, Checksum};

use crate::facts::{self, LayerFacts};
use crate::layer;
pub use prune::{CacheInfo, Pruned};

/// A directory of facts.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    /// Directories in it that others fill.
    others: &'static [&'static str],
}

/// Why a cache is not used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Somebody else could write facts into it, and so decide what a scan finds.
    #[error("the cache {} is not used: {reason}", path.display())]
    NotOurs {
        /// The cache.
        path: PathBuf,
        /// Who could write to it.
        reason: &'static str,
    },
    /// It cannot be written; reading it still helps.
    #[error("writing to the cache {}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be listed.
    #[error("listing the cache {}", path.display())]
    List {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What is known of a layer once it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The digest of the stored bytes.
    pub(crate) digest: Digest,
    pub(crate) facts: Arc<LayerFacts>,
}

impl Cache {
    /// The cache in this directory, which is made when it is first used.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, others: &[] }
    }

    /// The same with directories in it that others fill, by their names: their files are counted and
    /// pruned with its own, so that one limit holds for all.
    #[must_use]
    pub fn shared_with(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the directory, and sees to it that nobody else can write into it.
    pub(crate) fn prepare(&self) -> Result<(), CacheError> {
        // Where it cannot be made, storing says so.
        let _ = files::make_directory(&self.directory);
        match files::others_may_write(&self.directory) {
            None => Ok(()),
            Some(reason) => Err(CacheError::NotOurs { path: self.directory.clone(), reason }),
        }
    }

    /// The facts of the layer with this diff_id.
    pub(crate) fn facts(&self, diff_id: &DiffId) -> Option<Arc<LayerFacts>> {
        let bytes = files::read(&self.facts_path(diff_id), files::MAX_FACTS)?;
        let facts = LayerFacts::from_bytes(bytes).ok()?;
        (facts.diff_id() == diff_id).then(|| Arc::new(facts))
    }

    /// The facts of the layer whose stored bytes have this digest.
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<Arc<LayerFacts>> {
        let text = files::read_line(&self.digest_path(digest))?;
        self.facts(&DiffId(text.parse().ok()?))
    }

    /// What is known of a part of a file that has not changed since it was read.
    pub(crate) fn by_stamp(&self, stamp: &str) -> Option<Known> {
        let text = files::read_line(&self.stamp_path(stamp))?;
        let (digest, diff_id) = text.split_once(' ')?;
        let facts = self.facts(&DiffId(diff_id.parse().ok()?))?;
        Some(Known { digest: digest.parse().ok()?, facts })
    }

    /// Keeps facts under their diff_id, in place of older ones.
    pub(crate) fn store_facts(&self, facts: &LayerFacts) -> Result<(), CacheError> {
        files::write(&self.facts_path(facts.diff_id()), facts.as_bytes())
    }

    /// Keeps what is known of a layer that was read to its end and was the expected one.
    pub(crate) fn store(&self, known: &Known, stamp: Option<&str>) -> Result<(), CacheError> {
        self.store_facts(&known.facts)?;
        let diff_id = known.facts.diff_id();
        files::write(&self.digest_path(&known.digest), diff_id.to_string().as_bytes())?;
        if let Some(stamp) = stamp {
            let pair = format!("{} {diff_id}", known.digest);
            files::write(&self.stamp_path(stamp), pair.as_bytes())?;
        }
        Ok(())
    }

    fn facts_path(&self, diff_id: &DiffId) -> PathBuf {
        self.directory.join("facts").join(format!("{}-v{}", name(&diff_id.0), facts::VERSION))
    }

    fn digest_path(&self, digest: &Digest) -> PathBuf {
        self.directory.join("by-digest").join(name(digest))
    }

    fn stamp_path(&self, stamp: &str) -> PathBuf {
        self.directory.join("by-stamp").join(hash(stamp.as_bytes()))
    }
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    layer::digest(Checksum::of(Algorithm::Sha256, bytes)).hex().to_owned()
}

/// A digest as a file name: without the colon, which some file systems refuse.
fn name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().as_str(), digest.hex())
}

#[cfg(test)]
mod tests;
