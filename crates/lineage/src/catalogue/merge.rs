//! Adding to the catalogue and removing from it: a merge of two sorted sequences into a new file.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use plimsoll_model::{Algorithm, Digest, Problem};
use plimsoll_table::write_atomically;

use super::build::CatalogueBuilder;
use super::error::CatalogueError;
use super::read::Catalogue;
use crate::chain::Chain;
use crate::known::{KnownImage, KnownTag};

/// What adding images has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Images that were not known.
    pub added: usize,
    /// Images of which more is known now.
    pub updated: usize,
    /// Images of which nothing new was said.
    pub unchanged: usize,
    /// What was not believed.
    pub refused: Vec<Problem>,
}

/// Adds images to the catalogue at `path`, which is made if it is not there.
///
/// Two statements of one kind of source about one image become one entry. Statements of sources with different trust
/// stay apart, so that nothing a file says is ever shown as what a registry said; where the layers contradict each
/// other the one with less trust is refused. Which image has a tag now is decided by trust too, then by who said so
/// last. The caller holds the lock of the file: whoever writes last wins.
pub fn merge(path: &Path, images: Vec<KnownImage>) -> Result<Merged, CatalogueError> {
    let mut writer = Writer::new();
    let new = usable(images, &mut writer.merged.refused);
    let mut new = new.into_iter().peekable();
    let old = whole(path)?;
    for image in old.images()? {
        let mut image = image?;
        while let Some(before) = new.next_if(|new| order(new, &image) == Ordering::Less) {
            writer.add_new(before)?;
        }
        let mut outcome = Joined::Nothing;
        while let Some(same) = new.next_if(|new| order(new, &image) == Ordering::Equal) {
            outcome = outcome.max(join(&mut image, same, &mut writer.merged.refused));
        }
        match outcome {
            Joined::Nothing => {}
            Joined::Known => writer.merged.unchanged += 1,
            Joined::More => writer.merged.updated += 1,
        }
        writer.add(image)?;
    }
    for image in new {
        writer.add_new(image)?;
    }
    writer.write(path)
}

/// Removes the images whose name fits a pattern: `debian:bookworm*`, `registry.example/*`, or a repository for all of
/// its images. An image with several tags loses those that fit, and is gone with the last. Gives how many names went.
pub fn forget(path: &Path, pattern: &str) -> Result<usize, CatalogueError> {
    let old = whole(path)?;
    let mut writer = Writer::new();
    let mut forgotten = 0;
    for image in old.images()? {
        let image = image?;
        let had = image.tags.len();
        if image.repository_fits(pattern) {
            forgotten += had.max(1);
            continue;
        }
        let kept = image.tags.iter().filter(|tag| !image.tag_fits(pattern, tag));
        let tags: Vec<KnownTag> = kept.cloned().collect();
        forgotten += had - tags.len();
        if had == 0 || !tags.is_empty() {
            writer.add(KnownImage { tags, ..image })?;
        }
    }
    if forgotten > 0 {
        writer.write(path)?;
    }
    Ok(forgotten)
}

/// The catalogue that is to be replaced. It is read to its end anyway, and what is damaged is not to be copied into a
/// file that looks whole.
fn whole(path: &Path) -> Result<Catalogue, CatalogueError> {
    let old = Catalogue::open(path)?;
    old.verify()?;
    Ok(old)
}

/// Collects the images of one repository and platform, settles whose the tags are, and passes them on.
struct Writer {
    builder: CatalogueBuilder,
    group: Vec<KnownImage>,
    merged: Merged,
}

impl Writer {
    fn new() -> Self {
        Self { builder: CatalogueBuilder::new(), group: Vec::new(), merged: Merged::default() }
    }

    /// Adds an image that no entry of the old file is about, but perhaps the new one before it.
    fn add_new(&mut self, image: KnownImage) -> Result<(), CatalogueError> {
        if let Some(last) = self.group.last_mut().filter(|last| order(last, &image).is_eq()) {
            join(last, image, &mut self.merged.refused);
            return Ok(());
        }
        let known = self.group.len();
        let is_first = self.group.last().is_none_or(|last| !is_one_group(last, &image));
        self.add(image)?;
        self.merged.added += usize::from(is_first || self.group.len() > known);
        Ok(())
    }

    /// Adds an image that comes behind all others in the order of the file.
    fn add(&mut self, image: KnownImage) -> Result<(), CatalogueError> {
        if self.group.last().is_some_and(|last| !is_one_group(last, &image)) {
            self.flush()?;
        }
        // Of several statements about one manifest the one with the most trust comes first.
        let about_it = |known: &&KnownImage| known.digest.is_some() && known.digest == image.digest;
        match self.group.iter().rev().take_while(about_it).find(|known| contradict(known, &image)) {
            Some(known) => {
                let message = format!("it has other layers than what was {}", known.source);
                self.merged.refused.push(problem(&image, message));
            }
            None => self.group.push(image),
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), CatalogueError> {
        settle_tags(&mut self.group);
        for image in self.group.drain(..) {
            self.builder.add(&image)?;
        }
        Ok(())
    }

    fn write(mut self, path: &Path) -> Result<Merged, CatalogueError> {
        self.flush()?;
        let table = self.builder.finish()?;
        write_atomically(path, |writer| table.write_to(writer))?;
        Ok(self.merged)
    }
}

/// What a second statement about an image has brought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Joined {
    /// There was none.
    Nothing,
    /// Only what was known.
    Known,
    /// Something.
    More,
}

/// Takes a second statement of the same kind of source into the first.
fn join(image: &mut KnownImage, other: KnownImage, refused: &mut Vec<Problem>) -> Joined {
    if contradict(image, &other) {
        let message = format!("it has other layers than what was {}", image.source);
        refused.push(problem(&other, message));
        return Joined::Known;
    }
    let before = image.clone();
    let is_later = other.seen >= image.seen;
    for tag in other.tags {
        match image.tags.iter_mut().find(|known| known.name == tag.name) {
            Some(known) if is_later && tag.digest.is_some() => known.digest = tag.digest,
            Some(_) => {}
            None => image.tags.push(tag),
        }
    }
    image.tags.sort();
    image.digest = image.digest.take().or(other.digest);
    image.config = image.config.take().or(other.config);
    image.created = image.created.or(other.created);
    image.chain = image.chain.or(other.chain);
    image.blobs = image.blobs.or(other.blobs);
    image.scope = image.scope.take().or(other.scope);
    image.packages = image.packages.take().or(other.packages);
    image.seen = image.seen.max(other.seen);
    if *image == before { Joined::Known } else { Joined::More }
}

fn contradict(one: &KnownImage, other: &KnownImage) -> bool {
    let differ = |one: Option<Chain>, other| matches!((one, other), (Some(a), Some(b)) if a != b);
    differ(one.chain, other.chain) || differ(one.blobs, other.blobs)
}

/// Decides for every tag of a repository which image has it now; the others had it.
fn settle_tags(group: &mut [KnownImage]) {
    let mut best: HashMap<String, TagClaim> = HashMap::new();
    for image in group.iter() {
        let claim = TagClaim::of(image);
        for tag in &image.tags {
            let known = best.entry(tag.name.clone()).or_insert(claim);
            *known = claim.max(*known);
        }
    }
    for image in group {
        let claim = TagClaim::of(image);
        for tag in &mut image.tags {
            tag.moved = best.get(&tag.name).is_some_and(|best| *best > claim);
        }
    }
}

/// How good an image's claim to a tag is; images with equal claims share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TagClaim {
    trust: u8,
    seen: Option<Timestamp>,
    created: Option<Timestamp>,
}

impl TagClaim {
    fn of(image: &KnownImage) -> Self {
        Self { trust: image.source.trust(), seen: image.seen, created: image.created }
    }
}

/// What makes two statements be about one image: its manifest, else its layers, else its tags and date.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identity<'a> {
    Digest(&'a Digest),
    Chain(Chain),
    Named(Vec<&'a str>, Option<Timestamp>),
}

fn identity(image: &KnownImage) -> Identity<'_> {
    match (&image.digest, image.chain.or(image.blobs)) {
        (Some(digest), _) => Identity::Digest(digest),
        (None, Some(chain)) => Identity::Chain(chain),
        (None, None) => {
            Identity::Named(image.tags.iter().map(|tag| &*tag.name).collect(), image.created)
        }
    }
}

/// The order of the file.
fn order(one: &KnownImage, other: &KnownImage) -> Ordering {
    let trust = |image: &KnownImage| Reverse(image.source.trust());
    one.repository
        .cmp(&other.repository)
        .then_with(|| one.platform.cmp(&other.platform))
        .then_with(|| identity(one).cmp(&identity(other)))
        .then_with(|| trust(one).cmp(&trust(other)))
}

fn is_one_group(one: &KnownImage, other: &KnownImage) -> bool {
    one.repository == other.repository && one.platform == other.platform
}

/// The images that can be kept, in the order of the file.
fn usable(images: Vec<KnownImage>, refused: &mut Vec<Problem>) -> Vec<KnownImage> {
    let mut usable = Vec::with_capacity(images.len());
    for mut image in images {
        let tags = image.tags.iter().filter_map(|tag| tag.digest.as_ref());
        let own = [image.digest.as_ref(), image.config.as_ref()].into_iter().flatten();
        let other = own.chain(tags).find(|digest| digest.algorithm() != Algorithm::Sha256);
        if let Some(other) = other {
            let message = format!("the catalogue keeps only sha256 digests, and this is {other}");
            refused.push(problem(&image, message));
            continue;
        }
        image.tags.sort();
        image.tags.dedup_by(|next, first| next.name == first.name);
        usable.push(image);
    }
    usable.sort_by(order);
    usable
}

fn problem(image: &KnownImage, message: String) -> Problem {
    let path = match &image.digest {
        Some(digest) => format!("{}@{digest}", image.repository),
        None => image.name(),
    };
    Problem { path, layer: None, message }
}
