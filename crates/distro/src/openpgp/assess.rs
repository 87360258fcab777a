//! Whether a key of a certificate may sign at a given time.
//!
//! rpgp checks signatures but has no opinion on keys: expiry, revocation, purpose and strength are judged here.

use jiff::Timestamp;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PublicKey, Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, KeyVersion, PublicParams, SignedUser, Tag};

use crate::openpgp::keyring::fingerprint;
use crate::openpgp::verify::VerifyError;

/// The smallest RSA modulus, in bits, that still counts as secure.
const MIN_RSA_BITS: u16 = 2048;

/// A key that may sign, of a certificate that is in order.
pub(crate) struct SoundKey {
    /// The first line of the certificate's first user id.
    pub(crate) user_id: String,
    /// When the key or its certificate expires, whichever comes first.
    pub(crate) expires: Option<Timestamp>,
}

/// Judges the primary key of a certificate as a signing key.
pub(crate) fn assess_primary(
    certificate: &SignedPublicKey,
    now: Timestamp,
) -> Result<SoundKey, VerifyError> {
    let (sound, flags) = assess_certificate(certificate, now)?;
    if !flags.key_flags().sign() {
        return Err(VerifyError::NotForSigning { key: fingerprint(certificate) });
    }
    Ok(sound)
}

/// Judges a subkey of a certificate as a signing key.
pub(crate) fn assess_subkey(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<SoundKey, VerifyError> {
    let (mut sound, _) = assess_certificate(certificate, now)?;
    let primary = &certificate.primary_key;
    let key = || fingerprint(&subkey.key);
    check_strength(&subkey.key)?;

    let revoked = subkey.signatures.iter().any(|signature| {
        signature.typ() == Some(SignatureType::SubkeyRevocation)
            && signature.verify_subkey_binding(primary, &subkey.key).is_ok()
    });
    if revoked {
        return Err(VerifyError::Revoked { key: key() });
    }
    let bindings = subkey.signatures.iter().filter(|signature| {
        signature.typ() == Some(SignatureType::SubkeyBinding)
            && signature.verify_subkey_binding(primary, &subkey.key).is_ok()
    });
    let binding = newest_strong(bindings, key)?;
    // Without the subkey's own consent anybody could claim it for a certificate of theirs.
    let consents = binding.embedded_signature().is_some_and(|consent| {
        is_strong(consent) && consent.verify_primary_key_binding(&subkey.key, primary).is_ok()
    });
    if !binding.key_flags().sign() || !consents {
        return Err(VerifyError::NotForSigning { key: key() });
    }
    let expires = check_expiry(&subkey.key, binding, now)?;
    sound.expires = [sound.expires, expires].into_iter().flatten().min();
    Ok(sound)
}

/// Whether a signature uses a hash without known collisions.
pub(crate) fn is_strong(signature: &Signature) -> bool {
    matches!(
        signature.hash_alg(),
        Some(
            HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

/// Judges the certificate as a whole; gives the self-signature in force, which holds the primary key's flags.
fn assess_certificate(
    certificate: &SignedPublicKey,
    now: Timestamp,
) -> Result<(SoundKey, &Signature), VerifyError> {
    let primary = &certificate.primary_key;
    let key = || fingerprint(primary);
    check_strength(primary)?;
    // A revocation counts whatever its hash: nobody but the owner gains by making one.
    if certificate.details.revocation_signatures.iter().any(|r| r.verify_key(primary).is_ok()) {
        return Err(VerifyError::Revoked { key: key() });
    }
    let users = certificate.details.users.iter();
    let certifications = users.flat_map(|user| certifications(primary, user));
    let in_force = newest_strong(certifications, key)?;
    let expires = check_expiry(primary, in_force, now)?;
    let user_id = certificate.details.users.first().map_or_else(String::new, |user| {
        String::from_utf8_lossy(user.id.id()).lines().next().unwrap_or_default().to_owned()
    });
    Ok((SoundKey { user_id, expires }, in_force))
}

/// The valid self-signatures of a user id; none if it was revoked.
fn certifications<'c>(primary: &PublicKey, user: &'c SignedUser) -> Vec<&'c Signature> {
    let own = |signature: &&Signature| {
        signature.issuer_key_id().contains(&&primary.legacy_key_id())
            || signature.issuer_fingerprint().contains(&&primary.fingerprint())
    };
    let valid: Vec<_> = user
        .signatures
        .iter()
        .filter(own)
        .filter(|signature| signature.verify_certification(primary, Tag::UserId, &user.id).is_ok())
        .collect();
    let revoked =
        valid.iter().any(|signature| signature.typ() == Some(SignatureType::CertRevocation));
    if revoked { Vec::new() } else { valid }
}

fn newest_strong<'s>(
    signatures: impl IntoIterator<Item = &'s Signature>,
    key: impl Fn() -> String,
) -> Result<&'s Signature, VerifyError> {
    let mut weak = false;
    let newest = signatures
        .into_iter()
        .filter(|signature| {
            weak |= !is_strong(signature);
            is_strong(signature)
        })
        .max_by_key(|signature| signature.created());
    match newest {
        Some(signature) => Ok(signature),
        None if weak => Err(VerifyError::Weak { key: key(), what: "its self-signature's hash" }),
        None => Err(VerifyError::NotForSigning { key: key() }),
    }
}

fn check_expiry(
    key: &impl KeyDetails,
    in_force: &Signature,
    now: Timestamp,
) -> Result<Option<Timestamp>, VerifyError> {
    let Some(lifetime) = in_force.key_expiration_time().filter(|lifetime| lifetime.as_secs() > 0)
    else {
        return Ok(None);
    };
    let end = i64::from(key.created_at().as_secs()) + i64::from(lifetime.as_secs());
    let expires = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
    if expires <= now {
        return Err(VerifyError::KeyExpired { key: fingerprint(key), at: expires });
    }
    Ok(Some(expires))
}

fn check_strength(key: &impl KeyDetails) -> Result<(), VerifyError> {
    let weak = |what| Err(VerifyError::Weak { key: fingerprint(key), what });
    // Fingerprints of the versions before can be forged.
    if !matches!(key.version(), KeyVersion::V4 | KeyVersion::V6) {
        return weak("its version");
    }
    match key.public_params() {
        PublicParams::RSA(rsa) if modulus_bits(rsa) < MIN_RSA_BITS => weak("RSA below 2048 bits"),
        PublicParams::RSA(_)
        | PublicParams::ECDSA(_)
        | PublicParams::EdDSALegacy(_)
        | PublicParams::Ed25519(_)
        | PublicParams::Ed448(_) => Ok(()),
        _ => weak("its algorithm"),
    }
}

/// The parameters of an RSA key begin with the modulus, and that with its length in bits (RFC 9580, section 3.2).
fn modulus_bits(parameters: &impl Serialize) -> u16 {
    let mut bytes = Vec::new();
    match (parameters.to_writer(&mut bytes), bytes.first_chunk()) {
        (Ok(()), Some(&length)) => u16::from_be_bytes(length),
        _ => 0,
    }
}
