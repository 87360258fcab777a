//! What the readers of one call share.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_image::ArchivedImage;
use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::tar::{Entry, Kind};
use plimsoll_unpack::{
    Checksum, Compression, Expected, Layer, LayerError, pipeline_memory, read_layer,
};

use super::Settings;
use crate::budget::Share;
use crate::cache::{Cache, CacheError, Known};
use crate::facts::{LayerFacts, Stated};
use crate::layer::{self, Analyser, digests, wal_of};
use crate::merge::{Request, What};
use crate::progress::{Counted, Event, FactsFrom};
use crate::wanted::FileKind;

/// The bytes in which a compressed stream shows what it is.
const START: u64 = 6;

pub(super) struct Session<'a> {
    pub(super) settings: &'a Settings<'a>,
    /// The cache, if it may be used.
    pub(super) cache: Option<&'a Cache>,
    /// Set once a layer has failed: the others need not be read to their ends.
    pub(super) stop: AtomicBool,
    numbers: AtomicUsize,
    notes: Mutex<Vec<String>>,
}

/// A layer that was read to its end.
pub(super) struct Analysed {
    pub(super) known: Known,
    /// The number of stored bytes.
    pub(super) size: u64,
}

/// A file of a layer that is read again, and the name under which it is analysed.
struct Part<'a> {
    layer: usize,
    stored: &'a [u8],
    name: Vec<u8>,
    kind: FileKind,
}

impl<'a> Session<'a> {
    pub(super) fn new(settings: &'a Settings<'a>) -> Self {
        let mut notes = Vec::new();
        let cache = settings.cache.filter(|cache| match cache.prepare() {
            Ok(()) => true,
            Err(error) => {
                notes.push(error.to_string());
                false
            }
        });
        Self {
            settings,
            cache,
            stop: AtomicBool::new(false),
            numbers: AtomicUsize::new(0),
            notes: Mutex::new(notes),
        }
    }

    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        // One line for a cache that cannot be written, not one a layer.
        if notes.is_empty() {
            notes.push(note);
        }
    }

    /// The number of the next layer, for progress.
    pub(super) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn done(&self, layer: usize, from: FactsFrom) {
        (self.settings.progress)(Event::LayerDone { layer, from });
    }

    /// Keeps what is known of a layer; a cache that cannot be written is no error.
    pub(super) fn store(&self, known: &Known, stamp: Option<&str>) {
        if let Some(cache) = self.cache {
            self.stored(cache.store(known, stamp));
        }
    }

    /// Keeps facts that have grown.
    pub(super) fn store_facts(&self, facts: &LayerFacts) {
        if let Some(cache) = self.cache {
            self.stored(cache.store_facts(facts));
        }
    }

    /// Keeps the images of an archive, every layer verified, if it can be known again.
    pub(super) fn store_archive(&self, key: Option<&str>, images: &[ArchivedImage]) {
        if let (Some(cache), Some(key)) = (self.cache, key) {
            self.stored(cache.store_archive(key, images));
        }
    }

    /// Keeps what an engine says of an image, every layer verified.
    pub(super) fn store_image(&self, image: &Digest, diff_ids: &[&DiffId]) {
        if let Some(cache) = self.cache {
            self.stored(cache.store_image(image, diff_ids));
        }
    }

    fn stored(&self, result: Result<(), CacheError>) {
        if let Err(error) = result {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            self.note(format!("{error}: {}", source.unwrap_or_default()));
        }
    }

    /// Reads a layer to its end; it waits for its share of the memory.
    pub(super) fn analyse(
        &self,
        number: usize,
        from: impl Read + Send,
        expected: &Expected,
    ) -> Result<Analysed, LayerError> {
        let mut from = Counted::new(from, number, self.settings.progress, &self.stop);
        let mut start = Vec::new();
        Read::take(&mut from, START).read_to_end(&mut start).map_err(LayerError::Source)?;
        let _share = self.share(Compression::detect(&start));
        let mut analyser = self.analyser();
        let from = Cursor::new(start).chain(from);
        let layer = self.pass(from, expected, &mut |entry| analyser.entry(entry))?;
        let (diff_id, digest) = digests(&layer);
        let stated = Stated { diff_id: &diff_id, digest: digest.as_ref(), size: layer.size };
        let facts = analyser.finish(&stated).map_err(LayerError::Visit)?;
        let digest = layer::digest(layer.digest);
        let known = Known { digest, facts: Arc::new(facts) };
        Ok(Analysed { known, size: layer.compressed_size })
    }

    /// One pass over a layer, verified at its end. The caller holds the share.
    pub(super) fn pass(
        &self,
        from: impl Read + Send,
        expected: &Expected,
        visit: &mut Visit<'_>,
    ) -> Result<Layer, LayerError> {
        read_layer(from, expected, &self.settings.limits, visit)
    }

    /// Reads the files of a request again. `again` makes one pass over a layer.
    pub(super) fn fetch(
        &self,
        request: &Request,
        again: &mut Again<'_>,
    ) -> Result<Vec<u8>, String> {
        // One share for all passes, before the analyser may hold anything else.
        let _share = self.share(Compression::Xz);
        let mut analyser = self.analyser();
        for part in parts(request) {
            let mut found = false;
            again(part.layer, &mut |entry| {
                if entry.path().as_bytes() == part.stored && entry.kind() == Kind::File {
                    found = true;
                    analyser.forget(&part.name);
                    let size = entry.size();
                    analyser.file(&part.name, part.kind, size, entry)?;
                }
                Ok(())
            })?;
            if !found {
                return Err("is no longer in its layer".to_owned());
            }
        }
        let content = analyser.content(request.what.path(), request.what.kind());
        content.map_err(|error| error.to_string())
    }

    fn share(&self, compression: Compression) -> Share<'a> {
        let pipeline = pipeline_memory(compression, &self.settings.limits);
        self.settings.budget.share(pipeline + layer::MEMORY)
    }

    pub(super) fn analyser(&self) -> Analyser<'a> {
        Analyser::new(self.settings.budget, self.cache.map(Cache::directory))
    }
}

/// Looks at one entry of a layer.
pub(super) type Visit<'a> = dyn FnMut(&mut Entry<'_>) -> io::Result<()> + 'a;

/// Makes one more pass over the layer of this number.
pub(super) type Again<'a> = dyn FnMut(usize, &mut Visit<'_>) -> Result<(), String> + 'a;

fn parts(request: &Request) -> Vec<Part<'_>> {
    let layer = request.layer;
    let part = |layer, stored, kind| Part { layer, stored, name: stored.to_vec(), kind };
    match &request.what {
        What::File { path, kind } => vec![part(layer, path, *kind)],
        What::RpmWithWal { path, wal_layer, wal } => {
            // Analysed as if it were beside the database.
            let log = Part { name: wal_of(path), ..part(*wal_layer, wal, FileKind::RpmWal) };
            vec![log, part(layer, path, FileKind::Rpm)]
        }
    }
}

/// A digest as `unpack` computes it; none only if it is no digest at all, which its type excludes.
pub(super) fn checksum(digest: &Digest) -> Option<Checksum> {
    fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let (digits, []) = hex.as_bytes().as_chunks::<2>() else { return None };
        if digits.len() != N {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
            let digit = |digit: u8| {
                char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
            };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(bytes)
    }
    match digest.algorithm() {
        plimsoll_model::Algorithm::Sha256 => bytes(digest.hex()).map(Checksum::Sha256),
        plimsoll_model::Algorithm::Sha512 => bytes(digest.hex()).map(Checksum::Sha512),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_become_checksums() {
        for digest in [Digest::sha256(&[0xa7; 32]), Digest::sha512(&[0x0f; 64])] {
            assert_eq!(checksum(&digest).unwrap().to_string(), digest.to_string());
        }
    }
}
