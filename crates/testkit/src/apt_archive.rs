//! Signed distribution archives in a directory, as apt reads them.

mod key;
mod suite;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use key::AptKey;
pub use suite::AptSuite;

/// An archive below a directory: `dists/` with signed indexes, `pool/` with the packages.
///
/// ```no_run
/// # use plimsoll_testkit::{AptArchive, AptKey, AptSuite, Deb};
/// let key = AptKey::new(1);
/// let suite = AptSuite::new("bookworm-security").package(Deb::new("openssl", "3.0.2-1"));
/// AptArchive::new("archive", &key).suite(suite).write(1_780_000_000)?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct AptArchive<'a> {
    directory: PathBuf,
    key: &'a AptKey,
    suites: Vec<AptSuite>,
}

impl<'a> AptArchive<'a> {
    /// An archive without suites, signed by this key.
    pub fn new(directory: impl AsRef<Path>, key: &'a AptKey) -> Self {
        Self { directory: directory.as_ref().to_owned(), key, suites: Vec::new() }
    }

    /// The same with one more suite.
    pub fn suite(mut self, suite: AptSuite) -> Self {
        self.suites.push(suite);
        self
    }

    /// Writes everything, signed at `now` in seconds since the epoch. What an earlier call wrote stays where this
    /// one does not replace it, as in real archives: old packages, old indexes by hash.
    pub fn write(&self, now: i64) -> io::Result<()> {
        for suite in &self.suites {
            for (path, content) in suite.files(self.key, now)? {
                let path = self.directory.join(path);
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(path, content)?;
            }
        }
        Ok(())
    }
}
