//! The files of a layout or archive, wherever they are kept.

mod directory;
mod indexed;
mod kept;

use plimsoll_unpack::SafePath;

use crate::described::{Described, DescribedLayer};
use crate::error::Error;
use crate::stored::Stored;

pub(crate) use directory::Directory;
pub(crate) use indexed::{IndexedTar, MAX_MEMBERS, is_tar_header};
pub(crate) use kept::{Kept, MAX_KEPT_BYTES, Member};

/// Named files: a directory, a tar that can be read at any place, or what was kept of a stream.
pub(crate) trait Files {
    /// What it is called in messages.
    fn source_name(&self) -> &str;
    /// The content of a document; nothing where there is no such file.
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Where a layer is; nothing where there is no such file.
    fn layer(&self, path: &str) -> Result<Option<FoundLayer>, Error>;
}

/// A file that is said to be a layer.
#[derive(Debug)]
pub(crate) struct FoundLayer {
    /// Its path once links are followed.
    pub(crate) entry: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// How to read it, where that is possible more than once.
    pub(crate) stored: Option<Stored>,
}

/// A document that has to be there.
pub(crate) fn require_document(files: &dyn Files, path: &str) -> Result<Vec<u8>, Error> {
    files.document(path)?.ok_or_else(|| Error::MissingDocument {
        source_name: files.source_name().to_owned(),
        document: path.to_owned(),
    })
}

/// Finds every layer of an image, in order; a foreign one may be missing.
pub(crate) fn find_layers(
    files: &dyn Files,
    image: &Described,
) -> Result<Vec<Option<FoundLayer>>, Error> {
    image.layers.iter().map(|layer| find_layer(files, layer)).collect()
}

fn find_layer(files: &dyn Files, layer: &DescribedLayer) -> Result<Option<FoundLayer>, Error> {
    let found = files.layer(&layer.path)?;
    let name = layer.digest.as_ref().map_or_else(|| layer.path.clone(), ToString::to_string);
    let source_name = || files.source_name().to_owned();
    match (&found, layer.size) {
        (None, _) if layer.foreign => Ok(None),
        (None, _) => Err(Error::MissingLayer { source_name: source_name(), layer: name }),
        (Some(found), Some(expected)) if found.size != expected => Err(Error::WrongSize {
            source_name: source_name(),
            document: format!("the layer {name}"),
            expected,
            found: found.size,
        }),
        _ => Ok(found),
    }
}

/// Docker's links go one step, those of layouts packed with deduplication too.
const MAX_LINKS: u32 = 16;

/// A member of a tar, as far as finding files goes.
pub(crate) enum Target<T> {
    /// The file itself.
    File(T),
    /// Another member.
    Link(SafePath),
}

/// Follows links between the members of a tar: Docker before 25 writes a repeated layer as a link.
/// A path that leads nowhere, or in a circle, leads to nothing.
pub(crate) fn follow<'a, T>(
    path: &str,
    member: impl Fn(&SafePath) -> Option<&'a Target<T>>,
) -> Option<(SafePath, &'a T)>
where
    T: 'a,
{
    let mut path = SafePath::new(path).ok()?;
    for _ in 0..=MAX_LINKS {
        match member(&path)? {
            Target::File(file) => return Some((path, file)),
            Target::Link(target) => path = target.clone(),
        }
    }
    None
}
