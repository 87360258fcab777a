//! A throw-away key that signs archives.

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, DetachedSignature, KeyType, SecretKeyParamsBuilder,
    SignedKeyDetails, SignedPublicKey, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, Password, SignedUser, Tag, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// 2023-11-14T22:13:20Z, in seconds since the epoch: before everything that is signed.
const MADE: i64 = 1_700_000_000;

/// An OpenPGP key of Ed25519, the same for the same seed.
#[derive(Debug)]
pub struct AptKey {
    secret: SignedSecretKey,
}

impl AptKey {
    /// Makes the key of this seed.
    pub fn new(seed: u64) -> Self {
        let parameters = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_sign(true)
            .can_certify(true)
            .created_at(pgp_time(MADE))
            .primary_user_id(format!("Test archive {seed} <archive@example.org>"))
            .build()
            .expect("every parameter is given");
        let secret =
            parameters.generate(StdRng::seed_from_u64(seed)).expect("Ed25519 takes any seed");
        Self { secret }
    }

    /// The certificate, as a keyring file that is not armored: for `Signed-By`.
    pub fn keyring(&self) -> Vec<u8> {
        let public = self.secret.to_public_key();
        let user = public.details.users[0].id.clone();
        // The one that generating made is of today.
        let binding = self
            .config(SignatureType::CertPositive, MADE)
            .sign_certification(
                &self.secret.primary_key,
                &public.primary_key,
                &Password::empty(),
                Tag::UserId,
                &user,
            )
            .expect("a key certifies its own name");
        let users = vec![SignedUser::new(user, vec![binding])];
        let details = SignedKeyDetails::new(Vec::new(), Vec::new(), users, Vec::new());
        let certificate = SignedPublicKey::new(public.primary_key, details, Vec::new());
        let mut bytes = Vec::new();
        certificate.to_writer(&mut bytes).expect("memory takes every byte");
        bytes
    }

    /// The fingerprint in upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.secret.primary_key.fingerprint())
    }

    /// `InRelease`: the text within its signature of `now`, in seconds since the epoch.
    pub fn sign_inline(&self, text: &str, now: i64) -> Vec<u8> {
        let config = self.config(SignatureType::Text, now);
        let message =
            CleartextSignedMessage::new(text, config, &self.secret.primary_key, &Password::empty());
        let message = message.expect("a key signs any text");
        message.to_armored_bytes(ArmorOptions::default()).expect("memory takes every byte")
    }

    /// `Release.gpg`: the signature alone.
    pub fn sign_detached(&self, text: &str, now: i64) -> Vec<u8> {
        let signature = self
            .config(SignatureType::Binary, now)
            .sign(&self.secret.primary_key, &Password::empty(), text.as_bytes())
            .expect("a key signs any text");
        DetachedSignature::new(signature)
            .to_armored_bytes(ArmorOptions::default())
            .expect("memory takes every byte")
    }

    fn config(&self, kind: SignatureType, at: i64) -> SignatureConfig {
        let key = &self.secret.primary_key;
        let mut flags = KeyFlags::default();
        flags.set_certify(true);
        flags.set_sign(true);
        let data = [
            SubpacketData::SignatureCreationTime(pgp_time(at)),
            SubpacketData::IssuerFingerprint(key.fingerprint()),
            // gpgv 2.2 finds the key by this alone.
            SubpacketData::IssuerKeyId(key.legacy_key_id()),
            SubpacketData::KeyFlags(flags),
        ];
        let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha256);
        config.hashed_subpackets =
            data.map(|data| Subpacket::regular(data).expect("small subpackets")).into();
        config
    }
}

fn pgp_time(seconds: i64) -> Timestamp {
    Timestamp::from_secs(u32::try_from(seconds).expect("a time of our days"))
}
