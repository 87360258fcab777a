//! Why an image could not be read.

use std::sync::Arc;

use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::LayerError;

/// No inventory could be made. What is wrong with a single file or package is a problem in the
/// inventory instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] plimsoll_image::Error),
    /// A layer is broken, or not the one that was promised. Nothing of it is cached.
    #[error("layer {layer} of {image}")]
    Layer {
        /// The image, as it was asked for.
        image: String,
        /// The layer's digest, else its diff_id, else its place in the archive.
        layer: String,
        /// What is wrong with it; for a wrong digest, both digests.
        #[source]
        source: Arc<LayerError>,
    },
    /// The bytes of a layer are the promised ones, but its content is not what the configuration
    /// claims.
    #[error("layer {layer} of {image} has diff_id {actual}, its configuration claims {claimed}")]
    DiffId {
        /// The image.
        image: String,
        /// The layer.
        layer: String,
        /// What the configuration says.
        claimed: DiffId,
        /// What was computed.
        actual: DiffId,
    },
    /// The stored bytes of a layer are not the promised ones.
    #[error("layer {layer} of {image} has digest {actual}, not {expected}")]
    Digest {
        /// The image.
        image: String,
        /// The layer.
        layer: String,
        /// What the manifest says.
        expected: Digest,
        /// What was computed.
        actual: Digest,
    },
    /// The stored bytes of a layer are more or fewer than promised.
    #[error("layer {layer} of {image} has {actual} bytes, not {expected}")]
    Size {
        /// The image.
        image: String,
        /// The layer.
        layer: String,
        /// What the manifest says.
        expected: u64,
        /// What was read.
        actual: u64,
    },
    /// The disk failed while a root file system was read.
    #[error("reading {root}")]
    RootFs {
        /// The root file system, as it was asked for.
        root: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An archive or an engine did not give a layer that the image has.
    #[error("the archive of {image} lacks the layer {layer}")]
    Missing {
        /// The image.
        image: String,
        /// The layer.
        layer: String,
    },
}
