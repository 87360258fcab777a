//! Whose signature counts, and when: with throw-away keys.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, DetachedSignature, EncryptionCaps, KeyType, SecretKeyParamsBuilder,
    SignedKeyDetails, SignedPublicKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, Password, SignedUser, SigningKey, Tag};
use plimsoll_distro::{
    Keyring, Release, ReleaseState, VerifyError, verify_detached, verify_inline,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

const KEY_MADE: i64 = 1_700_000_000;
const SIGNED: i64 = KEY_MADE + 1_000;
const NOW: i64 = SIGNED + 1_000;

const TEXT: &str = "Origin: Test\nSuite: stable-security\nCodename: test-security\n\
                    Date: Sat, 21 Nov 2026 00:53:02 UTC\nValid-Until: Sat, 28 Nov 2026 00:53:02 UTC\n\
                    Acquire-By-Hash: yes\nComponents: main contrib\nArchitectures: amd64\nSHA256:\n \
                    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855        0 \
                    main/binary-amd64/Packages\n";

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn pgp_time(seconds: i64) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(u32::try_from(seconds).unwrap())
}

/// A key of Ed25519 that may sign, and a subkey that may.
fn make_key(seed: u64) -> SignedSecretKey {
    let subkey = SubkeyParamsBuilder::default()
        .key_type(KeyType::Ed25519Legacy)
        .can_sign(true)
        .can_encrypt(EncryptionCaps::None)
        .created_at(pgp_time(KEY_MADE))
        .build()
        .unwrap();
    SecretKeyParamsBuilder::default()
        .key_type(KeyType::Ed25519Legacy)
        .can_sign(true)
        .can_certify(true)
        .created_at(pgp_time(KEY_MADE))
        .primary_user_id("Test archive <archive@example.org>".to_owned())
        .subkeys(vec![subkey])
        .build()
        .unwrap()
        .generate(StdRng::seed_from_u64(seed))
        .unwrap()
}

/// What a signature is like; the default is a good one.
#[derive(Clone, Copy)]
struct Made {
    kind: SignatureType,
    at: i64,
    ends_after: Option<u32>,
    key_ends_after: Option<u32>,
    may_sign: bool,
}

const GOOD: Made = Made {
    kind: SignatureType::Text,
    at: SIGNED,
    ends_after: None,
    key_ends_after: None,
    may_sign: true,
};

fn config(key: &impl SigningKey, made: Made) -> SignatureConfig {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(made.may_sign);
    let mut data = vec![
        SubpacketData::SignatureCreationTime(pgp_time(made.at)),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
        SubpacketData::KeyFlags(flags),
    ];
    data.extend(
        made.ends_after.map(|end| SubpacketData::SignatureExpirationTime(Duration::from_secs(end))),
    );
    data.extend(
        made.key_ends_after.map(|end| SubpacketData::KeyExpirationTime(Duration::from_secs(end))),
    );
    let mut config = SignatureConfig::v4(made.kind, key.algorithm(), HashAlgorithm::Sha256);
    config.hashed_subpackets =
        data.into_iter().map(|data| Subpacket::regular(data).unwrap()).collect();
    config
}

fn sign(key: &impl SigningKey, made: Made, text: &str) -> Signature {
    config(key, made).sign(key, &Password::empty(), text.as_bytes()).unwrap()
}

/// The certificate of a key whose user id is signed as `made` says.
fn certificate(key: &SignedSecretKey, made: Made, revocations: Vec<Signature>) -> SignedPublicKey {
    let public = key.to_public_key();
    let user = public.details.users[0].id.clone();
    let signature = config(&key.primary_key, Made { kind: SignatureType::CertPositive, ..made })
        .sign_certification(
            &key.primary_key,
            &public.primary_key,
            &Password::empty(),
            Tag::UserId,
            &user,
        )
        .unwrap();
    let users = vec![SignedUser::new(user, vec![signature])];
    let details = SignedKeyDetails::new(revocations, Vec::new(), users, Vec::new());
    SignedPublicKey::new(public.primary_key, details, public.public_subkeys)
}

fn keyring(certificates: &[SignedPublicKey]) -> Keyring {
    let mut bytes = Vec::new();
    for certificate in certificates {
        certificate.to_writer(&mut bytes).unwrap();
    }
    Keyring::from_bytes(&bytes).unwrap()
}

fn armored(signatures: &[Signature]) -> String {
    let mut file = String::new();
    for signature in signatures {
        let signature = DetachedSignature::new(signature.clone());
        file += &signature.to_armored_string(ArmorOptions::default()).unwrap();
    }
    file
}

fn in_release(text: &str, signature: &Signature) -> String {
    let signature = armored(std::slice::from_ref(signature));
    format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}{signature}")
}

/// The text as it is hashed: the last line's end belongs to the frame.
fn hashed(text: &str) -> String {
    text.trim_end_matches('\n').replace('\n', "\r\n")
}

fn outcome(
    key: &SignedSecretKey,
    signature: &Signature,
    certificate: SignedPublicKey,
    now: i64,
) -> Result<usize, String> {
    let keyring = keyring(&[certificate]);
    verify_inline(in_release(TEXT, signature).as_bytes(), &keyring, seconds(now))
        .map(|verified| verified.signers().len())
        .map_err(|error| {
            let fingerprint = |key: &dyn KeyDetails| format!("{:X}", key.fingerprint());
            error
                .to_string()
                .replace(&fingerprint(&key.primary_key), "P")
                .replace(&fingerprint(&key.secret_subkeys[0].key), "S")
        })
}

#[test]
fn a_signature_is_judged_with_its_key_and_the_time() {
    fn check(certified: Made, signed: Made, now: i64, expected: Result<usize, &str>) {
        let key = make_key(1);
        let signature = sign(&key.primary_key, signed, &hashed(TEXT));
        let found = outcome(&key, &signature, certificate(&key, certified, Vec::new()), now);
        assert_eq!(found.as_ref().copied().map_err(String::as_str), expected);
    }
    check(GOOD, GOOD, NOW, Ok(1));
    check(GOOD, Made { kind: SignatureType::Binary, ..GOOD }, NOW, Ok(1));
    check(Made { may_sign: false, ..GOOD }, GOOD, NOW, Err("key P is not for signing"));
    let expiring = Made { key_ends_after: Some(5_000), ..GOOD };
    check(expiring, GOOD, KEY_MADE + 4_999, Ok(1));
    check(expiring, GOOD, KEY_MADE + 5_000, Err("key P expired at 2023-11-14T23:36:40Z"));
    let ending = Made { ends_after: Some(500), ..GOOD };
    check(GOOD, ending, SIGNED + 499, Ok(1));
    let untimely = "signature of key P made at 2023-11-14T22:30:00Z is not valid now";
    check(GOOD, ending, SIGNED + 500, Err(untimely));
    check(GOOD, GOOD, SIGNED - 86_000, Ok(1));
    check(GOOD, GOOD, SIGNED - 86_401, Err(untimely));
    check(
        GOOD,
        Made { at: KEY_MADE - 1, ..GOOD },
        NOW,
        Err("signature of key P made at 2023-11-14T22:13:19Z is not valid now"),
    );
}

#[test]
fn a_subkey_signs_while_its_certificate_holds() {
    fn check(
        change: impl Fn(&mut SignedPublicKey),
        certified: Made,
        expected: Result<usize, &str>,
    ) {
        let key = make_key(2);
        let mut certificate = certificate(&key, certified, Vec::new());
        change(&mut certificate);
        let signature = sign(&key.secret_subkeys[0].key, GOOD, &hashed(TEXT));
        let found = outcome(&key, &signature, certificate, NOW);
        assert_eq!(found.as_ref().copied().map_err(String::as_str), expected);
    }
    check(|_| (), GOOD, Ok(1));
    check(
        |_| (),
        Made { key_ends_after: Some(1_500), ..GOOD },
        Err("key P expired at 2023-11-14T22:38:20Z"),
    );
    // A subkey of another certificate, claimed without its consent.
    check(
        |certificate| {
            let thief = make_key(3);
            let claim =
                config(&thief.primary_key, Made { kind: SignatureType::SubkeyBinding, ..GOOD })
                    .sign_subkey_binding(
                        &thief.primary_key,
                        thief.primary_key.public_key(),
                        &Password::empty(),
                        &certificate.public_subkeys[0].key,
                    )
                    .unwrap();
            let mut stolen = self::certificate(&thief, GOOD, Vec::new());
            stolen.public_subkeys = certificate.public_subkeys.clone();
            stolen.public_subkeys[0].signatures = vec![claim];
            *certificate = stolen;
        },
        GOOD,
        Err("key S is not for signing"),
    );
    check(
        |certificate| certificate.public_subkeys.clear(),
        GOOD,
        Err("signed only by unknown keys (S)"),
    );
}

#[test]
fn a_revoked_key_signs_nothing() {
    let key = make_key(4);
    let revocation = config(&key.primary_key, Made { kind: SignatureType::KeyRevocation, ..GOOD })
        .sign_key(&key.primary_key, &Password::empty(), key.primary_key.public_key())
        .unwrap();
    let signature = sign(&key.primary_key, GOOD, &hashed(TEXT));
    let revoked = certificate(&key, GOOD, vec![revocation]);
    assert_eq!(outcome(&key, &signature, revoked, NOW), Err("key P is revoked".to_owned()));
}

#[test]
fn what_can_be_forged_is_refused() {
    fn check(certificate: &[u8], signature: &[u8], expected: &str) {
        let keyring = Keyring::from_bytes(certificate).unwrap();
        let error =
            verify_detached(b"Origin: Test\n", signature, &keyring, seconds(NOW)).unwrap_err();
        let key = keyring.fingerprints().next().unwrap();
        assert_eq!(error.to_string(), format!("signature of key {key} is too weak: {expected}"));
    }
    let (short, sha1) = (include_bytes!("data/short.asc"), include_bytes!("data/sha1.asc"));
    check(short, include_bytes!("data/short.SHA256.asc"), "RSA below 2048 bits");
    check(sha1, include_bytes!("data/sha1.SHA256.asc"), "its self-signature's hash");
    check(sha1, include_bytes!("data/sha1.SHA1.asc"), "its hash");
}

#[test]
fn every_changed_byte_of_the_text_is_found() {
    let key = make_key(6);
    let keyring = keyring(&[certificate(&key, GOOD, Vec::new())]);
    let signature = sign(&key.primary_key, GOOD, &hashed(TEXT));
    let file = in_release(TEXT, &signature).into_bytes();
    let text_starts = file.windows(8).position(|w| w == b"Origin: ").unwrap();
    for at in text_starts..text_starts + TEXT.len() - 1 {
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = file.clone();
            changed[at] ^= flip;
            let outcome = verify_inline(&changed, &keyring, seconds(NOW));
            // Blanks at the end of a line are not hashed, and not part of the text either.
            let same = outcome.as_ref().is_ok_and(|verified| verified.text() == hashed(TEXT));
            assert!(outcome.is_err() || same, "byte {at} flipped by {flip:#x}");
        }
    }
}

#[test]
fn no_bytes_of_a_signature_make_it_panic() {
    let key = make_key(7);
    let keyring = keyring(&[certificate(&key, GOOD, Vec::new())]);
    let signature = sign(&key.primary_key, GOOD, &hashed(TEXT));
    let bytes = DetachedSignature::new(signature).to_bytes().unwrap();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x10, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let _ = verify_detached(hashed(TEXT).as_bytes(), &changed, &keyring, seconds(NOW));
        }
        let _ = verify_detached(hashed(TEXT).as_bytes(), &bytes[..at], &keyring, seconds(NOW));
    }
}

#[test]
fn no_bytes_of_a_certificate_make_it_panic_or_sign_more() {
    let key = make_key(13);
    let bytes = certificate(&key, GOOD, Vec::new()).to_bytes().unwrap();
    let forged = sign(&make_key(14).primary_key, GOOD, &hashed(TEXT));
    let file = in_release(TEXT, &forged);
    for at in 0..bytes.len() {
        for flip in [0x01, 0x10, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            if let Ok(keyring) = Keyring::from_bytes(&changed) {
                assert!(verify_inline(file.as_bytes(), &keyring, seconds(NOW)).is_err());
            }
        }
        let _ = Keyring::from_bytes(&bytes[..at]);
    }
}

#[test]
fn one_good_signature_is_enough_unless_another_is_forged() {
    let (ours, other) = (make_key(8), make_key(9));
    let keyring = keyring(&[certificate(&ours, GOOD, Vec::new())]);
    let binary = Made { kind: SignatureType::Binary, ..GOOD };
    let good = sign(&ours.primary_key, binary, TEXT);
    let unknown = sign(&other.primary_key, binary, TEXT);
    let forged = sign(&ours.primary_key, binary, "something else");
    let check = |signatures: &[&Signature], expected: Result<usize, &str>| {
        let block: Vec<u8> = signatures
            .iter()
            .flat_map(|signature| DetachedSignature::new((*signature).clone()).to_bytes().unwrap())
            .collect();
        let found = verify_detached(TEXT.as_bytes(), &block, &keyring, seconds(NOW))
            .map(|verified| verified.signers().len())
            .map_err(|error| error.to_string().split_once(" key").unwrap().0.to_owned());
        assert_eq!(found.as_ref().copied().map_err(String::as_str), expected);
    };
    check(&[&good], Ok(1));
    check(&[&unknown, &good], Ok(1));
    check(&[&good, &forged], Err("signature of"));
    check(&[&unknown], Err("signed only by unknown"));
    let empty = verify_detached(TEXT.as_bytes(), b"", &keyring, seconds(NOW));
    assert!(matches!(empty, Err(VerifyError::Unsigned)));
    let plain = verify_inline(TEXT.as_bytes(), &keyring, seconds(NOW));
    assert!(matches!(plain, Err(VerifyError::Unsigned)));
}

#[test]
fn keyrings_are_binary_or_armored_and_can_be_narrowed() {
    let certificates = [10, 11].map(|seed| certificate(&make_key(seed), GOOD, Vec::new()));
    let armored: String = certificates
        .iter()
        .map(|certificate| certificate.to_armored_string(ArmorOptions::default()).unwrap())
        .collect();
    let from_armor = Keyring::from_bytes(armored.as_bytes()).unwrap();
    let both: Vec<_> = keyring(&certificates).fingerprints().collect();
    assert_eq!(from_armor.fingerprints().collect::<Vec<_>>(), both);
    let second = from_armor.only(&[both[1].as_str()]);
    assert_eq!(second.fingerprints().collect::<Vec<_>>(), both[1..]);
    for bad in [b"".as_slice(), b"nothing", &[0x99, 0xff, 0xff, 0x00]] {
        assert!(Keyring::from_bytes(bad).is_err());
    }
}

#[test]
fn a_release_knows_its_age_and_its_files() {
    let key = make_key(12);
    let keyring = keyring(&[certificate(&key, GOOD, Vec::new())]);
    let read = |text: &str| {
        let signature = sign(&key.primary_key, GOOD, &hashed(text));
        let file = in_release(text, &signature);
        Release::of(&verify_inline(file.as_bytes(), &keyring, seconds(NOW)).unwrap())
    };
    let release = read(TEXT).unwrap();
    assert_eq!(release.codename.as_deref(), Some("test-security"));
    assert_eq!(release.components, ["main", "contrib"]);
    assert!(release.by_hash);
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(release.date, time("2026-11-21T00:53:02Z"));
    let end = time("2026-11-28T00:53:02Z");
    assert_eq!(release.state(time("2026-11-28T00:53:01Z")), ReleaseState::Current { until: end });
    assert_eq!(release.state(end), ReleaseState::Expired { since: end });
    assert!(release.is_rollback(time("2026-11-21T00:53:03Z")));
    assert!(!release.is_rollback(release.date));
    let index = release.index("main/binary-amd64/Packages").unwrap();
    index.check(b"").unwrap();
    assert!(index.check(b"x").is_err());
    assert!(index.by_hash_path().starts_with("main/binary-amd64/by-hash/SHA256/e3b0c442"));

    let message = |text: &str| read(text).unwrap_err().to_string();
    assert_eq!(message("Origin: x\nSHA256:\n"), "release has no field Date");
    let dated = "Date: Sat, 21 Nov 2026 00:53:02 UTC\n";
    assert_eq!(message(dated), "release has no field SHA256");
    assert_eq!(
        message("Date: yesterday\nSHA256:\n"),
        "release has a Date that is no date: \"yesterday\""
    );
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for line in ["x 1 a", &format!("{hash} 1 ../a"), &format!("{hash} -1 a"), hash] {
        let found = message(&format!("{dated}SHA256:\n {line}\n"));
        assert_eq!(found, format!("release lists a file as {line:?}"));
    }
}
