use sha2::{Digest, Sha256};

use crate::error::Fault;
use crate::layout::CHECKSUM;

/// Whether the bytes are those that were written.
pub(crate) fn verify_checksum(bytes: &[u8], stated: [u8; 32]) -> Result<(), Fault> {
    let (before, rest) = bytes.split_at_checked(CHECKSUM).ok_or(Fault::NotATable)?;
    let after = rest.get(stated.len()..).ok_or(Fault::NotATable)?;
    if checksum_of([before, after]) == stated { Ok(()) } else { Err(Fault::Checksum) }
}

/// The checksum of a file made of these parts, without the checksum itself.
pub(crate) fn checksum_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
