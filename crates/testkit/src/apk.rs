//! Alpine packages, indexes and their signatures, as abuild and `apk index` write them.

mod index;
mod key;
mod package;
mod root;

pub use index::ApkIndexWriter;
pub use key::{ApkHash, ApkKey};
pub use package::ApkPackage;
pub use root::AlpineRoot;

use std::io::Write;

use flate2::write::GzEncoder;

/// One gzip member.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar's header for a file of root.
fn header(size: usize, mode: u32, mtime: u64) -> ::tar::Header {
    let mut header = ::tar::Header::new_ustar();
    // The zero byte of old tars is no file to apk.
    header.set_entry_type(::tar::EntryType::Regular);
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_mtime(mtime);
    header.set_username("root").unwrap();
    header.set_groupname("root").unwrap();
    header
}

/// A tar of files, gzipped, without the mark of its end: another member follows.
fn cut_tar(files: &[(&str, &[u8])], mtime: u64) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(Vec::new());
    for (name, content) in files {
        tar.append_data(&mut header(content.len(), 0o644, mtime), name, *content).unwrap();
    }
    let mut bytes = tar.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    gzip(&bytes)
}
