//! The JSON documents of images, as far as we read them, and the limits they must keep.

pub(crate) mod config;
pub(crate) mod descriptor;
pub(crate) mod docker_archive;
pub(crate) mod manifest;

use plimsoll_model::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use crate::document::descriptor::Descriptor;
use crate::error::Error;

/// Registries take manifests and indexes up to this size; configurations of real images, with all
/// their labels and history, stay below 100 KiB.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 4 << 20;

/// Parses a document, naming it where that fails.
pub(crate) fn parse<T: DeserializeOwned>(
    content: &[u8],
    source_name: &str,
    document: &str,
) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|source| Error::Malformed {
        source_name: source_name.to_owned(),
        document: document.to_owned(),
        source,
    })
}

/// Reads a part of a document that is good to have: one of another shape counts as absent.
pub(crate) fn lenient<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// Compares a document with the descriptor that names it.
pub(crate) fn verify(
    content: &[u8],
    descriptor: &Descriptor,
    source_name: &str,
    document: &str,
) -> Result<(), Error> {
    let found = content.len() as u64;
    if found != descriptor.size {
        return Err(Error::WrongSize {
            source_name: source_name.to_owned(),
            document: document.to_owned(),
            expected: descriptor.size,
            found,
        });
    }
    verify_digest(content, &descriptor.digest, source_name, document)
}

/// Compares a document with the digest that names it.
pub(crate) fn verify_digest(
    content: &[u8],
    expected: &Digest,
    source_name: &str,
    document: &str,
) -> Result<(), Error> {
    let found = digest(content, expected.algorithm());
    if found == *expected {
        return Ok(());
    }
    Err(Error::WrongDigest {
        source_name: source_name.to_owned(),
        document: document.to_owned(),
        found,
    })
}

/// The digest of a document.
pub(crate) fn digest(content: &[u8], algorithm: plimsoll_model::Algorithm) -> Digest {
    match algorithm {
        plimsoll_model::Algorithm::Sha256 => Digest::sha256(&Sha256::digest(content).into()),
        plimsoll_model::Algorithm::Sha512 => Digest::sha512(&Sha512::digest(content).into()),
    }
}
