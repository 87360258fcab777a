//! Reading a catalogue: every reference is followed with a check, because the file may be anybody's.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{Digest, Platform};
use plimsoll_table::{Table, TableError, Tag};
use zerocopy::little_endian::U32;

use super::build::CatalogueBuilder;
use super::error::CatalogueError;
use super::format::{
    CHAINS, CLAIMED, ChainValue, DIGESTS, IMAGES, ImageRecord, KIND, LEARNED, LISTED, LISTS,
    NO_TIME, PackageRecord, REPOSITORIES, SCANNED, STRINGS, Span, TAGS, TagRecord, VERSION, Value,
};
use crate::chain::{Chain, ChainId, sha256_bytes};
use crate::known::{KnownImage, KnownTag, Source};
use crate::packages::PackageList;

/// Most images that one stack or digest leads to. An official image has some dozen names for the same layers; a file
/// with more of them was made to be slow.
const MAX_ANSWERS: usize = 1_000;
/// Most images of one repository: it has some 5,000 tags at most, on some ten platforms.
const MAX_IMAGES: usize = 100_000;
/// Most tags of one image: official ones have some dozen.
const MAX_TAGS: u32 = 10_000;
/// Most packages of one image: a machine with everything on it has some 5,000.
const MAX_PACKAGES: u32 = 100_000;

/// Lists that were read already: many images share one.
type Lists = HashMap<u32, Arc<PackageList>>;

/// An open catalogue. Opening it reads its header, whatever its size.
pub struct Catalogue {
    table: Table,
}

impl Catalogue {
    /// Opens the file; one that is not there is an empty catalogue.
    pub fn open(path: &Path) -> Result<Self, CatalogueError> {
        if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        {
            return Self::empty();
        }
        Ok(Self { table: Table::open(path, KIND, VERSION)? })
    }

    /// A catalogue that knows nothing.
    pub fn empty() -> Result<Self, CatalogueError> {
        Self::of(CatalogueBuilder::new())
    }

    /// A catalogue in memory, such as bytes that somebody else keeps.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, CatalogueError> {
        Ok(Self { table: Table::from_bytes(name, bytes, KIND, VERSION)? })
    }

    pub(super) fn of(builder: CatalogueBuilder) -> Result<Self, CatalogueError> {
        Self::from_bytes("the catalogue of bases", builder.finish()?.to_bytes())
    }

    /// Reads the whole file and compares its checksum.
    pub(super) fn verify(&self) -> Result<(), CatalogueError> {
        Ok(self.table.verify()?)
    }

    /// How many images it has.
    pub fn len(&self) -> Result<usize, CatalogueError> {
        Ok(self.records()?.len())
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> Result<bool, CatalogueError> {
        Ok(self.records()?.is_empty())
    }

    /// All images, sorted by repository and platform.
    pub fn images(
        &self,
    ) -> Result<impl Iterator<Item = Result<KnownImage, CatalogueError>>, CatalogueError> {
        let mut lists = Lists::new();
        Ok(self.records()?.iter().map(move |record| self.image(record, &mut lists)))
    }

    /// The images of a repository (`docker.io/library/debian`).
    pub fn images_of(&self, repository: &str) -> Result<Vec<KnownImage>, CatalogueError> {
        let records = self.table.find(REPOSITORIES, repository.as_bytes())?;
        let mut lists = Lists::new();
        records.iter().take(MAX_IMAGES).map(|record| self.image(record, &mut lists)).collect()
    }

    /// Whether there are images of a repository.
    pub(crate) fn has_repository(&self, repository: &str) -> Result<bool, CatalogueError> {
        Ok(self.table.keys(REPOSITORIES)?.find(repository.as_bytes())?.is_some())
    }

    /// Every repository, sorted.
    pub(crate) fn repositories(
        &self,
    ) -> Result<impl Iterator<Item = Result<Cow<'_, str>, TableError>>, CatalogueError> {
        let keys = self.table.keys(REPOSITORIES)?.starting_with(b"")?;
        Ok(keys.map(|key| key.map(|key| String::from_utf8_lossy(key.bytes))))
    }

    /// The images with exactly these layers.
    pub fn by_chain(&self, chain: Chain) -> Result<Vec<KnownImage>, CatalogueError> {
        let found = self.numbered(CHAINS, chain.id.as_bytes())?;
        // The count is part of the claim: an id is only as good as the one who computed it.
        let has = |image: &KnownImage| [image.chain, image.blobs].contains(&Some(chain));
        Ok(found.into_iter().filter(has).collect())
    }

    /// The images whose manifest, index or config has this digest.
    pub fn by_digest(&self, digest: &Digest) -> Result<Vec<KnownImage>, CatalogueError> {
        match sha256_bytes(digest) {
            Some(bytes) => self.numbered(DIGESTS, &bytes),
            None => Ok(Vec::new()),
        }
    }

    /// What the registry answered when a tag was learned last: if it still answers that, there is nothing new. What
    /// files say does not count, or they could keep a tag from being learned.
    pub fn known_digest(
        &self,
        repository: &str,
        tag: &str,
        platform: &Platform,
    ) -> Result<Option<Digest>, CatalogueError> {
        let mut lists = Lists::new();
        let records = self.table.find::<ImageRecord>(REPOSITORIES, repository.as_bytes())?;
        for record in records.iter().take(MAX_IMAGES) {
            let image = self.image(record, &mut lists)?;
            let fits = image.platform.as_ref().is_some_and(|has| has.serves(platform));
            if !fits || image.source != Source::Learned {
                continue;
            }
            let mut tags = image.tags.into_iter().filter(|known| known.name == tag && !known.moved);
            if let Some(digest) = tags.find_map(|tag| tag.digest) {
                return Ok(Some(digest));
            }
        }
        Ok(None)
    }

    /// The images that have any of these lists of packages.
    pub(super) fn with_lists(
        &self,
        lists: &BTreeSet<u32>,
    ) -> Result<Vec<(u32, KnownImage)>, CatalogueError> {
        let (mut found, mut read) = (Vec::new(), Lists::new());
        for record in self.records()? {
            let list = record.list.get().checked_sub(1);
            if let Some(list) = list.filter(|list| lists.contains(list)) {
                found.push((list, self.image(record, &mut read)?));
            }
        }
        Ok(found)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    fn records(&self) -> Result<&[ImageRecord], TableError> {
        self.table.records(IMAGES)
    }

    fn numbered(&self, keys: Tag, key: &[u8]) -> Result<Vec<KnownImage>, CatalogueError> {
        let records = self.records()?;
        let numbers = self.table.find::<U32>(keys, key)?;
        // A number outside is a lie of the file about an image that is not there.
        let found = numbers.iter().filter_map(|number| records.get(number.get() as usize));
        let mut lists = Lists::new();
        found.take(MAX_ANSWERS).map(|record| self.image(record, &mut lists)).collect()
    }

    fn image(&self, record: &ImageRecord, lists: &mut Lists) -> Result<KnownImage, CatalogueError> {
        let strings = self.table.strings(STRINGS)?;
        let mut tags = Vec::new();
        for tag in part(self.table.records::<TagRecord>(TAGS)?, record.tags, MAX_TAGS) {
            let name = strings.get(tag.name)?.to_owned();
            tags.push(KnownTag { name, digest: digest(tag.digest), moved: tag.moved != 0 });
        }
        let packages = match record.list.get().checked_sub(1) {
            Some(list) => match lists.get(&list) {
                Some(known) => Some(Arc::clone(known)),
                None => self.list(list)?.map(|new| {
                    let new = Arc::new(new);
                    lists.insert(list, Arc::clone(&new));
                    new
                }),
            },
            None => None,
        };
        Ok(KnownImage {
            repository: strings.get(record.repository)?.to_owned(),
            tags,
            digest: digest(record.digest),
            config: digest(record.config),
            platform: strings.get(record.platform)?.parse().ok(),
            created: time(record.created.get()),
            chain: chain(record.chain),
            blobs: chain(record.blobs),
            scope: strings.get(record.scope)?.parse().ok(),
            packages,
            source: match record.source {
                LEARNED => Source::Learned,
                SCANNED => Source::Scanned,
                CLAIMED => Source::Claimed,
                _ => Source::Imported(strings.get(record.file)?.to_owned()),
            },
            seen: time(record.seen.get()),
        })
    }

    fn list(&self, number: u32) -> Result<Option<PackageList>, TableError> {
        let lists = self.table.records::<Span>(LISTS)?;
        let Some(&span) = lists.get(number as usize) else { return Ok(None) };
        let strings = self.table.strings(STRINGS)?;
        let packages =
            part(self.table.records::<PackageRecord>(LISTED)?, span, MAX_PACKAGES).iter();
        let packages =
            packages.map(|package| Ok((strings.get(package.name)?, strings.get(package.version)?)));
        Ok(Some(PackageList::new(packages.collect::<Result<Vec<_>, TableError>>()?)))
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catalogue({})", self.table.path().display())
    }
}

/// The records of a span, at most so many; those that are not there are not there.
fn part<R>(records: &[R], span: Span, limit: u32) -> &[R] {
    let start = span.start.get() as usize;
    let count = span.count.get().min(limit) as usize;
    records.get(start..start.saturating_add(count)).unwrap_or_default()
}

fn digest(value: Value) -> Option<Digest> {
    (value.is_known != 0).then(|| Digest::sha256(&value.bytes))
}

fn chain(value: ChainValue) -> Option<Chain> {
    let layers = value.layers.get();
    (layers > 0).then(|| Chain { id: ChainId::from_bytes(value.id), layers })
}

fn time(seconds: i64) -> Option<Timestamp> {
    (seconds != NO_TIME).then(|| Timestamp::from_second(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_gives_no_more_records_than_there_may_be() {
        let check = |start: u32, count: u32, expected: &[u8]| {
            let span = Span { start: start.into(), count: count.into() };
            assert_eq!(part(&[1, 2, 3, 4], span, 3), expected);
        };
        check(0, 2, &[1, 2]);
        check(0, 4, &[1, 2, 3]);
        check(1, u32::MAX, &[2, 3, 4]);
        check(2, 3, &[]);
        check(u32::MAX, 1, &[]);
    }
}
