//! What is inside an image: opened, read or found in the cache, merged.

use std::iter;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_image::{Opened, PlatformChoice};
use plimsoll_inventory::{Budget, Cache, FactsFrom, ImageInventory};
use plimsoll_model::{Coverage, CoverageStatus, ImageReference, Inventory, InventorySchema, Tool};

use crate::error::Error;
use crate::event::{Event, Observer};
use crate::session::Session;

pub use plimsoll_inventory::{CacheInfo, Pruned};

/// The inventories of the images, one for each platform asked for.
pub fn inventories(
    session: &Session,
    references: &[ImageReference],
    observer: Observer<'_>,
) -> Result<Vec<Inventory>, Error> {
    let mut all = Vec::new();
    for reference in references {
        for read in read_images(session, reference, observer)? {
            all.push(document(session, read));
        }
    }
    Ok(all)
}

/// The images that can be read, and why the others cannot: one that cannot keeps none of the others from
/// being judged.
pub(crate) fn read_all(
    session: &Session,
    references: &[ImageReference],
    observer: Observer<'_>,
) -> (Vec<ImageInventory>, Vec<Error>) {
    let mut images = Vec::new();
    let mut failures = Vec::new();
    for reference in references {
        match read_images(session, reference, observer) {
            Ok(read) => images.extend(read),
            Err(error) => failures.push(error),
        }
    }
    (images, failures)
}

/// Opens one reference and reads what the cache does not know.
pub(crate) fn read_images(
    session: &Session,
    reference: &ImageReference,
    observer: Observer<'_>,
) -> Result<Vec<ImageInventory>, Error> {
    read_platform(session, reference, session.settings.platform.clone(), observer)
}

/// The same for a platform that the question decides, not the operator.
pub(crate) fn read_platform(
    session: &Session,
    reference: &ImageReference,
    platform: PlatformChoice,
    observer: Observer<'_>,
) -> Result<Vec<ImageInventory>, Error> {
    observer(Event::Opening { reference: reference.to_string() });
    let opened =
        plimsoll_image::open(reference, &session.image_context(platform)?).map_err(|source| {
            Error::Open { reference: reference.to_string(), source: Box::new(source) }
        })?;
    if let Opened::Images(images) = &opened {
        for warning in images.iter().flat_map(|image| &image.warnings) {
            observer(Event::Warning(warning.clone()));
        }
    }
    read_opened(session, &reference.to_string(), opened, observer)
}

fn read_opened(
    session: &Session,
    reference: &str,
    opened: Opened,
    observer: Observer<'_>,
) -> Result<Vec<ImageInventory>, Error> {
    let cache = cache(session);
    let has_read = AtomicBool::new(false);
    let progress = |event: plimsoll_inventory::Event<'_>| {
        if let plimsoll_inventory::Event::LayerDone { from: FactsFrom::Bytes, .. } = event {
            has_read.store(true, Ordering::Relaxed);
        }
        observer(translate(event));
    };
    let settings = plimsoll_inventory::Settings {
        as_of: session.settings.as_of,
        cache: cache.as_ref(),
        budget: &Budget::new(session.settings.memory),
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        limits: plimsoll_unpack::Limits::default(),
        progress: &progress,
    };
    let read = plimsoll_inventory::read(opened, &settings).map_err(|source| Error::Read {
        reference: reference.to_owned(),
        source: Box::new(source),
    })?;
    if let (Some(cache), true) = (&cache, has_read.load(Ordering::Relaxed)) {
        // Only a run that added something can have made the cache too large; and what cannot be pruned
        // now is pruned by the next such run.
        let _ = cache.prune(session.settings.cache_limit);
    }
    for note in read.iter().flat_map(|image| &image.notes) {
        observer(Event::Warning(note.clone()));
    }
    Ok(read)
}

fn translate(event: plimsoll_inventory::Event<'_>) -> Event {
    use plimsoll_inventory::Event as Read;
    match event {
        Read::LayerStarted { layer, name, size } => {
            Event::LayerStarted { layer, name: name.to_owned(), size }
        }
        Read::LayerBytes { layer, bytes } => Event::LayerBytes { layer, bytes },
        Read::LayerDone { layer, .. } => Event::LayerDone { layer },
    }
}

fn document(session: &Session, read: ImageInventory) -> Inventory {
    Inventory {
        schema: InventorySchema::V1,
        tool: Tool { version: session.settings.tool_version.clone() },
        as_of: session.settings.as_of,
        coverage: iter::once(evaluated(&read)).chain(unread(&read)).collect(),
        image: read.image,
        os: read.os,
        base: None,
        packages: read.packages,
        problems: read.problems,
    }
}

/// An inventory is evaluated where a package database was found.
fn evaluated(read: &ImageInventory) -> Coverage {
    let scope = match &read.os {
        Some(os) => os.scope.as_ref().map_or_else(|| os.id.clone(), ToString::to_string),
        None => "operating system".to_owned(),
    };
    let status = match read.packages.is_empty() {
        true => CoverageStatus::NoData,
        false => CoverageStatus::Evaluated,
    };
    Coverage { scope, status, feed: None, as_of: None }
}

/// Parts of an image whose packages are not known: nobody can say that nothing is wrong with them.
pub(crate) fn unread(read: &ImageInventory) -> impl Iterator<Item = Coverage> {
    read.unread.iter().map(|part| Coverage {
        scope: part.clone(),
        status: CoverageStatus::NoData,
        feed: None,
        as_of: None,
    })
}

/// The cache, with the directories in it that are not the inventory's.
pub(crate) fn cache(session: &Session) -> Option<Cache> {
    const OTHERS: [&str; 1] = [crate::archives::KEPT];
    let directory = session.settings.cache_dir.clone()?;
    Some(Cache::new(directory).shared_with(&OTHERS))
}

/// How much the cache holds; none without a cache.
pub fn cache_info(session: &Session) -> Result<Option<CacheInfo>, Error> {
    cache(session).map(|cache| cache.info().map_err(Error::Cache)).transpose()
}

/// Removes what was not used for the longest time until at most `limit` bytes are left.
pub fn cache_prune(session: &Session, limit: u64) -> Result<Option<Pruned>, Error> {
    cache(session).map(|cache| cache.prune(limit).map_err(Error::Cache)).transpose()
}
