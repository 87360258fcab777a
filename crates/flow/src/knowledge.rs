//! What images are judged with: advisories, and what the archives of their distributions have.

use std::collections::BTreeSet;

use plimsoll_inventory::ImageInventory;
use plimsoll_model::Scope;
use plimsoll_vulndb::Generation;
use plimsoll_vulndb::matching::scopes_of;

use crate::archives::learned::learn;
use crate::archives::{Archives, Outlook, Patience};
use crate::error::Error;
use crate::event::Observer;
use crate::session::Session;
use crate::update::refresh;

/// What is known for a run over some images.
pub(crate) struct Knowledge {
    /// The advisories; none where there are none at all.
    pub(crate) generation: Option<Generation>,
    /// What the archives have for each image, in the order of the images; none where no archive is known, or
    /// where a generation of the past judges, which today's archives know nothing of.
    pub(crate) outlooks: Vec<Option<Outlook>>,
}

/// Asks archives and feeds for what is missing or old. Changelogs come first: the advisories are compiled from
/// what they say.
pub(crate) fn gather(
    session: &Session,
    images: &[ImageInventory],
    observer: Observer<'_>,
) -> Result<Knowledge, Error> {
    let scopes: BTreeSet<Scope> = images.iter().flat_map(scopes).collect();
    let archives = Archives::open(session, Patience::For(session.settings.refresh_after))?;
    let outlooks: Vec<_> = match session.settings.generation {
        Some(_) => images.iter().map(|_| None).collect(),
        None => images.iter().map(|image| archives.outlook(image, observer)).collect(),
    };
    let learned = match session.settings.offline {
        true => BTreeSet::new(),
        false => learn(&archives, images, &outlooks, observer)?,
    };
    let generation = refresh(session, &archives, &scopes, &learned, observer)?;
    Ok(Knowledge { generation, outlooks })
}

pub(crate) fn scopes(image: &ImageInventory) -> Vec<Scope> {
    scopes_of(image.os.as_ref(), &image.packages)
}
