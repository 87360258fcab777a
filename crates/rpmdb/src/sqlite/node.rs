//! One page of a table's b-tree: its cells, and whether they account for the page.

use std::ops::Range;

use super::BE;
use super::cell::{LinkCell, RowCell};
use crate::bytes::part;
use crate::problem::Reason;

const INTERIOR_TABLE: u8 = 5;
const LEAF_TABLE: u8 = 13;
/// On page 1 the file's header comes first.
const FILE_HEADER_LENGTH: usize = 100;
/// A free block's own two numbers.
const MIN_FREE_LENGTH: usize = 4;

/// A page of the tree, its cells in order; each is read or has a reason why not.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) content: Content<'a>,
    /// Whether cells and free blocks cover the content area without overlap, leaving exactly the
    /// bytes the page calls fragments. A wrong cell count or pointer, and with it a lost row, shows
    /// here: it is the check of sqlite's `PRAGMA integrity_check`.
    pub(super) adds_up: bool,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    Rows(Vec<Result<RowCell<'a>, Reason>>),
    /// Links to pages with smaller rows, and to the page with the greatest.
    Links(Vec<Result<LinkCell, Reason>>, u32),
}

impl<'a> Node<'a> {
    pub(super) fn read(page: &'a [u8], number: u32) -> Result<Self, Reason> {
        let start = if number == 1 { FILE_HEADER_LENGTH } else { 0 };
        let header = page.get(start..).ok_or(Reason::PageDirectory)?;
        let kind = *header.first().ok_or(Reason::PageDirectory)?;
        match kind {
            LEAF_TABLE => {
                let directory = Directory::read(page, start, 8)?;
                let (cells, adds_up) = directory.cells(|cell| RowCell::read(cell, page.len()));
                Ok(Self { content: Content::Rows(cells), adds_up })
            }
            INTERIOR_TABLE => {
                let last_child = BE.u32(header, 8).ok_or(Reason::PageDirectory)?;
                let directory = Directory::read(page, start, 12)?;
                let (cells, adds_up) = directory.cells(LinkCell::read);
                Ok(Self { content: Content::Links(cells, last_child), adds_up })
            }
            kind => Err(Reason::PageKind { page: number, kind }),
        }
    }
}

/// Where on the page the cells and the free space are.
struct Directory<'a> {
    page: &'a [u8],
    area: Range<usize>,
    pointers: &'a [[u8; 2]],
    first_free: usize,
    fragments: usize,
}

impl<'a> Directory<'a> {
    fn read(page: &'a [u8], start: usize, header_length: usize) -> Result<Self, Reason> {
        let half = |at| BE.u16(page, start + at).map(usize::from).ok_or(Reason::PageDirectory);
        let pointers_at = start + header_length;
        let pointers = part(page, pointers_at, half(3)? * 2).ok_or(Reason::PageDirectory)?;
        // 65536 does not fit and is written as 0.
        let area_start = match half(5)? {
            0 => 65536,
            area_start => area_start,
        };
        if !(pointers_at + pointers.len()..=page.len()).contains(&area_start) {
            return Err(Reason::PageDirectory);
        }
        Ok(Self {
            page,
            area: area_start..page.len(),
            pointers: pointers.as_chunks().0,
            first_free: half(1)?,
            fragments: page.get(start + 7).copied().map_or(0, usize::from),
        })
    }

    /// Reads every cell with `read`, which also says how many bytes it took. A cell on another's
    /// bytes is refused, so that what the cells hold is never more than the page.
    fn cells<C>(
        &self,
        read: impl Fn(&'a [u8]) -> Option<(C, usize)>,
    ) -> (Vec<Result<C, Reason>>, bool) {
        let mut extents = Vec::with_capacity(self.pointers.len());
        let mut cells = Vec::with_capacity(self.pointers.len());
        for (index, pointer) in self.pointers.iter().enumerate() {
            let start = usize::from(u16::from_be_bytes(*pointer));
            let bytes = self.page.get(start..).filter(|_| self.area.contains(&start));
            cells.push(match bytes.and_then(&read) {
                Some((cell, length)) => {
                    extents.push((start..start + length, index));
                    Ok(cell)
                }
                None => Err(Reason::EntryBounds),
            });
        }
        extents.sort_unstable_by_key(|(extent, index)| (extent.start, *index));
        let mut end = 0;
        for (extent, index) in &extents {
            if extent.start >= end {
                end = extent.end;
            } else if let Some(cell) = cells.get_mut(*index) {
                *cell = Err(Reason::EntryOverlap);
            }
        }
        let extents = extents.into_iter().map(|(extent, _)| extent);
        (cells, self.adds_up(extents.collect()))
    }

    fn adds_up(&self, mut extents: Vec<Range<usize>>) -> bool {
        let Some(free) = self.free_blocks() else { return false };
        extents.extend(free);
        extents.sort_unstable_by_key(|extent| extent.start);
        let (mut end, mut gaps) = (self.area.start, 0);
        for extent in extents {
            let Some(gap) = extent.start.checked_sub(end) else { return false };
            gaps += gap;
            end = extent.end;
        }
        self.area.end.checked_sub(end).is_some_and(|last| gaps + last == self.fragments)
    }

    /// The chain of free blocks, which ascends; so it ends.
    fn free_blocks(&self) -> Option<Vec<Range<usize>>> {
        let mut blocks = Vec::new();
        let (mut at, mut least) = (self.first_free, self.area.start);
        while at != 0 {
            let next = usize::from(BE.u16(self.page, at)?);
            let length = usize::from(BE.u16(self.page, at + 2)?);
            if at < least || length < MIN_FREE_LENGTH || at + length > self.area.end {
                return None;
            }
            blocks.push(at..at + length);
            least = at + length;
            at = next;
        }
        Some(blocks)
    }
}
