//! Writing a catalogue: images come sorted, one at a time, and only their records are kept.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::Digest;
use plimsoll_table::{BuildError, KeysBuilder, StringPool, TableBuilder, Tag};
use zerocopy::little_endian::U32;

use super::format::{
    CHAINED, CHAINS, CLAIMED, ChainValue, DIGESTED, DIGESTS, HOLDERS, IMAGES, IMPORTED,
    ImageRecord, KIND, LEARNED, LISTED, LISTS, NO_TIME, PACKAGES, PackageRecord, REPOSITORIES,
    SCANNED, STRINGS, Span, TAGS, TagRecord, VERSION, Value,
};
use crate::chain::{Chain, sha256_bytes};
use crate::known::{KnownImage, KnownTag, Source};
use crate::packages::PackageList;

pub(super) struct CatalogueBuilder {
    images: Vec<ImageRecord>,
    repositories: KeysBuilder,
    tags: Vec<TagRecord>,
    lists: Vec<Span>,
    listed: Vec<PackageRecord>,
    known_lists: HashMap<Arc<PackageList>, u32>,
    strings: StringPool,
}

impl CatalogueBuilder {
    pub(super) fn new() -> Self {
        Self {
            images: Vec::new(),
            repositories: KeysBuilder::new(IMAGES),
            tags: Vec::new(),
            lists: Vec::new(),
            listed: Vec::new(),
            known_lists: HashMap::new(),
            strings: StringPool::new(),
        }
    }

    /// Adds an image; they come sorted by repository.
    pub(super) fn add(&mut self, image: &KnownImage) -> Result<(), BuildError> {
        self.repositories.push(image.repository.as_bytes())?;
        let tags = self.add_tags(&image.tags)?;
        let list = match &image.packages {
            Some(packages) => self.add_list(packages)?,
            None => 0,
        };
        let platform = image.platform.as_ref().map(ToString::to_string).unwrap_or_default();
        let scope = image.scope.as_ref().map(ToString::to_string).unwrap_or_default();
        let file = match &image.source {
            Source::Imported(file) => file.as_str(),
            Source::Claimed | Source::Scanned | Source::Learned => "",
        };
        self.images.push(ImageRecord {
            repository: self.strings.add(&image.repository)?,
            tags,
            digest: value(image.digest.as_ref()),
            config: value(image.config.as_ref()),
            platform: self.strings.add(platform)?,
            created: seconds(image.created).into(),
            seen: seconds(image.seen).into(),
            chain: chain(image.chain),
            blobs: chain(image.blobs),
            scope: self.strings.add(scope)?,
            list: list.into(),
            source: code(&image.source),
            file: self.strings.add(file)?,
        });
        Ok(())
    }

    pub(super) fn finish(self) -> Result<TableBuilder, BuildError> {
        let mut table = TableBuilder::new(KIND, VERSION);
        let chains = chains(&self.images);
        postings(&mut table, chains, CHAINS, CHAINED)?;
        let digests = digests(&self.images, &self.tags);
        postings(&mut table, digests, DIGESTS, DIGESTED)?;
        let holders = holders(&self.known_lists);
        postings(&mut table, holders, PACKAGES, HOLDERS)?;
        table.keys(REPOSITORIES, self.repositories)?;
        table.records(IMAGES, &self.images)?;
        table.records(TAGS, &self.tags)?;
        table.records(LISTS, &self.lists)?;
        table.records(LISTED, &self.listed)?;
        table.strings(STRINGS, self.strings)?;
        Ok(table)
    }

    fn add_tags(&mut self, tags: &[KnownTag]) -> Result<Span, BuildError> {
        let start = self.tags.len();
        for tag in tags {
            let name = self.strings.add(&tag.name)?;
            let digest = value(tag.digest.as_ref());
            self.tags.push(TagRecord { name, digest, moved: tag.moved.into() });
        }
        span(start, self.tags.len())
    }

    /// One more than the number of the list.
    fn add_list(&mut self, packages: &Arc<PackageList>) -> Result<u32, BuildError> {
        if let Some(&number) = self.known_lists.get(packages) {
            return Ok(number + 1);
        }
        let number = count(self.lists.len())?;
        let start = self.listed.len();
        for (name, version) in packages.iter() {
            let (name, version) = (self.strings.add(name)?, self.strings.add(version)?);
            self.listed.push(PackageRecord { name, version });
        }
        self.lists.push(span(start, self.listed.len())?);
        self.known_lists.insert(Arc::clone(packages), number);
        Ok(number + 1)
    }
}

fn code(source: &Source) -> u8 {
    match source {
        Source::Imported(_) => IMPORTED,
        Source::Scanned => SCANNED,
        Source::Learned => LEARNED,
        Source::Claimed => CLAIMED,
    }
}

/// Which images have which stacks, whether of diff ids or of blobs: no stack of one kind is one of the other.
fn chains(images: &[ImageRecord]) -> Vec<([u8; 32], u32)> {
    let mut chains = Vec::with_capacity(images.len());
    for (number, image) in (0..).zip(images) {
        for chain in [image.chain, image.blobs] {
            if chain.layers.get() > 0 {
                chains.push((chain.id, number));
            }
        }
    }
    chains
}

fn digests(images: &[ImageRecord], tags: &[TagRecord]) -> Vec<([u8; 32], u32)> {
    let mut digests = Vec::with_capacity(2 * images.len());
    for (number, image) in (0..).zip(images) {
        let (start, count) = (image.tags.start.get() as usize, image.tags.count.get() as usize);
        let tags = tags.iter().skip(start).take(count).map(|tag| tag.digest);
        let all = [image.digest, image.config].into_iter().chain(tags);
        let known = all.filter(|value| value.is_known != 0);
        digests.extend(known.map(|value| (value.bytes, number)));
    }
    digests
}

fn holders(lists: &HashMap<Arc<PackageList>, u32>) -> Vec<(Vec<u8>, u32)> {
    let mut holders = Vec::new();
    for (list, &number) in lists {
        holders.extend(list.iter().map(|(name, version)| (package_key(name, version), number)));
    }
    holders
}

/// The key of a package in `packages`.
pub(super) fn package_key(name: &str, version: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0", version.as_bytes()].concat()
}

/// A section of keys, and one of the numbers that they lead to.
fn postings(
    table: &mut TableBuilder,
    mut entries: Vec<(impl AsRef<[u8]> + Ord, u32)>,
    keys: Tag,
    target: Tag,
) -> Result<(), BuildError> {
    entries.sort_unstable();
    entries.dedup();
    let mut builder = KeysBuilder::new(target);
    for (key, _) in &entries {
        builder.push(key.as_ref())?;
    }
    let numbers: Vec<U32> = entries.iter().map(|&(_, number)| number.into()).collect();
    drop(entries);
    table.keys(keys, builder)?;
    table.records(target, &numbers)
}

fn count(count: usize) -> Result<u32, BuildError> {
    u32::try_from(count).map_err(|_| BuildError::TooLarge("records"))
}

fn span(start: usize, end: usize) -> Result<Span, BuildError> {
    Ok(Span { start: count(start)?.into(), count: count(end - start)?.into() })
}

fn seconds(time: Option<Timestamp>) -> i64 {
    time.map_or(NO_TIME, Timestamp::as_second)
}

/// Digests of other algorithms were refused before.
fn value(digest: Option<&Digest>) -> Value {
    match digest.and_then(sha256_bytes) {
        Some(bytes) => Value { is_known: 1, bytes },
        None => Value { is_known: 0, bytes: [0; 32] },
    }
}

fn chain(chain: Option<Chain>) -> ChainValue {
    match chain {
        Some(chain) => ChainValue { layers: chain.layers.into(), id: *chain.id.as_bytes() },
        None => ChainValue { layers: 0.into(), id: [0; 32] },
    }
}
