//! An rpm header as a database keeps it: an index of tagged entries and the store they point into.
//!
//! Layout, all integers big-endian: `entries: u32, store length: u32`, then per entry
//! `tag: u32, kind: u32, offset: u32, count: u32`, then the store. The rules checked here are those of
//! `hdrblobInit`, `hdrblobVerifyRegion` and `hdrblobVerifyInfo` in rpm's `lib/header.c`.

mod entry;
mod error;
mod tag;

use crate::bytes::{ByteOrder, part};

pub use entry::Kind;
use entry::{ENTRY_LENGTH, Entry};
pub use error::HeaderError;
pub use tag::Tag;

/// rpm's own limit (`HEADER_TAGS_MAX`): "65K tags, more than enough".
const MAX_ENTRIES: u32 = 0xffff;
/// rpm's own limit (`HEADER_DATA_MAX`): 256 MiB, because of file signatures.
const MAX_STORE: u32 = 0x0fff_ffff;
/// The two integers before the index.
const INTRO_LENGTH: usize = 8;
/// The longest header that keeps both limits; more bytes cannot be one.
pub(crate) const MAX_LENGTH: u64 =
    INTRO_LENGTH as u64 + MAX_ENTRIES as u64 * ENTRY_LENGTH as u64 + MAX_STORE as u64;

/// The tags of one package, borrowed from the database.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    index: &'a [u8],
    store: &'a [u8],
}

impl<'a> Header<'a> {
    /// Takes a header apart. Only the lengths are checked: see [`Header::verify`] for the rest.
    ///
    /// # Errors
    ///
    /// When index and store do not fill `blob` exactly, or pass rpm's limits.
    pub fn parse(blob: &'a [u8]) -> Result<Self, HeaderError> {
        let intro = |at| ByteOrder::Big.u32(blob, at).ok_or(HeaderError::Cut);
        let (entries, store_length) = (intro(0)?, intro(4)?);
        if entries == 0 || entries > MAX_ENTRIES {
            return Err(HeaderError::EntryCount(entries));
        }
        if store_length > MAX_STORE {
            return Err(HeaderError::StoreLength(store_length));
        }
        let index_length = entries as usize * ENTRY_LENGTH;
        let rest = blob.get(INTRO_LENGTH..).ok_or(HeaderError::Cut)?;
        let (index, store) = rest.split_at_checked(index_length).ok_or(HeaderError::Cut)?;
        if store.len() != store_length as usize {
            return Err(HeaderError::Length { stated: store_length, found: store.len() as u64 });
        }
        Ok(Self { index, store })
    }

    /// Checks every entry, and the region that marks what the package was built with, as rpm does
    /// before it believes a header.
    ///
    /// # Errors
    ///
    /// Names the first entry that breaks a rule.
    pub fn verify(&self) -> Result<(), HeaderError> {
        let mut entries = self.entries().iter().map(Entry::read).peekable();
        if let Some(region) = entries.next_if(|first| first.tag.is_region()) {
            self.verify_region(&region)?;
        }
        let mut end = 0;
        for entry in entries {
            if entry.tag.is_reserved() || (entry.offset as usize) < end {
                return Err(HeaderError::Entry(entry.tag));
            }
            let data = entry.data(self.store)?;
            end = entry.offset as usize + data.len();
        }
        Ok(())
    }

    /// The first string of `tag`: for texts in several languages that is the untranslated one.
    ///
    /// # Errors
    ///
    /// When the entry is no string, or has no end.
    pub fn string(&self, tag: Tag) -> Result<Option<&'a [u8]>, HeaderError> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        match entry.kind {
            Kind::String | Kind::StringArray | Kind::I18nString => {
                let data = entry.data(self.store)?;
                Ok(memchr::memchr(0, data).and_then(|end| data.get(..end)))
            }
            kind => Err(HeaderError::Kind { tag, kind }),
        }
    }

    /// The first integer of `tag`, whatever its width.
    ///
    /// # Errors
    ///
    /// When the entry holds no integers, or reaches outside the store.
    pub fn number(&self, tag: Tag) -> Result<Option<u64>, HeaderError> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let data = entry.data(self.store)?;
        let number = match entry.kind {
            Kind::Int8 => data.first().copied().map(u64::from),
            Kind::Int16 => ByteOrder::Big.u16(data, 0).map(u64::from),
            Kind::Int32 => ByteOrder::Big.u32(data, 0).map(u64::from),
            Kind::Int64 => ByteOrder::Big.u64(data, 0),
            kind => return Err(HeaderError::Kind { tag, kind }),
        };
        number.map(Some).ok_or(HeaderError::Entry(tag))
    }

    /// What rpm adds when it installs a package stands behind the region and replaces entries of the
    /// same tag in it, so the last entry counts.
    fn entry(&self, tag: Tag) -> Option<Entry> {
        let tag = tag.0.to_be_bytes();
        self.entries().iter().rfind(|entry| entry.starts_with(&tag)).map(Entry::read)
    }

    fn entries(&self) -> &'a [[u8; ENTRY_LENGTH]] {
        self.index.as_chunks().0
    }

    /// The region's entry points at a trailer shaped like an entry, whose offset is minus the
    /// region's length in the index.
    fn verify_region(&self, region: &Entry) -> Result<(), HeaderError> {
        let is_marker =
            |entry: &Entry| entry.kind == Kind::Binary && entry.count as usize == ENTRY_LENGTH;
        // Headers that rpm 3 wrote were given a region without a trailer.
        if region.offset == 0 && is_marker(region) {
            return Ok(());
        }
        let trailer = part(self.store, region.offset as usize, ENTRY_LENGTH)
            .and_then(|bytes| bytes.first_chunk())
            .map(Entry::read)
            .ok_or(HeaderError::Region)?;
        let length = trailer.offset.wrapping_neg() as usize;
        let sound = is_marker(region)
            && is_marker(&trailer)
            && trailer.tag.is_region()
            && length.is_multiple_of(ENTRY_LENGTH)
            && (ENTRY_LENGTH..=self.index.len()).contains(&length);
        if sound { Ok(()) } else { Err(HeaderError::Region) }
    }
}

#[cfg(test)]
mod tests;
