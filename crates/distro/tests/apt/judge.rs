//! What becomes of a suite: who signed it, when, and what an image may say about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_distro::{
    AptSystem, AskedSuite, Judge, JudgedRelease, Keyring, Pocket, SignedRelease, archives_to_ask,
    carried_keyring,
};
use plimsoll_model::ArchiveStatus::{
    Expired, FromTheFuture, Inconsistent, RolledBack, SignedByImageKey, Unsigned, Verified,
    WronglySigned,
};
use plimsoll_model::{ArchiveStatus, Ecosystem};
use plimsoll_testkit::AptKey;

/// 2026-11-24T00:00:00Z
const NOW: i64 = 1_795_478_400;

const TEXT: &str = "Origin: Example\nSuite: nodistro\nCodename: nodistro\n\
                    Date: Mon, 23 Nov 2026 12:00:00 UTC\nComponents: main\nArchitectures: amd64\n\
                    SHA256:\n e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 \
                    main/binary-amd64/Packages\n";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// The keys of the image, of the operator, of nobody.
fn image_key() -> AptKey {
    AptKey::new(1)
}

fn operator_key() -> AptKey {
    AptKey::new(2)
}

fn unknown_key() -> AptKey {
    AptKey::new(3)
}

/// The suite that an image of Debian 12 names in a line, its key trusted by the image, its host by the operator.
fn asked(line: &str) -> AskedSuite {
    let files = BTreeMap::from([
        ("etc/apt/sources.list".to_owned(), line.as_bytes().to_vec()),
        ("etc/apt/trusted.gpg".to_owned(), image_key().keyring()),
    ]);
    let scope = "debian:12".parse().unwrap();
    let architectures = ["amd64".to_owned()];
    let system = AptSystem { scope: &scope, architectures: &architectures };
    let request = archives_to_ask(&files, system, &|host| host == "repo.example.org");
    assert_eq!((request.problems, request.not_asked), (vec![], vec![]));
    request.ask.into_iter().next().unwrap()
}

fn judge(asked: &AskedSuite, file: SignedRelease<'_>, accepted: Option<i64>) -> JudgedRelease {
    let distribution = carried_keyring(Ecosystem::Debian).unwrap();
    let distribution = Keyring::from_bytes(distribution).unwrap();
    let operator = Keyring::from_bytes(&operator_key().keyring()).unwrap();
    let judge = Judge { distribution: &distribution, operator: Some(&operator), now: at(NOW) };
    judge.release(asked, file, accepted.map(at))
}

const THIRD_PARTY: &str = "deb http://repo.example.org/apt nodistro main";

/// Judges the file of a third party; gives its reason.
fn check(file: SignedRelease<'_>, accepted: Option<i64>, expected: ArchiveStatus) -> String {
    let judged = judge(&asked(THIRD_PARTY), file, accepted);
    assert_eq!(judged.suite.status, expected, "{:?}", judged.suite);
    assert_eq!(judged.pocket, Pocket::Other);
    assert_eq!(judged.suite.address, "repo.example.org/apt");
    // Nothing that nobody vouches for is read at all.
    let is_signed = !matches!(expected, Unsigned | WronglySigned);
    assert_eq!(judged.release.is_some(), is_signed);
    assert_eq!(judged.suite.date.is_some(), is_signed);
    assert_eq!(judged.suite.signed_by.is_some(), is_signed);
    judged.suite.reason.unwrap_or_default()
}

#[test]
fn it_counts_who_signed() {
    let inline = |key: AptKey| key.sign_inline(TEXT, NOW - 100);
    let check = |file: &[u8], expected| check(SignedRelease::Inline(file), None, expected);
    let reason = check(&inline(image_key()), SignedByImageKey);
    assert_eq!(reason, "signed by a key that the image brings");
    assert_eq!(check(&inline(operator_key()), Verified), "");
    let reason = check(&inline(unknown_key()), WronglySigned);
    assert_eq!(reason, format!("signed only by unknown keys ({})", unknown_key().fingerprint()));
    assert_eq!(check(TEXT.as_bytes(), Unsigned), "not signed");
    check(b"", Unsigned);
    check(b"<html>Log in to the network first</html>", Unsigned);
    let mut longer = inline(image_key());
    longer.extend(b"Origin: Evil\n");
    let reason = check(&longer, WronglySigned);
    assert_eq!(reason, "signed text is malformed: text behind the signature");
    let changed = String::from_utf8(inline(image_key())).unwrap().replace("nodistro", "bookworm");
    check(changed.as_bytes(), WronglySigned);
}

#[test]
fn a_detached_signature_does_too() {
    let detached = |signature: Option<&[u8]>, expected| {
        let file = SignedRelease::Detached { release: TEXT.as_bytes(), signature };
        check(file, None, expected);
    };
    let [image, operator, unknown] =
        [image_key(), operator_key(), unknown_key()].map(|key| key.sign_detached(TEXT, NOW - 100));
    detached(Some(&image), SignedByImageKey);
    detached(Some(&operator), Verified);
    detached(Some(&unknown), WronglySigned);
    detached(None, Unsigned);
    detached(Some(b""), Unsigned);
    // As gpgv and apt decide: one good signature is enough where the others are of keys that are not known, and a
    // wrong one in the name of a known key is fatal (tests/signatures.rs).
    detached(Some(&[unknown, image.clone()].concat()), SignedByImageKey);
    let other = image_key().sign_detached("Origin: Evil\n", NOW - 100);
    detached(Some(&[image, other].concat()), WronglySigned);
}

#[test]
fn it_counts_when() {
    let check = |text: &str, accepted, expected| {
        let file = image_key().sign_inline(text, NOW - 100);
        check(SignedRelease::Inline(&file), accepted, expected)
    };
    let dated = |date: &str| TEXT.replace("Mon, 23 Nov 2026 12:00:00", date);
    let until = |date: &str| format!("Valid-Until: {date} UTC\n{TEXT}");
    let made = NOW - 12 * 3600;
    check(TEXT, Some(made), SignedByImageKey);
    let reason = check(TEXT, Some(made + 1), RolledBack);
    assert_eq!(reason, "made at 2026-11-23T12:00:00Z, before the one of 2026-11-23T12:00:01Z");
    check(&dated("Tue, 24 Nov 2026 23:59:59"), None, SignedByImageKey);
    let reason = check(&dated("Wed, 25 Nov 2026 00:00:01"), None, FromTheFuture);
    assert_eq!(reason, "made at 2026-11-25T00:00:01Z, in the future");
    // Without an end even last year's counts: its date is shown.
    check(&dated("Sun, 23 Nov 2025 12:00:00"), None, SignedByImageKey);
    check(&until("Tue, 24 Nov 2026 00:00:01"), None, SignedByImageKey);
    let reason = check(&until("Tue, 24 Nov 2026 00:00:00"), None, Expired);
    assert_eq!(reason, "valid until 2026-11-24T00:00:00Z");
}

#[test]
fn weak_hashes_and_broken_lists_do_not_count() {
    fn check(text: &str, status: ArchiveStatus, reason: &str) {
        let file = image_key().sign_inline(text, NOW - 100);
        let judged = judge(&asked(THIRD_PARTY), SignedRelease::Inline(&file), None);
        assert_eq!(judged.suite.status, status);
        assert_eq!(judged.suite.reason.as_deref(), Some(reason));
        assert_eq!(judged.suite.signed_by, Some(image_key().fingerprint()));
        assert!(judged.release.is_none());
    }
    let weak = "release has only weak hashes (MD5, SHA-1)";
    check(&TEXT.replace("SHA256:", "MD5Sum:"), WronglySigned, weak);
    check(&TEXT.replace("SHA256:", "SHA1:"), WronglySigned, weak);
    let broken = TEXT.replace("main/binary", "../../main/binary");
    let line = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 \
                ../../main/binary-amd64/Packages";
    check(&broken, Inconsistent, &format!("release lists a file as {line:?}"));
    check(&TEXT.replace("Date:", "Day:"), Inconsistent, "release has no field Date");
}

#[test]
fn nothing_in_an_image_makes_its_key_one_of_the_distribution() {
    let security = TEXT
        .replace("Suite: nodistro", "Suite: oldstable-security")
        .replace("Codename: nodistro", "Codename: bookworm-security");
    let check = |line: &str, key: AptKey, status, pocket| {
        let file = key.sign_inline(&security, NOW - 100);
        let judged = judge(&asked(line), SignedRelease::Inline(&file), None);
        assert_eq!((judged.suite.status, judged.pocket), (status, pocket), "{line}");
    };
    // At the distribution's own host only its own keys count, and those that the operator gave.
    let official = "deb http://security.debian.org/debian-security bookworm-security main";
    check(official, image_key(), WronglySigned, Pocket::Other);
    check(official, operator_key(), Verified, Pocket::Security);
    let trusted = "deb [trusted=yes] http://security.debian.org bookworm-security main";
    check(trusted, image_key(), WronglySigned, Pocket::Other);
    // A mirror: never security by the image's word, but by the operator's.
    let mirror = "deb http://repo.example.org/debian-security bookworm-security main";
    check(mirror, image_key(), SignedByImageKey, Pocket::Other);
    check(mirror, operator_key(), Verified, Pocket::Security);
    // And only as the suite that it is.
    let other = "deb http://repo.example.org/debian bookworm main";
    check(other, operator_key(), Inconsistent, Pocket::Main);

    let unsigned = asked("deb [trusted=yes] http://repo.example.org/apt nodistro main");
    let judged = judge(&unsigned, SignedRelease::Inline(TEXT.as_bytes()), None);
    assert_eq!(judged.suite.status, Unsigned);
}

#[test]
fn the_best_indexes_of_a_release_are_chosen() {
    fn check(fields: &str, files: &[(&str, u64)], component: Option<&str>, expected: &[&str]) {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let lines: String =
            files.iter().map(|(path, size)| format!(" {hash} {size} {path}\n")).collect();
        let text = format!("Date: Mon, 23 Nov 2026 12:00:00 UTC\n{fields}SHA256:\n{lines}");
        let file = image_key().sign_inline(&text, NOW - 100);
        let judged = judge(&asked(THIRD_PARTY), SignedRelease::Inline(&file), None);
        let release = judged.release.unwrap();
        let found: Vec<_> = release
            .packages_files(component, "amd64")
            .into_iter()
            .map(|file| format!("{} {:?}", file.file.path, file.unpacked_size))
            .collect();
        assert_eq!(found, expected);
    }
    let main = Some("main");
    let path = "main/binary-amd64/Packages";
    let [xz, gz, zst, lz4] =
        ["xz", "gz", "zst", "lz4"].map(|ending| format!("main/binary-amd64/Packages.{ending}"));
    check("", &[(path, 9), (&xz, 3), (&gz, 5), (&zst, 4)], main, &[&format!("{xz} Some(9)")]);
    check("", &[(path, 9), (&lz4, 1), (&gz, 5)], main, &[&format!("{gz} Some(9)")]);
    check("", &[(&zst, 5)], main, &[&format!("{zst} None")]);
    // An empty index is smaller than its compression, but only that is on the servers.
    check("", &[(path, 0), (&xz, 32)], main, &[&format!("{xz} Some(0)")]);
    check("", &[(path, 9)], main, &[&format!("{path} Some(9)")]);
    check("", &[(path, 9)], Some("contrib"), &[]);
    check("", &[("./Packages.gz", 5), ("Packages", 9)], None, &["Packages.gz Some(9)"]);
    let all = "main/binary-all/Packages";
    let both = [&*format!("{path} Some(9)"), &format!("{all} Some(7)")];
    check("Architectures: all amd64\n", &[(path, 9), (all, 7)], main, &both);
    check("Architectures: amd64\n", &[(path, 9), (all, 7)], main, &both[..1]);
    let merged = "Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\n";
    check(merged, &[(path, 9), (all, 7)], main, &both[..1]);
}
