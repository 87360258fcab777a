//! A compiled index: what the indexes of an archive say about packages, found by name without reading the rest.

mod compile;
mod format;

use std::path::Path;

use plimsoll_table::{Fault, Strings, Table, TableError, Tag};
use zerocopy::little_endian::U32;

pub use compile::CompiledIndex;

use self::format::{
    FIELDS, HAS_SHA256, HAS_SIZE, KIND, NAMES, PACKAGES, PROBLEMS, PackageRecord, ProblemRecord,
    SOURCES, STRINGS, VERSION, multi_arch_of,
};
use crate::apt::entry::IndexEntry;

/// The packages of one `Packages` file.
pub struct Index {
    table: Table,
}

impl Index {
    /// Opens a file that [`CompiledIndex`] wrote.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        Ok(Self { table: Table::open(path, KIND, VERSION)? })
    }

    /// The same from bytes in memory; `name` stands for the path in errors.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, TableError> {
        Ok(Self { table: Table::from_bytes(name, bytes, KIND, VERSION)? })
    }

    /// Reads the whole file to check it.
    pub fn verify(&self) -> Result<(), TableError> {
        self.table.verify()?;
        let reader = self.reader()?;
        for record in self.table.records::<PackageRecord>(PACKAGES)? {
            reader.entry(record)?;
        }
        for source in self.sources()? {
            source?;
        }
        Ok(())
    }

    /// How many packages there are.
    pub fn len(&self) -> Result<usize, TableError> {
        Ok(self.table.records::<PackageRecord>(PACKAGES)?.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> Result<bool, TableError> {
        Ok(self.len()? == 0)
    }

    /// A binary package in all its versions and architectures.
    pub fn package(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = Result<IndexEntry<'_>, TableError>>, TableError> {
        let reader = self.reader()?;
        let records = self.table.find::<PackageRecord>(NAMES, name.as_bytes())?;
        Ok(records.iter().map(move |record| reader.entry(record)))
    }

    /// The binary packages of a source at a version, the smallest `.deb` first: they share a changelog, which is read
    /// from the cheapest.
    pub fn source(&self, name: &str, version: &str) -> Result<Vec<IndexEntry<'_>>, TableError> {
        let mut entries = self.of_source(name.as_bytes())?;
        entries.retain(|entry| entry.source_version == version);
        entries.sort_by_key(|entry| entry.size.unwrap_or(u64::MAX));
        Ok(entries)
    }

    /// Every source with its binary packages, of all versions, by name.
    pub fn sources(
        &self,
    ) -> Result<impl Iterator<Item = Result<Vec<IndexEntry<'_>>, TableError>>, TableError> {
        let keys = self.table.keys(SOURCES)?;
        Ok(keys.starting_with(b"")?.map(|key| self.of_source(key?.bytes)))
    }

    /// The packages that were left out, and why.
    pub fn problems(&self) -> Result<Vec<String>, TableError> {
        let strings = self.table.strings(STRINGS)?;
        let records = self.table.records::<ProblemRecord>(PROBLEMS)?;
        let told = |record: &ProblemRecord| Ok(strings.get(record.message)?.to_owned());
        records.iter().map(told).collect()
    }

    fn of_source(&self, name: &[u8]) -> Result<Vec<IndexEntry<'_>>, TableError> {
        let reader = self.reader()?;
        let packages = self.table.records::<PackageRecord>(PACKAGES)?;
        let entry = |number: &U32| {
            let number = number.get();
            let record = packages.get(number as usize);
            let record =
                record.ok_or_else(|| outside(&self.table, PACKAGES, "package", number.into()))?;
            reader.entry(record)
        };
        self.table.find::<U32>(SOURCES, name)?.iter().map(entry).collect()
    }

    fn reader(&self) -> Result<Reader<'_>, TableError> {
        let (fields, strings) = (self.table.blob(FIELDS)?, self.table.strings(STRINGS)?);
        Ok(Reader { table: &self.table, fields, strings })
    }
}

/// What records point into.
#[derive(Clone, Copy)]
struct Reader<'i> {
    table: &'i Table,
    fields: &'i [u8],
    strings: Strings<'i>,
}

impl<'i> Reader<'i> {
    fn entry(&self, record: &PackageRecord) -> Result<IndexEntry<'i>, TableError> {
        let at = u64::from(record.fields.get());
        let texts =
            record.texts(self.fields).ok_or_else(|| outside(self.table, FIELDS, "text", at))?;
        let text = |bytes| {
            str::from_utf8(bytes).map_err(|_| TableError {
                path: self.table.path().to_owned(),
                fault: Fault::Utf8 { section: FIELDS, what: "text", at },
            })
        };
        let filename = text(texts.filename)?;
        Ok(IndexEntry {
            name: text(texts.name)?,
            version: text(texts.version)?,
            architecture: self.strings.get(record.architecture)?,
            source: text(texts.source)?,
            source_version: text(texts.source_version)?,
            filename: Some(filename).filter(|filename| !filename.is_empty()),
            size: (record.has & HAS_SIZE != 0).then_some(record.size.get()),
            sha256: (record.has & HAS_SHA256 != 0).then_some(record.sha256),
            phased: record.phased,
            multi_arch: multi_arch_of(record.multi_arch),
        })
    }
}

fn outside(table: &Table, section: Tag, what: &'static str, at: u64) -> TableError {
    let fault = Fault::Bounds { section, what, at };
    TableError { path: table.path().to_owned(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apt::entry::MultiArch;

    fn compiled(index: &str) -> Index {
        let compiled = CompiledIndex::of(index.as_bytes()).unwrap();
        let index = Index::from_bytes("index", compiled.to_bytes()).unwrap();
        index.verify().unwrap();
        assert_eq!(index.len().unwrap(), compiled.packages());
        assert_eq!(index.problems().unwrap().len(), compiled.problems());
        index
    }

    fn told<'i>(entries: impl IntoIterator<Item = IndexEntry<'i>>) -> Vec<String> {
        let told = |entry: IndexEntry<'i>| {
            let IndexEntry { name, version, architecture, source, source_version, .. } = entry;
            format!("{name} {version} {architecture} of {source} {source_version}")
        };
        entries.into_iter().map(told).collect()
    }

    #[test]
    fn packages_and_sources_are_found() {
        let index = compiled(
            "Package: zlib1g\nVersion: 2+b1\nArchitecture: amd64\nSource: zlib (2)\nSize: 9\n\n\
             Package: a\nVersion: 1\nArchitecture: all\n\n\
             Package: zlib1g-dev\nVersion: 2\nArchitecture: amd64\nSource: zlib\nSize: 7\n\n\
             Package: zlib1g\nVersion: 1\nArchitecture: amd64\nSource: zlib\n\n\
             Package: broken\n",
        );
        let package = |name| told(index.package(name).unwrap().map(Result::unwrap));
        let source = |name, version| told(index.source(name, version).unwrap());
        let new = "zlib1g 2+b1 amd64 of zlib 2";
        let old = "zlib1g 1 amd64 of zlib 1";
        let dev = "zlib1g-dev 2 amd64 of zlib 2";
        assert_eq!(package("zlib1g"), [new, old]);
        assert_eq!(package("zlib"), [""; 0]);
        assert_eq!(source("zlib", "2"), [dev, new]);
        assert_eq!(source("zlib", "2+b1"), [""; 0]);
        assert_eq!(source("a", "1"), ["a 1 all of a 1"]);
        let all: Vec<_> = index.sources().unwrap().map(|source| told(source.unwrap())).collect();
        assert_eq!(all, [vec!["a 1 all of a 1"], vec![new, dev, old]]);
        let problems = index.problems().unwrap();
        assert_eq!(problems, ["package at line 22: no Version"]);
    }

    #[test]
    fn all_fields_come_back() {
        let sha256 = format!("{}ff", "00".repeat(31));
        let index = compiled(&format!(
            "Package: a\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\n\
             Filename: pool/a.deb\nSize: 5\nSHA256: {sha256}\nPhased-Update-Percentage: 30\n"
        ));
        let entry = index.package("a").unwrap().next().unwrap().unwrap();
        let mut expected = [0; 32];
        expected[31] = 0xff;
        assert_eq!(
            entry,
            IndexEntry {
                name: "a",
                version: "1",
                architecture: "amd64",
                source: "a",
                source_version: "1",
                filename: Some("pool/a.deb"),
                size: Some(5),
                sha256: Some(expected),
                phased: 30,
                multi_arch: MultiArch::Same,
            }
        );
        assert_eq!(compiled("").len().unwrap(), 0);
    }
}
