//! `Packages` in, a compiled index out: the same index gives the same bytes.

use std::io::{self, Read, Write};

use plimsoll_table::{BuildError, KeysBuilder, StringPool, StringRef, TableBuilder};
use zerocopy::little_endian::{U16, U32};

use super::format::{
    BY_SOURCE, FIELDS, HAS_SHA256, HAS_SIZE, KIND, NAMES, PACKAGES, PROBLEMS, PackageRecord,
    ProblemRecord, SOURCES, STRINGS, VERSION, multi_arch_code,
};
use crate::apt::deb822::StanzaError;
use crate::apt::entry::IndexEntry;
use crate::apt::packages::PackagesError;
use crate::apt::read_ahead::read_ahead;
use crate::apt::scan::Scanner;

/// Broken packages that are named; of an index with more nothing is right.
const MAX_PROBLEMS: usize = 1_000;

/// An index in the form that [`Index`](crate::Index) reads.
pub struct CompiledIndex {
    table: TableBuilder,
    packages: usize,
    problems: usize,
}

impl CompiledIndex {
    /// Reads an index, uncompressed, on a second thread. Broken packages are left out and counted; what fails the whole
    /// index is an error.
    pub fn of(index: impl Read + Send) -> Result<Self, PackagesError> {
        read_ahead(index, |index| compile(Scanner::new(index)))
            .map_err(|source| StanzaError::Read { line: 0, source })?
    }

    /// How many packages there are.
    pub fn packages(&self) -> usize {
        self.packages
    }

    /// How many packages were left out.
    pub fn problems(&self) -> usize {
        self.problems
    }

    /// Writes the table and gives its checksum.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<[u8; 32]> {
        self.table.write_to(writer)
    }

    /// The whole table in memory.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.table.to_bytes()
    }
}

fn compile(mut scanner: Scanner<impl Read>) -> Result<CompiledIndex, PackagesError> {
    let mut compiler = Compiler::default();
    loop {
        match scanner.next() {
            Ok(None) => return Ok(compiler.finish()?),
            Ok(Some(entry)) => compiler.add(&entry)?,
            Err(error @ PackagesError::Package { .. }) => compiler.add_problem(&error)?,
            Err(error) => return Err(error),
        }
    }
}

/// Collects packages in the order of the index, which is that of their sources in most archives.
#[derive(Default)]
struct Compiler {
    packages: Vec<PackageRecord>,
    fields: Vec<u8>,
    strings: StringPool,
    /// The architecture met last: an index has two.
    architecture: (String, StringRef),
    problems: Vec<ProblemRecord>,
    n_problems: usize,
}

impl Compiler {
    fn add(&mut self, entry: &IndexEntry<'_>) -> Result<(), BuildError> {
        if self.architecture.0 != entry.architecture {
            let added = self.strings.add(entry.architecture)?;
            self.architecture = (entry.architecture.to_owned(), added);
        }
        let start = number(self.fields.len())?;
        let mut put = |text: &str| -> Result<U16, BuildError> {
            self.fields.extend_from_slice(text.as_bytes());
            let length = text.len().try_into().map_err(|_| BuildError::TooLarge("a field"))?;
            Ok(U16::new(length))
        };
        // Stored as empty where they are the package's own.
        let other = |text, own| if text == own { "" } else { text };
        self.packages.push(PackageRecord {
            fields: start.into(),
            name: put(entry.name)?,
            version: put(entry.version)?,
            source: put(other(entry.source, entry.name))?,
            source_version: put(other(entry.source_version, entry.version))?,
            filename: put(entry.filename.unwrap_or_default())?,
            architecture: self.architecture.1,
            size: entry.size.unwrap_or_default().into(),
            sha256: entry.sha256.unwrap_or_default(),
            phased: entry.phased,
            multi_arch: multi_arch_code(entry.multi_arch),
            has: entry.size.map_or(0, |_| HAS_SIZE) | entry.sha256.map_or(0, |_| HAS_SHA256),
        });
        Ok(())
    }

    fn add_problem(&mut self, problem: &PackagesError) -> Result<(), BuildError> {
        self.n_problems += 1;
        if self.problems.len() < MAX_PROBLEMS {
            let message = self.strings.add(problem.to_string())?;
            self.problems.push(ProblemRecord { message });
        }
        Ok(())
    }

    fn finish(self) -> Result<CompiledIndex, BuildError> {
        let fields = &self.fields;
        let name = |record: &PackageRecord| record.name(fields);
        let mut order: Vec<_> = self
            .packages
            .iter()
            .zip(0..)
            .map(|(record, at)| (beginning(name(record)), record, at))
            .collect();
        order.sort_by(|(a_begins, a, _), (b_begins, b, _)| {
            a_begins.cmp(b_begins).then_with(|| name(a).cmp(name(b)))
        });
        let mut by_name = KeysBuilder::new(PACKAGES);
        let mut packages = Vec::with_capacity(order.len());
        let mut places = vec![0; order.len()];
        for ((_, record, at), place) in order.into_iter().zip(0..) {
            by_name.push(name(record))?;
            packages.push(*record);
            if let Some(known) = places.get_mut::<usize>(at) {
                *known = place;
            }
        }

        let mut sources: Vec<(&[u8], u32)> =
            self.packages.iter().map(|record| record.source(fields)).zip(places).collect();
        sources.sort_by_key(|(source, _)| *source);
        let mut by_source = KeysBuilder::new(BY_SOURCE);
        let mut numbers: Vec<U32> = Vec::with_capacity(sources.len());
        for (source, place) in sources {
            by_source.push(source)?;
            numbers.push(place.into());
        }

        let n_packages = packages.len();
        let mut table = TableBuilder::new(KIND, VERSION);
        table.records(PACKAGES, &packages)?;
        table.keys(NAMES, by_name)?;
        table.records(BY_SOURCE, &numbers)?;
        table.keys(SOURCES, by_source)?;
        table.blob(FIELDS, self.fields)?;
        table.strings(STRINGS, self.strings)?;
        table.records(PROBLEMS, &self.problems)?;
        Ok(CompiledIndex { table, packages: n_packages, problems: self.n_problems })
    }
}

/// The first bytes of a name as a number, which orders as they do: most comparisons of names end with it.
fn beginning(name: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (byte, of_name) in bytes.iter_mut().zip(name) {
        *byte = *of_name;
    }
    u128::from_be_bytes(bytes)
}

fn number(length: usize) -> Result<u32, BuildError> {
    u32::try_from(length).map_err(|_| BuildError::TooLarge("packages"))
}
