//! From an opened source to inventories: every layer once, in parallel, through the cache.

mod archive;
mod images;
mod root_fs;
mod session;

use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::civil::Date;
use plimsoll_image::Opened;
use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::Limits;

use crate::budget::Budget;
use crate::cache::Cache;
use crate::error::Error;
use crate::facts::LayerFacts;
use crate::image_inventory::ImageInventory;
use crate::progress::Event;
use session::Session;

/// How images are read.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The day for which the end of life is told.
    pub as_of: Date,
    /// Where facts are kept; none to read everything anew.
    pub cache: Option<&'a Cache>,
    /// The memory that all readers share.
    pub budget: &'a Budget,
    /// Layers read at the same time.
    pub threads: NonZeroUsize,
    /// What one layer may cost.
    pub limits: Limits,
    /// Told what happens, from several threads.
    pub progress: &'a (dyn Fn(Event<'_>) + Send + Sync),
}

/// Reads all images of a source.
///
/// A layer that several images or platforms share is read once, one whose facts are cached not at
/// all. Every layer that is read is verified: size, digest, diff_id.
///
/// # Errors
///
/// When a layer cannot be read to its end or is not the promised one; nothing of such a layer is
/// cached.
pub fn read(opened: Opened, settings: &Settings<'_>) -> Result<Vec<ImageInventory>, Error> {
    let session = Session::new(settings);
    let mut inventories = match opened {
        Opened::Images(images) => images::read(&session, &images)?,
        Opened::Archive(stream) => archive::read(&session, stream)?,
        Opened::RootFs(root) => {
            let name = root.image.reference.clone();
            let read = root_fs::read(&session, root);
            vec![read.map_err(|source| Error::RootFs { root: name, source })?]
        }
    };
    let notes = session.into_notes();
    for inventory in &mut inventories {
        inventory.notes.extend(notes.iter().cloned());
    }
    Ok(inventories)
}

/// Stands for a layer whose bytes are not to be had.
fn unknown(claimed: Option<&DiffId>) -> Arc<LayerFacts> {
    let diff_id = claimed.cloned().unwrap_or_else(|| DiffId(Digest::sha256(&[0; 32])));
    Arc::new(LayerFacts::unknown(diff_id))
}
