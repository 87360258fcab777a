//! An item too long for its page: a chain of pages of its own.

use super::page::Pages;
use crate::header;
use crate::problem::Reason;

/// Appends the `length` bytes of the item that begins on page `first` to `gathered`.
pub(super) fn gather(
    pages: &mut Pages<'_>,
    first: u32,
    length: u32,
    gathered: &mut Vec<u8>,
) -> Result<(), Reason> {
    if u64::from(length) > header::MAX_LENGTH {
        return Err(Reason::RecordLength(length.into()));
    }
    let mut next = Some(first);
    while let Some(page) = next {
        let piece = pages.piece(page)?;
        gathered.extend_from_slice(piece.content);
        next = piece.next;
    }
    if gathered.len() == length as usize { Ok(()) } else { Err(Reason::ChainLength(length.into())) }
}
