//! The schema table on page 1: where `Packages` begins.

use super::btree;
use super::pager::{Encoding, Pager};
use super::record::{self, Value};
use crate::error::Error;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

const SCHEMA_ROOT: u32 = 1;

/// The first page of the table `Packages`.
pub(super) fn packages_root(
    pager: &mut Pager<'_>,
    collector: &mut Collector,
) -> Result<u32, Error> {
    let encoding = pager.encoding;
    let mut packages = None;
    let mut roots = Vec::new();
    btree::walk(pager, SCHEMA_ROOT, collector, &mut |place, row, collector| {
        // Columns: type, name, table name, root page, statement. Views have no root page.
        match record::values(row).as_deref() {
            Some([kind, name, _, Value::Integer(root), _]) => {
                roots.push(*root);
                if is_text(kind, "table", encoding) && is_text(name, "Packages", encoding) {
                    packages = packages.or(Some(*root));
                }
            }
            Some([_, _, _, Value::Null, _]) => {}
            _ => collector.problem(place, Reason::RowColumns),
        }
    });
    let root = packages.ok_or(Error::NoPackagesTable)?;
    let number = u32::try_from(root).map_err(|_| Error::NoPackagesTable)?;
    // Two trees cannot begin on one page: one of the two links is damaged, and if it is ours, another
    // table's (perhaps empty) rows would pass for the packages.
    if roots.iter().filter(|other| **other == root).count() > 1 {
        collector.problem(Place::Database, Reason::RootShared(number));
    }
    Ok(number)
}

fn is_text(value: &Value<'_>, expected: &str, encoding: Encoding) -> bool {
    let Value::Text(bytes) = value else { return false };
    match encoding {
        Encoding::Utf8 => *bytes == expected.as_bytes(),
        Encoding::Utf16Little => bytes.iter().copied().eq(utf16(expected, u16::to_le_bytes)),
        Encoding::Utf16Big => bytes.iter().copied().eq(utf16(expected, u16::to_be_bytes)),
    }
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> impl Iterator<Item = u8> {
    text.encode_utf16().flat_map(to_bytes)
}
