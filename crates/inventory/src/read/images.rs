//! Images whose layers are known before they are read.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use plimsoll_image::{ArchivedLayer, KnownBy, SourceImage, SourceLayer};
use plimsoll_model::{DiffId, Digest, Problem};
use plimsoll_unpack::Expected;

use super::archive::{self, Entries, Results};
use super::session::{Session, Visit, checksum};
use super::unknown;
use crate::error::Error;
use crate::facts::LayerFacts;
use crate::image_inventory::{ImageInventory, Parts};
use crate::merge::{What, merge};
use crate::progress::{Event, FactsFrom};

/// A layer of one or more of the images.
struct Distinct<'a> {
    source: &'a SourceLayer,
    /// The first image that has it, for messages.
    image: &'a SourceImage,
}

/// What became of a layer.
enum Outcome {
    Facts(Arc<LayerFacts>),
    /// Its bytes are not distributed with the image: why it could not be read.
    Foreign(String),
}

/// What makes two layers the same bytes without reading them.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Digest(Digest),
    EngineDiffId(DiffId),
    EngineImage(Digest, DiffId),
    Stamp(String),
    Alone(usize),
}

pub(super) fn read(
    session: &Session<'_>,
    images: &[SourceImage],
) -> Result<Vec<ImageInventory>, Error> {
    let (distinct, stacks) = distinct(images);
    let mut outcomes: Vec<Option<Outcome>> =
        distinct.iter().map(|layer| cached(session, layer.source).map(Outcome::Facts)).collect();
    for _ in outcomes.iter().filter(|outcome| outcome.is_some()) {
        session.done(session.number(), FactsFrom::Cache);
    }
    let mut entries = read_exports(session, images, &distinct, &stacks, &mut outcomes)?;
    read_layers(session, &distinct, &mut outcomes)?;

    let mut inventories = Vec::with_capacity(images.len());
    for (image, stack) in images.iter().zip(&stacks) {
        inventories.push(assemble(session, image, stack, &outcomes, &mut entries)?);
    }
    Ok(inventories)
}

/// The distinct layers, and each image as numbers of them.
fn distinct(images: &[SourceImage]) -> (Vec<Distinct<'_>>, Vec<Vec<usize>>) {
    let mut layers = Vec::new();
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    let stacks = images
        .iter()
        .map(|image| {
            let number = |source| {
                let key = key(source, layers.len());
                *numbers.entry(key).or_insert_with(|| {
                    layers.push(Distinct { source, image });
                    layers.len() - 1
                })
            };
            image.layers.iter().map(number).collect()
        })
        .collect();
    (layers, stacks)
}

fn key(layer: &SourceLayer, number: usize) -> Key {
    match (&layer.digest, &layer.known_by) {
        (Some(digest), _) | (None, KnownBy::Digest(digest)) => Key::Digest(digest.clone()),
        (None, KnownBy::EngineDiffId(diff_id)) => Key::EngineDiffId(diff_id.clone()),
        // Layers of one image that claim the same are the same once they are verified.
        (None, KnownBy::EngineImage { image, diff_id }) => {
            Key::EngineImage(image.clone(), diff_id.clone())
        }
        (None, KnownBy::Stamp(stamp)) => Key::Stamp(stamp.to_string()),
        (None, KnownBy::Nothing) => Key::Alone(number),
    }
}

/// The facts of a layer that was read before, and is surely the same.
fn cached(session: &Session<'_>, layer: &SourceLayer) -> Option<Arc<LayerFacts>> {
    let cache = session.cache?;
    match &layer.known_by {
        KnownBy::Digest(digest) => cache.by_digest(digest),
        KnownBy::EngineDiffId(diff_id) => cache.facts(diff_id),
        KnownBy::EngineImage { image, diff_id } => {
            let verified = cache.by_image(image)?.contains(diff_id);
            verified.then(|| cache.facts(diff_id)).flatten()
        }
        KnownBy::Stamp(stamp) => {
            let known = cache.by_stamp(&stamp.to_string())?;
            // Under another digest it is read again, so that the error names both.
            let expected = layer.digest.as_ref().is_none_or(|digest| *digest == known.digest);
            expected.then_some(known.facts)
        }
        KnownBy::Nothing => None,
    }
}

/// Reads, as streams, the exports of images that have layers missing.
fn read_exports(
    session: &Session<'_>,
    images: &[SourceImage],
    distinct: &[Distinct<'_>],
    stacks: &[Vec<usize>],
    outcomes: &mut [Option<Outcome>],
) -> Result<Entries, Error> {
    let mut entries = Entries::default();
    for (image, stack) in images.iter().zip(stacks) {
        let Some(export) = &image.export else { continue };
        if stack.iter().all(|number| outcomes[*number].is_some()) {
            continue;
        }
        let known: Vec<&DiffId> = stack
            .iter()
            .filter(|number| outcomes[**number].is_some())
            .filter_map(|number| distinct[*number].source.diff_id.as_ref())
            .collect();
        let (exported, analysed) = archive::analyse(session, export.open()?, &known)?;
        for exported in &exported {
            let positions = exported.layers.iter().zip(&image.layers).zip(stack);
            for ((exported, promised), number) in positions {
                if outcomes[*number].is_none() {
                    compare(&image.image.reference, exported, promised, &analysed)?;
                }
            }
        }
        for (path, result) in analysed {
            // What is no layer of this image may be anything.
            let Ok(analysed) = result else { continue };
            let diff_id = analysed.known.facts.diff_id().clone();
            let promised: Vec<usize> = stack
                .iter()
                .copied()
                .filter(|number| {
                    outcomes[*number].is_none()
                        && distinct[*number].source.diff_id.as_ref() == Some(&diff_id)
                })
                .collect();
            if promised.is_empty() {
                continue;
            }
            session.store(&analysed.known, None);
            entries.insert(diff_id, path);
            for number in promised {
                outcomes[number] = Some(Outcome::Facts(Arc::clone(&analysed.known.facts)));
            }
        }
        if let Some(number) = stack.iter().find(|number| outcomes[**number].is_none()) {
            let layer = distinct[*number].source.name();
            return Err(Error::Missing { image: image.image.reference.clone(), layer });
        }
        store_image(session, image);
    }
    Ok(entries)
}

/// What the export has in a layer's place must be the promised layer.
fn compare(
    image: &str,
    exported: &ArchivedLayer,
    promised: &SourceLayer,
    results: &Results,
) -> Result<(), Error> {
    match exported.entry.as_ref().and_then(|path| results.get(path)) {
        Some(Ok(analysed)) => agree(image, promised, &analysed.known.facts),
        Some(Err(error)) => Err(Error::Layer {
            image: image.to_owned(),
            layer: promised.name(),
            source: Arc::clone(error),
        }),
        // Known ones are passed over; others are missed when all are counted.
        None => Ok(()),
    }
}

/// Keeps the diff_ids of an image whose engine did not compute them, all layers verified.
fn store_image(session: &Session<'_>, image: &SourceImage) {
    let known_by = image.layers.first().map(|layer| &layer.known_by);
    if let Some(KnownBy::EngineImage { image: key, .. }) = known_by {
        let diff_ids: Vec<_> =
            image.layers.iter().filter_map(|layer| layer.diff_id.as_ref()).collect();
        session.store_image(key, &diff_ids);
    }
}

/// Reads the missing layers in parallel, the largest first.
fn read_layers(
    session: &Session<'_>,
    distinct: &[Distinct<'_>],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Error> {
    let mut missing: Vec<usize> =
        (0..distinct.len()).filter(|number| outcomes[*number].is_none()).collect();
    missing.sort_by_key(|number| distinct[*number].source.size);
    let threads = session.settings.threads.get().min(missing.len());
    let queue = Mutex::new(missing);
    let results: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::new());
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        while !session.stop.load(Ordering::Relaxed) {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(number) = next else { break };
            match read_layer(session, &distinct[number]) {
                Ok(outcome) => {
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
                }
                Err(error) => {
                    // Later failures are of layers that were stopped for the first.
                    session.stop.store(true, Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    for (number, outcome) in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        outcomes[number] = Some(outcome);
    }
    Ok(())
}

fn read_layer(session: &Session<'_>, layer: &Distinct<'_>) -> Result<Outcome, Error> {
    let number = session.number();
    let source = layer.source;
    let name = source.name();
    (session.settings.progress)(Event::LayerStarted {
        layer: number,
        name: &name,
        size: source.size,
    });
    let bytes = match source.open() {
        Ok(bytes) => bytes,
        Err(error) if source.foreign => return Ok(Outcome::Foreign(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let analysed =
        session.analyse(number, bytes, &expected(source)).map_err(|error| Error::Layer {
            image: layer.image.image.reference.clone(),
            layer: name.clone(),
            source: Arc::new(error),
        })?;
    let stamp = match &source.known_by {
        KnownBy::Stamp(stamp) => Some(stamp.to_string()),
        _ => None,
    };
    session.store(&analysed.known, stamp.as_deref());
    session.done(number, FactsFrom::Bytes);
    Ok(Outcome::Facts(analysed.known.facts))
}

fn expected(layer: &SourceLayer) -> Expected {
    Expected {
        digest: layer.digest.as_ref().and_then(checksum),
        size: layer.size,
        diff_id: layer.diff_id.as_ref().and_then(|diff_id| checksum(&diff_id.0)),
    }
}

fn assemble(
    session: &Session<'_>,
    source: &SourceImage,
    stack: &[usize],
    outcomes: &[Option<Outcome>],
    entries: &mut Entries,
) -> Result<ImageInventory, Error> {
    let mut image = source.image.clone();
    let mut problems = Vec::new();
    let mut absent = Vec::new();
    for (layer, number) in source.layers.iter().zip(stack) {
        let problem = match &outcomes[*number] {
            Some(Outcome::Facts(facts)) => {
                agree(&image.reference, layer, facts)?;
                continue;
            }
            Some(Outcome::Foreign(reason)) => reason.clone(),
            None => return Err(Error::Missing { image: image.reference, layer: layer.name() }),
        };
        problems.push(Problem {
            path: "layer".to_owned(),
            layer: layer.diff_id.clone(),
            message: format!("{problem}: what is in it is not known"),
        });
        absent.push((*number, unknown(layer.diff_id.as_ref())));
    }
    let stack: Vec<Arc<LayerFacts>> = stack
        .iter()
        .filter_map(|number| match &outcomes[*number] {
            Some(Outcome::Facts(facts)) => Some(Arc::clone(facts)),
            _ => {
                absent.iter().find(|(layer, _)| layer == number).map(|(_, facts)| Arc::clone(facts))
            }
        })
        .collect();
    for (layer, facts) in image.layers.iter_mut().zip(&stack) {
        if !facts.is_unknown() {
            layer.diff_id = Some(facts.diff_id().clone());
        }
    }
    let verified_layers = stack.iter().take_while(|facts| !facts.is_unknown()).count();
    let facts: Vec<&LayerFacts> = stack.iter().map(Arc::as_ref).collect();
    let mut grown: HashMap<usize, LayerFacts> = HashMap::new();
    let mut merged = merge(&facts, &mut |request| {
        let content = session.fetch(request, &mut |layer, visit| {
            read_again(session, source, entries, layer, visit)
        })?;
        // The next scan finds it in the cache.
        if let (What::File { path, kind }, Some(facts)) = (&request.what, facts.get(request.layer))
        {
            let facts = grown.get(&request.layer).unwrap_or(facts);
            if let Ok(facts) = facts.with(path, *kind, &content) {
                session.store_facts(&facts);
                grown.insert(request.layer, facts);
            }
        }
        Ok(content)
    });
    merged.problems.extend(problems);
    merged.notes.extend(source.warnings.iter().cloned());
    let metadata = source.metadata.clone();
    let parts = Parts { image, metadata, merged, facts: stack, verified_layers };
    Ok(ImageInventory::new(parts, session.settings.as_of))
}

/// A layer found in the cache, or read for another image, must still be what this configuration
/// claims.
fn agree(image: &str, layer: &SourceLayer, facts: &LayerFacts) -> Result<(), Error> {
    match &layer.diff_id {
        Some(claimed) if claimed != facts.diff_id() => Err(Error::DiffId {
            image: image.to_owned(),
            layer: layer.name(),
            claimed: claimed.clone(),
            actual: facts.diff_id().clone(),
        }),
        _ => Ok(()),
    }
}

fn read_again(
    session: &Session<'_>,
    image: &SourceImage,
    entries: &Entries,
    layer: usize,
    visit: &mut Visit<'_>,
) -> Result<(), String> {
    let layer = image.layers.get(layer).ok_or("the image has no such layer")?;
    match &image.export {
        None => {
            let bytes = layer.open().map_err(|error| error.to_string())?;
            let pass = session.pass(bytes, &expected(layer), visit);
            pass.map(|_| ()).map_err(|error| error.to_string())
        }
        Some(export) => {
            let diff_id = layer.diff_id.as_ref().ok_or("the layer has no diff_id")?;
            let stream = export.open().map_err(|error| error.to_string())?;
            archive::read_again(session, stream, &entries.of(diff_id), &expected(layer), visit)
        }
    }
}
