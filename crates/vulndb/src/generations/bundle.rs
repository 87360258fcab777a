//! A generation in one file, for machines without a network.
//!
//! ```text
//! "plimsoll-bundle/1\n"
//! length of the manifest, 8 bytes, little endian
//! the manifest
//! the shards it names, in its order, each content once
//! ```

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};

use plimsoll_model::Digest;
use plimsoll_table::write_atomically;
use plimsoll_unpack::{Algorithm, Hasher, HashingReader};

use super::install::Installed;
use super::manifest::{Generation, Manifest, SCHEMA, ShardInfo, Trust, digest, shard_path};
use super::store::{MAX_MANIFEST, Store, StoreError};

const MAGIC: &[u8; 18] = b"plimsoll-bundle/1\n";

/// The largest real shard (Ubuntu's OSV of one release) has some 10 MB; a bundle may not fill a disk.
const MAX_SHARD: u64 = 1 << 30;

/// One for each feed and scope; there are some hundred in the whole world.
const MAX_SHARDS: usize = 10_000;

/// Why a bundle was not imported; the generation in force stays.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It could not be read to its end.
    #[error("the bundle is cut off or unreadable")]
    Read(#[source] io::Error),
    /// It is something else.
    #[error("this is no bundle: {0}")]
    NotABundle(String),
    /// It is not the one that the digest was given for.
    #[error("the bundle has digest {actual}, not {expected}")]
    Digest {
        /// What was given.
        expected: Digest,
        /// What it has.
        actual: Digest,
    },
    /// A shard in it is not what the manifest says.
    #[error("shard of {feed} in the bundle: {reason}")]
    Shard {
        /// The feed's name.
        feed: String,
        /// What is wrong.
        reason: String,
    },
}

impl Store {
    /// Writes a generation as one file and gives its digest, to be carried by another way.
    pub fn export(
        &self,
        generation: &Generation,
        output: impl Write,
    ) -> Result<Digest, StoreError> {
        let mut output = HashingWriter { inner: output, hasher: Hasher::new(Algorithm::Sha256) };
        let failed = |path: &std::path::Path, step| {
            let path = path.to_path_buf();
            move |source| StoreError::Io { path, step, source }
        };
        let bundle = std::path::Path::new("the bundle");
        let manifest = serde_json::to_vec(&generation.manifest()).unwrap_or_default();
        output
            .write_all(MAGIC)
            .and_then(|()| output.write_all(&(manifest.len() as u64).to_le_bytes()))
            .and_then(|()| output.write_all(&manifest))
            .map_err(failed(bundle, "written"))?;
        for info in once_each(generation.shards()) {
            let path = generation.path(info);
            let mut file = File::open(&path).map_err(failed(&path, "read"))?;
            io::copy(&mut file, &mut output).map_err(failed(bundle, "written"))?;
        }
        output.flush().map_err(failed(bundle, "written"))?;
        Ok(digest(output.hasher.finish()))
    }

    /// Puts a bundle's generation in force, after every shard of it was checked, and the whole against a
    /// digest if one is given.
    pub fn import(
        &self,
        input: impl Read,
        expected: Option<&Digest>,
    ) -> Result<Installed, StoreError> {
        let _lock = self.lock()?;
        let result = self.import_locked(input, expected);
        // Whatever became of it: shards that no generation names go.
        self.collect()?;
        result
    }

    fn import_locked(
        &self,
        input: impl Read,
        expected: Option<&Digest>,
    ) -> Result<Installed, StoreError> {
        let mut input = HashingReader::new(input, Algorithm::Sha256);
        let mut shards = read_manifest(&mut input)?;
        for info in once_each(&shards) {
            self.import_shard(info, &mut input)?;
        }
        if input.read(&mut [0]).map_err(BundleError::Read)? != 0 {
            return Err(
                BundleError::NotABundle("more bytes behind its last shard".to_owned()).into()
            );
        }
        let actual = digest(input.finish().0);
        if let Some(expected) = expected.filter(|expected| **expected != actual) {
            return Err(BundleError::Digest { expected: expected.clone(), actual }.into());
        }
        for info in &mut shards {
            info.trust = if expected.is_some() { Trust::ImportedVerified } else { Trust::Imported };
        }
        let generation = Generation::new(&self.directory, shards);
        for info in generation.shards() {
            generation
                .check(info)
                .map_err(|reason| BundleError::Shard { feed: info.feed.clone(), reason })?;
        }
        self.publish(&generation)?;
        Ok(Installed { generation, setbacks: Vec::new() })
    }

    fn import_shard(&self, info: &ShardInfo, input: &mut impl Read) -> Result<(), StoreError> {
        let bad = |reason: String| BundleError::Shard { feed: info.feed.clone(), reason };
        if info.size > MAX_SHARD {
            return Err(bad(format!("more than {MAX_SHARD} bytes")).into());
        }
        let mut reader = HashingReader::new(input.take(info.size), Algorithm::Sha256);
        let path = shard_path(&self.directory, &info.sha256);
        write_atomically(&path, |file| {
            io::copy(&mut reader, file)?;
            let (checksum, size) = reader.finish();
            // An error here leaves no file.
            if size != info.size || digest(checksum) != info.sha256 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "digest or size differ"));
            }
            Ok(())
        })
        .map_err(|error| match error.source.kind() {
            io::ErrorKind::InvalidData => {
                bad("its digest or size differs from the manifest".to_owned()).into()
            }
            _ => StoreError::Install(error),
        })
    }
}

fn read_manifest(input: &mut impl Read) -> Result<Vec<ShardInfo>, BundleError> {
    let mut head = [0; MAGIC.len() + 8];
    input.read_exact(&mut head).map_err(BundleError::Read)?;
    let (magic, length) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(BundleError::NotABundle("it does not begin like one".to_owned()));
    }
    let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
    if length > MAX_MANIFEST {
        return Err(BundleError::NotABundle("its manifest is too long".to_owned()));
    }
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes).map_err(BundleError::Read)?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| BundleError::NotABundle(format!("its manifest: {error}")))?;
    if manifest.schema != SCHEMA || manifest.shards.len() > MAX_SHARDS {
        return Err(BundleError::NotABundle("its manifest is of another version".to_owned()));
    }
    Ok(manifest.shards)
}

/// Two feeds may have the same content (none at all, for a scope they do not know); it is carried once.
fn once_each(shards: &[ShardInfo]) -> impl Iterator<Item = &ShardInfo> {
    let mut seen = BTreeSet::new();
    shards.iter().filter(move |info| seen.insert(&info.sha256))
}

struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or(bytes));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
