//! The metadata page of a hash.

use crate::bytes::ByteOrder;
use crate::error::Error;
use crate::format::berkeley_hash_order;

/// The metadata this crate looks at ends with the spares.
const META_LENGTH: usize = SPARES_AT + SPARES * 4;
const SPARES_AT: usize = 96;
/// A spare for every doubling of the table.
const SPARES: usize = 32;
/// Berkeley DB 3.1 to 18; rpm reads the same range.
const VERSIONS: std::ops::RangeInclusive<u32> = 8..=10;
const PAGE_SIZES: std::ops::RangeInclusive<u32> = 512..=65536;
/// `DBMETA_CHKSUM`: pages carry checksums and so have another layout.
const FLAG_CHECKSUM: u8 = 1;

#[derive(Debug)]
pub(super) struct Meta {
    pub(super) order: ByteOrder,
    pub(super) page_size: usize,
    pub(super) last_page: u32,
    /// Pairs of key and value in the table.
    pub(super) records: u32,
    max_bucket: u32,
    /// The greatest bucket before the table is doubled again.
    high_mask: u32,
    /// What to add to a bucket's number to get its page, for each doubling of the table.
    spares: Vec<u32>,
}

impl Meta {
    pub(super) fn read(database: &[u8]) -> Result<Self, Error> {
        let order = berkeley_hash_order(database).ok_or(Error::Unrecognised)?;
        let page = database.get(..META_LENGTH).ok_or(Error::HeaderCut)?;
        let word = |at| order.u32(page, at).ok_or(Error::HeaderCut);
        let invalid = |field, value: u32| Error::InvalidField { field, value: value.into() };
        let version = word(16)?;
        if !VERSIONS.contains(&version) {
            return Err(invalid("hash version", version));
        }
        let page_size = word(20)?;
        if !PAGE_SIZES.contains(&page_size) || !page_size.is_power_of_two() {
            return Err(invalid("page size", page_size));
        }
        let byte = |at: usize| page.get(at).copied().unwrap_or(0);
        if byte(24) != 0 || byte(26) & FLAG_CHECKSUM != 0 {
            return Err(Error::BerkeleyFlags);
        }
        let spares =
            (0..SPARES).map(|index| word(SPARES_AT + index * 4)).collect::<Result<_, _>>()?;
        Ok(Self {
            order,
            page_size: page_size as usize,
            last_page: word(32)?,
            records: word(88)?,
            max_bucket: word(72)?,
            high_mask: word(76)?,
            spares,
        })
    }

    /// How many buckets the table says it has.
    pub(super) fn buckets(&self) -> u64 {
        u64::from(self.max_bucket) + 1
    }

    /// How many it can have: buckets lie below its mask, and each has a page of its own.
    pub(super) fn possible_buckets(&self, pages: u64) -> u64 {
        pages.min(u64::from(self.high_mask) + 1)
    }

    /// A bucket's first page. Buckets are added in doublings, each doubling's pages together.
    pub(super) fn bucket_page(&self, bucket: u32) -> Option<u32> {
        let doubling = (u32::BITS - bucket.leading_zeros()) as usize;
        self.spares.get(doubling)?.checked_add(bucket)
    }
}
