//! The entries of a table's pages.

use super::{BE, varint};
use crate::bytes::part;

/// sqlite pads smaller cells, so that a free block fits where one was.
const MIN_LENGTH: usize = 4;

/// A leaf's cell: one row.
#[derive(Debug)]
pub(super) struct RowCell<'a> {
    pub(super) row: i64,
    /// The row's length, however much of it is on this page.
    pub(super) length: u64,
    /// The part on this page.
    pub(super) local: &'a [u8],
    /// The page where the row goes on.
    pub(super) overflow: Option<u32>,
}

/// An interior page's cell: a link to the page whose rows go up to `row`.
#[derive(Debug)]
pub(super) struct LinkCell {
    pub(super) row: i64,
    pub(super) child: u32,
}

impl<'a> RowCell<'a> {
    /// The cell at the start of `bytes`, and its length. `usable` is the page's length.
    pub(super) fn read(bytes: &'a [u8], usable: usize) -> Option<(Self, usize)> {
        let (length, length_width) = varint::read(bytes)?;
        let (row, row_width) = varint::read(bytes.get(length_width..)?)?;
        let local_at = length_width + row_width;
        let local = part(bytes, local_at, local_length(length, usable))?;
        let mut end = local_at + local.len();
        let mut overflow = None;
        if (local.len() as u64) < length {
            overflow = Some(BE.u32(bytes, end)?);
            end += 4;
        }
        let cell = Self { row: row.cast_signed(), length, local, overflow };
        (end.max(MIN_LENGTH) <= bytes.len()).then_some((cell, end.max(MIN_LENGTH)))
    }
}

impl LinkCell {
    /// The cell at the start of `bytes`, and its length.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let child = BE.u32(bytes, 0)?;
        let (row, width) = varint::read(bytes.get(4..)?)?;
        Some((Self { row: row.cast_signed(), child }, 4 + width))
    }
}

/// How many bytes of a row stay on its leaf: all, or so many that the last overflow page is full.
fn local_length(length: u64, usable: usize) -> usize {
    let most = usable - 35;
    match usize::try_from(length) {
        Ok(length) if length <= most => length,
        Ok(length) => {
            let least = (usable - 12) * 32 / 255 - 23;
            let fitting = least + (length - least) % (usable - 4);
            if fitting <= most { fitting } else { least }
        }
        // Longer than memory: the record is refused anyway.
        Err(_) => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_part_fills_the_last_overflow_page() {
        fn check(length: u64, expected: usize) {
            assert_eq!(local_length(length, 4096), expected, "{length}");
        }
        check(4061, 4061);
        check(4062, 489);
        check(489 + 4092, 489);
        check(489 + 4092 + 100, 589);
        check(489 + 3600, 489);
        check(489 + 2 * 4092 + 3572, 489 + 3572);
        check(489 + 2 * 4092 + 3573, 489);
    }

    #[test]
    fn cells_end_within_their_page() {
        let whole = b"\x03\x05\0\x0eX";
        let (cell, length) = RowCell::read(whole, 512).unwrap();
        assert_eq!((cell.row, cell.local, cell.overflow, length), (5, &b"\0\x0eX"[..], None, 5));
        assert!(RowCell::read(&whole[..4], 512).is_none());
        // Padded to four bytes, which must be there.
        assert_eq!(RowCell::read(b"\x01\x05\0\0", 512).map(|(_, length)| length), Some(4));
        assert!(RowCell::read(b"\x01\x05\0", 512).is_none());
        assert!(LinkCell::read(b"\0\0\0\x02\x80").is_none());
    }
}
