//! An uncompressed tar on disk, indexed by jumping from header to header.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use plimsoll_unpack::SafePath;
use tar::{Archive, EntryType};

use super::{Files, FoundLayer, Target, follow};
use crate::document::MAX_DOCUMENT_BYTES;
use crate::error::Error;
use crate::stored::Stored;

/// The members of a tar and where their bytes are.
pub(crate) struct IndexedTar {
    source_name: Arc<str>,
    file: Arc<File>,
    members: BTreeMap<SafePath, Target<Extent>>,
}

/// A member's bytes.
#[derive(Clone, Copy, Debug)]
struct Extent {
    offset: u64,
    length: u64,
}

/// 500 layers with three small files each, for a few images, stay well below.
pub(crate) const MAX_MEMBERS: u64 = 20_000;

/// Headers and long names of all members together: what the `tar` crate may be made to hold.
const MAX_HEADER_BYTES: u64 = 64 << 20;

impl IndexedTar {
    /// Reads the headers only; the position of `file` is not used by anybody else.
    pub(crate) fn open(path: &Path, file: File) -> Result<Self, Error> {
        let source_name = path.display().to_string();
        match index(&file) {
            Ok(members) if members.len() as u64 > MAX_MEMBERS => {
                Err(Error::TooManyMembers { source_name, limit: MAX_MEMBERS })
            }
            Ok(members) => {
                Ok(Self { source_name: source_name.into(), file: Arc::new(file), members })
            }
            Err(source) => Err(Error::Read { source_name, source }),
        }
    }

    /// The names at the top, to tell what a tar is that is no image.
    pub(crate) fn has_top_level(&self, name: &str) -> bool {
        let is_below = |path: &SafePath| path.components().next() == Some(name.as_bytes());
        self.members.keys().any(is_below)
    }

    /// Whether there is such a member.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    fn find(&self, path: &str) -> Option<(SafePath, &Extent)> {
        follow(path, |path| self.members.get(path))
    }
}

impl Files for IndexedTar {
    fn source_name(&self) -> &str {
        &self.source_name
    }

    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some((_, extent)) = self.find(path) else { return Ok(None) };
        let source_name = || self.source_name.to_string();
        if extent.length > MAX_DOCUMENT_BYTES {
            return Err(Error::DocumentTooLarge {
                source_name: source_name(),
                document: path.to_owned(),
                bytes: extent.length,
                limit: MAX_DOCUMENT_BYTES,
            });
        }
        let mut content = vec![0; extent.length as usize];
        match self.file.read_exact_at(&mut content, extent.offset) {
            Ok(()) => Ok(Some(content)),
            Err(source) => Err(Error::Read { source_name: source_name(), source }),
        }
    }

    fn layer(&self, path: &str) -> Result<Option<FoundLayer>, Error> {
        let Some((entry, extent)) = self.find(path) else { return Ok(None) };
        let Extent { offset, length } = *extent;
        let stored = Stored::slice(&self.source_name, &self.file, offset, length)?;
        Ok(Some(FoundLayer { entry: entry.to_string(), size: length, stored: Some(stored) }))
    }
}

/// Of several members of one name the last counts, as when unpacking.
fn index(file: &File) -> io::Result<BTreeMap<SafePath, Target<Extent>>> {
    let file_length = file.metadata()?.len();
    let mut archive = Archive::new(HeaderReader { file, left: MAX_HEADER_BYTES });
    let mut members = BTreeMap::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let path = SafePath::new(entry.path_bytes()).map_err(invalid)?;
        let (offset, length) = (entry.raw_file_position(), entry.size());
        // Jumping over a body does not notice that the file ends inside it.
        if offset.checked_add(length).is_none_or(|end| end > file_length) {
            let why = format!("truncated tar: ends inside {path}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        let link = || entry.link_name_bytes().unwrap_or_default();
        let target = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => Target::File(Extent { offset, length }),
            EntryType::Symlink => Target::Link(path.resolve(&link()).map_err(invalid)?),
            EntryType::Link => Target::Link(SafePath::new(link()).map_err(invalid)?),
            _ => continue,
        };
        members.insert(path, target);
        if members.len() as u64 > MAX_MEMBERS {
            break;
        }
    }
    Ok(members)
}

/// Reads headers, and no more of them than a limit: a long name of any size would be held.
struct HeaderReader<'a> {
    file: &'a File,
    left: u64,
}

impl Read for HeaderReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the tar's headers are too long",
            ));
        }
        let n = (&mut self.file).take(self.left).read(buffer)?;
        self.left -= n as u64;
        Ok(n)
    }
}

impl Seek for HeaderReader<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// Whether a block is a tar header: its checksum fits, or it is the end of an empty tar.
pub(crate) fn is_tar_header(block: &[u8; 512]) -> bool {
    /// Where the checksum is.
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    if block.iter().all(|&byte| byte == 0) {
        return true;
    }
    let field = block.get(CHECKSUM).unwrap_or_default();
    let digits = field.iter().skip_while(|&&byte| byte == b' ');
    let mut stated = 0_u32;
    for digit in digits.take_while(|byte| (b'0'..=b'7').contains(byte)) {
        stated = stated * 8 + u32::from(digit - b'0');
    }
    let counted = |(at, byte): (usize, &u8)| match CHECKSUM.contains(&at) {
        true => u32::from(b' '),
        false => u32::from(*byte),
    };
    block.iter().enumerate().map(counted).sum::<u32>() == stated
}
