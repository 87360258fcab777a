//! The keys that rpm repositories may be signed with.

use std::path::Path;

use plimsoll_distro::Keyring;
use plimsoll_distro::rpm::HOST_KEYS;
use plimsoll_inventory::ImageInventory;
use plimsoll_model::Problem;

use crate::archives::keys::operators_keyring;
use crate::session::Session;

/// A host that is an rpm system has some dozen keys.
const MAX_KEYS: usize = 200;
/// A key with all its signatures has some 100 kB.
const MAX_KEY_BYTES: u64 = 1 << 20;
/// Where an image keeps its keys.
const IMAGE_KEYS: &str = "etc/pki/rpm-gpg/";

/// Whose signatures count for what.
pub(super) struct Keyrings {
    /// The host's and the operator's.
    pub(super) trusted: Keyring,
    /// The image's.
    pub(super) image: Keyring,
}

/// Reads the keys: those of the host, if it is an rpm system, of the operator, and of the image. Files that are no key
/// are passed over; of the operator's it is said.
pub(super) fn keyrings(
    session: &Session,
    image: &ImageInventory,
    problems: &mut Vec<Problem>,
) -> Keyrings {
    let mut trusted = host_keys(Path::new(HOST_KEYS));
    if let Some(operator) = operators_keyring(session.settings.keyring.as_deref(), problems) {
        trusted.extend(operator);
    }
    let of_image = image.manager_files.iter().filter(|(path, _)| path.starts_with(IMAGE_KEYS));
    let image = joined(of_image.map(|(_, bytes)| bytes.clone()));
    Keyrings { trusted, image }
}

fn host_keys(directory: &Path) -> Keyring {
    let Ok(entries) = std::fs::read_dir(directory) else { return Keyring::default() };
    let files = entries.flatten().take(MAX_KEYS).filter_map(|entry| {
        let is_key = entry.metadata().is_ok_and(|m| m.is_file() && m.len() <= MAX_KEY_BYTES);
        is_key.then(|| std::fs::read(entry.path()).ok())?
    });
    joined(files)
}

fn joined(files: impl Iterator<Item = Vec<u8>>) -> Keyring {
    let mut keyring = Keyring::default();
    files.filter_map(|bytes| Keyring::from_bytes(&bytes).ok()).for_each(|key| keyring.extend(key));
    keyring
}
