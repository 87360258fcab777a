//! Any bytes as an `APKINDEX.tar.gz`, as what a signed one holds, and as the files that say how apk is used.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_distro::{ApkIndex, ApkKeys, ApkSystem, apk_archives, verify_apk_index};
use plimsoll_testkit::{ApkHash, ApkIndexWriter, ApkKey};

static KEY: LazyLock<(ApkKey, ApkKeys)> = LazyLock::new(|| {
    let key = ApkKey::new("test.rsa.pub");
    let mut keys = ApkKeys::default();
    keys.add(key.name(), key.public_pem().as_bytes()).expect("a key");
    (key, keys)
});

fuzz_target!(|bytes: &[u8]| {
    let (key, keys) = &*KEY;
    assert!(verify_apk_index(bytes, keys, None).is_err(), "nobody signed it");

    let text = String::from_utf8_lossy(bytes);
    for unsigned in [bytes.to_vec(), ApkIndexWriter::pack(&text, 0)] {
        let signed = key.sign(ApkHash::Sha256, &unsigned);
        let Ok(verified) = verify_apk_index(&signed, keys, None) else { continue };
        let Ok(index) = ApkIndex::read(&verified) else { continue };
        assert!(index.packages("a").all(|package| package.name == "a" && !package.version.is_empty()));
    }

    let files = ["etc/apk/repositories", "etc/apk/world", "etc/apk/arch", "etc/apk/keys/a.pub"];
    let files: BTreeMap<_, _> = files.map(|path| (path.to_owned(), bytes.to_vec())).into();
    let system = ApkSystem::read(&files, "x86_64");
    let scope = "alpine:3.20".parse().expect("a scope");
    for archive in apk_archives(&scope, &system, |_host| false).ask {
        assert!(archive.index_url.starts_with("https://dl-cdn.alpinelinux.org/alpine/"));
    }
});
