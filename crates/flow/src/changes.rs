//! What the distribution has fixed since an image was built.

use plimsoll_inventory::ImageInventory;
use plimsoll_model::{Changes, ChangesSchema, ImageReference, Problem, Tool};

use crate::archives::{Archives, Outlook, Patience};
use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_all;
use crate::session::Session;

/// The answers, and what could not be looked at.
pub struct ChangesFound {
    /// One for each image and platform, in the order asked for.
    pub changes: Vec<Changes>,
    /// Why images are missing.
    pub failures: Vec<Error>,
}

/// Compares each image with its distribution's archive.
pub fn changes(
    session: &Session,
    references: &[ImageReference],
    observer: Observer<'_>,
) -> Result<ChangesFound, Error> {
    let (images, failures) = read_all(session, references, observer);
    let archives = Archives::open(session, Patience::None, &images)?;
    let changes =
        images.into_iter().map(|image| of_image(session, &archives, image, observer)).collect();
    Ok(ChangesFound { changes, failures })
}

fn of_image(
    session: &Session,
    archives: &Archives<'_>,
    image: ImageInventory,
    observer: Observer<'_>,
) -> Changes {
    let outlook = archives.outlook(&image, observer).unwrap_or_default();
    let updates = archives.updates(&outlook.updates, observer);
    let Outlook { suites, problems: unread, is_whole, .. } = outlook;
    let mut problems = image.problems;
    problems.extend(unread);
    let not_read = image.unread_manager_files.into_iter();
    problems.extend(not_read.map(|(path, message)| Problem { path, layer: None, message }));
    Changes {
        schema: ChangesSchema::V1,
        tool: Tool { version: session.settings.tool_version.clone() },
        as_of: session.settings.as_of,
        image: image.image,
        os: image.os,
        distribution_archive: suites,
        is_whole,
        updates,
        problems,
    }
}
