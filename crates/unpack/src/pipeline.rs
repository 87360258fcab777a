//! One layer in one pass: both digests and the tar entries, on three threads.
//!
//! ```text
//! source thread             inflate thread          caller's thread
//! read, digest (compressed) ─► inflate ────────────► digest (diff_id), tar, visit
//! ```
//!
//! The threads are joined by bounded channels of buffers that return to their filler, so memory is
//! fixed ([`pipeline_memory`]). Every byte is read and digested, also behind the tar's end mark.

mod error;
mod link;
mod stages;

use std::io::{self, Cursor, Read};

pub use error::{LayerError, Mismatch};

use crate::compression::{Compression, GUNZIP_STATE_BYTES, XZ_MEMORY_BYTES, read_start};
use crate::hash::Checksum;
use crate::limits::Limits;
use crate::tar::Entry;
use link::{BUFFER_BYTES, BUFFERS};
use stages::Stages;

/// What a layer's descriptor and the image's config claim about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Digest of the compressed bytes.
    pub digest: Option<Checksum>,
    /// Number of compressed bytes.
    pub size: Option<u64>,
    /// Digest of the uncompressed bytes.
    pub diff_id: Option<Checksum>,
}

/// What a layer turned out to be, over all of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// How it was compressed.
    pub compression: Compression,
    /// Digest of the compressed bytes, with the expected digest's algorithm (else SHA-256).
    pub digest: Checksum,
    /// Number of compressed bytes.
    pub compressed_size: u64,
    /// Digest of the uncompressed bytes, with the expected diff_id's algorithm (else SHA-256).
    pub diff_id: Checksum,
    /// Number of uncompressed bytes.
    pub size: u64,
    /// Number of tar members.
    pub entries: u64,
}

/// Memory that [`read_layer`] holds for one layer of this compression, in bytes, buffers and
/// decoder included: what to borrow from a budget. A stream that needs more is an error.
pub const fn pipeline_memory(compression: Compression, limits: &Limits) -> u64 {
    let link = (BUFFERS * BUFFER_BYTES) as u64;
    match compression {
        Compression::None => link,
        Compression::Gzip => 2 * link + GUNZIP_STATE_BYTES,
        Compression::Zstd => 2 * link + (1 << limits.max_zstd_window_log) + ZSTD_STATE_BYTES,
        Compression::Xz => 2 * link + XZ_MEMORY_BYTES,
    }
}

/// libzstd beside the window: tables, and one block of input and output.
const ZSTD_STATE_BYTES: u64 = 512 << 10;

/// Reads one layer to its end, calls `visit` for every tar member in order, and returns both
/// digests. The compression is told by the first bytes.
///
/// An error of `visit` stops the reading ([`LayerError::Visit`]). Entries were already visited when
/// an error is found behind them: keep nothing from a layer that ends in one. If the bytes are not
/// the expected ones, that is the error, whatever else they led to.
pub fn read_layer<S: Read + Send>(
    mut source: S,
    expected: &Expected,
    limits: &Limits,
    visit: impl FnMut(&mut Entry<'_>) -> io::Result<()>,
) -> Result<Layer, LayerError> {
    let start = read_start(&mut source).map_err(LayerError::Source)?;
    let compression = Compression::detect(&start);
    let source = Cursor::new(start).chain(source);
    Stages { compression, expected, limits }.run(source, visit)
}
