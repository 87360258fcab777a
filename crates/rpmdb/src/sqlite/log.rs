//! sqlite's write-ahead log: newer versions of pages, beside the database until a checkpoint.
//!
//! What counts are the frames up to the last commit, as sqlite's own recovery decides: each carries
//! the log's salts, and a checksum over everything before it.

use std::collections::HashMap;

use super::BE;
use crate::bytes::{ByteOrder, part};
use crate::installed::Collector;
use crate::problem::{Place, Reason};

/// The last bit says in which byte order checksums read the log.
const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const VERSION: u32 = 3_007_000;
const HEADER_LENGTH: usize = 32;
const FRAME_HEADER_LENGTH: usize = 24;

/// The committed pages of a log. Empty where there is no log, or no sound one.
#[derive(Debug, Default)]
pub(super) struct Log<'a> {
    /// The newest version of each page.
    pub(super) pages: HashMap<u32, &'a [u8]>,
    /// The database's size in pages after the last commit.
    pub(super) page_count: Option<u32>,
}

pub(super) fn read<'a>(wal: &'a [u8], page_size: usize, collector: &mut Collector) -> Log<'a> {
    if wal.is_empty() {
        return Log::default();
    }
    let start = match Start::read(wal, page_size) {
        Ok(start) => start,
        Err(reason) => {
            collector.problem(Place::Frame(0), reason);
            return Log::default();
        }
    };
    let mut log = Log::default();
    let mut checksum = start.checksum;
    let mut uncommitted = Vec::new();
    let frames = wal.get(HEADER_LENGTH..).unwrap_or_default();
    let mut frames = frames.chunks_exact(FRAME_HEADER_LENGTH + page_size).enumerate();
    for (index, frame) in frames.by_ref() {
        let Some(valid) = Frame::read(frame, &start, &mut checksum) else {
            report_lost(index, frame, frames, &start, collector);
            break;
        };
        uncommitted.push((valid.page, valid.content));
        if valid.page_count > 0 {
            log.pages.extend(uncommitted.drain(..));
            log.page_count = Some(valid.page_count);
        }
    }
    log
}

/// A log that is started over leaves the frames of its former life behind, with both salts changed:
/// they end the log silently. If the frame that ends it or any later one has a present salt,
/// something was written and is lost.
fn report_lost<'a>(
    index: usize,
    frame: &[u8],
    mut later: impl Iterator<Item = (usize, &'a [u8])>,
    start: &Start,
    collector: &mut Collector,
) {
    let has_salt = |frame, at| part(frame, 8 + at, 4) == part(&start.salts, at, 4);
    let is_present = |frame| has_salt(frame, 0) || has_salt(frame, 4);
    if is_present(frame) || later.any(|(_, frame)| is_present(frame)) {
        let frame = u32::try_from(index + 1).unwrap_or(u32::MAX);
        collector.problem(Place::Frame(frame), Reason::LogFrame);
    }
}

/// The log's header.
struct Start {
    order: ByteOrder,
    salts: [u8; 8],
    checksum: Checksum,
}

impl Start {
    fn read(wal: &[u8], page_size: usize) -> Result<Self, Reason> {
        let word = |at| BE.u32(wal, at).ok_or(Reason::LogHeader);
        let order = match word(0)? {
            MAGIC_LITTLE => ByteOrder::Little,
            MAGIC_BIG => ByteOrder::Big,
            _ => return Err(Reason::LogHeader),
        };
        let mut checksum = Checksum::default();
        checksum.add(part(wal, 0, 24).ok_or(Reason::LogHeader)?, order);
        if word(4)? != VERSION || checksum != (Checksum(word(24)?, word(28)?)) {
            return Err(Reason::LogHeader);
        }
        let log_page_size = word(8)?;
        if log_page_size as usize != page_size {
            return Err(Reason::LogPageSize(log_page_size));
        }
        let salts = wal.get(16..).and_then(|rest| rest.first_chunk()).ok_or(Reason::LogHeader)?;
        Ok(Self { order, salts: *salts, checksum })
    }
}

struct Frame<'a> {
    page: u32,
    /// Zero except in a commit.
    page_count: u32,
    content: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame, if it belongs to this log and its checksum continues the one before.
    fn read(frame: &'a [u8], start: &Start, checksum: &mut Checksum) -> Option<Self> {
        let (header, content) = frame.split_at_checked(FRAME_HEADER_LENGTH)?;
        let word = |at| BE.u32(header, at);
        let page = word(0)?;
        if page == 0 || part(header, 8, 8)? != start.salts {
            return None;
        }
        checksum.add(part(header, 0, 8)?, start.order);
        checksum.add(content, start.order);
        let sound = *checksum == Checksum(word(16)?, word(20)?);
        sound.then_some(Self { page, page_count: word(4)?, content })
    }
}

/// sqlite's Fibonacci-weighted sums over pairs of 32-bit words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Checksum(u32, u32);

impl Checksum {
    fn add(&mut self, bytes: &[u8], order: ByteOrder) {
        let (pairs, _) = bytes.as_chunks::<8>();
        for pair in pairs {
            let word = |at| order.u32(pair, at).unwrap_or(0);
            self.0 = self.0.wrapping_add(word(0)).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(word(4)).wrapping_add(self.0);
        }
    }
}
