//! Taking a real package apart, to be changed and built again.

use std::io::{self, Read};

use liblzma::read::XzDecoder;

use super::{Deb, DebCompression, Stanza, bare};
use crate::entry::Entry;

impl Deb {
    /// Reads a `.deb`. Its `md5sums` are left out: `dpkg` makes them where they are missing, and who
    /// changes a file need not think of them.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let mut package = Self {
            control: Stanza::default(),
            scripts: Vec::new(),
            data: Vec::new(),
            compression: DebCompression::default(),
        };
        for (name, content) in members(bytes)? {
            let Some((part, suffix)) = name.split_once(".tar") else { continue };
            let entries = entries(&decompress(suffix, content)?)?;
            if part == "control" {
                package.scripts = entries;
            } else {
                package.compression = compression(suffix)?;
                package.data = entries;
            }
        }
        let at = package.scripts.iter().position(|entry| bare(&entry.path) == b"control");
        let control = package.scripts.swap_remove(at.ok_or_else(|| broken("no control file"))?);
        package.control = Stanza::read(&String::from_utf8_lossy(&control.content));
        package.scripts.retain(|entry| entry.kind.is_file() && bare(&entry.path) != b"md5sums");
        package.data.retain(|entry| !bare(&entry.path).is_empty());
        Ok(package)
    }
}

fn members(bytes: &[u8]) -> io::Result<Vec<(String, &[u8])>> {
    let mut rest = bytes.strip_prefix(b"!<arch>\n").ok_or_else(|| broken("not an ar"))?;
    let mut members = Vec::new();
    while let Some((header, after)) = rest.split_at_checked(60) {
        let text = |range| String::from_utf8_lossy(&header[range]).trim_end().to_owned();
        let size: usize = text(48..58).parse().map_err(|_| broken("a size that is no number"))?;
        let content = after.get(..size).ok_or_else(|| broken("truncated"))?;
        members.push((text(0..16).trim_end_matches('/').to_owned(), content));
        rest = after.get(size.next_multiple_of(2)..).unwrap_or_default();
    }
    Ok(members)
}

fn compression(suffix: &str) -> io::Result<DebCompression> {
    use DebCompression::{Gzip, None, Xz, Zstd};
    let found = [None, Gzip, Xz, Zstd].into_iter().find(|known| known.suffix() == suffix);
    found.ok_or_else(|| broken("a compression that is not known"))
}

fn decompress(suffix: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut reader: Box<dyn Read + '_> = match compression(suffix)? {
        DebCompression::None => Box::new(bytes),
        DebCompression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        DebCompression::Xz => Box::new(XzDecoder::new_multi_decoder(bytes)),
        DebCompression::Zstd => Box::new(zstd::Decoder::new(bytes)?),
    };
    let mut plain = Vec::new();
    reader.read_to_end(&mut plain)?;
    Ok(plain)
}

fn entries(tar: &[u8]) -> io::Result<Vec<Entry>> {
    let mut archive = ::tar::Archive::new(tar);
    archive.entries()?.map(|entry| entry.and_then(read_entry)).collect()
}

fn read_entry(mut entry: ::tar::Entry<'_, &[u8]>) -> io::Result<Entry> {
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    let header = entry.header();
    Ok(Entry {
        path: entry.path_bytes().into_owned(),
        kind: header.entry_type(),
        target: entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default(),
        content,
        mode: header.mode()?,
        mtime: header.mtime()?,
        owner: (header.uid()?, header.gid()?),
    })
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the package is broken: {what}"))
}
