//! What a package database says about one package.

use crate::facts::codec::{Decoder, Encoder, Malformed};

/// One installed package as its database records it, borrowed from the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The binary package's name.
    pub name: &'a str,
    /// Its version as the package manager prints it, with the epoch where there is one.
    pub version: &'a str,
    /// Its architecture; none where the database names none (rpm's public keys).
    pub arch: Option<&'a str>,
    /// The source package's name and version.
    pub source: Option<(&'a str, &'a str)>,
    /// The module stream of a modular rpm (`nodejs:18`).
    pub module: Option<&'a str>,
    /// rpm's `Vendor`.
    pub vendor: Option<&'a str>,
    /// The licence field, verbatim.
    pub license: Option<&'a str>,
    /// dpkg: whether it is to be left as it is (`hold`).
    pub held: bool,
    /// dpkg: its state, where it is unpacked and not `installed`.
    pub unsettled: Option<&'a str>,
}

/// What makes two records the same installed package: name, version and architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) arch: Option<&'a str>,
}

impl<'a> Record<'a> {
    /// What this package is the same as.
    pub(crate) fn identity(&self) -> Identity<'a> {
        Identity { name: self.name, version: self.version, arch: self.arch }
    }

    pub(crate) fn encode(&self, to: &mut Encoder) {
        to.text(self.name);
        to.text(self.version);
        to.option(self.arch);
        to.option(self.source.map(|(name, _)| name));
        to.option(self.source.map(|(_, version)| version));
        to.option(self.module);
        to.option(self.vendor);
        to.option(self.license);
        to.byte(u8::from(self.held));
        to.option(self.unsettled);
    }

    pub(crate) fn decode(from: &mut Decoder<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            name: from.text()?,
            version: from.text()?,
            arch: from.option()?,
            source: from.option()?.zip(from.option()?),
            module: from.option()?,
            vendor: from.option()?,
            license: from.option()?,
            held: from.byte()? != 0,
            unsettled: from.option()?,
        })
    }
}

/// The packages of one database file, encoded, with what was wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    encoded: Encoder,
    count: u32,
    /// What could not be read: lower case, no full stop.
    pub problems: Vec<String>,
}

/// Debian, the largest distribution, has 75,000 binary packages; nobody installs three times as
/// many.
pub(crate) const MAX_PACKAGES: usize = 250_000;

/// Records of one file in memory: 250 bytes a package, for [`MAX_PACKAGES`].
const MAX_BYTES: usize = 64 << 20;

/// Problems listed for one file; beyond, one line says that there are more. A file with more is
/// rubbish.
const MAX_PROBLEMS: usize = 100;

impl Packages {
    /// Adds one package.
    pub(crate) fn push(&mut self, record: &Record<'_>) {
        record.encode(&mut self.encoded);
        self.count += 1;
    }

    /// Whether no more is taken: the file was made to exhaust a machine. The first call says so
    /// among the problems.
    pub(crate) fn is_full(&mut self) -> bool {
        let full = self.len() >= MAX_PACKAGES || self.encoded.len() >= MAX_BYTES;
        if full {
            self.problem(format!(
                "has more than {} packages: the rest was not read",
                self.len() - 1
            ));
        }
        full
    }

    /// Adds what is wrong with one item of the file.
    pub(crate) fn problem(&mut self, message: impl Into<String>) {
        match self.problems.len() {
            count if count < MAX_PROBLEMS => self.problems.push(message.into()),
            MAX_PROBLEMS => self.problems.push("further problems are not listed".to_owned()),
            _ => {}
        }
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The packages, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut decoder = Decoder::new(self.encoded.as_bytes());
        std::iter::from_fn(move || {
            if decoder.is_empty() { None } else { Record::decode(&mut decoder).ok() }
        })
    }

    pub(crate) fn encoded(&self) -> &[u8] {
        self.encoded.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_encoding() {
        let full = Record {
            name: "nodejs",
            version: "1:18.2-1",
            arch: Some("x86_64"),
            source: Some(("nodejs", "1:18.2-1")),
            module: Some("nodejs:18"),
            vendor: Some(""),
            license: None,
            held: true,
            unsettled: Some("half-configured"),
        };
        let bare = Record {
            held: false,
            unsettled: None,
            arch: None,
            source: None,
            module: None,
            vendor: None,
            ..full
        };
        let mut packages = Packages::default();
        packages.push(&full);
        packages.push(&bare);
        assert_eq!(packages.iter().collect::<Vec<_>>(), [full, bare]);
    }

    #[test]
    fn problems_are_bounded() {
        let mut packages = Packages::default();
        for _ in 0..MAX_PROBLEMS * 2 {
            packages.problem("x");
        }
        assert_eq!(packages.problems.len(), MAX_PROBLEMS + 1);
    }
}
