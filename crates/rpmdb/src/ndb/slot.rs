//! The slot table: which package lies where.

use std::ops::Range;

use super::{BLOCK_LENGTH, FIRST_SLOT, LE, number};
use crate::installed::Collector;
use crate::problem::{Place, Reason};

const MAGIC: u32 = u32::from_le_bytes(*b"Slot");
const PACKAGE_AT: usize = 4;
const OFFSET_AT: usize = 8;
const COUNT_AT: usize = 12;

/// A filled slot whose blocks are in the file.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) package: u32,
    pub(super) blocks: Range<usize>,
}

/// The filled slots among the blocks before `first_data`.
pub(super) fn read(
    blocks: &[[u8; BLOCK_LENGTH]],
    first_data: usize,
    collector: &mut Collector,
) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (index, bytes) in blocks.iter().enumerate().take(first_data).skip(FIRST_SLOT) {
        let number = number(index);
        match parse(bytes, number, first_data..blocks.len()) {
            Ok(None) => {}
            Ok(Some(slot)) => slots.push(slot),
            Err(reason) => collector.problem(Place::Slot(number), reason),
        }
    }
    slots
}

fn parse(
    bytes: &[u8; BLOCK_LENGTH],
    number: u32,
    data: Range<usize>,
) -> Result<Option<Slot>, Reason> {
    let word = |at| LE.u32(bytes, at).unwrap_or(0);
    if word(0) != MAGIC {
        return Err(Reason::SlotMagic);
    }
    let (package, offset, count) = (word(PACKAGE_AT), word(OFFSET_AT), word(COUNT_AT));
    if offset == 0 {
        // rpm clears all three numbers together.
        return if package == 0 && count == 0 { Ok(None) } else { Err(Reason::SlotBounds) };
    }
    let start = offset as usize;
    let end = start.checked_add(count as usize).ok_or(Reason::SlotBounds)?;
    if package == 0 || count == 0 || start < data.start || end > data.end {
        return Err(Reason::SlotBounds);
    }
    Ok(Some(Slot { number, package, blocks: start..end }))
}
