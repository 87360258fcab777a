//! Names for documents.

use plimsoll_model::Inventory;
use sha2::{Digest, Sha256};

use crate::uuid::uuid_of_hash;

/// The URN of the document that `format` makes of the inventory.
///
/// It is a UUID from a hash of everything in the inventory: a document with other contents must not have
/// the same name, and nobody gains by two names for the same.
///
/// # Errors
/// None for an inventory; see `to_json`.
pub(super) fn urn(format: &str, inventory: &Inventory) -> serde_json::Result<String> {
    let mut hash = Sha256::new();
    hash.update(format.as_bytes());
    hash.update([0]);
    hash.update(serde_json::to_vec(inventory)?);
    Ok(format!("urn:uuid:{}", uuid_of_hash(&hash.finalize())))
}
