//! `Packages` in, a compiled index out: the same index gives the same bytes.

use std::io::{self, Read, Write};

use plimsoll_table::{BuildError, KeysBuilder, StringPool, StringRef, TableBuilder};
use zerocopy::little_endian::{U16, U32};

use super::format::{
    BY_SOURCE, FIELDS, HAS_SHA256, HAS_SIZE, KIND, NAMES, PACKAGES, PROBLEMS, PackageRecord,
    ProblemRecord, SOURCES, STRINGS, VERSION, multi_arch_code,
};
use crate::apt::entry::IndexEntry;
use crate::apt::packages::PackagesError;
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
    /// Reads an index, uncompressed. Broken packages are left out and counted; what fails the whole index is an error.
    pub fn of(index: impl Read) -> Result<Self, PackagesError> {
        let mut scanner = Scanner::new(index);
        let mut compiler = Compiler::default();
        loop {
            match scanner.next() {
                Ok(None) => break,
                Ok(Some(entry)) => compiler.add(&entry)?,
                Err(error @ PackagesError::Package { .. }) => compiler.add_problem(&error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(compiler.finish()?)
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

/// Collects packages in the order of the index, which is nearly always that of their names.
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

/// Neighbours by name that have one source, as most have.
struct Run {
    first: u32,
    end: u32,
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
        let mut order: Vec<_> =
            self.packages.iter().map(|record| (record.name(fields), record)).collect();
        order.sort_by_key(|(name, _)| *name);
        let mut by_name = KeysBuilder::new(PACKAGES);
        let mut packages = Vec::with_capacity(order.len());
        for (name, record) in order {
            by_name.push(name)?;
            packages.push(*record);
        }

        let mut runs: Vec<(&[u8], Run)> = Vec::new();
        for (record, first) in packages.iter().zip(0..) {
            let source = record.source(fields);
            match runs.last_mut() {
                Some((last, run)) if *last == source => run.end = first + 1,
                _ => runs.push((source, Run { first, end: first + 1 })),
            }
        }
        runs.sort_by_key(|(source, _)| *source);
        let mut by_source = KeysBuilder::new(BY_SOURCE);
        let mut numbers: Vec<U32> = Vec::with_capacity(packages.len());
        for (source, Run { first, end }) in runs {
            for number in first..end {
                by_source.push(source)?;
                numbers.push(number.into());
            }
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

fn number(length: usize) -> Result<u32, BuildError> {
    u32::try_from(length).map_err(|_| BuildError::TooLarge("packages"))
}
