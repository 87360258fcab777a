//! A root file system in a directory: only the known paths are opened, each inside the root.

use std::collections::{BTreeMap, HashMap};
use std::io;

use plimsoll_image::{Metadata, RootFs};
use plimsoll_model::{DiffId, Digest, Problem};
use plimsoll_unpack::rootfs::{DirEntry, FileKind as EntryKind, RootDir, RootError};
use plimsoll_unpack::{Algorithm, Checksum, HashingReader, SafePath};

use super::session::Session;
use crate::facts::Stated;
use crate::facts::paths::{Hides, Kind, Node};
use crate::image_inventory::{ImageInventory, Parts};
use crate::layer::Analyser;
use crate::merge::merge;
use crate::wanted::{DPKG_STATUS_DIRECTORY, FileKind, is_status_entry, kept, manager, paths};

pub(super) fn read(session: &Session<'_>, source: RootFs) -> io::Result<ImageInventory> {
    let mut reader = Reader {
        root: &source.root,
        analyser: session.analyser(),
        seen: HashMap::new(),
        problems: Vec::new(),
        unread_manager_files: BTreeMap::new(),
    };
    for (path, kind) in paths() {
        reader.file(path.as_bytes(), kind)?;
    }
    reader.status_directory()?;
    reader.manager_files()?;
    let Reader { analyser, mut problems, unread_manager_files, .. } = reader;

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
    merged.manager_files.unread.extend(unread_manager_files);
    let parts = Parts {
        image: source.image,
        metadata: Metadata::default(),
        merged,
        facts: Vec::new(),
        verified_layers: 0,
    };
    Ok(ImageInventory::new(parts, session.settings.as_of))
}

struct Reader<'a> {
    root: &'a RootDir,
    analyser: Analyser<'a>,
    /// What was read, to notice one file under two names (`lib` and `usr/lib`).
    seen: HashMap<(FileKind, Checksum, u64), Vec<u8>>,
    problems: Vec<Problem>,
    unread_manager_files: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn status_directory(&mut self) -> io::Result<()> {
        let Ok(directory) = SafePath::new(DPKG_STATUS_DIRECTORY) else { return Ok(()) };
        let entries = match self.root.read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                let path = DPKG_STATUS_DIRECTORY.as_bytes();
                self.not_read(path, FileKind::DpkgStatusEntry, &error);
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

    fn manager_files(&mut self) -> io::Result<()> {
        for path in manager::FILES {
            if let Some(kind) = kept(path.as_bytes()).filter(|kind| kind.is_for_upgrades()) {
                self.file(path.as_bytes(), kind)?;
            }
        }
        for directory in manager::DIRECTORIES {
            let Ok(safe) = SafePath::new(directory) else { continue };
            let entries = match self.root.read_dir(&safe) {
                Ok(entries) => entries,
                Err(error) => {
                    self.not_read(directory.as_bytes(), FileKind::Manager, &error);
                    continue;
                }
            };
            let paths = entries
                .iter()
                .filter(|entry| entry.kind != EntryKind::Dir)
                .map(|entry| [directory.as_bytes(), b"/", &entry.name].concat())
                .filter_map(|path| kept(&path).map(|kind| (path, kind)));
            // One more is enough for the merge to notice.
            for (path, kind) in paths.take(manager::MAX_FILES + 1) {
                self.file(&path, kind)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &[u8], kind: FileKind) -> io::Result<()> {
        let Ok(safe) = SafePath::new(path) else { return Ok(()) };
        let file = match self.root.open_file(&safe, kind.limit()) {
            Ok(file) => file,
            Err(error) => {
                self.not_read(path, kind, &error);
                return Ok(());
            }
        };
        let size = file.size();
        let mut file = HashingReader::new(file, Algorithm::Sha256);
        if let Err(error) = self.analyser.file(path, kind, size, &mut file) {
            self.damaged(path, kind, format!("cannot be read: {error}"));
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

    fn not_read(&mut self, path: &[u8], kind: FileKind, error: &RootError) {
        let message = match error {
            RootError::NotFound { .. } => return,
            // A package manager finds nothing there either (`/dev/null`).
            RootError::NotRegular { .. } if kind.is_for_upgrades() => return,
            RootError::Open { source, .. } => format!("cannot be opened: {source}"),
            other => other.to_string(),
        };
        self.damaged(path, kind, message);
    }

    /// A database that was not read may hold packages; other files hold none.
    fn damaged(&mut self, path: &[u8], kind: FileKind, message: String) {
        let path = String::from_utf8_lossy(path).into_owned();
        if kind.is_for_upgrades() {
            self.unread_manager_files.insert(path, message);
        } else {
            self.problems.push(Problem { path, layer: None, message });
        }
    }
}
