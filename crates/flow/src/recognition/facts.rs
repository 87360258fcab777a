//! What recognition wants to know of an image, in its words.

use std::collections::BTreeMap;

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{DiffIds, Material, PackageList, Subject};
use plimsoll_model::{DiffId, Digest, ImageName};

pub(super) struct Facts {
    diff_ids: Vec<DiffId>,
    blobs: Vec<Digest>,
    annotations: BTreeMap<String, String>,
    history: Vec<String>,
    packages: PackageList,
    materials: Vec<Material>,
}

impl Facts {
    pub(super) fn of(image: &ImageInventory, materials: Vec<Material>) -> Self {
        let layers = &image.image.layers;
        let verified = layers.iter().take(image.verified_layers);
        let mut annotations = image.metadata.labels.clone();
        annotations.extend(image.metadata.index_annotations.clone());
        annotations.extend(image.metadata.descriptor_annotations.clone());
        annotations.extend(image.metadata.annotations.clone());
        let history = image.metadata.history.iter().filter_map(|step| step.created_by.clone());
        let packages = image.packages.iter().filter(|package| package.source.is_some());
        let blobs: Option<Vec<_>> = layers.iter().map(|layer| layer.digest.clone()).collect();
        Self {
            diff_ids: verified.map_while(|layer| layer.diff_id.clone()).collect(),
            blobs: blobs.unwrap_or_default(),
            annotations,
            history: history.collect(),
            packages: PackageList::new(packages.map(|p| (p.name.as_str(), p.version.as_str()))),
            materials,
        }
    }

    pub(super) fn subject<'a>(
        &'a self,
        image: &'a ImageInventory,
        name: Option<&'a ImageName>,
    ) -> Subject<'a> {
        Subject {
            name,
            digest: image.image.digest.as_ref(),
            config: image.image.config_digest.as_ref(),
            platform: image.image.platform.as_ref(),
            diff_ids: &self.diff_ids,
            proof: DiffIds::Verified,
            blobs: &self.blobs,
            annotations: &self.annotations,
            env: &image.metadata.env,
            history: &self.history,
            os: image.os.as_ref(),
            packages: &self.packages,
            materials: &self.materials,
        }
    }
}
