use std::io;

use crate::compression::DecodeError;
use crate::hash::Checksum;
use crate::tar::TarError;

/// Why a layer could not be read: the root cause, whichever thread met it first.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The source of the compressed bytes failed.
    #[error("reading the layer")]
    Source(#[source] io::Error),
    /// The layer is shorter or longer than its descriptor says.
    #[error("layer has {actual} bytes, not {expected}")]
    Size {
        /// What the descriptor says.
        expected: u64,
        /// Bytes received; where there are too many, reading stopped here.
        actual: u64,
    },
    /// The compressed bytes are not the ones the descriptor names.
    #[error("layer has digest {}, not {}", .0.actual, .0.expected)]
    Digest(Box<Mismatch>),
    /// The uncompressed bytes are not the ones the image's config names.
    #[error("layer has diff_id {}, not {}", .0.actual, .0.expected)]
    DiffId(Box<Mismatch>),
    /// The compressed stream is broken or beyond its limits.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The tar inside is broken or beyond its limits.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// The visitor stopped the reading.
    #[error("analysing the layer")]
    Visit(#[source] io::Error),
    /// A thread could not be started.
    #[error("starting a thread")]
    Thread(#[source] io::Error),
    /// A thread panicked, which is a defect of this program or of the source given to it.
    #[error("the {stage} thread panicked")]
    Panicked {
        /// The thread's task.
        stage: &'static str,
    },
}

/// Two digests that should be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was claimed.
    pub expected: Checksum,
    /// What was computed.
    pub actual: Checksum,
}
