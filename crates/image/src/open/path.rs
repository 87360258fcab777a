//! Layouts, archives and root file systems in files and directories.

use std::fs::File;
use std::path::Path;

use plimsoll_model::Transport;

use crate::archive::{self, ArchiveKind};
use crate::context::Context;
use crate::error::Error;
use crate::files::{Directory, IndexedTar};
use crate::layout;
use crate::recognise::{self, Content, DirectoryContent, recognise};
use crate::root_fs::RootFs;
use crate::source::{Opened, assemble};
use crate::stored::FileStamp;
use crate::stream::{ArchiveStream, Asked};
use crate::tag;

/// Opens what a path holds, whatever that is.
pub(super) fn open_path(path: &Path, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    match recognise(path)? {
        Content::Directory(DirectoryContent::Layout) => {
            open_layout_directory(path, None, asked, ctx)
        }
        Content::Directory(DirectoryContent::RootFs) => {
            RootFs::open(path, asked).map(Opened::RootFs)
        }
        Content::Directory(content) => Err(recognise::no_image_in_directory(path, content)),
        content => {
            open_archive_file(path, content, &asked_for(asked, ArchiveKind::Unknown, None, ctx))
        }
    }
}

/// `oci:DIR[:TAG]`
pub(super) fn open_layout(rest: &str, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    let (path, tag) = tag::split_path(rest);
    require_path(&path)?;
    if path.is_file() {
        return Err(Error::NotAnImage {
            path,
            looks_like: "it is a file, not the directory of a layout",
            hint: Some("a layout in a tar is named with oci-archive:".to_owned()),
        });
    }
    open_layout_directory(&path, tag, asked, ctx)
}

fn open_layout_directory(
    path: &Path,
    tag: Option<&str>,
    asked: &str,
    ctx: &Context,
) -> Result<Opened, Error> {
    let directory = Directory::open(path)?;
    let described = layout::images(&directory, tag, &ctx.platform)?;
    let assembled =
        described.into_iter().map(|image| assemble(&directory, image, asked, Transport::Oci));
    Ok(Opened::Images(assembled.collect::<Result<_, _>>()?))
}

/// `oci-archive:FILE[:TAG]` and `docker-archive:FILE[:TAG]`
pub(super) fn open_archive(
    rest: &str,
    asked: &str,
    kind: ArchiveKind,
    ctx: &Context,
) -> Result<Opened, Error> {
    let (path, tag) = tag::split_path(rest);
    require_path(&path)?;
    match recognise(&path)? {
        Content::Directory(_) => Err(Error::NotAnImage {
            path,
            looks_like: "it is a directory",
            hint: Some("a layout in a directory is named with oci:".to_owned()),
        }),
        content => open_archive_file(&path, content, &asked_for(asked, kind, tag, ctx)),
    }
}

fn asked_for(reference: &str, kind: ArchiveKind, tag: Option<&str>, ctx: &Context) -> Asked {
    Asked {
        reference: reference.to_owned(),
        source: match kind {
            ArchiveKind::Docker => Some(Transport::DockerArchive),
            ArchiveKind::Oci => Some(Transport::OciArchive),
            ArchiveKind::Unknown => None,
        },
        kind,
        tag: tag.map(str::to_owned),
        platform: ctx.platform.clone(),
        digest: None,
    }
}

/// A tar is indexed, and everything else is left to be read as a stream.
fn open_archive_file(path: &Path, content: Content, asked: &Asked) -> Result<Opened, Error> {
    let file = match content {
        Content::Tar(file) => file,
        Content::Compressed(file) => {
            let stamp = FileStamp::of(&file, 0, None).map_err(|source| Error::Read {
                source_name: path.display().to_string(),
                source,
            })?;
            let stamp = Some(stamp).filter(FileStamp::is_settled);
            return Ok(stream(path, file, stamp, asked));
        }
        Content::Pipe(file) => return Ok(stream(path, file, None, asked)),
        Content::Directory(content) => return Err(recognise::no_image_in_directory(path, content)),
    };
    let tar = IndexedTar::open(path, file)?;
    if asked.kind == ArchiveKind::Unknown && !has_image(&tar) {
        return Err(no_image_in_tar(path, &tar));
    }
    let (shown, described) =
        archive::images(&tar, asked.kind, asked.tag.as_deref(), &asked.platform)?;
    let source = asked.source.unwrap_or(shown);
    let assembled =
        described.into_iter().map(|image| assemble(&tar, image, &asked.reference, source));
    Ok(Opened::Images(assembled.collect::<Result<_, _>>()?))
}

fn stream(path: &Path, file: File, stamp: Option<FileStamp>, asked: &Asked) -> Opened {
    let source_name = path.display().to_string();
    let (reader, asked) = (Box::new(file), asked.clone());
    Opened::Archive(ArchiveStream { source_name, reader, stamp, asked })
}

fn has_image(tar: &IndexedTar) -> bool {
    [archive::MANIFEST, layout::INDEX, archive::REPOSITORIES].iter().any(|name| tar.has(name))
}

fn no_image_in_tar(path: &Path, tar: &IndexedTar) -> Error {
    let (looks_like, hint) = match ["etc", "usr", "var"].iter().any(|name| tar.has_top_level(name))
    {
        true => (
            "it is the tar of a root file system",
            Some("unpack it into a directory and name that with dir:"),
        ),
        false => ("it is a tar, but neither a docker save nor an OCI layout", None),
    };
    Error::NotAnImage { path: path.to_owned(), looks_like, hint: hint.map(str::to_owned) }
}

/// `dir:ROOTFS`
pub(super) fn open_dir(rest: &str, asked: &str) -> Result<Opened, Error> {
    let path = Path::new(rest);
    require_path(path)?;
    RootFs::open(path, asked).map(Opened::RootFs)
}

fn require_path(path: &Path) -> Result<(), Error> {
    match path.exists() {
        true => Ok(()),
        false => Err(Error::NoSuchPath { path: path.to_owned(), hint: None }),
    }
}
