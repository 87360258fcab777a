//! What apt accepts as signed and fresh, and what we do: the same files before both.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_distro::{AptSystem, Judge, Keyring, SignedRelease, archives_to_ask};
use plimsoll_testkit::{AptKey, has_program, skipped};

/// What lies in a suite's folder.
#[derive(Default)]
struct Files {
    in_release: Option<Vec<u8>>,
    release: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
}

fn inline(file: Vec<u8>) -> Files {
    Files { in_release: Some(file), ..Files::default() }
}

fn detached(release: &str, signature: Option<Vec<u8>>) -> Files {
    Files { in_release: None, release: Some(release.as_bytes().to_vec()), signature }
}

fn date(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

fn text(made: Timestamp, hash_field: &str, more: &str) -> String {
    let hash = match hash_field {
        "MD5Sum" => "d41d8cd98f00b204e9800998ecf8427e",
        _ => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    };
    format!(
        "Origin: Example\nSuite: nodistro\nCodename: nodistro\nDate: {}\n{more}Components: main\n\
         Architectures: amd64\n{hash_field}:\n {hash} 0 main/binary-amd64/Packages\n",
        date(made)
    )
}

#[test]
fn apt_accepts_what_we_accept() {
    if !has_program("apt-get") || !has_program("gpgv") {
        return skipped("needs apt");
    }
    // apt judges by the clock.
    let now = Timestamp::now();
    let seconds = now.as_second() - 60;
    let (known, unknown) = (AptKey::new(1), AptKey::new(2));
    let made = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap();
    let good = text(made(-1), "SHA256", "");
    let signed = |text: &str| known.sign_inline(text, seconds);
    let alone = |text: &str, key: &AptKey| key.sign_detached(text, seconds);
    let both = [alone(&good, &unknown), alone(&good, &known)].concat();
    let forged = [alone(&good, &known), alone("Origin: Evil\n", &known)].concat();
    let until = |hours| format!("Valid-Until: {}\n", date(made(hours)));

    let cases: [(&str, Files, bool); 14] = [
        ("a good signature", inline(signed(&good)), true),
        ("of an unknown key", inline(unknown.sign_inline(&good, seconds)), false),
        ("text behind it", inline([signed(&good), b"Origin: Evil\n".to_vec()].concat()), false),
        ("text before it", inline([b"Origin: Evil\n".to_vec(), signed(&good)].concat()), false),
        ("none", inline(good.clone().into_bytes()), false),
        ("still valid", inline(signed(&text(made(-2), "SHA256", &until(1)))), true),
        ("expired", inline(signed(&text(made(-2), "SHA256", &until(-1)))), false),
        ("from the future", inline(signed(&text(made(48), "SHA256", ""))), false),
        ("weak hashes only", inline(signed(&text(made(-1), "MD5Sum", ""))), false),
        ("detached", detached(&good, Some(alone(&good, &known))), true),
        ("detached, of an unknown key", detached(&good, Some(alone(&good, &unknown))), false),
        ("two, one of an unknown key", detached(&good, Some(both)), true),
        ("two, one for another text", detached(&good, Some(forged)), false),
        ("detached, none", detached(&good, None), false),
    ];
    for (name, files, expected) in cases {
        let (ours, reason) = accepted_by_us(&files, &known, now);
        assert_eq!(ours, expected, "{name}: {reason:?}");
        assert_eq!(accepted_by_apt(&files, &known), expected, "apt, {name}");
    }
}

fn accepted_by_us(files: &Files, key: &AptKey, now: Timestamp) -> (bool, Option<String>) {
    let list = "deb [signed-by=/k.gpg] http://repo.example.org/apt nodistro main";
    let image = BTreeMap::from([
        ("etc/apt/sources.list".to_owned(), list.as_bytes().to_vec()),
        ("k.gpg".to_owned(), key.keyring()),
    ]);
    let scope = "debian:12".parse().unwrap();
    let architectures = ["amd64".to_owned()];
    let system = AptSystem { scope: &scope, architectures: &architectures };
    let request = archives_to_ask(&image, system, &|_| true);
    let file = match (&files.in_release, &files.release) {
        (Some(file), _) => SignedRelease::Inline(file),
        (None, release) => SignedRelease::Detached {
            release: release.as_deref().unwrap_or_default(),
            signature: files.signature.as_deref(),
        },
    };
    let judge = Judge { distribution: &Keyring::default(), operator: None, now };
    let suite = judge.release(&request.ask[0], file, None).suite;
    (suite.status.is_usable(), suite.reason)
}

/// Whether `apt-get update` keeps the release.
fn accepted_by_apt(files: &Files, key: &AptKey) -> bool {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().display().to_string();
    let put = |path: &str, bytes: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for (name, bytes) in [
        ("InRelease", &files.in_release),
        ("Release", &files.release),
        ("Release.gpg", &files.signature),
    ] {
        if let Some(bytes) = bytes {
            put(&format!("archive/dists/nodistro/{name}"), bytes);
        }
    }
    put("archive/dists/nodistro/main/binary-amd64/Packages", b"");
    put("k.gpg", &key.keyring());
    let list = format!("deb [signed-by={folder}/k.gpg] file:{folder}/archive nodistro main\n");
    put("etc/apt/sources.list", list.as_bytes());
    put("status", b"");
    let configuration = format!(
        "Dir \"{folder}\";\nDir::State::status \"{folder}/status\";\nAPT::Architecture \"amd64\";\n\
         APT::Architectures {{ \"amd64\"; }};\nAPT::Sandbox::User \"\";\nDebug::NoLocking \"true\";\n"
    );
    put("apt.conf", configuration.as_bytes());
    for path in ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial"] {
        fs::create_dir_all(root.path().join(path)).unwrap();
    }
    let output = Command::new("apt-get")
        .arg("update")
        .env("APT_CONFIG", root.path().join("apt.conf"))
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert!(output.status.code().is_some(), "apt-get was killed");
    has_release(&root.path().join("var/lib/apt/lists"))
}

fn has_release(lists: &Path) -> bool {
    fs::read_dir(lists).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str().is_some_and(|name| name.ends_with("Release"))
    })
}
