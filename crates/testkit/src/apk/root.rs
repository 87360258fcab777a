//! A real Alpine system in a directory, with the real apk.

use std::ops::Deref;
use std::path::Path;

use super::key::ApkKey;
use crate::system_root::SystemRoot;

/// A root file system of Alpine.
#[derive(Debug)]
pub struct AlpineRoot(SystemRoot);

impl AlpineRoot {
    /// Unpacks a tar; says that the test is skipped where its programs cannot be run.
    pub fn unpack(tarball: &Path) -> Option<Self> {
        SystemRoot::unpack(tarball).map(Self)
    }

    /// The same in a directory of its own.
    pub fn copy(&self) -> Self {
        Self(self.0.copy())
    }

    /// Lets its apk believe a key.
    pub fn trust(&self, key: &ApkKey) {
        self.write(&format!("etc/apk/keys/{}", key.name()), key.public_pem());
    }

    /// Runs its apk and returns what it printed; panics where it fails.
    pub fn apk(&self, arguments: &[&str]) -> String {
        self.run(&[&["/sbin/apk"], arguments].concat())
    }
}

impl Deref for AlpineRoot {
    type Target = SystemRoot;

    fn deref(&self) -> &SystemRoot {
        &self.0
    }
}
