//! Pages of a hash: which there are, and the pairs on one.

use std::collections::HashSet;
use std::ops::Range;

use super::meta::Meta;
use crate::bytes::{ByteOrder, part};
use crate::problem::Reason;

/// What every page begins with: log position, own number, previous and next page, entries, free
/// space, level, kind.
const PAGE_HEADER_LENGTH: usize = 26;
const NUMBER_AT: usize = 8;
const NEXT_AT: usize = 16;
const ENTRIES_AT: usize = 20;
const FREE_AT: usize = 22;
const KIND_AT: usize = 25;

const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;

const ITEM_INLINE: u8 = 1;
const ITEM_OVERFLOW: u8 = 3;
const ITEM_OVERFLOW_LENGTH: usize = 12;

/// The pages of the file. Each is handed out once: in a sound hash every page has one link to it, so
/// the work is bounded by the file's size and every cycle ends.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    database: &'a [u8],
    order: ByteOrder,
    page_size: usize,
    last_page: u32,
    taken: HashSet<u32>,
}

/// A key or a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// On the page itself.
    Inline(&'a [u8]),
    /// On a chain of pages of its own.
    Overflow { page: u32, length: u32 },
}

/// One page of a bucket.
#[derive(Debug)]
pub(super) struct Bucket<'a> {
    page: &'a [u8],
    order: ByteOrder,
    /// Where the items are: key, value, key, value … from the page's end downwards. Only as many as
    /// follow each other, so that what they hold is never more than the page.
    items: Vec<Range<usize>>,
    /// Whether those are all, and end where the page says its free space does.
    pub(super) adds_up: bool,
    /// The page the bucket continues on.
    pub(super) next: Option<u32>,
}

/// A page that holds a piece of one item.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) content: &'a [u8],
    pub(super) next: Option<u32>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(database: &'a [u8], meta: &Meta) -> Self {
        Self {
            database,
            order: meta.order,
            page_size: meta.page_size,
            last_page: meta.last_page,
            taken: HashSet::new(),
        }
    }

    /// Whole pages in the file.
    pub(super) fn present(&self) -> u64 {
        (self.database.len() / self.page_size) as u64
    }

    /// The bytes of page `number`, the first time it is asked for.
    pub(super) fn take(&mut self, number: u32) -> Result<&'a [u8], Reason> {
        let missing = Reason::PageMissing(number);
        if number == 0 || number > self.last_page {
            return Err(missing);
        }
        let start = (number as usize).checked_mul(self.page_size);
        let page = start.and_then(|start| part(self.database, start, self.page_size));
        let page = page.ok_or(missing)?;
        if self.taken.insert(number) { Ok(page) } else { Err(Reason::PageTaken(number)) }
    }

    /// Takes `page` (number `number`) as a page of a bucket.
    pub(super) fn bucket(&self, page: &'a [u8], number: u32) -> Result<Bucket<'a>, Reason> {
        self.check(page, number, &[HASH, HASH_UNSORTED])?;
        let entries = self.half(page, ENTRIES_AT)?;
        let offsets = part(page, PAGE_HEADER_LENGTH, entries * 2).ok_or(Reason::PageDirectory)?;
        let first_free = PAGE_HEADER_LENGTH + offsets.len();
        let mut items = Vec::with_capacity(entries);
        let mut end = page.len();
        for offset in offsets.as_chunks::<2>().0 {
            let start = usize::from(self.order.u16(offset, 0).unwrap_or(0));
            if !(first_free..end).contains(&start) {
                break;
            }
            items.push(start..end);
            end = start;
        }
        let adds_up =
            items.len() == entries && entries.is_multiple_of(2) && end == self.free_end(page)?;
        Ok(Bucket { page, order: self.order, items, adds_up, next: self.next(page) })
    }

    /// Takes page `number` as a piece of an item.
    pub(super) fn piece(&mut self, number: u32) -> Result<Piece<'a>, Reason> {
        let page = self.take(number)?;
        self.check(page, number, &[OVERFLOW])?;
        let length = self.half(page, FREE_AT)?;
        let content = part(page, PAGE_HEADER_LENGTH, length).ok_or(Reason::EntryBounds)?;
        Ok(Piece { content, next: self.next(page) })
    }

    fn check(&self, page: &[u8], number: u32, kinds: &[u8]) -> Result<(), Reason> {
        let kind = page.get(KIND_AT).copied().unwrap_or(0);
        if !kinds.contains(&kind) {
            return Err(Reason::PageKind { page: number, kind });
        }
        let found = self.order.u32(page, NUMBER_AT).unwrap_or(0);
        if found == number { Ok(()) } else { Err(Reason::PageNumber { page: number, found }) }
    }

    /// 0, the metadata page, stands for none.
    fn next(&self, page: &[u8]) -> Option<u32> {
        self.order.u32(page, NEXT_AT).filter(|next| *next != 0)
    }

    fn half(&self, page: &[u8], at: usize) -> Result<usize, Reason> {
        self.order.u16(page, at).map(usize::from).ok_or(Reason::PageDirectory)
    }

    /// Where the free space ends; a page of 65536 bytes that has nothing else says 0.
    fn free_end(&self, page: &[u8]) -> Result<usize, Reason> {
        match self.half(page, FREE_AT)? {
            0 => Ok(page.len()),
            end => Ok(end),
        }
    }
}

impl<'a> Bucket<'a> {
    /// Whether Berkeley DB reserved this page and never wrote it.
    pub(super) fn is_unwritten(page: &[u8]) -> bool {
        page.iter().all(|byte| *byte == 0)
    }

    /// How many pairs of key and value the page has.
    pub(super) fn pairs(&self) -> u16 {
        u16::try_from(self.items.len() / 2).unwrap_or(u16::MAX)
    }

    /// Key and value number `index`.
    pub(super) fn pair(&self, index: u16) -> Result<(Item<'a>, Item<'a>), Reason> {
        let key = usize::from(index) * 2;
        Ok((self.item(key)?, self.item(key + 1)?))
    }

    fn item(&self, index: usize) -> Result<Item<'a>, Reason> {
        let extent = self.items.get(index).cloned().ok_or(Reason::EntryBounds)?;
        let bytes = self.page.get(extent).ok_or(Reason::EntryBounds)?;
        match bytes.split_first().ok_or(Reason::EntryBounds)? {
            (&ITEM_INLINE, content) => Ok(Item::Inline(content)),
            (&ITEM_OVERFLOW, _) if bytes.len() == ITEM_OVERFLOW_LENGTH => {
                let word = |at| self.order.u32(bytes, at).ok_or(Reason::EntryBounds);
                Ok(Item::Overflow { page: word(4)?, length: word(8)? })
            }
            (&ITEM_OVERFLOW, _) => Err(Reason::EntryBounds),
            (&kind, _) => Err(Reason::EntryKind(kind)),
        }
    }
}
