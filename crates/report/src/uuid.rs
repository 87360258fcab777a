//! Names that follow from what they name.

use std::fmt::Write;

/// A UUID of version 8 from the first 16 bytes of a hash (RFC 9562, appendix B.2).
pub(crate) fn uuid_of_hash(hash: &[u8]) -> String {
    let mut uuid = String::with_capacity(36);
    for (at, byte) in hash.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        // Writing to a String cannot fail.
        let _ = write!(uuid, "{byte:02x}");
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_variant_are_in_their_places() {
        assert_eq!(uuid_of_hash(&[0xff; 32]), "ffffffff-ffff-8fff-bfff-ffffffffffff");
        assert_eq!(uuid_of_hash(&[0; 32]), "00000000-0000-8000-8000-000000000000");
    }
}
