//! `docker save` before Docker 1.10: layers that are images, each with a parent. No digests.

use crate::described::{Described, DescribedLayer, MAX_LAYERS};
use crate::document;
use crate::document::docker_archive::{LegacyLayer, Repositories};
use crate::error::Error;
use crate::files::{Files, require_document};
use crate::metadata::Metadata;
use crate::tag;

/// The document that lists the images.
pub(crate) const REPOSITORIES: &str = "repositories";

/// The image that the tag chooses, or the only one.
pub(super) fn images(files: &dyn Files, tag: Option<&str>) -> Result<Vec<Described>, Error> {
    let (top, names) = choose(files, tag)?;
    let source_name = files.source_name();
    let mut image = Described {
        digest: None,
        config_digest: None,
        platform: None,
        created: None,
        layers: Vec::new(),
        metadata: Metadata { names, ..Metadata::default() },
        warnings: Vec::new(),
    };
    let mut next = Some(top);
    while let Some(id) = next {
        if image.layers.len() == MAX_LAYERS {
            return Err(Error::TooManyLayers {
                source_name: source_name.to_owned(),
                document: REPOSITORIES.to_owned(),
                layers: MAX_LAYERS + 1,
                limit: MAX_LAYERS,
            });
        }
        let path = format!("{id}/json");
        let content = require_document(files, &path)?;
        let layer: LegacyLayer = document::parse(&content, source_name, &path)?;
        if image.layers.is_empty() {
            (image.platform, image.created) = (layer.platform(), layer.created());
        }
        image.layers.push(DescribedLayer {
            digest: None,
            diff_id: None,
            size: None,
            media_type: None,
            foreign: false,
            created_by: layer.created_by(),
            path: format!("{id}/layer.tar"),
        });
        next = layer.parent.filter(|parent| !parent.is_empty());
    }
    image.layers.reverse();
    Ok(vec![image])
}

/// The id of the chosen image's top layer, and all its names.
fn choose(files: &dyn Files, tag: Option<&str>) -> Result<(String, Vec<String>), Error> {
    let source_name = files.source_name();
    let content = require_document(files, REPOSITORIES)?;
    let repositories: Repositories = document::parse(&content, source_name, REPOSITORIES)?;
    let all: Vec<(String, String)> = repositories
        .into_iter()
        .flat_map(|(name, tags)| {
            tags.into_iter().map(move |(tag, id)| (format!("{name}:{tag}"), id))
        })
        .collect();
    if all.is_empty() {
        return Err(Error::NoImage {
            source_name: source_name.to_owned(),
            document: REPOSITORIES.to_owned(),
        });
    }
    let names = || all.iter().map(|(name, _)| name.clone()).collect();
    let mut ids: Vec<&String> = all
        .iter()
        .filter(|(name, _)| tag.is_none_or(|typed| tag::means(typed, name)))
        .map(|(_, id)| id)
        .collect();
    ids.sort();
    ids.dedup();
    match (ids.as_slice(), tag) {
        ([id], _) => {
            let names = all.iter().filter(|(_, other)| other == *id).map(|(name, _)| name.clone());
            Ok(((*id).clone(), names.collect()))
        }
        ([], Some(tag)) => Err(Error::NoSuchTag {
            source_name: source_name.to_owned(),
            tag: tag.to_owned(),
            names: names(),
        }),
        _ => Err(Error::SeveralImages { source_name: source_name.to_owned(), names: names() }),
    }
}
