//! The keys that an image brings for its package sources.

use std::collections::BTreeMap;

use plimsoll_model::Problem;

use crate::apt::sources::SignedBy;
use crate::openpgp::keyring::Keyring;

/// Keys that apt trusts for every source that names none.
const TRUSTED: &str = "etc/apt/trusted.gpg";
const TRUSTED_FOLDER: &str = "etc/apt/trusted.gpg.d/";

/// The keys of an image that may sign a source, and what of them could not be read. `files` are named by their paths
/// without a slash in front.
///
/// They say who made an archive by the image's own word: good for what the image adds, never for the distribution.
pub fn image_keyring(
    files: &BTreeMap<String, Vec<u8>>,
    signed_by: &SignedBy,
) -> (Keyring, Vec<Problem>) {
    let mut problems = Vec::new();
    let keyring = match signed_by {
        SignedBy::Any => trusted(files, &mut problems),
        SignedBy::Key(key) => read("Signed-By", key.as_bytes(), &mut problems),
        SignedBy::Named(names) => named(files, names, &mut problems),
    };
    (keyring, problems)
}

fn trusted(files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) -> Keyring {
    let mut keyring = Keyring::default();
    for (path, bytes) in files {
        let in_folder = path.strip_prefix(TRUSTED_FOLDER).is_some_and(|name| {
            !name.contains('/') && (name.ends_with(".gpg") || name.ends_with(".asc"))
        });
        // apt leaves an empty file behind where the last key was taken out.
        if (path == TRUSTED || in_folder) && !bytes.is_empty() {
            keyring.extend(read(path, bytes, problems));
        }
    }
    keyring
}

fn named(
    files: &BTreeMap<String, Vec<u8>>,
    names: &[String],
    problems: &mut Vec<Problem>,
) -> Keyring {
    let mut keyring = Keyring::default();
    let mut fingerprints = Vec::new();
    for name in names {
        if let Some(path) = name.strip_prefix('/') {
            match files.get(path) {
                Some(bytes) => keyring.extend(read(path, bytes, problems)),
                None => problems.push(problem(path, "the keyring is not in the image".to_owned())),
            }
        } else {
            // An exclamation mark asks for exactly this key and no subkey.
            fingerprints.push(name.trim_end_matches('!').to_ascii_uppercase());
        }
    }
    if !fingerprints.is_empty() {
        let fingerprints: Vec<_> = fingerprints.iter().map(String::as_str).collect();
        keyring.extend(trusted(files, problems).only(&fingerprints));
    }
    keyring
}

fn read(path: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> Keyring {
    Keyring::from_bytes(bytes).unwrap_or_else(|error| {
        problems.push(problem(path, error.to_string()));
        Keyring::default()
    })
}

fn problem(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), layer: None, message }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Ecosystem;

    use super::*;
    use crate::openpgp::keys::carried_keyring;

    /// How many keys are found, and what could not be read.
    fn found(files: &[(&str, &[u8])], signed_by: &SignedBy) -> (usize, Vec<String>) {
        let files =
            files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        let (keyring, problems) = image_keyring(&files, signed_by);
        let told = |problem: &Problem| format!("{}: {}", problem.path, problem.message);
        (keyring.fingerprints().count(), problems.iter().map(told).collect())
    }

    #[test]
    fn keys_are_found_where_apt_finds_them() {
        let debian = carried_keyring(Ecosystem::Debian).unwrap();
        let all = Keyring::from_bytes(debian).unwrap().fingerprints().count();
        let check = |files: &[(&str, &[u8])], signed_by: SignedBy, keys, problems: &[&str]| {
            let problems = problems.iter().map(ToString::to_string).collect();
            assert_eq!(found(files, &signed_by), (keys, problems));
        };
        let name = |name: &str| SignedBy::Named(vec![name.to_owned()]);
        let path = "usr/share/keyrings/a.asc";
        check(&[(path, debian)], name("/usr/share/keyrings/a.asc"), all, &[]);
        check(&[(path, debian)], SignedBy::Any, 0, &[]);
        let missing = "etc/b.gpg: the keyring is not in the image";
        check(&[(path, debian)], name("/etc/b.gpg"), 0, &[missing]);
        check(&[("etc/apt/trusted.gpg", debian)], SignedBy::Any, all, &[]);
        check(&[("etc/apt/trusted.gpg.d/a.asc", debian)], SignedBy::Any, all, &[]);
        check(&[("etc/apt/trusted.gpg.d/a.bak", debian)], SignedBy::Any, 0, &[]);
        check(&[("etc/apt/trusted.gpg", b"")], SignedBy::Any, 0, &[]);
        let odd: &[(&str, &[u8])] =
            &[("etc/apt/trusted.gpg", b"KBXf"), ("etc/apt/trusted.gpg.d/a.asc", debian)];
        check(odd, SignedBy::Any, all, &["etc/apt/trusted.gpg: keyring cannot be read"]);
        let one = "1f89983e0081fde018f3cc9673a4f27b8dd47936!";
        check(&[("etc/apt/trusted.gpg.d/a.asc", debian)], name(one), 1, &[]);
        let key = SignedBy::Key(String::from_utf8(debian.to_vec()).unwrap());
        check(&[], key, all, &[]);
    }
}
