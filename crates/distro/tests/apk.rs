//! apk's signed indexes, good and hostile, made by the testkit's writer.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;
use std::io::Write;

use flate2::write::GzEncoder;
use jiff::Timestamp;
use plimsoll_distro::{
    ApkArchive, ApkArchiveKeys, ApkIndex, ApkIndexError, ApkJudge, ApkKeys, VerifiedApkIndex,
    verify_apk_index,
};
use plimsoll_model::{ArchiveStatus, ArchiveSuite, Ecosystem};
use plimsoll_testkit::{
    ApkHash, ApkIndexWriter, ApkKey, ApkPackage, Entry, Random, TarWriter, shared_data,
};
use plimsoll_unpack::Limits;
use plimsoll_unpack::tar::TarReader;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A gzipped tar of these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = TarWriter::new(Vec::new());
    for (name, content) in files {
        tar.append(&Entry::file(name, *content)).unwrap();
    }
    gzip(&tar.finish().unwrap())
}

fn key() -> ApkKey {
    ApkKey::new("test.rsa.pub")
}

fn other() -> ApkKey {
    ApkKey::other("other.rsa.pub")
}

fn keys(keys: &[&ApkKey]) -> ApkKeys {
    let mut found = ApkKeys::default();
    for key in keys {
        found.add(key.name(), key.public_pem().as_bytes()).unwrap();
    }
    found
}

fn index() -> Vec<u8> {
    ApkIndexWriter::new(&[ApkPackage::new("a", "1-r0")]).unsigned()
}

fn describe(verified: &VerifiedApkIndex<'_>) -> String {
    let reason = verified.reason().unwrap_or("-");
    format!("{} by {}: {reason}", verified.status(), verified.signed_by())
}

/// Judges with the test key trusted and the other key brought by the image.
fn check(what: &str, bytes: &[u8], expected: &str) {
    let found = match verify_apk_index(bytes, &keys(&[&key()]), Some(&keys(&[&other()]))) {
        Ok(verified) => describe(&verified),
        Err(error) => format!("{}: {error}", error.status()),
    };
    assert_eq!(found, expected, "{what}");
}

#[test]
fn a_good_signature_is_believed() {
    let index = index();
    let sign = |key: ApkKey, hash| key.sign(hash, &index);
    check("SHA-1", &sign(key(), ApkHash::Sha1), "verified by test.rsa.pub: signed with SHA-1");
    check("SHA-256", &sign(key(), ApkHash::Sha256), "verified by test.rsa.pub: -");
    check("SHA-512", &sign(key(), ApkHash::Sha512), "verified by test.rsa.pub: -");
    check(
        "the image's",
        &sign(other(), ApkHash::Sha256),
        "signed_by_image_key by other.rsa.pub: -",
    );
}

#[test]
fn keys_that_nobody_named_are_not_believed() {
    let index = index();
    let signed = other().sign(ApkHash::Sha256, &index);
    let error = verify_apk_index(&signed, &keys(&[&key()]), None).unwrap_err();
    assert_eq!(error.to_string(), "index is signed only by unknown keys (other.rsa.pub)");
    assert_eq!(error.status(), ArchiveStatus::WronglySigned);
    let forged = ApkKey::other("test.rsa.pub").sign(ApkHash::Sha256, &index);
    check(
        "another key under a trusted name",
        &forged,
        "wrongly_signed: signature of key test.rsa.pub does not fit the index",
    );
    let short = ApkKey::short("short.rsa.pub");
    let error = ApkKeys::default().add("short.rsa.pub", short.public_pem().as_bytes());
    assert_eq!(error.unwrap_err().to_string(), "key \"short.rsa.pub\" has only 1024 bits");
}

#[test]
fn a_signature_is_over_everything_behind_it() {
    let bad = "wrongly_signed: signature of key test.rsa.pub does not fit the index";
    let (name, signature) = key().signature(ApkHash::Sha1, &index());
    let wrap = tar(&[(&name, &signature)]);
    let another = ApkIndexWriter::new(&[ApkPackage::new("a", "2-r0")]).unsigned();
    check("of another index", &[wrap.clone(), another.clone()].concat(), bad);
    check("more behind the index", &[wrap.clone(), index(), another].concat(), bad);
    check("zeros behind the index", &[wrap.clone(), index(), vec![0; 512]].concat(), bad);
    let mut cut = [wrap, index()].concat();
    cut.pop();
    check("cut", &cut, bad);
    check("nothing", &tar(&[(&name, &[])]), {
        "wrongly_signed: index is malformed: nothing behind its signature"
    });
    check("an empty signature", &[tar(&[(&name, &[])]), index()].concat(), bad);
}

#[test]
fn several_signatures_need_one_that_is_good() {
    let index = index();
    let weak = key().signature(ApkHash::Sha1, &index);
    let strong = key().signature(ApkHash::Sha256, &index);
    let image = other().signature(ApkHash::Sha512, &index);
    let wrong = key().signature(ApkHash::Sha512, b"something else");
    let strange = (".SIGN.DSA.test.rsa.pub".to_owned(), vec![1, 2, 3]);
    type Signature = (String, Vec<u8>);
    let member = |signatures: &[&Signature]| {
        let files: Vec<_> = signatures.iter().map(|(name, it)| (name.as_str(), &**it)).collect();
        tar(&files)
    };
    let good = "verified by test.rsa.pub: -";
    check("one member", &[member(&[&weak, &image, &strong]), index.clone()].concat(), good);
    check("two members", &[member(&[&weak]), member(&[&strong]), index.clone()].concat(), good);
    check("one wrong", &[member(&[&wrong, &strong]), index.clone()].concat(), good);
    check("one strange", &[member(&[&strange, &strong]), index.clone()].concat(), good);
    check(
        "the trusted one wrong",
        &[member(&[&wrong, &image]), index.clone()].concat(),
        "wrongly_signed: signature of key test.rsa.pub does not fit the index",
    );
    check("only strange", &[member(&[&strange]), index.clone()].concat(), {
        "unsigned: index is not signed"
    });
    let many: Vec<&Signature> = vec![&wrong; 9];
    check("many", &[member(&many), index.clone()].concat(), {
        "wrongly_signed: index is malformed: its signatures are too large"
    });
    for signature in [&wrong, &strange] {
        let members = member(&[signature]).repeat(9);
        check(
            "many members",
            &[members, index.clone()].concat(),
            "wrongly_signed: index is malformed: its signatures are too large",
        );
    }
}

#[test]
fn what_is_no_signature_and_index_is_told() {
    let unsigned = "unsigned: index is not signed";
    let (name, signature) = key().signature(ApkHash::Sha1, &index());
    check("no signature", &index(), unsigned);
    check("the signature behind", &[index(), tar(&[(&name, &signature)])].concat(), unsigned);
    check("the index with the signature", &tar(&[(&name, &signature), ("APKINDEX", b"P:a\n")]), {
        "wrongly_signed: index is malformed: its signature holds something else too"
    });
    check(
        "a directory of a name",
        &{
            let mut tar = TarWriter::new(Vec::new());
            tar.append(&Entry::directory(&name)).unwrap();
            [gzip(&tar.finish().unwrap()), index()].concat()
        },
        "wrongly_signed: index is malformed: its signature holds something else too",
    );
    let bomb = vec![0; 100 << 20];
    check("a bomb", &[tar(&[(&name, &bomb)]), index()].concat(), {
        "wrongly_signed: index is malformed: its signatures are too large"
    });
    for (what, bytes) in [("empty", &b""[..]), ("a page", b"<html>"), ("half", b"\x1f\x8b\x08")] {
        check(what, bytes, "wrongly_signed: index is malformed: not gzip");
    }
}

/// Signs a tar and reads it back.
fn read(index: &[u8]) -> Result<ApkIndex, ApkIndexError> {
    let signed = key().sign(ApkHash::Sha256, index);
    ApkIndex::read(&verify_apk_index(&signed, &keys(&[&key()]), None).unwrap())
}

fn versions(index: &ApkIndex, name: &str) -> Vec<String> {
    let packages = index.packages(name);
    packages
        .map(|package| format!("{} {} {}", package.version, package.arch, package.origin))
        .collect()
}

#[test]
fn an_index_has_its_packages_and_dates() {
    let packages = [
        ApkPackage::new("musl", "1.2.5-r0")
            .provides("so:libc.musl-x86_64.so.1=1")
            .built(1_600_000_000),
        ApkPackage::new("libssl3", "3.3.2-r0").origin("openssl").built(1_700_000_000),
        ApkPackage::new("musl", "1.2.5-r1").arch("noarch"),
    ];
    let unsigned = ApkIndexWriter::new(&packages);
    let index = read(&unsigned.unsigned()).unwrap();
    assert_eq!(index.len(), 3);
    assert_eq!(versions(&index, "musl"), ["1.2.5-r0 x86_64 musl", "1.2.5-r1 noarch musl"]);
    assert_eq!(versions(&index, "libssl3"), ["3.3.2-r0 x86_64 openssl"]);
    assert_eq!(versions(&index, "mus"), [] as [&str; 0]);
    assert_eq!(versions(&index, "muslx"), [] as [&str; 0]);
    let checksum = index.packages("libssl3").next().unwrap().checksum;
    assert_eq!(checksum, packages[1].checksum());
    assert_eq!(index.description, "v1-test");
    assert_eq!(index.problems, [] as [&str; 0]);
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    assert_eq!(date(index.made_at), None, "the tar says nothing");
    assert_eq!(date(index.newest_build).as_deref(), Some("2024-01-01T00:00:00Z"));
    let index = read(&unsigned.made(1_704_067_201).unsigned()).unwrap();
    assert_eq!(date(index.made_at).as_deref(), Some("2024-01-01T00:00:01Z"));
}

#[test]
fn one_bad_package_costs_only_itself() {
    let long = "x".repeat(100_000);
    let text = format!(
        "P:a\nV:1\n\nV:2\n\nP:b\nV:2\np:{long}\no:c\n\n\nrubbish\n\nP:{long}\nV:1\n\nP:d\nV:1"
    );
    let index = read(&ApkIndexWriter::pack(&text, 0)).unwrap();
    assert_eq!(index.len(), 3);
    assert_eq!(versions(&index, "a"), ["1  a"]);
    assert_eq!(versions(&index, "b"), ["2  c"]);
    assert_eq!(versions(&index, "d"), ["1  d"]);
    let nameless = |number| format!("package {number} has no name (P:) or no version (V:)");
    assert_eq!(index.problems, [2, 4, 5].map(nameless));
}

#[test]
fn an_index_that_is_none_is_an_error() {
    fn check(what: &str, index: &[u8], expected: &str) {
        let error = read(index).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(format!("{error} {}", source.unwrap_or_default()).trim(), expected, "{what}");
    }
    check("another file", &tar(&[("DESCRIPTION", b"x")]), "index has no APKINDEX");
    check("an empty tar", &tar(&[]), "index has no APKINDEX");
    check("no tar", &gzip(&[b'x'; 512]), "reading APKINDEX a tar header is damaged");
    check("half a header", &gzip(&[b'x'; 100]), "reading APKINDEX unexpected end of file");
    let mut half = tar(&[("APKINDEX", &Random::seeded(1).bytes(100_000))]);
    half.truncate(half.len() / 2);
    check("half", &half, "reading APKINDEX truncated gzip stream");
    let mut bomb = "P:a\nV:1\nT:".to_owned();
    bomb.push_str(&" ".repeat(80 << 20));
    let bomb = ApkIndexWriter::pack(&bomb, 0);
    let error = read(&bomb).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.ends_with("more than 100 to one"), "{source}");
}

fn archive(suite: &str, keys: ApkArchiveKeys) -> ApkArchive {
    ApkArchive {
        suite: suite.to_owned(),
        address: "host/path".to_owned(),
        index_url: String::new(),
        arch: "x86_64".to_owned(),
        tag: None,
        keys,
        is_default: false,
    }
}

#[test]
fn a_repository_is_judged_by_signature_branch_and_date() {
    /// At the start of 2024, after an index of December was accepted; the image brings the other key.
    fn check(asked: &ApkArchive, bytes: &[u8], expected: &str) {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let judge = ApkJudge {
            trusted: &keys(&[&key()]),
            image: &keys(&[&other()]),
            now: at("2024-01-01T00:00:00Z"),
        };
        let found = judge.index(asked, bytes, Some(at("2023-12-01T00:00:00Z")));
        let ArchiveSuite { status, reason, date, signed_by, .. } = found.suite;
        assert_eq!(found.index.is_some(), status.is_usable(), "{expected}");
        let date = date.map_or_else(|| "-".to_owned(), |date| date.to_string());
        let text = format!(
            "{status} {date} {}: {}",
            signed_by.as_deref().unwrap_or("-"),
            reason.as_deref().unwrap_or("-")
        );
        assert_eq!(text, expected);
    }
    let index = |description: &str, made: u64, built: u64| {
        let text = format!("P:a\nV:1\nt:{built}\n");
        ApkIndexWriter::pack_described(description, &text, made)
    };
    let sha256 = |bytes: &[u8]| key().sign(ApkHash::Sha256, bytes);
    let official = archive("v3.20/main", ApkArchiveKeys::Official);
    let mirror = archive("v3.20/main", ApkArchiveKeys::Image);
    let edge = archive("edge/main", ApkArchiveKeys::Official);
    // 2023-12-25, 2023-11-14, 2024-01-03.
    let (fresh, old, future) = (1_703_462_400, 1_700_000_000, 1_704_240_000);
    let good = index("v3.20.3-27-g8b2c1a9", fresh, 0);
    check(&official, &sha256(&good), "verified 2023-12-25T00:00:00Z test.rsa.pub: -");
    check(
        &official,
        &key().sign(ApkHash::Sha1, &good),
        "verified 2023-12-25T00:00:00Z test.rsa.pub: signed with SHA-1",
    );
    let by_image = other().sign(ApkHash::Sha256, &good);
    check(
        &official,
        &by_image,
        "wrongly_signed - -: index is signed only by unknown keys (other.rsa.pub)",
    );
    check(&mirror, &by_image, "signed_by_image_key 2023-12-25T00:00:00Z other.rsa.pub: -");
    check(&official, &good, "unsigned - -: index is not signed");
    let another = sha256(&index("v3.2.3-1-gabc", fresh, 0));
    check(
        &official,
        &another,
        "inconsistent 2023-12-25T00:00:00Z test.rsa.pub: its index is of v3.2.3-1-gabc",
    );
    check(&mirror, &another, "verified 2023-12-25T00:00:00Z test.rsa.pub: -");
    check(&edge, &another, "verified 2023-12-25T00:00:00Z test.rsa.pub: -");
    check(
        &official,
        &sha256(&index("v20231219-1-gabc", fresh, 0)),
        "verified 2023-12-25T00:00:00Z test.rsa.pub: -",
    );
    check(
        &official,
        &sha256(&index("", old, 0)),
        "rolled_back 2023-11-14T22:13:20Z test.rsa.pub: \
         made on 2023-11-14T22:13:20Z, but one of 2023-12-01T00:00:00Z was seen before",
    );
    check(&official, &sha256(&index("", 0, old)), "verified 2023-11-14T22:13:20Z test.rsa.pub: -");
    check(&official, &sha256(&index("", 0, 0)), "verified - test.rsa.pub: -");
    check(
        &official,
        &sha256(&index("", future, 0)),
        "from_the_future 2024-01-03T00:00:00Z test.rsa.pub: made on 2024-01-03T00:00:00Z",
    );
    check(&official, &sha256(&gzip(b"")), "inconsistent - -: index has no APKINDEX");
}

/// The carried keys are those of Alpine's own root file systems, and for the same architectures.
#[test]
fn carried_keys_are_those_of_alpine() {
    let Some(shared) = shared_data() else { return };
    let tarball = shared.join("rootfs/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    let decoder = flate2::read::GzDecoder::new(std::fs::File::open(tarball).unwrap());
    let mut pems: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut tar = TarReader::new(std::io::BufReader::new(decoder), &Limits::default());
    while let Some(mut member) = tar.next_entry().unwrap() {
        let path = member.path().to_string();
        let Some(path) = path.strip_prefix("usr/share/apk/keys/") else { continue };
        match path.split_once('/') {
            Some((arch, name)) => places.entry(arch.to_owned()).or_default().push(name.to_owned()),
            None if member.size() > 0 => {
                pems.insert(path.to_owned(), member.read_to_vec(10_000).unwrap());
            }
            None => {}
        }
    }
    assert!(places.len() > 8, "{places:?}");
    for (arch, names) in places {
        let mut expected = ApkKeys::default();
        for name in names {
            expected.add(&name, &pems[&name]).unwrap();
        }
        assert_eq!(ApkKeys::carried(Ecosystem::Alpine, &arch), expected, "{arch}");
    }
}
