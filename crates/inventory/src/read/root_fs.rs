//! A root file system in a directory: only the known paths are opened, each inside the root.

use std::collections::HashMap;
use std::io;

use plimsoll_image::RootFs;
use plimsoll_model::{DiffId, Digest, Problem};
use plimsoll_unpack::rootfs::{DirEntry, FileKind as EntryKind, RootDir, RootError};
use plimsoll_unpack::{Algorithm, Checksum, HashingReader, SafePath};

use super::session::Session;
use super::{ImageInventory, inventory};
use crate::facts::Stated;
use crate::facts::paths::{Hides, Kind, Node};
use crate::layer::Analyser;
use crate::lines;
use crate::merge::merge;
use crate::spool;
use crate::wanted::{DPKG_STATUS_DIRECTORY, FileKind, MAX_TEXT, is_status_entry, paths};

pub(super) fn read(session: &Session<'_>, source: RootFs) -> io::Result<ImageInventory> {
    let mut reader = Reader {
        root: &source.root,
        analyser: session.analyser(),
        seen: HashMap::new(),
        problems: Vec::new(),
    };
    for (path, kind) in paths() {
        reader.file(path.as_bytes(), kind)?;
    }
    reader.status_directory()?;
    let Reader { analyser, mut problems, .. } = reader;

    // The files are merged as if they were a layer, which is not told.
    let diff_id = DiffId(Digest::sha256(&[0; 32]));
    let facts = analyser.finish(&Stated { diff_id: &diff_id, digest: None, size: 0 })?;
    let mut merged = merge(&[&facts], &mut |_| Err("not read".to_owned()));
    for package in &mut merged.packages {
        package.introduced_in = None;
        package.locations.iter_mut().for_each(|location| location.layer = None);
    }
    merged.problems.iter_mut().for_each(|problem| problem.layer = None);
    let unread = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message));
    merged.unread.extend(unread);
    merged.problems.append(&mut problems);
    Ok(inventory(source.image, merged, session.settings.as_of))
}

struct Reader<'a> {
    root: &'a RootDir,
    analyser: Analyser<'a>,
    /// What was read, to notice one file under two names (`lib` and `usr/lib`).
    seen: HashMap<(FileKind, Checksum, u64), Vec<u8>>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn status_directory(&mut self) -> io::Result<()> {
        let Ok(directory) = SafePath::new(DPKG_STATUS_DIRECTORY) else { return Ok(()) };
        let entries = match self.root.read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                self.problem(DPKG_STATUS_DIRECTORY.as_bytes(), &error);
                return Ok(());
            }
        };
        let is_package =
            |entry: &DirEntry| entry.kind != EntryKind::Dir && is_status_entry(&entry.name);
        for entry in entries.into_iter().filter(is_package) {
            let path = [DPKG_STATUS_DIRECTORY.as_bytes(), b"/", &entry.name].concat();
            self.file(&path, FileKind::DpkgStatusEntry)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &[u8], kind: FileKind) -> io::Result<()> {
        let Ok(safe) = SafePath::new(path) else { return Ok(()) };
        let limit = match kind {
            FileKind::Text => MAX_TEXT,
            FileKind::Rpm | FileKind::RpmWal => spool::MAX_LARGE,
            FileKind::DpkgStatus | FileKind::DpkgStatusEntry | FileKind::Apk => lines::MAX_FILE,
        };
        let file = match self.root.open_file(&safe, limit) {
            Ok(file) => file,
            Err(error) => {
                self.problem(path, &error);
                return Ok(());
            }
        };
        let size = file.size();
        let mut file = HashingReader::new(file, Algorithm::Sha256);
        if let Err(error) = self.analyser.file(path, kind, size, &mut file) {
            let message = format!("cannot be read: {error}");
            self.problems.push(problem(path, message));
            return Ok(());
        }
        let (checksum, bytes) = file.finish();
        let first = self.seen.entry((kind, checksum, bytes)).or_insert_with(|| path.to_vec());
        let kind = if first == path {
            Kind::File
        } else {
            self.analyser.forget(path);
            Kind::Hardlink(first)
        };
        self.analyser.path(path, Node { kind: Some(kind), hides: Hides::Nothing })
    }

    fn problem(&mut self, path: &[u8], error: &RootError) {
        let message = match error {
            RootError::NotFound { .. } => return,
            RootError::Open { source, .. } => format!("cannot be opened: {source}"),
            other => other.to_string(),
        };
        self.problems.push(problem(path, message));
    }
}

fn problem(path: &[u8], message: String) -> Problem {
    Problem { path: String::from_utf8_lossy(path).into_owned(), layer: None, message }
}
