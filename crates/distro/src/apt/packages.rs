//! The packages of an index, one after another.

use std::io::Read;

use plimsoll_model::SourcePackage;

use crate::apt::deb822::StanzaError;
use crate::apt::scan::Scanner;

/// Why an index, or one package of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackagesError {
    /// The whole index: reading ends.
    #[error(transparent)]
    Index(#[from] StanzaError),
    /// More packages than any archive has: reading ends.
    #[error("index has more packages than any archive")]
    TooMany,
    /// One package, which is left out.
    #[error("package at line {line}: {what}")]
    Package {
        /// Where its stanza begins, counted from one.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The whole index: it does not fit a compiled one.
    #[error("index cannot be compiled")]
    Compile(#[from] plimsoll_table::BuildError),
}

/// A binary package that an index offers, on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPackage {
    /// The binary package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `amd64`, `all` …
    pub architecture: String,
    /// The source package, by the rules of `Source:`.
    pub source: SourcePackage,
    /// Where the `.deb` lies below the archive's root; never outside it.
    pub filename: Option<String>,
}

/// Reads an index, uncompressed, package by package.
///
/// An item that is [`PackagesError::Package`] concerns that package; the others end the index.
pub struct Packages<R> {
    scanner: Scanner<R>,
}

impl<R: Read> Packages<R> {
    /// Reads from uncompressed bytes.
    pub fn new(reader: R) -> Self {
        Self { scanner: Scanner::new(reader) }
    }
}

impl<R: Read> Iterator for Packages<R> {
    type Item = Result<IndexPackage, PackagesError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.scanner.next().transpose()?;
        Some(entry.map(|entry| IndexPackage {
            name: entry.name.to_owned(),
            version: entry.version.to_owned(),
            architecture: entry.architecture.to_owned(),
            source: SourcePackage {
                name: entry.source.to_owned(),
                version: entry.source_version.to_owned(),
            },
            filename: entry.filename.map(str::to_owned),
        }))
    }
}
