//! One layer, read once: its tar entries become facts.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use plimsoll_model::{DiffId, Digest};
use plimsoll_rpmdb::Format;
use plimsoll_unpack::tar::{self, Entry};
use plimsoll_unpack::{Checksum, Compression};

use crate::budget::Budget;
use crate::facts::paths::{Hides, Kind, Node};
use crate::facts::{Builder, Content, LayerFacts, RpmContent, Stated};
use crate::record::Packages;
use crate::spool::{IN_MEMORY, Keeper, Kept};
use crate::wanted::{FileKind, WAL_SUFFIX, kept};
use crate::{apk, dpkg, rpm};

/// The memory that [`Analyser`] takes: a run of unsorted paths, the databases it keeps, lines.
pub(crate) const MEMORY: u64 = IN_MEMORY + (8 << 20);

/// Databases kept until the end of a layer because their write-ahead log may still come.
const MAX_PENDING: usize = 64;

/// Turns the entries of one layer into facts.
pub(crate) struct Analyser<'a> {
    facts: Builder,
    keeper: Keeper<'a>,
    /// sqlite databases of rpm, and their logs, by path.
    pending: BTreeMap<Vec<u8>, Kept>,
}

impl<'a> Analyser<'a> {
    pub(crate) fn new(budget: &'a Budget, directory: Option<&'a Path>) -> Self {
        Self {
            facts: Builder::default(),
            keeper: Keeper::new(budget, directory),
            pending: BTreeMap::new(),
        }
    }

    /// Takes the next entry. Errors are those of the stream, of the disk, or of a limit.
    pub(crate) fn entry(&mut self, entry: &mut Entry<'_>) -> io::Result<()> {
        let path = entry.path();
        if let Some(name) = path.file_name().strip_prefix(b".wh.") {
            let parent = path.parent().unwrap_or_default();
            return self.whiteout(parent.as_bytes(), name);
        }
        let path = path.as_bytes();
        let wanted = kept(path);
        if wanted.is_some() {
            self.forget(path);
        }
        let kind = match entry.kind() {
            tar::Kind::Dir => Kind::Dir,
            tar::Kind::File => Kind::File,
            tar::Kind::Symlink { target } => Kind::Symlink(target),
            tar::Kind::Hardlink { target } => Kind::Hardlink(target.as_bytes()),
            tar::Kind::Fifo | tar::Kind::CharDevice | tar::Kind::BlockDevice => Kind::Other,
            tar::Kind::Other(_) => return Ok(()),
        };
        self.path(path, Node { kind: Some(kind), hides: Hides::Nothing })?;
        match (kind, wanted) {
            (Kind::File, Some(wanted)) => self.file(path, wanted, entry.size(), entry),
            _ => Ok(()),
        }
    }

    /// Takes a file that is read as `kind`.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        kind: FileKind,
        size: u64,
        from: &mut impl Read,
    ) -> io::Result<()> {
        match kind {
            FileKind::Text | FileKind::Manager | FileKind::ExtendedStates => {
                let limit = kind.limit();
                if size > limit {
                    let reason = format!("is larger than {limit} bytes: not read");
                    self.unreadable(path, kind, &reason);
                } else {
                    let mut text = Vec::new();
                    from.take(limit).read_to_end(&mut text)?;
                    self.facts.file(path, kind, &Content::Text(&text));
                }
            }
            FileKind::DpkgStatus | FileKind::DpkgStatusEntry => {
                let packages = dpkg::read(from, kind.flavour().unwrap_or(dpkg::Flavour::Status))?;
                self.facts.file(path, kind, &Content::Packages((&packages).into()));
            }
            FileKind::Apk => {
                let packages = apk::read(from)?;
                self.facts.file(path, kind, &Content::Packages((&packages).into()));
            }
            FileKind::RpmWal if size == 0 => {
                self.facts.file(path, kind, &Content::Wal { empty: true });
            }
            FileKind::Rpm | FileKind::RpmWal => self.random_access(path, kind, from)?,
        }
        Ok(())
    }

    /// Drops what was kept of a file that a later entry replaces.
    pub(crate) fn forget(&mut self, path: &[u8]) {
        self.facts.forget(path);
        self.pending.remove(path);
    }

    /// All that was found, with the layer's name.
    pub(crate) fn finish(mut self, stated: &Stated<'_>) -> io::Result<LayerFacts> {
        self.pending()?;
        self.facts.finish(stated).map_err(io::Error::other)
    }

    /// The content of the one file that was wanted, encoded as facts hold it.
    pub(crate) fn content(mut self, path: &[u8], kind: FileKind) -> io::Result<Vec<u8>> {
        self.pending()?;
        self.facts.take(path, kind).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Reads the databases that waited for their logs.
    fn pending(&mut self) -> io::Result<()> {
        while let Some((path, kept)) = self.pending.pop_first() {
            if path.ends_with(WAL_SUFFIX.as_bytes()) {
                // A log without a database in this layer, for one of a lower layer.
                continue;
            }
            let database = self.keeper.load(kept)?;
            let wal = match self.pending.remove(&wal_of(&path)) {
                Some(kept) => Some(self.keeper.load(kept)?),
                None => None,
            };
            let packages = rpm::read(&database, wal.as_deref());
            self.rpm(&path, &packages, wal.is_some());
        }
        Ok(())
    }

    fn random_access(
        &mut self,
        path: &[u8],
        kind: FileKind,
        from: &mut impl Read,
    ) -> io::Result<()> {
        // Where a format's own mark is: what has none is not worth keeping.
        let mut start = Vec::new();
        Read::take(&mut *from, 16).read_to_end(&mut start)?;
        let format = Format::detect(&start);
        if kind == FileKind::Rpm && format.is_none() {
            self.rpm(path, &rpm::read(&start, None), false);
            return Ok(());
        }
        let kept = match self.keeper.keep(&mut start.as_slice().chain(from))? {
            Ok(kept) if self.pending.len() < MAX_PENDING => kept,
            Ok(_) => {
                self.unreadable(path, kind, "is not read: the layer has too many rpm databases");
                return Ok(());
            }
            Err(error) => {
                self.unreadable(path, kind, &error.to_string());
                return Ok(());
            }
        };
        if kind == FileKind::RpmWal {
            self.facts.file(path, kind, &Content::Wal { empty: false });
            self.pending.insert(path.to_vec(), kept);
        } else if format == Some(Format::Sqlite) {
            self.pending.insert(path.to_vec(), kept);
        } else {
            let packages = rpm::read(&self.keeper.load(kept)?, None);
            self.rpm(path, &packages, false);
        }
        Ok(())
    }

    fn rpm(&mut self, path: &[u8], packages: &Packages, with_wal: bool) {
        let content = Content::Rpm(RpmContent { with_wal, packages: packages.into() });
        self.facts.file(path, FileKind::Rpm, &content);
    }

    fn unreadable(&mut self, path: &[u8], kind: FileKind, reason: &str) {
        self.facts.file(path, kind, &Content::Unreadable(reason));
    }

    /// `name` is what follows `.wh.`.
    fn whiteout(&mut self, parent: &[u8], name: &[u8]) -> io::Result<()> {
        match name {
            b".wh..opq" => self.path(parent, Node { kind: None, hides: Hides::Children }),
            // Names no file can have, and the private marks of aufs.
            b"" | b"." | b".." => Ok(()),
            name if name.starts_with(b".wh.") => Ok(()),
            name => {
                let mut path = parent.to_vec();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(name);
                self.path(&path, Node { kind: None, hides: Hides::All })
            }
        }
    }

    pub(crate) fn path(&mut self, path: &[u8], node: Node<'_>) -> io::Result<()> {
        self.facts.path(path, node).map_err(io::Error::other)
    }
}

/// The path of the log beside a database.
pub(crate) fn wal_of(database: &[u8]) -> Vec<u8> {
    [database, WAL_SUFFIX.as_bytes()].concat()
}

/// The digests of a layer that was read to its end.
pub(crate) fn digests(layer: &plimsoll_unpack::Layer) -> (DiffId, Option<Digest>) {
    let compressed = layer.compression != Compression::None;
    (DiffId(digest(layer.diff_id)), compressed.then(|| digest(layer.digest)))
}

/// A checksum in the words of the documents.
pub(crate) fn digest(checksum: Checksum) -> Digest {
    match checksum {
        Checksum::Sha256(bytes) => Digest::sha256(&bytes),
        Checksum::Sha512(bytes) => Digest::sha512(&bytes),
    }
}
