//! Bytes as they are in images: the files of this machine.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Result, ensure};
use plimsoll_testkit::Random;

/// Enough that a layer does not consist of the same files again and again.
pub(super) const CORPUS_BYTES: usize = 256 << 20;
/// No single file makes up most of it.
const FILE_BYTES: u64 = 4 << 20;

/// Programs, libraries and texts, one after the other.
pub(super) struct Corpus(Vec<u8>);

impl Corpus {
    /// Reads about this many bytes of files below `/usr`, always the same ones on the same machine.
    pub(super) fn load(limit: usize) -> Result<Self> {
        let mut bytes = Vec::with_capacity(limit);
        for directory in ["/usr/bin", "/usr/share", "/usr/lib"] {
            // A third each, so that texts and machine code are both there.
            let end = bytes.len() + limit / 3;
            collect(Path::new(directory), &mut bytes, end);
        }
        ensure!(bytes.len() > 1 << 20, "there are no files below /usr to make images of");
        Ok(Self(bytes))
    }

    /// `length` bytes in a row.
    pub(super) fn slice(&self, random: &mut Random, length: usize) -> &[u8] {
        let length = length.min(self.0.len());
        let room = (self.0.len() - length) as u64 + 1;
        let start = usize::try_from(random.below(room)).unwrap_or(0);
        &self.0[start..start + length]
    }
}

fn collect(directory: &Path, bytes: &mut Vec<u8>, end: usize) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if bytes.len() >= end {
            return;
        }
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            collect(&path, bytes, end);
        } else if metadata.is_file()
            && let Ok(file) = File::open(&path)
        {
            // What cannot be read is not part of the corpus.
            let _ = file.take(FILE_BYTES).read_to_end(bytes);
        }
    }
}
