//! What happens while layers are read.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

/// Something that happened to a layer. Layers are counted over all images of one call, in no
/// particular order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A layer is about to be read.
    LayerStarted {
        /// Its number.
        layer: usize,
        /// Its digest, else its diff_id, else its place in the archive.
        name: &'a str,
        /// The stored bytes to come, where known.
        size: Option<u64>,
    },
    /// Stored bytes have arrived.
    LayerBytes {
        /// The layer's number.
        layer: usize,
        /// How many since the last event.
        bytes: u64,
    },
    /// A layer's facts are there.
    LayerDone {
        /// Its number.
        layer: usize,
        /// Where they came from.
        from: FactsFrom,
    },
}

/// Where the facts of a layer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactsFrom {
    /// It had been read before.
    Cache,
    /// It was read.
    Bytes,
}

/// Bytes between two events: one for each tenth of a second at 100 MB/s.
const EVERY: u64 = 8 << 20;

/// Counts the bytes of a layer as they are read, and ends the reading once another layer has
/// failed.
pub(crate) struct Counted<'a, R> {
    from: R,
    layer: usize,
    progress: &'a (dyn Fn(Event<'_>) + Send + Sync),
    stop: &'a AtomicBool,
    since: u64,
}

impl<'a, R> Counted<'a, R> {
    pub(crate) fn new(
        from: R,
        layer: usize,
        progress: &'a (dyn Fn(Event<'_>) + Send + Sync),
        stop: &'a AtomicBool,
    ) -> Self {
        Self { from, layer, progress, stop, since: 0 }
    }

    fn report(&mut self) {
        if self.since > 0 {
            (self.progress)(Event::LayerBytes { layer: self.layer, bytes: self.since });
            self.since = 0;
        }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("another layer failed"));
        }
        let read = self.from.read(buffer)?;
        self.since += read as u64;
        if self.since >= EVERY || (read == 0 && !buffer.is_empty()) {
            self.report();
        }
        Ok(read)
    }
}
