//! Which of rpm's database formats a file has, judged by its first bytes.

use crate::bytes::{ByteOrder, part};

const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
const NDB_MAGIC: &[u8] = b"RpmP";
/// Every Berkeley DB file carries the magic of its access method at this offset.
const BERKELEY_MAGIC_AT: usize = 12;
const BERKELEY_HASH_MAGIC: u32 = 0x0006_1561;
const BERKELEY_BTREE_MAGIC: u32 = 0x0005_3162;

/// A format rpm has kept its installed packages in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `rpmdb.sqlite`: rpm 4.16 and later, the default of Fedora 33, RHEL 9 and their kin.
    Sqlite,
    /// `Packages.db`: rpm's own format, used by SUSE.
    Ndb,
    /// `Packages`: Berkeley DB hash, everybody's default before.
    BerkeleyHash,
}

impl Format {
    /// The format of `database`, or nothing where the first bytes are of none that rpm writes.
    #[must_use]
    pub fn detect(database: &[u8]) -> Option<Self> {
        if database.starts_with(SQLITE_MAGIC) {
            Some(Self::Sqlite)
        } else if part(database, 0, 4) == Some(NDB_MAGIC) {
            Some(Self::Ndb)
        } else if berkeley_order(database, BERKELEY_HASH_MAGIC).is_some() {
            Some(Self::BerkeleyHash)
        } else {
            None
        }
    }
}

/// The byte order of a Berkeley DB hash file: that of the machine which wrote it.
pub(crate) fn berkeley_hash_order(database: &[u8]) -> Option<ByteOrder> {
    berkeley_order(database, BERKELEY_HASH_MAGIC)
}

/// Whether this is a Berkeley DB b-tree, which rpm could be configured to use.
pub(crate) fn is_berkeley_btree(database: &[u8]) -> bool {
    berkeley_order(database, BERKELEY_BTREE_MAGIC).is_some()
}

fn berkeley_order(database: &[u8], magic: u32) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.u32(database, BERKELEY_MAGIC_AT) == Some(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &[u8], expected: Option<Format>) {
        assert_eq!(Format::detect(start), expected, "{start:?}");
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        check(b"SQLite format 3\0 and more", Some(Format::Sqlite));
        check(b"RpmP\0\0\0\0", Some(Format::Ndb));
        check(b"012345678901\x61\x15\x06\0", Some(Format::BerkeleyHash));
        check(b"012345678901\0\x06\x15\x61", Some(Format::BerkeleyHash));
        check(b"012345678901\x62\x31\x05\0", None);
        check(b"SQLite format 3", None);
        check(b"RpmX", None);
        check(b"", None);
    }
}
