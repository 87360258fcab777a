//! The Berkeley DB hash `Packages`: every bucket's pages, from package number to header.
//!
//! After rpm's `lib/backend/bdb_ro.c` and Berkeley DB's `db_page.h`. Integers have the byte order of
//! the machine that wrote the file. Pages on Berkeley DB's free list belong to no bucket and are never
//! read.

mod chain;
mod meta;
mod page;

use crate::error::Error;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

use meta::Meta;
use page::{Bucket, Item, Pages};

/// rpm keeps the number it gave last under this key, four bytes as well.
const COUNTER_KEY: [u8; 4] = [0; 4];
const COUNTER_LENGTH: usize = 4;

pub(crate) fn read(database: &[u8], collector: &mut Collector) -> Result<(), Error> {
    let meta = Meta::read(database)?;
    let mut walk = Walk { pages: Pages::new(database, &meta), collector, records: 0 };
    walk.check_length(&meta);
    let buckets = walk.buckets(&meta);
    for bucket in 0..buckets {
        match meta.bucket_page(bucket) {
            Some(first) => walk.bucket(first),
            None => walk.problem(Place::Database, Reason::BucketCount(meta.buckets())),
        }
    }
    let readable = walk.records;
    if meta.records != readable {
        let stated = meta.records;
        walk.problem(Place::Database, Reason::Count { stated, readable });
    }
    Ok(())
}

struct Walk<'w, 'a> {
    pages: Pages<'a>,
    collector: &'w mut Collector,
    /// Pairs of key and value read whole, the counter's among them, as Berkeley DB counts.
    records: u32,
}

impl<'a> Walk<'_, 'a> {
    fn check_length(&mut self, meta: &Meta) {
        let (stated, present) = (u64::from(meta.last_page) + 1, self.pages.present());
        if stated > present {
            self.problem(Place::Database, Reason::Truncated { stated, present });
        }
    }

    fn buckets(&mut self, meta: &Meta) -> u32 {
        let (stated, possible) = (meta.buckets(), meta.possible_buckets(self.pages.present()));
        if stated > possible {
            self.problem(Place::Database, Reason::BucketCount(stated));
        }
        u32::try_from(stated.min(possible)).unwrap_or(u32::MAX)
    }

    /// Reads a bucket's first page and those it continues on.
    fn bucket(&mut self, first: u32) {
        let mut next = Some(first);
        while let Some(page) = next {
            let bucket = match self.bucket_page(page, page == first) {
                Ok(Some(bucket)) => bucket,
                Ok(None) => return,
                Err(reason) => return self.problem(Place::Page(page), reason),
            };
            if !bucket.adds_up {
                self.problem(Place::Page(page), Reason::PageSpace);
            }
            for index in 0..bucket.pairs() {
                let place = Place::Entry { page, index };
                if let Err(reason) = self.pair(place, &bucket, index) {
                    self.problem(place, reason);
                }
            }
            next = bucket.next;
        }
    }

    /// Pages are allocated for a doubled table at once; a first page never written has no entries.
    /// Were it damaged instead, the count of records would show it.
    fn bucket_page(&mut self, page: u32, is_first: bool) -> Result<Option<Bucket<'a>>, Reason> {
        let bytes = self.pages.take(page)?;
        if is_first && Bucket::is_unwritten(bytes) {
            return Ok(None);
        }
        self.pages.bucket(bytes, page).map(Some)
    }

    fn pair(&mut self, place: Place, bucket: &Bucket<'_>, index: u16) -> Result<(), Reason> {
        let (key, value) = bucket.pair(index)?;
        let Item::Inline(key) = key else { return Err(Reason::Key) };
        let key: &[u8; 4] = key.try_into().map_err(|_| Reason::Key)?;
        let mut gathered = Vec::new();
        let value = match value {
            Item::Inline(value) => value,
            Item::Overflow { page, length } => {
                chain::gather(&mut self.pages, page, length, &mut gathered)?;
                &gathered
            }
        };
        self.records = self.records.saturating_add(1);
        if *key != COUNTER_KEY {
            self.collector.record(place, value);
        } else if value.len() != COUNTER_LENGTH {
            // A package whose key was damaged; it must not vanish as a counter.
            self.collector.record(place, value);
            return Err(Reason::Key);
        }
        Ok(())
    }

    fn problem(&mut self, place: Place, reason: Reason) {
        self.collector.problem(place, reason);
    }
}
