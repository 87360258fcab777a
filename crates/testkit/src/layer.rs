//! A layer: its blob, and the digests that manifest and config name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::blob::{Blob, BlobWriter, Compression};
use crate::entry::Entry;
use crate::tar::TarWriter;

/// A layer of an image.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What manifest and config say of it; a test may make it lie.
    pub blob: Blob,
    /// The compressed bytes; a test may damage them.
    pub content: Content,
    /// The step of the image's history that made it.
    pub created_by: String,
    /// The media type in the manifest.
    pub media_type: String,
}

/// Where the bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file: layers of benchmarks do not fit into memory.
    File(PathBuf),
}

impl Layer {
    /// A gzip layer of these members.
    pub fn new(entries: &[Entry]) -> Self {
        Self::compressed(entries, Compression::Gzip)
    }

    /// A layer of these members.
    pub fn compressed(entries: &[Entry], compression: Compression) -> Self {
        let mut tar = TarWriter::new(Vec::new());
        for entry in entries {
            tar.append(entry).expect("a vector takes every write");
        }
        Self::from_tar(&tar.finish().expect("a vector takes every write"), compression)
    }

    /// A layer of any bytes, a tar or not.
    pub fn from_tar(tar: &[u8], compression: Compression) -> Self {
        let written = BlobWriter::new(Vec::new(), compression).and_then(|mut writer| {
            writer.write_all(tar)?;
            writer.finish()
        });
        let (bytes, blob) = written.expect("a vector takes every write");
        Self::with_content(Content::Bytes(bytes), blob)
    }

    /// A layer that was written to a file by a [`BlobWriter`].
    pub fn in_file(path: impl Into<PathBuf>, blob: Blob) -> Self {
        Self::with_content(Content::File(path.into()), blob)
    }

    /// The same with this step in the image's history.
    pub fn created_by(self, created_by: &str) -> Self {
        Self { created_by: created_by.to_owned(), ..self }
    }

    /// The compressed bytes.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::File(path) => std::fs::read(path),
        }
    }

    /// The uncompressed bytes, as legacy archives store them.
    pub fn tar(&self) -> io::Result<Vec<u8>> {
        let bytes = self.bytes()?;
        let mut tar = Vec::new();
        match self.blob.compression {
            Compression::None => return Ok(bytes),
            Compression::Gzip => flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut tar)?,
            Compression::Zstd => zstd::Decoder::new(&*bytes)?.read_to_end(&mut tar)?,
        };
        Ok(tar)
    }

    /// Stores the compressed bytes as a file; a file is linked where it can be.
    pub(crate) fn store(&self, path: &Path) -> io::Result<()> {
        match &self.content {
            Content::Bytes(bytes) => std::fs::write(path, bytes),
            Content::File(from) if from == path => Ok(()),
            Content::File(from) => match std::fs::hard_link(from, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    io::copy(&mut File::open(from)?, &mut File::create(path)?).map(drop)
                }
                _ => Ok(()),
            },
        }
    }

    fn with_content(content: Content, blob: Blob) -> Self {
        let media_type = blob.compression.media_type().to_owned();
        Self { blob, content, created_by: "plimsoll-testkit".to_owned(), media_type }
    }
}
