use jiff::{SignedDuration, Timestamp};
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::KeyDetails;

use crate::openpgp::armor::blocks;
use crate::openpgp::assess::{SoundKey, assess_primary, assess_subkey, is_strong};
use crate::openpgp::clearsign::{self, FrameError};
use crate::openpgp::keyring::{Keyring, fingerprint};

/// The largest `InRelease` seen has 256 kB.
const MAX_RELEASE: usize = 16 << 20;

/// Debian signs with three keys at most; each signature costs time.
const MAX_SIGNATURES: usize = 16;

/// How far a signature may lie in the future, for clocks that are a little wrong.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// A text that a key of the keyring signed. Made only by verifying.
#[derive(Clone, Debug)]
pub struct Verified {
    text: String,
    signers: Vec<Signer>,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The certificate's fingerprint, in upper-case hexadecimal; a subkey of it may have signed.
    pub fingerprint: String,
    /// The first user id; text of the key's maker, to be escaped when printed.
    pub user_id: String,
    /// When it signed.
    pub signed_at: Timestamp,
    /// When the key expires; none if never.
    pub key_expires: Option<Timestamp>,
}

/// Why a text is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It carries no signature at all.
    #[error("not signed")]
    Unsigned,
    /// It is far larger than what it should be.
    #[error("signed text is too large ({size} bytes)")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// It is not text, or the frame around it or the signature is broken.
    #[error("signed text is malformed: {0}")]
    Malformed(String),
    /// Only keys signed that the keyring does not have.
    #[error("signed only by unknown keys ({})", keys.join(", "))]
    UnknownKey {
        /// Their fingerprints or key ids, as the signatures name them.
        keys: Vec<String>,
    },
    /// A key of the keyring should have signed this text, but did not sign these bytes.
    #[error("signature of key {key} does not fit the text")]
    BadSignature {
        /// The key that was named.
        key: String,
    },
    /// Something about the signature or the key can be forged today.
    #[error("signature of key {key} is too weak: {what}")]
    Weak {
        /// The key.
        key: String,
        /// What is weak.
        what: &'static str,
    },
    /// The key had expired by now.
    #[error("key {key} expired at {at}")]
    KeyExpired {
        /// The key.
        key: String,
        /// When.
        at: Timestamp,
    },
    /// Its owner revoked the key.
    #[error("key {key} is revoked")]
    Revoked {
        /// The key.
        key: String,
    },
    /// The certificate does not give the key this purpose.
    #[error("key {key} is not for signing")]
    NotForSigning {
        /// The key.
        key: String,
    },
    /// The signature is from the future, before its key, or had an end that has passed.
    #[error("signature of key {key} made at {signed_at} is not valid now")]
    Untimely {
        /// The key.
        key: String,
        /// When it says it was made.
        signed_at: Timestamp,
    },
}

impl Verified {
    /// The signed text: what the signature covers and nothing else.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose signatures hold; at least one.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }
}

/// Verifies a clear-signed file such as `InRelease`.
///
/// One good signature by a key of the keyring is enough, signatures by other keys do not matter; but a bad signature
/// in the name of a key of the keyring is an error, whatever else there is.
pub fn verify_inline(
    file: &[u8],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Verified, VerifyError> {
    let file = checked_text(file)?;
    let parts = clearsign::split(file).map_err(|error| match error {
        FrameError::NoFrame => VerifyError::Unsigned,
        FrameError::Broken(why) => VerifyError::Malformed(why.to_owned()),
    })?;
    let signatures = read_signatures(parts.signatures.as_bytes())?;
    let signers = check_all(parts.text.as_bytes(), &signatures, keyring, now)?;
    Ok(Verified { text: parts.text, signers })
}

/// Verifies a file by its detached signature, such as `Release` by `Release.gpg`.
pub fn verify_detached(
    file: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Verified, VerifyError> {
    let text = checked_text(file)?;
    if signature.is_empty() {
        return Err(VerifyError::Unsigned);
    }
    let signatures = read_signatures(signature)?;
    let signers = check_all(file, &signatures, keyring, now)?;
    Ok(Verified { text: text.to_owned(), signers })
}

fn checked_text(file: &[u8]) -> Result<&str, VerifyError> {
    if file.len() > MAX_RELEASE {
        return Err(VerifyError::TooLarge { size: file.len() });
    }
    str::from_utf8(file).map_err(|_| VerifyError::Malformed("not UTF-8".to_owned()))
}

fn read_signatures(file: &[u8]) -> Result<Vec<Signature>, VerifyError> {
    if file.len() > MAX_RELEASE {
        return Err(VerifyError::TooLarge { size: file.len() });
    }
    let malformed = |error: pgp::errors::Error| VerifyError::Malformed(error.to_string());
    let mut signatures = Vec::new();
    for block in blocks(file, b"-----BEGIN PGP SIGNATURE-----") {
        let (found, _headers) =
            DetachedSignature::from_reader_many_buf(block).map_err(malformed)?;
        for signature in found {
            if signatures.len() == MAX_SIGNATURES {
                return Err(VerifyError::Malformed("too many signatures".to_owned()));
            }
            signatures.push(signature.map_err(malformed)?.signature);
        }
    }
    if signatures.is_empty() { Err(VerifyError::Unsigned) } else { Ok(signatures) }
}

fn check_all(
    text: &[u8],
    signatures: &[Signature],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Vec<Signer>, VerifyError> {
    let mut signers = Vec::new();
    let mut unknown = Vec::new();
    let mut refused = None;
    for signature in signatures {
        match check(text, signature, keyring, now) {
            Ok(signer) => signers.push(signer),
            Err(error @ VerifyError::BadSignature { .. }) => return Err(error),
            Err(VerifyError::UnknownKey { keys }) => unknown.extend(keys),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        _ if !signers.is_empty() => Ok(signers),
        Some(error) => Err(error),
        None => Err(VerifyError::UnknownKey { keys: unknown }),
    }
}

/// The key of a certificate that a signature names.
enum Issuer<'k> {
    Primary(&'k SignedPublicKey),
    Subkey(&'k SignedPublicKey, &'k SignedPublicSubKey),
}

fn check(
    text: &[u8],
    signature: &Signature,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Signer, VerifyError> {
    let issuer = find_issuer(signature, keyring)
        .ok_or_else(|| VerifyError::UnknownKey { keys: vec![named_issuer(signature)] })?;
    let (certificate, key, fits) = match issuer {
        Issuer::Primary(certificate) => {
            let primary = &certificate.primary_key;
            (certificate, fingerprint(primary), signature.verify(primary, text).is_ok())
        }
        Issuer::Subkey(certificate, subkey) => {
            (certificate, fingerprint(&subkey.key), signature.verify(&subkey.key, text).is_ok())
        }
    };
    if !is_strong(signature) {
        return Err(VerifyError::Weak { key, what: "its hash" });
    }
    // Of other types the same bytes mean something else: a certification of a user id, say.
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) || !fits {
        return Err(VerifyError::BadSignature { key });
    }
    let SoundKey { user_id, expires } = match issuer {
        Issuer::Primary(certificate) => assess_primary(certificate, now)?,
        Issuer::Subkey(certificate, subkey) => assess_subkey(certificate, subkey, now)?,
    };
    let signed_at = check_time(signature, &issuer, &key, now)?;
    if has_unknown_demand(signature) {
        return Err(VerifyError::Malformed(format!(
            "signature of key {key} makes demands unknown"
        )));
    }
    Ok(Signer { fingerprint: fingerprint(certificate), user_id, signed_at, key_expires: expires })
}

fn find_issuer<'k>(signature: &Signature, keyring: &'k Keyring) -> Option<Issuer<'k>> {
    let names = |key: &dyn KeyDetails| {
        let fingerprints = signature.issuer_fingerprint();
        if fingerprints.is_empty() {
            signature.issuer_key_id().contains(&&key.legacy_key_id())
        } else {
            fingerprints.contains(&&key.fingerprint())
        }
    };
    keyring.certificates().iter().find_map(|certificate| {
        if names(&certificate.primary_key) {
            return Some(Issuer::Primary(certificate));
        }
        let subkey = certificate.public_subkeys.iter().find(|subkey| names(&subkey.key))?;
        Some(Issuer::Subkey(certificate, subkey))
    })
}

fn named_issuer(signature: &Signature) -> String {
    match (signature.issuer_fingerprint().first(), signature.issuer_key_id().first()) {
        (Some(fingerprint), _) => format!("{fingerprint:X}"),
        (None, Some(key_id)) => key_id.to_string().to_uppercase(),
        (None, None) => "unnamed".to_owned(),
    }
}

fn check_time(
    signature: &Signature,
    issuer: &Issuer<'_>,
    key: &str,
    now: Timestamp,
) -> Result<Timestamp, VerifyError> {
    let key_made = match issuer {
        Issuer::Primary(certificate) => certificate.primary_key.created_at(),
        Issuer::Subkey(_, subkey) => subkey.key.created_at(),
    };
    let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let made = signature.created().map_or(0, |made| i64::from(made.as_secs()));
    let signed_at = at(made);
    let ended = signature
        .signature_expiration_time()
        .filter(|lifetime| lifetime.as_secs() > 0)
        .is_some_and(|lifetime| at(made + i64::from(lifetime.as_secs())) <= now);
    let from_future = now.checked_add(CLOCK_TOLERANCE).is_ok_and(|latest| signed_at > latest);
    if ended || from_future || made < i64::from(key_made.as_secs()) {
        return Err(VerifyError::Untimely { key: key.to_owned(), signed_at });
    }
    Ok(signed_at)
}

/// A critical subpacket that is not understood makes a signature invalid (RFC 9580, section 5.2.3.7).
fn has_unknown_demand(signature: &Signature) -> bool {
    signature.config().is_none_or(|config| {
        config.hashed_subpackets().any(|subpacket| {
            subpacket.is_critical
                && matches!(
                    subpacket.data,
                    SubpacketData::Other(..)
                        | SubpacketData::Experimental(..)
                        | SubpacketData::Notation(_)
                )
        })
    })
}
