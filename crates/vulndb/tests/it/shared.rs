//! The shared test data, where it is there.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

/// The folder of the shared data; says so and gives none where it does not exist.
pub(crate) fn data() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: needs shared/data");
    None
}

/// The files of a `data.tar.zst`.
pub(crate) fn unpack(path: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let file = File::open(data()?.join(path)).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut files = Vec::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.push((name, bytes));
        }
    }
    files.sort();
    Some(files)
}

/// A file compressed by zstd, or as it is.
pub(crate) fn read(path: &str) -> Option<Vec<u8>> {
    let bytes = fs::read(data()?.join(path)).unwrap();
    Some(if path.ends_with(".zst") { zstd::decode_all(&bytes[..]).unwrap() } else { bytes })
}
