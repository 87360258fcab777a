//! The one way in: bytes to packages and problems.

use crate::error::Error;
use crate::format::{self, Format};
use crate::header::Header;
use crate::package::Package;
use crate::problem::{Place, Problem, Reason};
use crate::{bdb, ndb, sqlite};

/// Problems listed one by one; beyond, they are counted. A file with more is rubbish, and a hostile
/// one could otherwise make the list larger than itself.
const MAX_PROBLEMS: usize = 1000;

/// What a database says is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// The packages, in the order of the database's own structure.
    pub packages: Vec<Package>,
    /// What could not be read. Empty means that every record the database links was read.
    pub problems: Vec<Problem>,
}

/// Reads the packages of `database`, the whole content of one file.
///
/// `wal` is the file beside an sqlite database whose name ends in `-wal`; other formats have none
/// and ignore it.
///
/// # Errors
///
/// When the file is not an rpm database or nothing in it can be found.
pub fn read(database: &[u8], wal: Option<&[u8]>) -> Result<Installed, Error> {
    let mut collector = Collector::default();
    match Format::detect(database) {
        Some(Format::Sqlite) => sqlite::read(database, wal, &mut collector)?,
        Some(Format::Ndb) => ndb::read(database, &mut collector)?,
        Some(Format::BerkeleyHash) => bdb::read(database, &mut collector)?,
        None if database.is_empty() => return Err(Error::Empty),
        None if format::is_berkeley_btree(database) => return Err(Error::BerkeleyBtree),
        None => return Err(Error::Unrecognised),
    }
    Ok(collector.finish())
}

/// Where the format parsers put what they find.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    installed: Installed,
    further: u64,
}

impl Collector {
    /// Takes one record, the bytes of an rpm header.
    pub(crate) fn record(&mut self, place: Place, record: &[u8]) {
        let header = match Header::parse(record) {
            Ok(header) => header,
            Err(error) => return self.problem(place, error),
        };
        match Package::from_header(&header) {
            Ok(package) => {
                self.installed.packages.push(package);
                // A header with an unsound entry may still name its package: list both.
                if let Err(error) = header.verify() {
                    self.problem(place, error);
                }
            }
            Err(error) => self.problem(place, error),
        }
    }

    pub(crate) fn problem(&mut self, place: Place, reason: impl Into<Reason>) {
        if self.installed.problems.len() < MAX_PROBLEMS {
            self.installed.problems.push(Problem { place, reason: reason.into() });
        } else {
            self.further += 1;
        }
    }

    fn finish(mut self) -> Installed {
        if self.further > 0 {
            let reason = Reason::Further(self.further);
            self.installed.problems.push(Problem { place: Place::Database, reason });
        }
        self.installed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(database: &[u8], expected: &Error) {
        assert_eq!(read(database, None).as_ref(), Err(expected));
    }

    #[test]
    fn what_is_no_rpm_database_is_named() {
        check(b"", &Error::Empty);
        check(b"hello", &Error::Unrecognised);
        check(b"012345678901\x62\x31\x05\0", &Error::BerkeleyBtree);
        check(b"RpmP", &Error::HeaderCut);
        check(b"SQLite format 3\0", &Error::HeaderCut);
        check(b"012345678901\x61\x15\x06\0", &Error::HeaderCut);
    }

    #[test]
    fn problems_beyond_the_limit_are_counted() {
        let mut collector = Collector::default();
        for _ in 0..MAX_PROBLEMS + 7 {
            collector.problem(Place::Database, Reason::Key);
        }
        let problems = collector.finish().problems;
        assert_eq!(problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(problems.last().map(|last| last.reason.clone()), Some(Reason::Further(7)));
    }
}
