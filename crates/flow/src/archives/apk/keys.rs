//! The keys that official indexes must be signed with: those of the program and of the operator.

use std::path::Path;

use plimsoll_distro::ApkKeys;
use plimsoll_model::{Ecosystem, Problem};

use super::problem;
use crate::archives::keys::operators_files;
use crate::session::Session;

/// A key has a kilobyte; a keyring for other package managers may lie beside it.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// The carried keys of the distribution, and those of `--keyring`: a file, or a directory of files, each named as the
/// signatures name the key.
pub(super) fn trusted(
    session: &Session,
    ecosystem: Ecosystem,
    arch: &str,
    problems: &mut Vec<Problem>,
) -> ApkKeys {
    let mut keys = ApkKeys::carried(ecosystem, arch);
    for path in operators_files(session.settings.keyring.as_deref()) {
        if let Err(why) = add(&mut keys, &path) {
            problems.push(problem(&path.display().to_string(), &why));
        }
    }
    if keys.names().next().is_none() {
        let why = format!("none are carried for {ecosystem}: give its key with --keyring");
        problems.push(problem("the keys of the distribution", &why));
    }
    keys
}

fn add(keys: &mut ApkKeys, path: &Path) -> Result<(), String> {
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !found.is_file() || found.len() > MAX_KEY_BYTES {
        return Err(format!("is no file of at most {MAX_KEY_BYTES} bytes, as keys of indexes are"));
    }
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    keys.add(&name, &pem).map_err(|error| error.to_string())
}
