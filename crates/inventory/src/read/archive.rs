//! Archives and exports that are read once, as streams: every entry that can be a layer is analysed
//! as it comes, and joined with the images when the manifest is known. A file that has not changed
//! since it was read is not read again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use plimsoll_image::{ArchiveStream, ArchivedImage, ArchivedLayer};
use plimsoll_model::{DiffId, Problem};
use plimsoll_unpack::{Expected, LayerError};

use super::session::{Analysed, Session, Visit};
use super::unknown;
use crate::error::Error;
use crate::facts::LayerFacts;
use crate::image_inventory::{ImageInventory, Parts};
use crate::merge::merge;
use crate::progress::{Event, FactsFrom};

/// What became of the entries of an archive, by path.
pub(super) type Results = BTreeMap<String, Result<Analysed, Arc<LayerError>>>;

/// The facts of all layers that are in an archive, by the diff_id that was computed.
type Facts = HashMap<DiffId, Arc<LayerFacts>>;

/// Where in an engine's export the layers are, to find them again.
#[derive(Default)]
pub(super) struct Entries {
    paths: HashMap<DiffId, String>,
}

impl Entries {
    pub(super) fn insert(&mut self, diff_id: DiffId, path: String) {
        self.paths.insert(diff_id, path);
    }

    /// How to tell the entry of a layer; one that was cached has not been seen, but usually has its
    /// name from the digest.
    pub(super) fn of(&self, diff_id: &DiffId) -> String {
        self.paths.get(diff_id).cloned().unwrap_or_else(|| diff_id.0.hex().to_owned())
    }
}

pub(super) fn read(
    session: &Session<'_>,
    stream: ArchiveStream,
) -> Result<Vec<ImageInventory>, Error> {
    let key = stream.key();
    let (images, facts) = match cached(session, key.as_deref(), stream.reference()) {
        Some(found) => found,
        None => read_through(session, stream, key.as_deref())?,
    };
    images.into_iter().map(|image| assemble(session, image, &facts)).collect()
}

/// The images of an archive that was read before, if the facts of all their layers are there too.
fn cached(
    session: &Session<'_>,
    key: Option<&str>,
    reference: &str,
) -> Option<(Vec<ArchivedImage>, Facts)> {
    let cache = session.cache?;
    let mut images = cache.by_archive(key?)?;
    let mut facts = Facts::new();
    for layer in images.iter().flat_map(|image| &image.layers) {
        let Some(diff_id) = computed(layer) else { continue };
        if !facts.contains_key(diff_id) {
            facts.insert(diff_id.clone(), cache.facts(diff_id)?);
        }
    }
    for image in &mut images {
        reference.clone_into(&mut image.image.reference);
    }
    for _ in &facts {
        session.done(session.number(), FactsFrom::Cache);
    }
    Some((images, facts))
}

/// Reads an archive to its end, verifies the layers of the images and keeps what is known of them.
fn read_through(
    session: &Session<'_>,
    stream: ArchiveStream,
    key: Option<&str>,
) -> Result<(Vec<ArchivedImage>, Facts), Error> {
    let (mut images, results) = analyse(session, stream, &[])?;
    for image in &mut images {
        verify(image, &results)?;
    }
    let layers = images.iter().flat_map(|image| &image.layers);
    let wanted: HashSet<&DiffId> = layers.filter_map(computed).collect();
    let mut facts = Facts::new();
    for analysed in results.into_values().flatten() {
        let diff_id = analysed.known.facts.diff_id().clone();
        if wanted.contains(&diff_id) {
            session.store(&analysed.known, None);
            facts.insert(diff_id, analysed.known.facts);
        }
    }
    session.store_archive(key, &images);
    Ok((images, facts))
}

/// The diff_id of a verified layer; none of a foreign one that is not in the archive.
fn computed(layer: &ArchivedLayer) -> Option<&DiffId> {
    layer.entry.as_ref().and(layer.diff_id.as_ref())
}

/// Reads an archive to its end. Entries named after one of the `known` layers are passed over.
pub(super) fn analyse(
    session: &Session<'_>,
    stream: ArchiveStream,
    known: &[&DiffId],
) -> Result<(Vec<ArchivedImage>, Results), Error> {
    let mut results = Results::new();
    let images = stream.read::<Error>(&mut |entry, bytes| {
        if known.iter().any(|diff_id| entry.path.contains(diff_id.0.hex())) {
            return Ok(());
        }
        let number = session.number();
        let size = Some(entry.size);
        (session.settings.progress)(Event::LayerStarted { layer: number, name: &entry.path, size });
        let result = session.analyse(number, bytes, &Expected::default());
        session.done(number, FactsFrom::Bytes);
        results.insert(entry.path.clone(), result.map_err(Arc::new));
        Ok(())
    })?;
    Ok((images, results))
}

/// Makes one more pass over the entry of an archive whose path contains `name`.
pub(super) fn read_again(
    session: &Session<'_>,
    stream: ArchiveStream,
    name: &str,
    expected: &Expected,
    visit: &mut Visit<'_>,
) -> Result<(), String> {
    let mut result = Err("is no longer in the export".to_owned());
    let read = stream.read::<Error>(&mut |entry, bytes| {
        if result.is_err() && entry.path.contains(name) {
            let pass = session.pass(bytes, expected, visit);
            result = pass.map(|_| ()).map_err(|error| error.to_string());
        }
        Ok(())
    });
    read.map_err(|error| error.to_string()).and(result)
}

/// Compares the layers of an image with what is expected of them, and puts the diff_ids that were
/// computed in place of the claimed ones.
fn verify(archived: &mut ArchivedImage, results: &Results) -> Result<(), Error> {
    let ArchivedImage { image, layers, .. } = archived;
    for (archived, layer) in layers.iter_mut().zip(&mut image.layers) {
        if let Some(analysed) = find(&image.reference, archived, results)? {
            let diff_id = analysed.known.facts.diff_id();
            archived.diff_id = Some(diff_id.clone());
            layer.diff_id = Some(diff_id.clone());
        }
    }
    Ok(())
}

fn assemble(
    session: &Session<'_>,
    archived: ArchivedImage,
    facts: &Facts,
) -> Result<ImageInventory, Error> {
    let ArchivedImage { image, layers, metadata } = archived;
    let mut problems = Vec::new();
    let mut stack: Vec<Arc<LayerFacts>> = Vec::with_capacity(layers.len());
    for layer in &layers {
        let Some(diff_id) = computed(layer) else {
            problems.push(Problem {
                path: "layer".to_owned(),
                layer: layer.diff_id.clone(),
                message: "the layer is foreign and not in the archive: what is in it is not known"
                    .to_owned(),
            });
            stack.push(unknown(layer.diff_id.as_ref()));
            continue;
        };
        let missing =
            || Error::Missing { image: image.reference.clone(), layer: diff_id.to_string() };
        stack.push(Arc::clone(facts.get(diff_id).ok_or_else(missing)?));
    }
    let verified_layers = layers.iter().take_while(|layer| computed(layer).is_some()).count();
    let layers: Vec<&LayerFacts> = stack.iter().map(Arc::as_ref).collect();
    let mut merged =
        merge(&layers, &mut |_| Err("not read: the archive can be read only once".to_owned()));
    merged.problems.extend(problems);
    let parts = Parts { image, metadata, merged, facts: stack, verified_layers };
    Ok(ImageInventory::new(parts, session.settings.as_of))
}

/// The layer as it was read, if it is the promised one; none where a foreign layer is not in the
/// archive.
fn find<'a>(
    image: &str,
    layer: &ArchivedLayer,
    results: &'a Results,
) -> Result<Option<&'a Analysed>, Error> {
    let Some(path) = &layer.entry else { return Ok(None) };
    let missing = || Error::Missing { image: image.to_owned(), layer: path.clone() };
    let analysed = match results.get(path).ok_or_else(missing)? {
        Ok(analysed) => analysed,
        Err(error) => {
            let (image, layer) = (image.to_owned(), path.clone());
            return Err(Error::Layer { image, layer, source: Arc::clone(error) });
        }
    };
    let (digest, diff_id) = (&analysed.known.digest, analysed.known.facts.diff_id());
    let (image, name) = (image.to_owned(), path.clone());
    if let Some(expected) = layer.size.filter(|size| *size != analysed.size) {
        return Err(Error::Size { image, layer: name, expected, actual: analysed.size });
    }
    if let Some(expected) = layer.digest.clone().filter(|expected| expected != digest) {
        return Err(Error::Digest { image, layer: name, expected, actual: digest.clone() });
    }
    if let Some(claimed) = layer.diff_id.clone().filter(|claimed| claimed != diff_id) {
        return Err(Error::DiffId { image, layer: name, claimed, actual: diff_id.clone() });
    }
    Ok(Some(analysed))
}
