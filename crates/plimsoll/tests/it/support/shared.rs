//! The shared test data: real advisories, package databases, images.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A path in the shared data; says that the test is skipped where there is none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    plimsoll_testkit::shared_data().map(|root| root.join(path))
}

/// Unpacks a `.tar.zst` into a directory.
pub(crate) fn extract(archive: &Path, into: &Path) {
    let packed = zstd::Decoder::new(File::open(archive).unwrap()).unwrap();
    tar::Archive::new(packed).unpack(into).unwrap();
}

/// Writes the root file system of a `.status.xz`.
pub(crate) fn rootfs_of_status(archive: &Path, os_release: &str, root: &Path) {
    let mut status = String::new();
    liblzma::read::XzDecoder::new(File::open(archive).unwrap())
        .read_to_string(&mut status)
        .unwrap();
    super::write_rootfs(root, &[("etc/os-release", os_release), ("var/lib/dpkg/status", &status)]);
    assert!(fs::metadata(root.join("var/lib/dpkg/status")).unwrap().len() > 1000);
}
