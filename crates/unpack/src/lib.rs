#![doc = include_str!("../README.md")]

pub mod ar;
mod compression;
mod hash;
mod limits;
mod path;
mod pipeline;
pub mod rootfs;
pub mod tar;
pub mod zip;

pub use compression::{Compression, DecodeError, Decoder};
pub use hash::{Algorithm, Checksum, Hasher, HashingReader};
pub use limits::{Limits, PathLimits};
pub use path::{PathError, SafePath};
pub use pipeline::{Expected, Layer, LayerError, Mismatch, pipeline_memory, read_layer};
