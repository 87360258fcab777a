//! The content of one kept file, as facts hold it.

use super::codec::{Decoder, Encoder, Malformed};
use crate::record::{Packages, Record};
use crate::wanted::FileKind;

/// What was read in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// Of a file that is kept as it is: its bytes.
    Text(&'a [u8]),
    /// Of a database of dpkg or apk.
    Packages(Listed<'a>),
    /// Of a database of rpm.
    Rpm(RpmContent<'a>),
    /// Of a write-ahead log: whether there is anything in it.
    Wal { empty: bool },
    /// The file was too large, or could not be kept.
    Unreadable(&'a str),
}

/// The packages of an rpm database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RpmContent<'a> {
    /// Whether the write-ahead log beside it in the same layer was applied.
    pub(crate) with_wal: bool,
    pub(crate) packages: Listed<'a>,
}

/// Packages and problems of a file, where they lie in the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed<'a> {
    encoded: &'a [u8],
    count: usize,
    problems: Vec<&'a str>,
}

impl<'a> Listed<'a> {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn problems(&self) -> &[&'a str] {
        &self.problems
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let mut decoder = Decoder::new(self.encoded);
        std::iter::from_fn(move || {
            if decoder.is_empty() { None } else { Record::decode(&mut decoder).ok() }
        })
    }

    fn decode(from: &mut Decoder<'a>) -> Result<Self, Malformed> {
        let count = from.size()?;
        let encoded = from.bytes()?;
        let mut problems = Vec::new();
        for _ in 0..from.size()? {
            problems.push(from.text()?);
        }
        Ok(Self { encoded, count, problems })
    }

    fn encode(&self, to: &mut Encoder) {
        to.number(self.count as u64);
        to.bytes(self.encoded);
        to.number(self.problems.len() as u64);
        for problem in &self.problems {
            to.text(problem);
        }
    }
}

impl<'a> From<&'a Packages> for Listed<'a> {
    fn from(packages: &'a Packages) -> Self {
        Self {
            encoded: packages.encoded(),
            count: packages.len(),
            problems: packages.problems.iter().map(String::as_str).collect(),
        }
    }
}

const READ: u8 = 0;
const UNREADABLE: u8 = 1;

impl<'a> Content<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut to = Encoder::default();
        to.byte(if matches!(self, Self::Unreadable(_)) { UNREADABLE } else { READ });
        match self {
            Self::Text(bytes) => to.raw(bytes),
            Self::Packages(listed) => listed.encode(&mut to),
            Self::Rpm(rpm) => {
                to.byte(u8::from(rpm.with_wal));
                rpm.packages.encode(&mut to);
            }
            Self::Wal { empty } => to.byte(u8::from(*empty)),
            Self::Unreadable(reason) => to.text(reason),
        }
        to.into_bytes()
    }

    pub(crate) fn decode(kind: FileKind, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut from = Decoder::new(bytes);
        if from.byte()? == UNREADABLE {
            return Ok(Self::Unreadable(from.text()?));
        }
        Ok(match kind {
            FileKind::Text | FileKind::Manager | FileKind::ExtendedStates => {
                Self::Text(from.rest())
            }
            FileKind::DpkgStatus | FileKind::DpkgStatusEntry | FileKind::Apk => {
                Self::Packages(Listed::decode(&mut from)?)
            }
            FileKind::Rpm => {
                let with_wal = from.byte()? != 0;
                Self::Rpm(RpmContent { with_wal, packages: Listed::decode(&mut from)? })
            }
            FileKind::RpmWal => Self::Wal { empty: from.byte()? != 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: FileKind, content: &Content<'_>) {
        let bytes = content.encode();
        assert_eq!(Content::decode(kind, &bytes).as_ref(), Ok(content));
    }

    #[test]
    fn contents_survive() {
        let mut packages = Packages::default();
        packages.problem("p");
        let listed = Listed::from(&packages);
        check(FileKind::Text, &Content::Text(b"\xff"));
        check(FileKind::Apk, &Content::Packages(listed.clone()));
        check(FileKind::Rpm, &Content::Rpm(RpmContent { with_wal: true, packages: listed }));
        check(FileKind::RpmWal, &Content::Wal { empty: true });
        check(FileKind::Rpm, &Content::Unreadable("too large"));
        assert_eq!(Content::decode(FileKind::Apk, &[]), Err(Malformed));
    }
}
