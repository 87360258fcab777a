//! Images that were read, for the catalogue.

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{Chain, KnownImage, KnownTag, Source};
use plimsoll_model::{DiffId, Transport};

use crate::names::{RegistryName, registry_names};
use crate::session::Session;

/// An image that was read, as the catalogue has it; none unless it came from a registry and all its layers were
/// hashed.
pub(super) fn as_known(image: &ImageInventory, session: &Session) -> Option<KnownImage> {
    let layers = &image.image.layers;
    if image.verified_layers < layers.len() {
        return None;
    }
    let RegistryName { name, digests } =
        registry_names(image).into_iter().find(|found| found.name.tag.is_some())?;
    let diff_ids: Vec<DiffId> =
        layers.iter().map(|layer| layer.diff_id.clone()).collect::<Option<_>>()?;
    let blobs: Option<Vec<_>> = layers.iter().map(|layer| layer.digest.clone()).collect();
    let is_from_registry = image.image.source == Transport::Registry.as_str();
    let tags = name
        .tag
        .iter()
        .map(|tag| KnownTag { digest: digests.first().cloned(), ..KnownTag::new(tag) });
    Some(KnownImage {
        tags: tags.collect(),
        // Of an engine's digests nobody knows which are an index's.
        digest: image.image.digest.clone().filter(|_| is_from_registry),
        config: image.image.config_digest.clone(),
        platform: image.image.platform.clone(),
        created: image.image.created,
        blobs: blobs.and_then(|blobs| Chain::of_blobs(&blobs)),
        scope: image.os.as_ref().and_then(|os| os.scope.clone()),
        seen: Some(session.surroundings.now),
        ..KnownImage::new(&name, Source::Scanned).with_layers(&diff_ids)
    })
}
