//! OCI image layouts, in a directory or a tar.

use std::collections::BTreeMap;

use plimsoll_model::Digest;

use crate::described::{Described, blob_path};
use crate::document;
use crate::document::descriptor::{Descriptor, Index};
use crate::error::Error;
use crate::files::{Files, require_document};
use crate::platform_choice::PlatformChoice;
use crate::tag;
use crate::walk::{self, Blobs, Listing};

/// The document that lists a layout's images.
pub(crate) const INDEX: &str = "index.json";

/// The images of a layout that the tag chooses, or its only one; on the wanted platforms.
pub(crate) fn images(
    files: &dyn Files,
    tag: Option<&str>,
    choice: &PlatformChoice,
) -> Result<Vec<Described>, Error> {
    let index = index(files)?;
    let blobs = LayoutBlobs(files);
    let chosen = choose(files.source_name(), index.manifests(), tag)?;
    let mut images = match chosen.as_slice() {
        [descriptor] => walk::images(&blobs, descriptor, choice)?,
        several => {
            let annotations = index.annotations.as_ref();
            let listing = Listing { digest: None, annotations, members: several };
            walk::images_of_index(&blobs, &listing, INDEX, choice)?
        }
    };
    // Each of them is the same image, or has the same name.
    let digest = chosen.first().map(|chosen| &chosen.digest);
    let is_chosen = |image: &&Descriptor| Some(&image.digest) == digest;
    for image in &mut images {
        image.metadata.names = index
            .manifests()
            .iter()
            .filter(is_chosen)
            .filter_map(name)
            .map(str::to_owned)
            .collect();
    }
    Ok(images)
}

/// `index.json`, parsed.
pub(crate) fn index(files: &dyn Files) -> Result<Index, Error> {
    let content = require_document(files, INDEX)?;
    document::parse(&content, files.source_name(), INDEX)
}

/// One descriptor, or several that are one image for several platforms.
fn choose(
    source_name: &str,
    descriptors: &[Descriptor],
    tag: Option<&str>,
) -> Result<Vec<Descriptor>, Error> {
    let images: Vec<_> =
        descriptors.iter().filter(|descriptor| !descriptor.is_attestation()).collect();
    if images.is_empty() {
        return Err(Error::NoImage {
            source_name: source_name.to_owned(),
            document: INDEX.to_owned(),
        });
    }
    let named: Vec<_> = match tag {
        None => images.clone(),
        Some(tag) => images.iter().copied().filter(|image| has_name(image, tag)).collect(),
    };
    if let (Some(tag), true) = (tag, named.is_empty()) {
        let (source_name, tag) = (source_name.to_owned(), tag.to_owned());
        return Err(Error::NoSuchTag { source_name, tag, names: names(&images) });
    }
    // The same image under several names is one image.
    let mut distinct: BTreeMap<&Digest, &Descriptor> = BTreeMap::new();
    for image in &named {
        distinct.entry(&image.digest).or_insert(image);
    }
    let mut in_order: Vec<&Descriptor> = Vec::new();
    for image in &named {
        in_order.extend(distinct.remove(&image.digest));
    }
    if !is_one_image(&in_order) {
        let names = names(&images);
        return Err(Error::SeveralImages { source_name: source_name.to_owned(), names });
    }
    Ok(in_order.into_iter().cloned().collect())
}

/// Several manifests are one image if they have one name, or none, and each another platform.
fn is_one_image(images: &[&Descriptor]) -> bool {
    let Some(first) = images.first() else { return false };
    let mut platforms: Vec<_> = images.iter().map(|image| image.platform()).collect();
    platforms.sort();
    platforms.dedup();
    images.len() == 1
        || (platforms.len() == images.len()
            && platforms.iter().all(Option::is_some)
            && images.iter().all(|image| name(image) == name(first)))
}

fn has_name(image: &Descriptor, tag: &str) -> bool {
    let names = [image.ref_name(), image.image_name()];
    names.into_iter().flatten().any(|name| tag::means(tag, name))
}

fn name(image: &Descriptor) -> Option<&str> {
    image.image_name().or_else(|| image.ref_name())
}

/// How to tell the images apart: by the name where there is one, else by the digest.
fn names(images: &[&Descriptor]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for image in images {
        let name = name(image).map_or_else(|| image.digest.to_string(), str::to_owned);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The blobs of a layout.
struct LayoutBlobs<'a>(&'a dyn Files);

impl Blobs for LayoutBlobs<'_> {
    fn source_name(&self) -> &str {
        self.0.source_name()
    }

    fn read(&self, descriptor: &Descriptor, document: &str) -> Result<Vec<u8>, Error> {
        let content = self.0.document(&blob_path(&descriptor.digest))?.ok_or_else(|| {
            Error::MissingDocument {
                source_name: self.source_name().to_owned(),
                document: document.to_owned(),
            }
        })?;
        document::verify(&content, descriptor, self.source_name(), document)?;
        Ok(content)
    }
}
