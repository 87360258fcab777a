use std::io::BufRead;

use plimsoll_model::SourcePackage;

use crate::apt::deb822::{Stanza, StanzaError, Stanzas};

/// The largest index, Debian's with all components, has some 70,000 packages.
const MAX_PACKAGES: usize = 2_000_000;

/// A binary package that an index offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPackage {
    /// The binary package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `amd64`, `all` …
    pub architecture: String,
    /// The source package, by the rules of `Source:`: the package itself where it is absent, the package's version
    /// where it names none.
    pub source: SourcePackage,
    /// Where the `.deb` lies below the archive's root; never outside it.
    pub filename: Option<String>,
    /// Bytes of the `.deb`.
    pub size: Option<u64>,
    /// SHA-256 of the `.deb`, in lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// Why an index, or one package of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackagesError {
    /// The whole index: reading ends.
    #[error(transparent)]
    Index(#[from] StanzaError),
    /// More packages than any archive has: reading ends.
    #[error("index has more than {MAX_PACKAGES} packages")]
    TooMany,
    /// One package, which is left out.
    #[error("package at line {line}: {what}")]
    Package {
        /// Where its stanza begins, counted from one.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads a `Packages` index, uncompressed, package by package.
///
/// An item that is [`PackagesError::Package`] concerns that package; the others end the index.
pub struct Packages<R> {
    stanzas: Stanzas<R>,
    stanza: Stanza,
    left: usize,
}

impl<R: BufRead> Packages<R> {
    /// Reads from uncompressed bytes.
    pub fn new(reader: R) -> Self {
        Self { stanzas: Stanzas::new(reader), stanza: Stanza::default(), left: MAX_PACKAGES }
    }

    fn end<T>(&mut self, error: PackagesError) -> Option<Result<T, PackagesError>> {
        self.left = 0;
        Some(Err(error))
    }
}

impl<R: BufRead> Iterator for Packages<R> {
    type Item = Result<IndexPackage, PackagesError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        match self.stanzas.read_into(&mut self.stanza) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => return self.end(error.into()),
        }
        self.left -= 1;
        if self.left == 0 {
            return self.end(PackagesError::TooMany);
        }
        let line = self.stanza.line;
        Some(package(&self.stanza).map_err(|what| PackagesError::Package { line, what }))
    }
}

fn package(stanza: &Stanza) -> Result<IndexPackage, &'static str> {
    if stanza.stray_line.is_some() {
        return Err("a line that is no field");
    }
    let required =
        |name, missing| stanza.get(name).filter(|value| !value.is_empty()).ok_or(missing);
    let name = required("Package", "no Package")?;
    let version = required("Version", "no Version")?;
    let architecture = required("Architecture", "no Architecture")?;
    let filename = stanza.get("Filename").map(str::to_owned);
    if filename.as_deref().is_some_and(|filename| !is_inside(filename)) {
        return Err("a Filename that leaves the archive");
    }
    let size =
        stanza.get("Size").map(str::parse).transpose().map_err(|_| "a Size that is no number")?;
    let sha256 = stanza.get("SHA256").map(str::to_owned);
    if sha256.as_deref().is_some_and(|hash| !is_sha256(hash)) {
        return Err("a SHA256 that is none");
    }
    Ok(IndexPackage {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.to_owned(),
        source: source_of(name, version, stanza.get("Source")),
        filename,
        size,
        sha256,
    })
}

/// The source of a binary package: `Source: name` or `Source: name (version)`.
fn source_of(name: &str, version: &str, source: Option<&str>) -> SourcePackage {
    let source = source.map(str::trim).filter(|source| !source.is_empty()).unwrap_or(name);
    let (name, version) = match source.split_once('(') {
        Some((name, rest)) => (name.trim_end(), rest.trim_end_matches(')').trim()),
        None => (source, version),
    };
    SourcePackage { name: name.to_owned(), version: version.to_owned() }
}

/// Whether a path stays below where it begins.
pub(crate) fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path.contains(|c: char| c.is_control() || c == '\\')
}

pub(crate) fn is_sha256(hash: &str) -> bool {
    hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn the_source_is_named_or_the_package_itself() {
        fn check(source: Option<&str>, expected: (&str, &str)) {
            let found = source_of("libssl3", "3.0.1-1+b1", source);
            assert_eq!((found.name.as_str(), found.version.as_str()), expected);
        }
        check(None, ("libssl3", "3.0.1-1+b1"));
        check(Some(""), ("libssl3", "3.0.1-1+b1"));
        check(Some("openssl"), ("openssl", "3.0.1-1+b1"));
        check(Some("openssl (3.0.1-1)"), ("openssl", "3.0.1-1"));
    }

    #[test]
    fn one_wrong_package_does_not_fail_the_others() {
        let index = "Package: a\nVersion: 1\nArchitecture: all\n\n\
                     Package: b\nArchitecture: all\n\n\
                     Package: c\nVersion: 1\nArchitecture: all\nFilename: ../../etc/passwd\n\n\
                     Package: d\nVersion: 1\nArchitecture: all\nSize: -1\n\n\
                     Package: e\nVersion: 1\nArchitecture: all\nSHA256: ABC\n\n\
                     Package: f\nVersion: 2\nArchitecture: amd64\nFilename: pool/f.deb\nSize: 7\n";
        let found: Vec<_> = Packages::new(index.as_bytes())
            .map(|package| match package {
                Ok(package) => format!("{} {}", package.name, package.version),
                Err(error) => error.to_string(),
            })
            .collect();
        assert_eq!(
            found,
            [
                "a 1",
                "package at line 5: no Version",
                "package at line 8: a Filename that leaves the archive",
                "package at line 13: a Size that is no number",
                "package at line 18: a SHA256 that is none",
                "f 2"
            ]
        );
    }

    #[test]
    fn a_broken_stream_ends_the_index() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("xz: corrupt"))
            }
        }
        let mut packages = Packages::new(io::BufReader::new(Broken));
        assert!(matches!(packages.next(), Some(Err(PackagesError::Index(_)))));
        assert!(packages.next().is_none());
    }
}
