//! One package's blocks: head, record, padding, tail.

use super::{BLOCK_LENGTH, LE, adler};
use crate::header;
use crate::problem::Reason;

const HEAD_MAGIC: u32 = u32::from_le_bytes(*b"BlbS");
const TAIL_MAGIC: u32 = u32::from_le_bytes(*b"BlbE");
/// `magic, package, time written, record length`
const HEAD_LENGTH: usize = 16;
/// `adler32 of everything before, record length, magic`
const TAIL_LENGTH: usize = 12;

/// The record in `blob`, whose blocks the slot of `package` points at, after its checksum matched.
pub(super) fn open(blob: &[u8], package: u32) -> Result<&[u8], Reason> {
    let tail_at = blob.len().checked_sub(TAIL_LENGTH).ok_or(Reason::BlobFrame)?;
    let (checked, tail) = blob.split_at_checked(tail_at).ok_or(Reason::BlobFrame)?;
    let word = |bytes, at| LE.u32(bytes, at).ok_or(Reason::BlobFrame);
    let length = word(checked, 12)?;
    let framed = word(checked, 0)? == HEAD_MAGIC
        && word(checked, 4)? == package
        && word(tail, 4)? == length
        && word(tail, 8)? == TAIL_MAGIC;
    let whole = (HEAD_LENGTH + TAIL_LENGTH) as u64 + u64::from(length);
    if !framed || whole.div_ceil(BLOCK_LENGTH as u64) * BLOCK_LENGTH as u64 != blob.len() as u64 {
        return Err(Reason::BlobFrame);
    }
    if u64::from(length) > header::MAX_LENGTH {
        return Err(Reason::RecordLength(length.into()));
    }
    if adler::adler32(checked) != word(tail, 0)? {
        return Err(Reason::BlobChecksum);
    }
    checked.get(HEAD_LENGTH..).and_then(|rest| rest.get(..length as usize)).ok_or(Reason::BlobFrame)
}
