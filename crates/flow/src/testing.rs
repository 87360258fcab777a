//! Values for unit tests.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_image::{Metadata, PlatformChoice};
use plimsoll_inventory::{ImageInventory, Layers};
use plimsoll_model::{Digest, Image, Platform};
use tempfile::TempDir;

use crate::session::{Session, Settings, Surroundings};

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::sha256(&[byte; 32])
}

/// An image without anything in it, from a source: `docker`, `registry`.
pub(crate) fn inventory(source: &str) -> ImageInventory {
    ImageInventory {
        image: Image {
            reference: "app".to_owned(),
            source: source.to_owned(),
            digest: None,
            config_digest: None,
            platform: None,
            created: None,
            layers: Vec::new(),
        },
        metadata: Metadata::default(),
        verified_layers: 0,
        os: None,
        packages: Vec::new(),
        held: BTreeSet::new(),
        unsettled: BTreeMap::new(),
        manager_files: BTreeMap::new(),
        unread_manager_files: BTreeMap::new(),
        problems: Vec::new(),
        unread: Vec::new(),
        notes: Vec::new(),
        layers: Layers::default(),
    }
}

/// An offline session with a state directory of its own.
pub(crate) fn session() -> (TempDir, Session) {
    let directory = tempfile::tempdir().unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let settings = Settings {
        cache_dir: None,
        cache_limit: 0,
        state_dir: directory.path().to_owned(),
        feeds_from: None,
        mirrors: Vec::new(),
        keyring: None,
        allowed_sources: Vec::new(),
        offline: true,
        generation: None,
        max_db_age: None,
        refresh_after: SignedDuration::from_hours(24),
        memory: 1 << 20,
        timeout: Duration::from_secs(1),
        insecure: Vec::new(),
        platform: PlatformChoice::Host(Platform::host()),
        as_of: TimeZone::UTC.to_datetime(now).date(),
        tool_version: "0".to_owned(),
    };
    let euid = directory.path().metadata().unwrap().uid();
    let surroundings = Surroundings { variables: BTreeMap::new(), home: None, euid, now };
    (directory, Session::new(settings, surroundings))
}
