//! What images are judged with: advisories, and what the archives of their distributions have.

use std::collections::BTreeSet;

use plimsoll_inventory::ImageInventory;
use plimsoll_model::{Ecosystem, Scope};
use plimsoll_vulndb::Generation;
use plimsoll_vulndb::matching::scopes_of;

use crate::archives::learned::learn;
use crate::archives::{Archives, Outlook, Patience};
use crate::error::{Error, chain};
use crate::event::{Event, Observer};
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

/// Asks archives and feeds for what is missing or old. Archives with changelogs come first: the advisories are
/// compiled from what those say. The others come last: for them the advisories say what an update fixes.
/// `others` are scopes of images that could take the place of these: of those only advisories are wanted.
pub(crate) fn gather(
    session: &Session,
    images: &[ImageInventory],
    mut others: BTreeSet<Scope>,
    observer: Observer<'_>,
) -> Result<Knowledge, Error> {
    others.extend(images.iter().flat_map(scopes));
    let scopes = others;
    let archives = Archives::open(session, Patience::For(session.settings.refresh_after), images)?;
    let is_pinned = session.settings.generation.is_some();
    let ask = |image: &ImageInventory, changelogs: bool| {
        let wanted = !is_pinned && has_changelogs(image) == changelogs;
        wanted.then(|| archives.outlook(image, observer)).flatten()
    };
    let mut outlooks: Vec<_> = images.iter().map(|image| ask(image, true)).collect();
    let learned = match session.settings.offline {
        true => BTreeSet::new(),
        false => learn(&archives, images, &outlooks, observer).unwrap_or_else(|error| {
            let text = format!("what changelogs say is not kept: {}", chain(&error));
            observer(Event::Warning(text));
            BTreeSet::new()
        }),
    };
    let generation = refresh(session, &archives, &scopes, &learned, observer)?;
    for (outlook, image) in outlooks.iter_mut().zip(images) {
        *outlook = outlook.take().or_else(|| ask(image, false));
    }
    Ok(Knowledge { generation, outlooks })
}

/// Whether the distribution's packages bring their changelogs.
fn has_changelogs(image: &ImageInventory) -> bool {
    let ecosystem = image.os.as_ref().and_then(|os| os.ecosystem);
    matches!(ecosystem, Some(Ecosystem::Debian | Ecosystem::Ubuntu))
}

pub(crate) fn scopes(image: &ImageInventory) -> Vec<Scope> {
    scopes_of(image.os.as_ref(), &image.packages)
}
