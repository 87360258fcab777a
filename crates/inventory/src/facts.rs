//! What was read in one layer: every path, and the content of the files that say what is installed.
//!
//! Facts are one run of bytes, the same in memory and in the cache, and are read where they lie:
//!
//! ```text
//! magic · version u32 · sha256 of the rest
//! diff_id · digest · sizes · files (path, kind, content) · problems · paths
//! ```

pub(crate) mod codec;
mod content;
pub(crate) mod paths;
mod sorter;

use std::collections::BTreeMap;
use std::ops::Range;

use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::{Algorithm, Checksum};

use codec::{Decoder, Encoder, Malformed};
pub(crate) use content::{Content, Listed, RpmContent};
use paths::{Node, Paths};
use sorter::Sorter;
pub(crate) use sorter::TooManyPaths;

use crate::wanted::{FileKind, manager};

/// Raised whenever an analyser would read something else out of the same layer, or the format
/// changes: older facts are then not found, and the layer is read again.
pub(crate) const VERSION: u32 = 3;

const MAGIC: &[u8; 8] = b"plimfact";
const HEADER: usize = MAGIC.len() + 4 + 32;

/// The facts of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerFacts {
    bytes: Vec<u8>,
    diff_id: DiffId,
    digest: Option<Digest>,
    size: u64,
    files: Vec<File>,
    problems: Vec<String>,
    paths: Range<usize>,
}

/// A file whose content was kept; ranges of the facts' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    path: Range<usize>,
    kind: FileKind,
    content: Range<usize>,
}

impl LayerFacts {
    /// The facts of a layer whose bytes are not to be had: none. They have no form in the cache.
    pub(crate) fn unknown(diff_id: DiffId) -> Self {
        let bytes = Vec::from(paths::EMPTY);
        let paths = 0..bytes.len();
        Self {
            bytes,
            diff_id,
            digest: None,
            size: 0,
            files: Vec::new(),
            problems: Vec::new(),
            paths,
        }
    }

    /// Whether these stand for a layer whose bytes are not to be had.
    pub(crate) fn is_unknown(&self) -> bool {
        // What was read begins with a header.
        self.paths.start == 0
    }

    /// The digest of the uncompressed tar these facts were read from, computed while reading.
    pub(crate) fn diff_id(&self) -> &DiffId {
        &self.diff_id
    }

    /// What is wrong with the layer as a whole, or with files that cannot be named.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(crate) fn paths(&self) -> Result<Paths<'_>, Malformed> {
        Paths::new(self.bytes.get(self.paths.clone()).ok_or(Malformed)?)
    }

    /// The content of the file at exactly this path, if it was kept and read as this kind.
    pub(crate) fn content(&self, path: &[u8], kind: FileKind) -> Option<Content<'_>> {
        let path_of = |file: &File| self.bytes.get(file.path.clone()).unwrap_or_default();
        let start = self.files.partition_point(|file| path_of(file) < path);
        let file = self.files[start..]
            .iter()
            .take_while(|file| path_of(file) == path)
            .find(|file| file.kind == kind)?;
        Content::decode(kind, self.bytes.get(file.content.clone())?).ok()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads facts from a file of the cache.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(Malformed)?;
        let expected = header_of(body);
        if header != expected {
            return Err(Malformed);
        }
        Self::parse(bytes)
    }

    /// Reads the sections; the header is right.
    fn parse(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes.get(HEADER..).ok_or(Malformed)?);
        let range = |part: &[u8]| {
            // Both are slices of `bytes`.
            let start = part.as_ptr().addr() - bytes.as_ptr().addr();
            start..start + part.len()
        };
        let diff_id = DiffId(decoder.text()?.parse().map_err(|_| Malformed)?);
        let digest = decoder.option()?.map(str::parse).transpose().map_err(|_| Malformed)?;
        let size = decoder.number()?;
        let mut files = Vec::new();
        for _ in 0..decoder.size()? {
            let path = range(decoder.bytes()?);
            let kind = FileKind::of_code(decoder.byte()?).ok_or(Malformed)?;
            files.push(File { path, kind, content: range(decoder.bytes()?) });
        }
        let mut problems = Vec::new();
        for _ in 0..decoder.size()? {
            problems.push(decoder.text()?.to_owned());
        }
        let paths = range(decoder.bytes()?);
        Ok(Self { diff_id, digest, size, files, problems, paths, bytes })
    }

    /// The same facts with the content of one more file.
    pub(crate) fn with(
        &self,
        path: &[u8],
        kind: FileKind,
        content: &[u8],
    ) -> Result<Self, Malformed> {
        let part = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let kept = self.files.iter().map(|file| (part(&file.path), file.kind, part(&file.content)));
        let mut files: Vec<(&[u8], FileKind, &[u8])> =
            kept.chain([(path, kind, content)]).collect();
        files.sort_by_key(|(path, kind, _)| (*path, *kind));
        let stated =
            Stated { diff_id: &self.diff_id, digest: self.digest.as_ref(), size: self.size };
        Self::parse(write(&stated, &files, &self.problems, part(&self.paths)))
    }
}

/// What identifies the layer the facts are of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated<'a> {
    pub(crate) diff_id: &'a DiffId,
    pub(crate) digest: Option<&'a Digest>,
    pub(crate) size: u64,
}

/// Collects the facts of a layer while it is read.
#[derive(Default)]
pub(crate) struct Builder {
    paths: Sorter,
    files: BTreeMap<Vec<u8>, (FileKind, Vec<u8>)>,
    databases: Kept,
    for_upgrades: Kept,
    problems: Vec<String>,
}

/// How many bytes are kept of one class of files. The classes are counted apart, so that no flood of
/// keyrings keeps a database out.
#[derive(Default)]
struct Kept {
    bytes: usize,
    /// Whether it was said that more was there.
    is_full: bool,
}

/// Databases kept of one layer. A real layer keeps a few hundred KiB; a hostile one could name
/// thousands of files `dpkg/status`.
const MAX_KEPT: usize = 96 << 20;

impl Builder {
    pub(crate) fn path(&mut self, path: &[u8], node: Node<'_>) -> Result<(), TooManyPaths> {
        self.paths.push(path, node)
    }

    /// Keeps a file's content; a later file at the same path replaces it, as it does when the layer
    /// is unpacked.
    pub(crate) fn file(&mut self, path: &[u8], kind: FileKind, content: &Content<'_>) {
        self.forget(path);
        let content = content.encode();
        let (limit, what) = match kind.is_for_upgrades() {
            true => (manager::MAX_KEPT, "settings of package managers"),
            false => (MAX_KEPT, "package databases"),
        };
        let kept = self.kept(kind);
        if kept.bytes + path.len() + content.len() <= limit {
            kept.bytes += path.len() + content.len();
            self.files.insert(path.to_vec(), (kind, content));
        } else if !std::mem::replace(&mut kept.is_full, true) {
            self.problems.push(format!("{what} take more than {limit} bytes: not all were kept"));
        }
    }

    fn kept(&mut self, kind: FileKind) -> &mut Kept {
        if kind.is_for_upgrades() { &mut self.for_upgrades } else { &mut self.databases }
    }

    /// Drops the content of a file that a later entry of the layer replaces.
    pub(crate) fn forget(&mut self, path: &[u8]) {
        if let Some((kind, content)) = self.files.remove(path) {
            self.kept(kind).bytes -= path.len() + content.len();
        }
    }

    /// Takes a kept file's content out, encoded.
    pub(crate) fn take(&mut self, path: &[u8], kind: FileKind) -> Option<Vec<u8>> {
        self.files.remove(path).filter(|(kept, _)| *kept == kind).map(|(_, content)| content)
    }

    pub(crate) fn finish(self, stated: &Stated<'_>) -> Result<LayerFacts, Malformed> {
        let files: Vec<(&[u8], FileKind, &[u8])> = self
            .files
            .iter()
            .map(|(path, (kind, content))| (path.as_slice(), *kind, content.as_slice()))
            .collect();
        let paths = self.paths.finish()?;
        LayerFacts::parse(write(stated, &files, &self.problems, &paths))
    }
}

fn write(
    stated: &Stated<'_>,
    files: &[(&[u8], FileKind, &[u8])],
    problems: &[String],
    paths: &[u8],
) -> Vec<u8> {
    let mut body = Encoder::default();
    body.text(&stated.diff_id.to_string());
    body.option(stated.digest.map(ToString::to_string).as_deref());
    body.number(stated.size);
    body.number(files.len() as u64);
    for (path, kind, content) in files {
        body.bytes(path);
        body.byte(kind.code());
        body.bytes(content);
    }
    body.number(problems.len() as u64);
    for problem in problems {
        body.text(problem);
    }
    body.bytes(paths);
    let mut bytes = header_of(body.as_bytes());
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

fn header_of(body: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER + body.len());
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(Checksum::of(Algorithm::Sha256, body).as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::paths::{Hides, Kind};
    use super::*;
    use crate::record::{Packages, Record};

    fn facts() -> LayerFacts {
        let mut builder = Builder::default();
        let file = Node { kind: Some(Kind::File), hides: Hides::Nothing };
        builder.path(b"var/lib/dpkg/status", file).unwrap();
        builder.path(b"\xff\n", file).unwrap();
        let mut packages = Packages::default();
        packages.push(&Record {
            name: "bash",
            version: "1",
            arch: None,
            source: None,
            module: None,
            vendor: None,
            license: None,
            held: false,
            unsettled: None,
        });
        packages.problem("odd");
        builder.file(b"etc/os-release", FileKind::Text, &Content::Text(b"ID=old"));
        builder.file(b"etc/os-release", FileKind::Text, &Content::Text(b"ID=x"));
        let content = Content::Packages((&packages).into());
        builder.file(b"var/lib/dpkg/status", FileKind::DpkgStatus, &content);
        builder.problems.push("strange".to_owned());
        let diff_id = DiffId(Digest::sha256(&[1; 32]));
        builder.finish(&Stated { diff_id: &diff_id, digest: None, size: 7 }).unwrap()
    }

    #[test]
    fn facts_survive_the_cache() {
        let facts = facts();
        let read = LayerFacts::from_bytes(facts.as_bytes().to_vec()).unwrap();
        assert_eq!(read, facts);
        assert_eq!((read.size, read.paths().unwrap().len(), read.problems().len()), (7, 2, 1));
        assert!(read.paths().unwrap().find(b"\xff\n").unwrap().node.kind.is_some());
        let text = read.content(b"etc/os-release", FileKind::Text);
        assert_eq!(text, Some(Content::Text(b"ID=x")));
        let Some(Content::Packages(packages)) =
            read.content(b"var/lib/dpkg/status", FileKind::DpkgStatus)
        else {
            panic!("no packages")
        };
        assert_eq!(packages.iter().map(|record| record.name).collect::<Vec<_>>(), ["bash"]);
        assert_eq!(packages.problems(), ["odd"]);
        assert_eq!(read.content(b"var/lib/dpkg/status", FileKind::Apk), None);
    }

    #[test]
    fn a_flood_of_files_is_not_kept() {
        let mut builder = Builder::default();
        let large = vec![b'x'; MAX_KEPT / 3];
        for name in [b"a", b"b", b"c", b"d"] {
            builder.file(name, FileKind::Text, &Content::Text(&large));
        }
        assert_eq!((builder.files.len(), builder.problems.len()), (2, 1));
        builder.forget(b"a");
        builder.file(b"e", FileKind::Text, &Content::Text(&large));
        assert_eq!(builder.files.len(), 2);
        let keyring = vec![b'x'; manager::MAX_KEPT / 3];
        for name in [b"f", b"g", b"h", b"i"] {
            builder.file(name, FileKind::Manager, &Content::Text(&keyring));
        }
        assert_eq!((builder.files.len(), builder.problems.len()), (4, 2));
    }

    #[test]
    fn a_file_can_be_added_later() {
        let facts = facts().with(b"x/y", FileKind::Text, &Content::Text(b"z").encode()).unwrap();
        let read = LayerFacts::from_bytes(facts.as_bytes().to_vec()).unwrap();
        assert_eq!(read.content(b"x/y", FileKind::Text), Some(Content::Text(b"z")));
        assert!(read.content(b"etc/os-release", FileKind::Text).is_some());
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = facts().as_bytes().to_vec();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert_eq!(LayerFacts::from_bytes(damaged), Err(Malformed), "byte {at}");
            assert_eq!(LayerFacts::from_bytes(bytes[..at].to_vec()), Err(Malformed), "cut {at}");
        }
    }
}
