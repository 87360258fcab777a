//! A real Alpine system in a directory, with the real apk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::key::ApkKey;
use crate::skip::{find_program, needs_programs, skipped};

/// A root file system that is removed in the end. Its programs run as root without any other wall than chroot: only
/// for the published root file systems of Alpine.
#[derive(Debug)]
pub struct AlpineRoot {
    directory: TempDir,
}

impl AlpineRoot {
    /// Unpacks a gzipped tar; says that the test is skipped where its programs cannot be run.
    pub fn unpack(tarball: &Path) -> Option<Self> {
        if !cfg!(target_arch = "x86_64") {
            skipped("needs a machine that runs x86_64");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped("needs root for chroot");
            return None;
        }
        if !needs_programs(&["chroot"]) {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("plimsoll-alpine-").tempdir().unwrap();
        let mut tar = ::tar::Archive::new(GzDecoder::new(File::open(tarball).unwrap()));
        tar.set_preserve_permissions(true);
        tar.unpack(directory.path()).unwrap();
        Some(Self { directory })
    }

    /// A path inside it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file of it as text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a file of it.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Lets its apk believe a key.
    pub fn trust(&self, key: &ApkKey) {
        self.write(&format!("etc/apk/keys/{}", key.name()), &key.public_pem());
    }

    /// Runs its apk and returns what it printed, both outputs behind one another; panics where it fails.
    pub fn apk(&self, arguments: &[&str]) -> String {
        let output = Command::new(find_program("chroot").unwrap())
            .arg(self.directory.path())
            .arg("/sbin/apk")
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(output.status.success(), "apk {arguments:?}: {text}");
        text
    }
}
