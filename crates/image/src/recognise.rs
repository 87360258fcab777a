//! What a path holds, told by its content.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use plimsoll_unpack::Compression;

use crate::error::Error;
use crate::files::is_tar_header;

/// What a path holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// A directory.
    Directory(DirectoryContent),
    /// A tar that can be read at any place.
    Tar(File),
    /// Something compressed, which is read from its start.
    Compressed(File),
    /// A pipe, which is read once.
    Pipe(File),
}

/// What a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryContent {
    /// An OCI layout.
    Layout,
    /// A root file system.
    RootFs,
    /// What `skopeo copy … dir:` writes.
    SkopeoDir,
    /// What `docker save` writes, unpacked.
    UnpackedSave,
    /// None of them.
    Other,
}

/// Looks at a path that exists.
pub(crate) fn recognise(path: &Path) -> Result<Content, Error> {
    let failed = |source| Error::Read { source_name: path.display().to_string(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Ok(Content::Directory(recognise_directory(path)));
    }
    let is_pipe = metadata.file_type().is_fifo();
    if !metadata.is_file() && !is_pipe {
        return Err(not_an_image(path, "it is neither a file nor a directory"));
    }
    let file = File::open(path).map_err(failed)?;
    if is_pipe {
        return Ok(Content::Pipe(file));
    }
    let mut start = [0; 512];
    let n = read_start(&file, &mut start).map_err(failed)?;
    let read = start.get(..n).unwrap_or_default();
    match Compression::detect(read) {
        Compression::None if n == start.len() && is_tar_header(&start) => Ok(Content::Tar(file)),
        Compression::None if n == 0 => Err(not_an_image(path, "it is empty")),
        Compression::None if read.starts_with(b"BZh") => {
            Err(not_an_image(path, "it is compressed with bzip2, which is not supported"))
        }
        Compression::None => {
            Err(not_an_image(path, "it is neither a tar nor compressed with gzip, zstd or xz"))
        }
        _ => Ok(Content::Compressed(file)),
    }
}

/// Reads without moving the file's position.
fn read_start(file: &File, start: &mut [u8; 512]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut filled = 0;
    while let Some(rest) = start.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

fn recognise_directory(path: &Path) -> DirectoryContent {
    let has = |name: &str| fs::symlink_metadata(path.join(name)).is_ok();
    if has("oci-layout") || has("index.json") {
        DirectoryContent::Layout
    } else if has("manifest.json") && has("version") {
        DirectoryContent::SkopeoDir
    } else if has("manifest.json") || has("repositories") {
        DirectoryContent::UnpackedSave
    } else if ["etc", "usr", "var"].into_iter().any(has) {
        DirectoryContent::RootFs
    } else {
        DirectoryContent::Other
    }
}

/// Why a directory cannot be opened as an image.
pub(crate) fn no_image_in_directory(path: &Path, content: DirectoryContent) -> Error {
    let (looks_like, hint) = match content {
        DirectoryContent::SkopeoDir => (
            "it is a directory of skopeo's dir: transport",
            Some("skopeo copy dir:FROM oci:TO makes a layout of it"),
        ),
        DirectoryContent::UnpackedSave => {
            ("it is an unpacked docker save", Some("pack it with tar, or keep the archive"))
        }
        _ => (
            "it is neither an OCI layout nor a root file system",
            Some("a root file system without etc, usr and var is named with dir:"),
        ),
    };
    Error::NotAnImage { path: path.to_owned(), looks_like, hint: hint.map(str::to_owned) }
}

fn not_an_image(path: &Path, looks_like: &'static str) -> Error {
    Error::NotAnImage { path: path.to_owned(), looks_like, hint: None }
}
