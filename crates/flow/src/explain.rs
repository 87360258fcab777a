//! Why an id is reported for an image, or why it is not.

use std::collections::BTreeSet;

use plimsoll_model::{Image, ImageReference};
use plimsoll_vulndb::{Explanation, Matcher};

use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_images;
use crate::knowledge::{gather, scopes};
use crate::scan::match_error;
use crate::session::Session;

/// The answer for one image on one platform.
pub struct ImageExplanation {
    /// Which.
    pub image: Image,
    /// One for each package that the id has to do with; never empty.
    pub explanations: Vec<Explanation>,
}

/// Explains `id` for every platform of the image that is asked for.
pub fn explain(
    session: &Session,
    reference: &ImageReference,
    id: &str,
    observer: Observer<'_>,
) -> Result<Vec<ImageExplanation>, Error> {
    let inventories = read_images(session, reference, observer)?;
    let generation = gather(session, &inventories, BTreeSet::new(), observer)?.generation;
    inventories
        .into_iter()
        .map(|inventory| {
            let explanations = Matcher::open(generation.as_ref(), &scopes(&inventory))
                .and_then(|m| m.explain(id, &inventory.packages, inventory.os.as_ref()))
                .map_err(match_error)?;
            Ok(ImageExplanation { image: inventory.image, explanations })
        })
        .collect()
}
