//! What the suites share: the check of one pair, the tools' Python, the shared data.

use std::cmp::Ordering;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use plimsoll_versions::{Scheme, compare, sort_key};

/// The interpreter that python3-apt and python3-rpm are installed for.
const PYTHON: &str = "/usr/bin/python3";

/// Checks one pair in both directions, by comparison and by sort key.
pub(crate) fn check(scheme: Scheme, a: &str, expected: Ordering, b: &str) {
    assert_eq!(compare(scheme, a, b).unwrap(), expected, "{scheme}: {a:?} against {b:?}");
    assert_eq!(compare(scheme, b, a).unwrap(), expected.reverse(), "{scheme}: {b:?} against {a:?}");
    let by_key = key(scheme, a).cmp(&key(scheme, b));
    assert_eq!(by_key, expected, "{scheme}: keys of {a:?} and {b:?}");
}

/// Checks that every version of the list is lower than every later one.
pub(crate) fn check_ascending(scheme: Scheme, versions: &[&str]) {
    for (i, a) in versions.iter().enumerate() {
        check(scheme, a, Ordering::Equal, a);
        for b in versions.get(i + 1..).unwrap_or_default() {
            check(scheme, a, Ordering::Less, b);
        }
    }
}

pub(crate) fn key(scheme: Scheme, version: &str) -> Vec<u8> {
    let mut key = Vec::new();
    sort_key(scheme, version, &mut key).unwrap();
    key
}

/// Reads `<`, `=`, `==` or `>`.
pub(crate) fn relation(sign: &str) -> Ordering {
    match sign {
        "<" => Ordering::Less,
        "=" | "==" => Ordering::Equal,
        ">" => Ordering::Greater,
        _ => panic!("no relation: {sign:?}"),
    }
}

/// Whether [`PYTHON`] can import `module`.
pub(crate) fn python_has(module: &str) -> bool {
    Command::new(PYTHON)
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs `program` on `lines` and returns what it prints. The program reads all lines before it
/// prints anything: there is no thread here that would read meanwhile.
pub(crate) fn python(program: &str, lines: &str) -> String {
    let mut child = Command::new(PYTHON)
        .args(["-c", program])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "python: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A path below the shared test data; says so and gives `None` where that is missing.
pub(crate) fn shared_data(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if !root.exists() {
        println!("skipped: needs shared/data");
        return None;
    }
    Some(root.join(path))
}

/// The files of a shared `.tar.zst` whose path ends so, as (path, text).
pub(crate) fn shared_texts(archive: &str, suffix: &str) -> Option<Vec<(String, String)>> {
    let file = std::fs::File::open(shared_data(archive)?).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut texts = Vec::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        if path.ends_with(suffix) || suffix.ends_with('/') && path.contains(suffix) {
            let mut text = String::new();
            if entry.read_to_string(&mut text).is_ok() && !text.is_empty() {
                texts.push((path, text));
            }
        }
    }
    assert!(!texts.is_empty(), "no {suffix} in {archive}");
    Some(texts)
}
