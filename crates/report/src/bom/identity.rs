//! Names for documents.

use std::fmt::Write;

use plimsoll_model::Inventory;
use sha2::{Digest, Sha256};

/// The URN of the document that `format` makes of the inventory.
///
/// It is a UUID of version 8 from a hash of everything in the inventory (RFC 9562, appendix B.2): a
/// document with other contents must not have the same name, and nobody gains by two names for the same.
///
/// # Errors
/// None for an inventory; see `to_json`.
pub(super) fn urn(format: &str, inventory: &Inventory) -> serde_json::Result<String> {
    let mut hash = Sha256::new();
    hash.update(format.as_bytes());
    hash.update([0]);
    hash.update(serde_json::to_vec(inventory)?);
    Ok(of_hash(&hash.finalize()))
}

fn of_hash(hash: &[u8]) -> String {
    let mut urn = "urn:uuid:".to_owned();
    for (at, byte) in hash.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            urn.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        // Writing to a String cannot fail.
        let _ = write!(urn, "{byte:02x}");
    }
    urn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_variant_are_in_their_places() {
        assert_eq!(of_hash(&[0xff; 32]), "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff");
        assert_eq!(of_hash(&[0; 32]), "urn:uuid:00000000-0000-8000-8000-000000000000");
    }
}
