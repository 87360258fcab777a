//! What the surroundings say: variables, home, the root of the system's files.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Everything that `Config::from_environment` looks at, so that nothing else is looked at.
pub struct Environment<'a> {
    /// Looks an environment variable up.
    pub vars: &'a dyn Fn(&str) -> Option<String>,
    /// The caller's home directory.
    pub home: Option<PathBuf>,
    /// Put before absolute paths of the system such as `/etc/containers`; `/` outside tests.
    pub root: PathBuf,
    /// The effective user id: podman's run-time directory is named after it.
    pub euid: u32,
}

impl Environment<'_> {
    /// A variable that is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<String> {
        (self.vars)(name).filter(|value| !value.is_empty())
    }

    /// A path of the system, such as `etc/containers`.
    pub(crate) fn system(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path in the caller's home directory.
    pub(crate) fn at_home(&self, path: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// A directory that a variable names, or else its place at home.
    pub(crate) fn var_or_home(&self, name: &str, at_home: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).or_else(|| self.at_home(at_home))
    }
}

/// Longest configuration, credential or certificate file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The content of a small file; none if there is no such file.
pub(crate) fn read_small(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let error = |source| Error::File { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(missing) if is_missing(&missing) => return Ok(None),
        Err(source) => return Err(error(source)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(error(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(bytes))
}

/// The paths in a directory with one of `extensions`, in the order of their names; none if there is
/// no such directory.
pub(crate) fn list(directory: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let error = |source| Error::File { path: directory.to_owned(), source };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(missing) if is_missing(&missing) => return Ok(Vec::new()),
        Err(source) => return Err(error(source)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(error)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| extensions.contains(&extension)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
