//! The database file as numbered pages, with the log's newer versions laid over them.

use std::collections::HashSet;

use super::BE;
use super::log::{self, Log};
use crate::error::Error;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

const HEADER_LENGTH: usize = 100;
const MIN_PAGE_SIZE: usize = 512;
/// Written as 1, because it does not fit 16 bits.
const MAX_PAGE_SIZE: usize = 65536;
/// sqlite refuses pages with less room than this for content.
const MIN_USABLE: usize = 480;

/// How texts are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
}

#[derive(Debug)]
pub(super) struct Pager<'a> {
    database: &'a [u8],
    log: Log<'a>,
    page_size: usize,
    /// Bytes of a page that content may use; extensions may reserve the rest.
    usable: usize,
    page_count: u32,
    pub(super) encoding: Encoding,
    /// In a sound tree every page has one link to it. Following only the first bounds the work by the
    /// file's size and ends every cycle.
    taken: HashSet<u32>,
}

impl<'a> Pager<'a> {
    pub(super) fn open(
        database: &'a [u8],
        wal: Option<&'a [u8]>,
        collector: &mut Collector,
    ) -> Result<Self, Error> {
        let page_size = page_size(database.get(..HEADER_LENGTH).ok_or(Error::HeaderCut)?)?;
        let log = wal.map(|wal| log::read(wal, page_size, collector)).unwrap_or_default();
        // Page 1 may be newer in the log, and its header with it.
        let header = log.pages.get(&1).copied().unwrap_or(database);
        let byte = |at: usize| header.get(at).copied().ok_or(Error::HeaderCut);
        let reserved = byte(20)?;
        let usable = page_size - usize::from(reserved);
        if usable < MIN_USABLE {
            return Err(Error::InvalidField { field: "reserved space", value: reserved.into() });
        }
        // The fractions are constants of the format: other values are another format.
        if [byte(21)?, byte(22)?, byte(23)?] != [64, 32, 32] {
            return Err(Error::InvalidField { field: "payload fraction", value: byte(21)?.into() });
        }
        let encoding = match BE.u32(header, 56).ok_or(Error::HeaderCut)? {
            // Nothing was ever stored with 0.
            0 | 1 => Encoding::Utf8,
            2 => Encoding::Utf16Little,
            3 => Encoding::Utf16Big,
            value => return Err(Error::InvalidField { field: "encoding", value: value.into() }),
        };
        let page_count = page_count(database, page_size, &log, collector);
        let taken = HashSet::new();
        Ok(Self { database, log, page_size, usable, page_count, encoding, taken })
    }

    /// The content of page `number`, without the reserved bytes, the first time it is asked for.
    pub(super) fn take(&mut self, number: u32) -> Result<&'a [u8], Reason> {
        let content = self.page(number).ok_or(Reason::PageMissing(number))?;
        if self.taken.insert(number) { Ok(content) } else { Err(Reason::PageTaken(number)) }
    }

    fn page(&self, number: u32) -> Option<&'a [u8]> {
        if number > self.page_count {
            return None;
        }
        let page = match self.log.pages.get(&number) {
            Some(page) => page,
            None => {
                let start = (number.checked_sub(1)? as usize).checked_mul(self.page_size)?;
                self.database.get(start..)?.get(..self.page_size)?
            }
        };
        page.get(..self.usable)
    }
}

fn page_size(header: &[u8]) -> Result<usize, Error> {
    let stored = BE.u16(header, 16).ok_or(Error::HeaderCut)?;
    let size = if stored == 1 { MAX_PAGE_SIZE } else { usize::from(stored) };
    if size.is_power_of_two() && size >= MIN_PAGE_SIZE {
        Ok(size)
    } else {
        Err(Error::InvalidField { field: "page size", value: stored.into() })
    }
}

/// The log's last commit knows; without one, the header, unless an old sqlite wrote the file without
/// keeping it.
fn page_count(database: &[u8], page_size: usize, log: &Log<'_>, collector: &mut Collector) -> u32 {
    if let Some(count) = log.page_count {
        return count;
    }
    let present = database.len() / page_size;
    let word = |at| BE.u32(database, at);
    match word(28) {
        Some(stated) if stated > 0 && word(24) == word(92) => {
            if stated as usize > present {
                let reason = Reason::Truncated { stated: stated.into(), present: present as u64 };
                collector.problem(Place::Database, reason);
            }
            stated
        }
        _ => u32::try_from(present).unwrap_or(u32::MAX),
    }
}
