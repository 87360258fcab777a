//! `repomd.xml`: the files of the metadata and their hashes.

use std::collections::BTreeMap;
use std::io::BufRead;

use jiff::Timestamp;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::xml::{self, Attributes, MetadataError, Visitor};
use crate::apt::entry::is_inside;

/// Repositories have some dozen files of metadata.
const MAX_FILES: usize = 1_000;

/// The largest, the file lists of Fedora, have some 60 MB packed; what is read here is smaller.
const MAX_SIZE: u64 = 1 << 30;

/// The metadata that is read, by the name in `repomd.xml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `primary`: the packages.
    Primary,
    /// `updateinfo`: the advisories.
    UpdateInfo,
    /// `modules`: which packages belong to which stream of a module.
    Modules,
    /// `other`: the changelogs.
    Other,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name {
            "primary" => Some(Self::Primary),
            "updateinfo" => Some(Self::UpdateInfo),
            "modules" => Some(Self::Modules),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// What `repomd.xml` says: which files the metadata has, and what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repomd {
    /// When it was made; none where it does not say.
    pub date: Option<Timestamp>,
    files: BTreeMap<Kind, MetadataFile>,
}

/// A file of the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataFile {
    /// Its path below the repository's base; never outside it.
    pub path: String,
    /// The hash of its bytes as they are served.
    pub hash: Hash,
    /// The bytes as they are served; none where it is not stated.
    pub size: Option<u64>,
    /// The bytes once unpacked; none where it is not stated.
    pub open_size: Option<u64>,
}

/// A strong hash, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256(String),
    /// SHA-384.
    Sha384(String),
    /// SHA-512.
    Sha512(String),
}

/// Bytes are not the file that the repository lists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataMismatch {
    /// Cut, or another file.
    #[error("{path} has {found} bytes, repomd.xml says {stated}")]
    Size {
        /// The file.
        path: String,
        /// Bytes by `repomd.xml`.
        stated: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Another file.
    #[error("{path} does not have the hash that repomd.xml states")]
    Hash {
        /// The file.
        path: String,
    },
}

impl Repomd {
    /// Reads `repomd.xml`. Whether its word counts is for [`judge`](super::judge()) to say.
    pub(super) fn parse(input: impl BufRead) -> Result<Self, MetadataError> {
        let mut reader = RepomdReader::default();
        xml::read(input, "repomd", &mut reader)?;
        let mut repomd = reader.repomd;
        repomd.date =
            reader.revision.or(reader.newest).and_then(|s| Timestamp::from_second(s).ok());
        reader.wrong.map_or(Ok(repomd), Err)
    }

    /// A file of the metadata; none if the repository has none of this kind.
    pub fn file(&self, kind: Kind) -> Option<&MetadataFile> {
        self.files.get(&kind)
    }
}

impl MetadataFile {
    /// Whether bytes are this file.
    pub fn check(&self, bytes: &[u8]) -> Result<(), MetadataMismatch> {
        let found = bytes.len() as u64;
        if let Some(stated) = self.size.filter(|stated| *stated != found) {
            return Err(MetadataMismatch::Size { path: self.path.clone(), stated, found });
        }
        if self.hash.is_of(bytes) {
            Ok(())
        } else {
            Err(MetadataMismatch::Hash { path: self.path.clone() })
        }
    }
}

impl Hash {
    /// A hash that nobody can forge; none for MD5 and SHA-1.
    pub(super) fn strong(algorithm: &str, hex: &str) -> Option<Self> {
        let hex = hex.to_ascii_lowercase();
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        match (algorithm, hex.len()) {
            ("sha256", 64) => Some(Self::Sha256(hex)),
            ("sha384", 96) => Some(Self::Sha384(hex)),
            ("sha512", 128) => Some(Self::Sha512(hex)),
            _ => None,
        }
    }

    /// The digits.
    pub fn hex(&self) -> &str {
        match self {
            Self::Sha256(hex) | Self::Sha384(hex) | Self::Sha512(hex) => hex,
        }
    }

    fn is_of(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha256(hex) => is_hex_of(&Sha256::digest(bytes), hex),
            Self::Sha384(hex) => is_hex_of(&Sha384::digest(bytes), hex),
            Self::Sha512(hex) => is_hex_of(&Sha512::digest(bytes), hex),
        }
    }
}

fn is_hex_of(digest: &[u8], hex: &str) -> bool {
    digest.len() * 2 == hex.len()
        && digest.iter().zip(hex.as_bytes().chunks_exact(2)).all(|(byte, digits)| {
            let digits = str::from_utf8(digits).ok();
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(*byte)
        })
}

#[derive(Default)]
struct RepomdReader {
    repomd: Repomd,
    /// `<revision>`, where it is a time.
    revision: Option<i64>,
    /// The newest time of a file.
    newest: Option<i64>,
    data: Option<Data>,
    seen: usize,
    /// Why the first of its files that is wanted cannot be used.
    wrong: Option<MetadataError>,
}

/// One `<data>` while it is read.
#[derive(Default)]
struct Data {
    kind: Option<Kind>,
    path: Option<String>,
    algorithm: String,
    hash: Option<Hash>,
    size: Option<u64>,
    open_size: Option<u64>,
}

impl Visitor for RepomdReader {
    fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError> {
        match (name, &mut self.data) {
            ("data", _) => {
                self.seen += 1;
                if self.seen > MAX_FILES {
                    return Err(MetadataError::TooMany { limit: MAX_FILES, what: "files" });
                }
                let kind = attributes.get("type").and_then(|name| Kind::of(&name));
                self.data = Some(Data { kind, ..Data::default() });
            }
            ("checksum", Some(data)) => {
                data.algorithm = attributes.text("type").unwrap_or_default();
            }
            ("location", Some(data)) => {
                // A file at another host (`xml:base`) is not followed.
                let here = attributes.get("base").is_none();
                data.path = attributes.text("href").filter(|path| here && is_inside(path));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError> {
        match (name, &mut self.data) {
            // 2001 and later: smaller numbers count revisions.
            ("revision", None) => {
                self.revision = text.parse().ok().filter(|seconds| *seconds > 1_000_000_000);
            }
            ("checksum", Some(data)) => data.hash = Hash::strong(&data.algorithm, text),
            ("size", Some(data)) => data.size = text.parse().ok(),
            ("open-size", Some(data)) => data.open_size = text.parse().ok(),
            ("timestamp", Some(_)) => {
                // Older writers give fractions of seconds.
                let seconds = text.split('.').next().and_then(|text| text.parse::<i64>().ok());
                self.newest = self.newest.max(seconds);
            }
            ("data", Some(_)) => self.take_data(),
            _ => {}
        }
        Ok(())
    }
}

impl RepomdReader {
    fn take_data(&mut self) {
        let Some(Data { kind: Some(kind), path, hash, size, open_size, .. }) = self.data.take()
        else {
            return;
        };
        let Some(path) = path else { return };
        let wrong = match hash {
            None => MetadataError::Weak { path },
            Some(_) if size.is_some_and(|size| size > MAX_SIZE) => {
                MetadataError::TooLarge { path, limit: MAX_SIZE }
            }
            Some(hash) => {
                let file = MetadataFile { path, hash, size, open_size };
                self.repomd.files.entry(kind).or_insert(file);
                return;
            }
        };
        self.wrong.get_or_insert(wrong);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(kind: &str, href: &str, algorithm: &str, hex: &str) -> String {
        format!(
            "<data type='{kind}'><checksum type='{algorithm}'>{hex}</checksum>\
             <open-checksum type='sha1'>00</open-checksum><location href='{href}'/>\
             <timestamp>1700000000.5</timestamp><size>3</size><open-size>9</open-size></data>"
        )
    }

    fn parse(revision: &str, data: &str) -> Result<Repomd, String> {
        let text = format!(
            "<repomd xmlns='http://linux.duke.edu/metadata/repo'><revision>{revision}</revision>{data}</repomd>"
        );
        Repomd::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_files_of_a_repository() {
        let text = data("primary", "repodata/p.xml.gz", "sha256", ABC)
            + &data("primary_db", "repodata/p.sqlite", "sha", "00")
            + &data("updateinfo", "repodata/u.xml.gz", "sha256", &ABC.to_uppercase());
        let repomd = parse("1690000000", &text).unwrap();
        assert_eq!(repomd.date, Some(Timestamp::from_second(1_690_000_000).unwrap()));
        let primary = repomd.file(Kind::Primary).unwrap();
        assert_eq!(primary.path, "repodata/p.xml.gz");
        assert_eq!((primary.size, primary.open_size), (Some(3), Some(9)));
        assert_eq!(repomd.file(Kind::UpdateInfo).unwrap().hash, primary.hash);
        assert_eq!(repomd.file(Kind::Modules), None);
        assert_eq!(primary.check(b"abc"), Ok(()));
        let path = primary.path.clone();
        assert_eq!(primary.check(b"abd"), Err(MetadataMismatch::Hash { path: path.clone() }));
        let size = MetadataMismatch::Size { path, stated: 3, found: 2 };
        assert_eq!(primary.check(b"ab"), Err(size));
    }

    #[test]
    fn a_revision_that_is_no_time_gives_way_to_the_newest_file() {
        for revision in ["", "17", "20260101-x"] {
            let repomd = parse(revision, &data("primary", "p", "sha256", ABC)).unwrap();
            assert_eq!(repomd.date, Some(Timestamp::from_second(1_700_000_000).unwrap()));
        }
        assert_eq!(parse("", "").unwrap().date, None);
    }

    #[test]
    fn weak_hashes_and_paths_outside_are_refused() {
        let weak = "metadata states no checksum of p that is strong enough";
        for (algorithm, hex) in
            [("sha", "00"), ("sha1", ABC), ("md5", ABC), ("sha256", "xyz"), ("sha256", &ABC[1..])]
        {
            assert_eq!(parse("", &data("primary", "p", algorithm, hex)), Err(weak.to_owned()));
        }
        let large = data("primary", "p", "sha256", ABC).replace(">3<", ">1073741825<");
        let too_large = "metadata states that p has more than 1073741824 bytes";
        assert_eq!(parse("", &large), Err(too_large.to_owned()));
        for href in ["../p", "/p", "a//p", ""] {
            let repomd = parse("", &data("primary", href, "sha256", ABC)).unwrap();
            assert_eq!(repomd.file(Kind::Primary), None, "{href}");
        }
        let many = data("x", "p", "sha256", ABC).repeat(MAX_FILES + 1);
        assert_eq!(parse("", &many), Err("metadata has more than 1000 files".to_owned()));
    }
}
