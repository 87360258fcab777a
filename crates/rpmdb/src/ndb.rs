//! rpm's own database `Packages.db`: a table of slots, then the packages they point at.
//!
//! All integers are little-endian. The first 32 bytes are the file's header, the rest of the slot
//! pages holds one 16-byte slot each for a package; data is counted in blocks of 16 bytes from the
//! start of the file. An erased package has its slot cleared and its blocks zeroed. After rpm's
//! `lib/backend/ndb/rpmpkg.c`.

mod adler;
mod blob;
mod slot;

use crate::bytes::ByteOrder;
use crate::error::Error;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

use slot::Slot;

const LE: ByteOrder = ByteOrder::Little;

const VERSION: u32 = 0;
const HEADER_LENGTH: usize = 32;
const VERSION_AT: usize = 4;
const SLOT_PAGES_AT: usize = 12;
const PAGE_LENGTH: usize = 4096;
/// The unit of slots and of data; blocks are numbered from the start of the file.
const BLOCK_LENGTH: usize = 16;
/// The first slots' place is taken by the file's header.
const FIRST_SLOT: usize = HEADER_LENGTH / BLOCK_LENGTH;

pub(crate) fn read(database: &[u8], collector: &mut Collector) -> Result<(), Error> {
    let header = database.get(..HEADER_LENGTH).ok_or(Error::HeaderCut)?;
    let field = |at| LE.u32(header, at).ok_or(Error::HeaderCut);
    let version = field(VERSION_AT)?;
    if version != VERSION {
        return Err(Error::InvalidField { field: "version", value: version.into() });
    }
    let stated = field(SLOT_PAGES_AT)?;
    let present = database.len() / PAGE_LENGTH;
    let pages = present.min(stated as usize);
    if pages == 0 {
        return Err(Error::InvalidField { field: "slotnpages", value: stated.into() });
    }
    if pages < stated as usize {
        let reason = Reason::Truncated { stated: stated.into(), present: present as u64 };
        collector.problem(Place::Database, reason);
    }
    let (blocks, rest) = database.as_chunks::<BLOCK_LENGTH>();
    if !rest.is_empty() {
        collector.problem(Place::Block(number(blocks.len())), Reason::StrayData);
    }
    let first_data = pages * (PAGE_LENGTH / BLOCK_LENGTH);
    let mut slots = slot::read(blocks, first_data, collector);

    // In the order of their blocks overlaps and gaps show, and every byte is looked at once.
    slots.sort_by_key(|slot| (slot.blocks.start, slot.number));
    let mut end = first_data;
    for slot in slots {
        if slot.blocks.start < end {
            collector.problem(Place::Slot(slot.number), Reason::SlotOverlap);
            continue;
        }
        report_stray(blocks, end, slot.blocks.start, collector);
        end = slot.blocks.end;
        read_package(database, &slot, collector);
    }
    report_stray(blocks, end, blocks.len(), collector);
    Ok(())
}

fn read_package(database: &[u8], slot: &Slot, collector: &mut Collector) {
    let place = Place::Slot(slot.number);
    let bytes = slot.blocks.start * BLOCK_LENGTH..slot.blocks.end * BLOCK_LENGTH;
    match database.get(bytes).ok_or(Reason::SlotBounds).and_then(|b| blob::open(b, slot.package)) {
        Ok(record) => collector.record(place, record),
        Err(reason) => collector.problem(place, reason),
    }
}

/// What no slot points to is zero in a sound database. A package there means that its slot was lost,
/// or that an erasure was interrupted; which of the two cannot be told, so it is no package but is
/// reported.
fn report_stray(blocks: &[[u8; BLOCK_LENGTH]], from: usize, to: usize, collector: &mut Collector) {
    let gap = blocks.get(from..to).unwrap_or_default();
    if let Some(at) = gap.iter().position(|block| *block != [0; BLOCK_LENGTH]) {
        collector.problem(Place::Block(number(from + at)), Reason::StrayData);
    }
}

/// A block or slot number as the format stores it: 32 bits address 64 GiB.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
