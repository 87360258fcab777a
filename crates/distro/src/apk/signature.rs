//! Whether an `APKINDEX.tar.gz` is signed by who it must be.
//!
//! The file is gzip members behind one another: small tars of `.SIGN.*` files first, then the index. A signature is
//! over the compressed bytes of the index, so nothing of the index is inflated before it is believed.

use std::io::Read;

use flate2::bufread::GzDecoder;
use plimsoll_model::ArchiveStatus;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha1_checked::CollisionResult;
use sha2::{Digest, Sha256, Sha512};

use crate::apk::keys::ApkKeys;
use crate::apk::members::Members;

/// The largest index known, with every version of years, has 40 MB.
const MAX_INDEX: usize = 512 << 20;

/// A signature has half a kilobyte, in a tar of one or two.
const MAX_SIGNATURE_MEMBER: u64 = 64 << 10;

/// 16384 bits.
const MAX_SIGNATURE: u64 = 2048;

/// Alpine signs once, a re-signed mirror twice; each signature costs time.
const MAX_SIGNATURES: usize = 8;

/// An index that a trusted key signed. Made only by verifying.
#[derive(Clone, Debug)]
pub struct VerifiedApkIndex<'a> {
    index: &'a [u8],
    signed_by: String,
    status: ArchiveStatus,
    hash: SignatureHash,
}

/// Why an index is not verified.
#[derive(Debug, thiserror::Error)]
pub enum ApkVerifyError {
    /// It carries no signature at all.
    #[error("index is not signed")]
    Unsigned,
    /// It is far larger than what it should be.
    #[error("index is too large ({size} bytes)")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// It is no signature and index behind one another.
    #[error("index is malformed: {0}")]
    Malformed(&'static str),
    /// Only keys signed that are not trusted.
    #[error("index is signed only by unknown keys ({})", keys.join(", "))]
    UnknownKey {
        /// Their names, as the signatures give them.
        keys: Vec<String>,
    },
    /// A trusted key should have signed this index, but did not sign these bytes.
    #[error("signature of key {key} does not fit the index")]
    BadSignature {
        /// The key that was named.
        key: String,
    },
    /// The index has the marks of a forged SHA-1.
    #[error("index signed by key {key} was made to collide in SHA-1")]
    Collision {
        /// The key that was named.
        key: String,
    },
}

impl ApkVerifyError {
    /// What it makes of the repository.
    pub fn status(&self) -> ArchiveStatus {
        match self {
            Self::Unsigned => ArchiveStatus::Unsigned,
            _ => ArchiveStatus::WronglySigned,
        }
    }
}

/// The hash of a signature; the stronger, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SignatureHash {
    Sha1,
    Sha256,
    Sha512,
}

impl<'a> VerifiedApkIndex<'a> {
    /// The name of the key that signed it.
    pub fn signed_by(&self) -> &str {
        &self.signed_by
    }

    /// `Verified`, or `SignedByImageKey`.
    pub fn status(&self) -> ArchiveStatus {
        self.status
    }

    /// What people should know of a good signature: that its hash is SHA-1, where it is.
    pub fn reason(&self) -> Option<&'static str> {
        (self.hash == SignatureHash::Sha1).then_some("signed with SHA-1")
    }

    /// The compressed tar of the index, signatures off.
    pub(super) fn index(&self) -> &'a [u8] {
        self.index
    }
}

/// Verifies an `APKINDEX.tar.gz`.
///
/// One good signature by a key of `trusted` suffices. Only where no signature names such a key, one by a key that the
/// `image` brings counts, which must not be given for an official repository. SHA-1 is accepted, because Alpine signs
/// with nothing else, but not an index that carries the marks of a collision.
pub fn verify_apk_index<'a>(
    bytes: &'a [u8],
    trusted: &ApkKeys,
    image: Option<&ApkKeys>,
) -> Result<VerifiedApkIndex<'a>, ApkVerifyError> {
    if bytes.len() > MAX_INDEX {
        return Err(ApkVerifyError::TooLarge { size: bytes.len() });
    }
    let (mut signatures, index) = split(bytes)?;
    if signatures.is_empty() {
        return Err(ApkVerifyError::Unsigned);
    }
    signatures.sort_by_key(|signature| std::cmp::Reverse(signature.hash));
    let keyrings =
        [(Some(trusted), ArchiveStatus::Verified), (image, ArchiveStatus::SignedByImageKey)];
    for (keys, status) in keyrings {
        let mut failed = None;
        for signature in &signatures {
            let Some(key) = keys.and_then(|keys| keys.get(&signature.key)) else { continue };
            match signature.check(key, index) {
                Ok(()) => {
                    let (signed_by, hash) = (signature.key.clone(), signature.hash);
                    return Ok(VerifiedApkIndex { index, signed_by, status, hash });
                }
                Err(error) => _ = failed.get_or_insert(error),
            }
        }
        // What is wrongly signed by a trusted key is not made good by one of the image.
        if let Some(failed) = failed {
            return Err(failed);
        }
    }
    let keys = signatures.into_iter().map(|signature| signature.key).collect();
    Err(ApkVerifyError::UnknownKey { keys })
}

struct Signature {
    key: String,
    hash: SignatureHash,
    bytes: Vec<u8>,
}

impl Signature {
    fn check(&self, key: &RsaPublicKey, index: &[u8]) -> Result<(), ApkVerifyError> {
        let (prefix, hash) = match self.hash {
            SignatureHash::Sha1 => match sha1_checked::Sha1::try_digest(index) {
                CollisionResult::Ok(hash) => (SHA1_INFO, hash.to_vec()),
                _ => return Err(ApkVerifyError::Collision { key: self.key.clone() }),
            },
            SignatureHash::Sha256 => (SHA256_INFO, Sha256::digest(index).to_vec()),
            SignatureHash::Sha512 => (SHA512_INFO, Sha512::digest(index).to_vec()),
        };
        let scheme = Pkcs1v15Sign { hash_len: Some(hash.len()), prefix: prefix.into() };
        let verified = key.verify(scheme, &hash, &self.bytes);
        verified.map_err(|_| ApkVerifyError::BadSignature { key: self.key.clone() })
    }
}

/// The DER prefix of a hash in a signature (RFC 8017, 9.2, note 1).
const SHA1_INFO: &[u8] = b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
const SHA256_INFO: &[u8] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
const SHA512_INFO: &[u8] =
    b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40";

/// Parts the signatures from what they are over: everything behind the members that hold them.
fn split(bytes: &[u8]) -> Result<(Vec<Signature>, &[u8]), ApkVerifyError> {
    let no_gzip = |_| ApkVerifyError::Malformed("not gzip");
    let mut signatures = Vec::new();
    let mut rest = bytes;
    for _ in 0..=MAX_SIGNATURES {
        let mut gzip = GzDecoder::new(rest);
        let mut tar = Vec::new();
        // A header says whether this member holds signatures; an index is not read further.
        (&mut gzip).take(512).read_to_end(&mut tar).map_err(no_gzip)?;
        if !tar.starts_with(SIGNATURE_PREFIX.as_bytes()) {
            return Ok((signatures, rest));
        }
        (&mut gzip).take(MAX_SIGNATURE_MEMBER).read_to_end(&mut tar).map_err(no_gzip)?;
        // At its end the decoder has read and checked the trailer, and nothing further.
        if gzip.read(&mut [0]).map_err(no_gzip)? != 0 {
            break;
        }
        read_signatures(&tar, &mut signatures)?;
        rest = gzip.into_inner();
        if rest.is_empty() {
            return Err(ApkVerifyError::Malformed("nothing behind its signature"));
        }
    }
    Err(ApkVerifyError::Malformed("its signatures are too large"))
}

const SIGNATURE_PREFIX: &str = ".SIGN.";

fn read_signatures(tar: &[u8], signatures: &mut Vec<Signature>) -> Result<(), ApkVerifyError> {
    let damaged = |_| ApkVerifyError::Malformed("its signature is a damaged tar");
    let mut members = Members::new(tar);
    while let Some(member) = members.next().map_err(damaged)? {
        let Some(name) = member.name.strip_prefix(SIGNATURE_PREFIX).filter(|_| member.is_file)
        else {
            return Err(ApkVerifyError::Malformed("its signature holds something else too"));
        };
        let Some((algorithm, key)) = name.split_once('.') else { continue };
        let hash = match algorithm {
            "RSA" => SignatureHash::Sha1,
            "RSA256" => SignatureHash::Sha256,
            "RSA512" => SignatureHash::Sha512,
            // DSA, which nobody uses, or what is to come: apk passes over it too.
            _ => continue,
        };
        if member.size > MAX_SIGNATURE || signatures.len() >= MAX_SIGNATURES {
            return Err(ApkVerifyError::Malformed("its signatures are too large"));
        }
        let mut bytes = Vec::new();
        members.body(&member).read_to_end(&mut bytes).map_err(damaged)?;
        signatures.push(Signature { key: key.to_owned(), hash, bytes });
    }
    Ok(())
}
