//! Archives that can be read only once, from the start: compressed ones, pipes, engines' exports.

mod entries;

use std::fmt;
use std::io::Read;

use plimsoll_model::{DiffId, Digest, Image, Transport};
use serde::{Deserialize, Serialize};

use crate::archive::{self, ArchiveKind};
use crate::described::Described;
use crate::error::Error;
use crate::files::{self, Files};
use crate::metadata::Metadata;
use crate::platform_choice::PlatformChoice;
use crate::stored::FileStamp;

/// An archive to be read in one pass.
pub struct ArchiveStream {
    pub(crate) source_name: String,
    pub(crate) reader: Box<dyn Read + Send>,
    /// Of the whole file; none for what is no file, or was changed just now.
    pub(crate) stamp: Option<FileStamp>,
    pub(crate) asked: Asked,
}

/// What was asked for, to be found in an archive.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// As the user wrote it.
    pub(crate) reference: String,
    /// What the image's source is called; for a file it shows by the content.
    pub(crate) source: Option<Transport>,
    pub(crate) kind: ArchiveKind,
    pub(crate) tag: Option<String>,
    pub(crate) platform: PlatformChoice,
    /// The manifest's digest, where it is known from elsewhere.
    pub(crate) digest: Option<Digest>,
}

/// A member that can be a layer: it begins like a tar or like something compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Its path in the archive.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
}

/// One image of an archive, known once the archive was read; a cache may keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedImage {
    /// What the documents say about it, complete but for the layers' origin.
    pub image: Image,
    /// The layers, lowest first: as many as `image.layers`, in the same order.
    pub layers: Vec<ArchivedLayer>,
    /// What the documents say of where it comes from.
    pub metadata: Metadata,
}

/// One layer of an image in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedLayer {
    /// The path of the entry that was visited; none where a foreign layer is not in the archive,
    /// which is a problem of the scan, never an empty layer. Several layers may share an entry.
    pub entry: Option<String>,
    /// The digest that the entry's bytes must have.
    pub digest: Option<Digest>,
    /// The digest that the configuration claims for the uncompressed tar.
    pub diff_id: Option<DiffId>,
    /// The number of bytes that the entry must have.
    pub size: Option<u64>,
    /// The media type, where a manifest gives one.
    pub media_type: Option<String>,
    /// The manifest says that the bytes are not distributed with the image.
    pub foreign: bool,
}

impl ArchiveStream {
    /// What the user asked for, as written: the reference of the images.
    pub fn reference(&self) -> &str {
        &self.asked.reference
    }

    /// A key for a cache: the same as long as reading the archive would yield the same images,
    /// however the reference is written. None where the archive must be read.
    pub fn key(&self) -> Option<String> {
        let stamp = self.stamp.as_ref()?;
        // A file's digest is not known from elsewhere, and its kind shows in its source.
        let Asked { reference: _, source, kind: _, tag, platform, digest: _ } = &self.asked;
        let platform = match platform {
            PlatformChoice::Host(platform) => format!("host {platform}"),
            PlatformChoice::One(platform) => format!("one {platform}"),
            PlatformChoice::All => "all".to_owned(),
        };
        let source = source.map_or("any", Transport::as_str);
        // The tag is last: it alone may hold spaces. It is never empty.
        Some(format!("{stamp} {source} {platform} {}", tag.as_deref().unwrap_or_default()))
    }

    /// Reads the archive to its end. `visit` gets every member that can be a layer, in the order of
    /// the archive, and reads of it what it wants; a later member of the same path replaces an
    /// earlier one. JSON is kept aside, within limits, and at the end says which entries are layers
    /// of the images asked for.
    ///
    /// Entries of other images are visited too, so what is wrong with one entry should be kept with
    /// it until its turn comes; an error that `visit` returns stops everything.
    pub fn read<E: From<Error>>(
        self,
        visit: &mut dyn FnMut(&ArchiveEntry, &mut (dyn Read + Send)) -> Result<(), E>,
    ) -> Result<Vec<ArchivedImage>, E> {
        let kept = entries::read(self.source_name, self.reader, visit)?;
        Ok(images(&kept, &self.asked)?)
    }
}

impl fmt::Debug for ArchiveStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source_name, stamp, asked, reader: _ } = self;
        f.debug_struct("ArchiveStream")
            .field("source_name", source_name)
            .field("stamp", stamp)
            .field("asked", asked)
            .finish_non_exhaustive()
    }
}

fn images(files: &dyn Files, asked: &Asked) -> Result<Vec<ArchivedImage>, Error> {
    let (shown, images) =
        archive::images(files, asked.kind, asked.tag.as_deref(), &asked.platform)?;
    let source = asked.source.unwrap_or(shown);
    images.into_iter().map(|image| archived(files, image, asked, source)).collect()
}

fn archived(
    files: &dyn Files,
    mut described: Described,
    asked: &Asked,
    source: Transport,
) -> Result<ArchivedImage, Error> {
    let found = files::find_layers(files, &described)?;
    described.digest = described.digest.or_else(|| asked.digest.clone());
    let mut layers = Vec::with_capacity(found.len());
    for (layer, found) in described.layers.iter_mut().zip(found) {
        layer.size = layer.size.or(found.as_ref().map(|found| found.size));
        layers.push(ArchivedLayer {
            entry: found.map(|found| found.entry),
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            size: layer.size,
            media_type: layer.media_type.clone(),
            foreign: layer.foreign,
        });
    }
    let image = described.image(&asked.reference, source);
    Ok(ArchivedImage { image, layers, metadata: described.metadata })
}
