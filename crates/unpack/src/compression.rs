//! Compressed streams: which kind, and reading them within limits.

mod decoder;
mod gunzip;

use std::fmt;

pub use decoder::{DecodeError, Decoder};
pub(crate) use decoder::{XZ_MEMORY_BYTES, read_start};
pub(crate) use gunzip::GUNZIP_STATE_BYTES;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not compressed, or by nothing this crate knows.
    None,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames; skippable frames (zstd:chunked) are skipped.
    Zstd,
    /// The .xz format, one or more streams.
    Xz,
}

impl Compression {
    /// How many bytes [`detect`](Self::detect) wants to see.
    pub const MAGIC_BYTES: usize = 6;

    /// Tells by the first bytes, as engines do: a layer's media type is only a claim.
    pub fn detect(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // A frame, or a skippable frame, whose magic has 16 values.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        })
    }
}
