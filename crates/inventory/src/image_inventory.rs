//! What is in one image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use plimsoll_image::Metadata;
use plimsoll_model::{Image, Os, Package, PackageId, Problem};

use crate::facts::LayerFacts;
use crate::layers::Layers;
use crate::merge::Merged;
use crate::os;

/// What is in one image on one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInventory {
    /// The image, each layer with the diff_id that was computed.
    pub image: Image,
    /// What the image's documents say of where it comes from: claims, for the most part.
    pub metadata: Metadata,
    /// How many of the lowest layers have a diff_id that was computed, by this program or by an
    /// engine whose own layers they are. What is above is claimed: a layer whose bytes are not
    /// distributed with the image.
    pub verified_layers: usize,
    /// Its system; none where nothing names it.
    pub os: Option<Os>,
    /// What is installed, by name, version and architecture.
    pub packages: Vec<Package>,
    /// Packages that dpkg is told to leave as they are (`hold`).
    pub held: BTreeSet<PackageId>,
    /// Packages that dpkg has unpacked and not set up, with their state (`half-configured`).
    pub unsettled: BTreeMap<PackageId, String>,
    /// The small files that say where and how packages are upgraded (sources, preferences, keys), by
    /// path in the image, links followed. They may hold passwords: not for printing.
    pub manager_files: BTreeMap<String, Vec<u8>>,
    /// Such files and directories that are there and were not read, with the reason.
    pub unread_manager_files: BTreeMap<String, String>,
    /// What could not be read: the inventory may be less than whole.
    pub problems: Vec<Problem>,
    /// What keeps packages from being known, a layer or a database each, with the reason: where this
    /// is not empty, `packages` may not be all that is installed. For people.
    pub unread: Vec<String>,
    /// What was out of the ordinary and changes nothing: for people, not for documents.
    pub notes: Vec<String>,
    /// What [`prefix`](Self::prefix) is made from; empty for a root file system. It takes some MB
    /// for an image of 100,000 files: whoever keeps many inventories replaces it by the default.
    pub layers: Layers,
}

/// What an inventory is made of.
pub(crate) struct Parts {
    pub(crate) image: Image,
    pub(crate) metadata: Metadata,
    pub(crate) merged: Merged,
    pub(crate) facts: Vec<Arc<LayerFacts>>,
    pub(crate) verified_layers: usize,
}

impl ImageInventory {
    pub(crate) fn new(parts: Parts, as_of: Date) -> Self {
        let Parts { image, metadata, merged, facts, verified_layers } = parts;
        Self {
            image,
            metadata,
            verified_layers,
            os: merged.identity.map(|identity| os::complete(&identity, as_of)),
            packages: merged.packages,
            held: merged.held,
            unsettled: merged.unsettled,
            manager_files: merged.manager_files.read,
            unread_manager_files: merged.manager_files.unread,
            problems: merged.problems,
            unread: merged.unread,
            notes: merged.notes,
            layers: Layers::new(facts, merged.fetched, as_of),
        }
    }

    /// The image that the lowest `count` layers are, as if it had been read alone: a base, once it is
    /// known how many layers it has. It has no documents of its own. Nothing is read again. None where
    /// the image has not as many layers, [`layers`](Self::layers) is empty, or part of those layers is
    /// unread: what is compared with it would take the packages of that part for those of own layers.
    pub fn prefix(&self, count: usize) -> Option<Self> {
        let (facts, merged, as_of) = self.layers.merge_lowest(count)?;
        let layers = self.image.layers.get(..count)?.to_vec();
        let parts = Parts {
            image: Image {
                digest: None,
                config_digest: None,
                created: None,
                layers,
                reference: self.image.reference.clone(),
                source: self.image.source.clone(),
                platform: self.image.platform.clone(),
            },
            metadata: Metadata::default(),
            merged,
            facts,
            verified_layers: self.verified_layers.min(count),
        };
        Some(Self::new(parts, as_of)).filter(|prefix| prefix.unread.is_empty())
    }
}
