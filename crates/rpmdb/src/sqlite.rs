//! The sqlite database `rpmdb.sqlite`: the rows of its table `Packages`, read from the pages.
//!
//! After sqlite's "Database File Format" (sqlite.org/fileformat2.html). `Packages` is
//! `(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`; the key is the row number, so a
//! row holds NULL and the header.

mod btree;
mod cell;
mod log;
mod node;
mod pager;
mod payload;
mod record;
mod schema;
mod varint;

use crate::bytes::ByteOrder;
use crate::error::Error;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

use pager::Pager;
use record::Value;

/// sqlite stores all integers so, whatever the machine.
const BE: ByteOrder = ByteOrder::Big;

pub(crate) fn read(
    database: &[u8],
    wal: Option<&[u8]>,
    collector: &mut Collector,
) -> Result<(), Error> {
    let mut pager = Pager::open(database, wal, collector)?;
    let root = schema::packages_root(&mut pager, collector)?;
    btree::walk(&mut pager, root, collector, &mut read_row);
    Ok(())
}

fn read_row(place: Place, row: &[u8], collector: &mut Collector) {
    match record::values(row).as_deref() {
        Some([Value::Null, Value::Blob(header)]) => collector.record(place, header),
        _ => collector.problem(place, Reason::RowColumns),
    }
}
