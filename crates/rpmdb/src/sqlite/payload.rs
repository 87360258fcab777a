//! A row's bytes, put together from its leaf and overflow pages.

use super::BE;
use super::cell::RowCell;
use super::pager::Pager;
use crate::header;
use crate::problem::Reason;

/// What a row may need beside the header in it: its own record header.
const RECORD_OVERHEAD: u64 = 16;

/// The whole row: borrowed if it is on one page, else gathered in `scratch`.
pub(super) fn gather<'r>(
    pager: &mut Pager<'_>,
    cell: &RowCell<'r>,
    scratch: &'r mut Vec<u8>,
) -> Result<&'r [u8], Reason> {
    let Some(first) = cell.overflow else { return Ok(cell.local) };
    if cell.length > header::MAX_LENGTH + RECORD_OVERHEAD {
        return Err(Reason::RecordLength(cell.length));
    }
    scratch.clear();
    scratch.extend_from_slice(cell.local);
    let mut next = first;
    loop {
        let missing = cell.length - scratch.len() as u64;
        if (next == 0) != (missing == 0) {
            return Err(Reason::ChainLength(cell.length));
        }
        if missing == 0 {
            return Ok(scratch);
        }
        let page = pager.take(next)?;
        let (link, content) = page.split_at_checked(4).ok_or(Reason::ChainLength(cell.length))?;
        let length = usize::try_from(missing).map_or(content.len(), |m| m.min(content.len()));
        scratch.extend_from_slice(content.get(..length).unwrap_or_default());
        next = BE.u32(link, 0).unwrap_or(0);
    }
}
