//! What a container may cost: every reader of this crate takes these limits from its caller.

/// Limits on one container (a layer, a feed, a zip).
///
/// The defaults let every image through that an engine can run; they stop only what was made to
/// exhaust a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Uncompressed bytes, padding included; of a tar also, counted apart, the bytes that reading the
    /// holes of sparse files yields.
    pub max_output_bytes: u64,
    /// Uncompressed bytes per compressed byte, judged only beyond [`ratio_floor_bytes`].
    ///
    /// [`ratio_floor_bytes`]: Limits::ratio_floor_bytes
    pub max_ratio: u64,
    /// Uncompressed bytes up to which the ratio is not judged.
    pub ratio_floor_bytes: u64,
    /// Members of a tar, zip or ar; headers that only extend the next member are not counted.
    pub max_entries: u64,
    /// Base-2 logarithm of the largest zstd window: what a decoder may allocate for its history.
    pub max_zstd_window_log: u32,
    /// Limits on each member's name.
    pub path: PathLimits,
}

/// Limits on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathLimits {
    /// Length of the name as written in the container, in bytes.
    pub max_bytes: usize,
    /// Components of the cleaned path.
    pub max_depth: usize,
}

/// Layers with machine-learning models reach 20 GB; twice that is still minutes, not hours.
const MAX_OUTPUT_BYTES: u64 = 48 << 30;

/// Real layers stay under 20; deflate itself cannot exceed 1032, so only zeros come near.
const MAX_RATIO: u64 = 200;

/// A layer may hold a huge file of zeros (`/var/log/lastlog` of a high user id, a disk image):
/// unpacking 1 GiB takes seconds and harms nobody, whatever the ratio.
const RATIO_FLOOR_BYTES: u64 = 1 << 30;

/// The largest images seen have 3 million files over all layers.
const MAX_ENTRIES: u64 = 5_000_000;

/// 32 MiB, the largest window that the zstd writers of container tools use (klauspost's "best").
const MAX_ZSTD_WINDOW_LOG: u32 = 25;

/// `PATH_MAX` of Linux: an engine cannot create a longer one.
const MAX_PATH_BYTES: usize = 4096;

/// The deepest trees seen (nested `node_modules`) have about 60 levels.
const MAX_PATH_DEPTH: usize = 256;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_output_bytes: MAX_OUTPUT_BYTES,
            max_ratio: MAX_RATIO,
            ratio_floor_bytes: RATIO_FLOOR_BYTES,
            max_entries: MAX_ENTRIES,
            max_zstd_window_log: MAX_ZSTD_WINDOW_LOG,
            path: PathLimits::default(),
        }
    }
}

impl Default for PathLimits {
    fn default() -> Self {
        Self { max_bytes: MAX_PATH_BYTES, max_depth: MAX_PATH_DEPTH }
    }
}
