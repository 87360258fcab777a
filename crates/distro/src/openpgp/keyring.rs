use std::io::{BufRead, BufReader};

use pgp::armor::Dearmor;
use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::errors::Error;
use pgp::packet::{Packet, PacketParser};
use pgp::types::KeyDetails;

use crate::openpgp::armor::blocks;

/// The Debian keyring has ten certificates and 56 kB; what is far beyond is no keyring of an archive.
const MAX_KEYRING: usize = 16 << 20;

/// See [`MAX_KEYRING`].
const MAX_CERTIFICATES: usize = 1_000;

/// Certificates that a signature may be checked against.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    certificates: Vec<SignedPublicKey>,
}

/// Why bytes are no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Far larger than any keyring of an archive.
    #[error("keyring is too large")]
    TooLarge,
    /// Not OpenPGP certificates.
    #[error("keyring cannot be read")]
    Malformed(#[source] Box<Error>),
    /// OpenPGP, but without a certificate.
    #[error("keyring has no certificate")]
    Empty,
}

impl Keyring {
    /// Reads certificates from bytes, as files under `/usr/share/keyrings` have them: binary or ASCII-armoured,
    /// several armoured blocks one after another too.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyringError> {
        if bytes.len() > MAX_KEYRING {
            return Err(KeyringError::TooLarge);
        }
        let mut certificates = Vec::new();
        for block in blocks(bytes, b"-----BEGIN PGP PUBLIC KEY BLOCK-----") {
            for certificate in certificates_of(block) {
                if certificates.len() == MAX_CERTIFICATES {
                    return Err(KeyringError::TooLarge);
                }
                certificates.push(certificate.map_err(malformed)?);
            }
        }
        if certificates.is_empty() {
            return Err(KeyringError::Empty);
        }
        Ok(Self { certificates })
    }

    /// Adds the certificates of another keyring.
    pub fn extend(&mut self, other: Self) {
        self.certificates.extend(other.certificates);
    }

    /// Keeps only the certificates with these fingerprints (upper-case hexadecimal): what is left verifies nothing
    /// that other keys signed.
    #[must_use]
    pub fn only(mut self, fingerprints: &[&str]) -> Self {
        self.certificates.retain(|certificate| {
            let fingerprint = fingerprint(certificate);
            fingerprints.contains(&fingerprint.as_str())
        });
        self
    }

    /// Drops the certificates with these fingerprints (upper-case hexadecimal).
    #[must_use]
    pub(crate) fn without(mut self, fingerprints: &[&str]) -> Self {
        self.certificates.retain(|certificate| {
            let fingerprint = fingerprint(certificate);
            !fingerprints.contains(&fingerprint.as_str())
        });
        self
    }

    /// The fingerprints of the certificates, in upper-case hexadecimal.
    pub fn fingerprints(&self) -> impl Iterator<Item = String> {
        self.certificates.iter().map(fingerprint)
    }

    pub(crate) fn certificates(&self) -> &[SignedPublicKey] {
        &self.certificates
    }
}

/// A key's fingerprint as people write it.
pub(crate) fn fingerprint(key: &impl KeyDetails) -> String {
    format!("{:X}", key.fingerprint())
}

/// The certificates of one block. GnuPG's own notes (trust packets, as in Ubuntu's keyring) are left out: rpgp takes
/// the signatures behind one for strays. So are packets of kinds and versions that are not known.
fn certificates_of(block: &[u8]) -> Box<dyn Iterator<Item = Result<SignedPublicKey, Error>> + '_> {
    let is_binary = block.first().is_some_and(|first| first & 0x80 != 0);
    let reader: Box<dyn BufRead> =
        if is_binary { Box::new(block) } else { Box::new(BufReader::new(Dearmor::new(block))) };
    let packets = PacketParser::new(reader).filter(|packet| {
        !matches!(
            packet,
            Ok(Packet::Trust(_) | Packet::Marker(_) | Packet::Padding(_))
                | Err(Error::Unsupported { .. })
        )
    });
    SignedPublicKey::from_packets(packets.peekable())
}

fn malformed(error: Error) -> KeyringError {
    KeyringError::Malformed(Box::new(error))
}
