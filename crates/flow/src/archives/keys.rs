//! The keys that a distribution's archive must be signed with.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_distro::{Keyring, carried_keyring, host_keyring};
use plimsoll_model::{Ecosystem, Problem};

use crate::error::chain;
use crate::session::Session;

/// A directory of keys for several package managers has some dozen files; the others are passed over.
const MAX_FILES: usize = 200;
/// Debian's keyring of all its developers has 6 MB.
const MAX_KEYRING_BYTES: u64 = 16 << 20;

/// The distribution's keys, those that the program carries or else the host's, and the operator's.
pub(crate) struct Keys {
    pub(crate) distribution: Keyring,
    pub(crate) operator: Option<Keyring>,
}

/// Reads the keys. Where nobody has the distribution's, an error says what would help.
pub(crate) fn keys(
    session: &Session,
    ecosystem: Ecosystem,
    problems: &mut Vec<Problem>,
) -> Result<Keys, String> {
    let operator = operators_keyring(session.settings.keyring.as_deref(), problems);
    let distribution = match (carried_keyring(ecosystem), host_keyring(ecosystem)) {
        (Some(carried), _) => Keyring::from_bytes(carried).map_err(|error| chain(&error)),
        (None, Some(host)) => from_file(Path::new(host))
            .map_err(|error| format!("{host}: {error}; give one with --keyring")),
        (None, None) => Err(format!("no keys are known for {ecosystem}; give them with --keyring")),
    };
    match (distribution, &operator) {
        (Ok(distribution), _) => Ok(Keys { distribution, operator }),
        (Err(_), Some(_)) => Ok(Keys { distribution: Keyring::default(), operator }),
        (Err(error), None) => Err(error),
    }
}

/// The OpenPGP keys of `--keyring`, a file or a directory of files; none where it has none. A file that holds others,
/// such as apk's, is a problem, but no reason to do without the rest.
pub(super) fn operators_keyring(
    place: Option<&Path>,
    problems: &mut Vec<Problem>,
) -> Option<Keyring> {
    let mut keyring = None;
    for path in operators_files(place) {
        match from_file(&path) {
            Ok(found) => keyring.get_or_insert_with(Keyring::default).extend(found),
            Err(message) => {
                problems.push(Problem { path: path.display().to_string(), layer: None, message });
            }
        }
    }
    keyring
}

/// The files of `--keyring`, in order.
pub(super) fn operators_files(place: Option<&Path>) -> Vec<PathBuf> {
    let Some(place) = place else { return Vec::new() };
    let Ok(directory) = fs::read_dir(place) else { return vec![place.to_owned()] };
    let mut files: Vec<PathBuf> = directory.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.truncate(MAX_FILES);
    files
}

fn from_file(path: &Path) -> Result<Keyring, String> {
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        let found = fs::metadata(path)?;
        let is_keyring = found.is_file() && found.len() <= MAX_KEYRING_BYTES;
        is_keyring.then(|| fs::read(path)).transpose()
    };
    match read() {
        Ok(Some(bytes)) => Keyring::from_bytes(&bytes).map_err(|error| chain(&error)),
        Ok(None) => Err(format!("is no file of at most {MAX_KEYRING_BYTES} bytes")),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::AptKey;

    use super::*;

    #[test]
    fn of_a_directory_of_keys_those_of_openpgp_count_and_the_others_are_named() {
        let made = tempfile::tempdir().unwrap();
        let path = |name: &str| made.path().join(name);
        let [one, two] = [AptKey::new(1), AptKey::new(2)];
        fs::write(path("a.gpg"), one.keyring()).unwrap();
        fs::write(
            path("b.rsa.pub"),
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        )
        .unwrap();
        fs::write(path("c.gpg"), two.keyring()).unwrap();
        let mut problems = Vec::new();
        let keyring = operators_keyring(Some(made.path()), &mut problems).unwrap();
        let mut found: Vec<_> = keyring.fingerprints().collect();
        found.sort();
        let mut expected = vec![one.fingerprint(), two.fingerprint()];
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].path, path("b.rsa.pub").display().to_string());

        // Alone it is no keyring at all: the carried keys must do.
        let mut problems = Vec::new();
        assert!(operators_keyring(Some(&path("b.rsa.pub")), &mut problems).is_none());
        assert_eq!(problems.len(), 1);
    }
}
