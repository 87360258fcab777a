//! Tars with every kind of member and extension header, and the same as compressed layers.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::{Corpus, Result};

pub(crate) fn write_tars(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    for tar in tars()? {
        corpus.add(tar)?;
    }
    for tar in real(shared)? {
        corpus.add(tar)?;
    }
    Ok(())
}

pub(crate) fn write_layers(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    for tar in tars()?.into_iter().chain(real(shared)?) {
        for level in [Compression::none(), Compression::best()] {
            let mut gzip = GzEncoder::new(Vec::new(), level);
            gzip.write_all(&tar)?;
            corpus.add(gzip.finish()?)?;
        }
        let frames = [zstd::bulk::compress(&tar, 3)?, zstd::bulk::compress(&[], 3)?];
        corpus.add(frames.concat())?;
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
        xz.write_all(&tar)?;
        corpus.add(xz.finish()?)?;
        corpus.add(tar)?;
    }
    Ok(())
}

fn tars() -> Result<Vec<Vec<u8>>> {
    let all = [
        b"".to_vec(),
        member(Header::new_gnu(), "etc/os-release", EntryType::Regular, b"ID=alpine\n")?,
        member(Header::new_ustar(), "./usr//lib/../bin/", EntryType::Directory, b"")?,
        member(Header::new_old(), "/absolute", EntryType::Regular, &[b'x'; 700])?,
        member(Header::new_gnu(), "var/.wh..wh..opq", EntryType::Regular, b"")?,
        member(Header::new_gnu(), "dev/console", EntryType::Char, b"")?,
        member(Header::new_gnu(), "run/fifo", EntryType::Fifo, b"")?,
        link("lib", EntryType::Symlink, "usr/lib")?,
        link("../../escape", EntryType::Symlink, "/etc/../../shadow")?,
        link("again", EntryType::Link, "./etc/os-release")?,
        long_name()?,
        pax(&[("path", "from/pax"), ("size", "3"), ("mtime", "1.5")], b"abc")?,
        pax(&[("linkpath", "target"), ("SCHILY.xattr.user.a", "b\n"), ("path", "")], b"")?,
        pax_sparse()?,
        gnu_sparse()?,
        member(
            Header::new_ustar(),
            "pax_global_header",
            EntryType::XGlobalHeader,
            b"12 path=all\n",
        )?,
    ];
    let whole = [&all.concat()[..], &[0; 1024], b"behind the end"].concat();
    Ok(all.into_iter().chain([whole]).collect())
}

fn finished(builder: Builder<Vec<u8>>) -> Result<Vec<u8>> {
    let mut tar = builder.into_inner()?;
    tar.truncate(tar.len() - 1024);
    Ok(tar)
}

fn member(mut header: Header, name: &str, kind: EntryType, content: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_cksum();
    builder.append(&header, content)?;
    finished(builder)
}

fn link(name: &str, kind: EntryType, target: &str) -> Result<Vec<u8>> {
    let mut header = Header::new_gnu();
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    member(header, name, kind, b"")
}

fn long_name() -> Result<Vec<u8>> {
    let name = "deep/".repeat(30) + "name";
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(4);
    builder.append_data(&mut header, &name, &b"long"[..])?;
    builder.append_link(&mut Header::new_gnu(), "short", name.replace("deep", "link"))?;
    finished(builder)
}

fn pax(records: &[(&str, &str)], content: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    builder.append_pax_extensions(records.iter().map(|(key, value)| (*key, value.as_bytes())))?;
    let start = finished(builder)?;
    Ok([start, member(Header::new_ustar(), "ustar", EntryType::Regular, content)?].concat())
}

/// GNU's PAX form 1.0: the map stands in front of the content.
fn pax_sparse() -> Result<Vec<u8>> {
    let mut content = b"2\n512\n3\n4096\n4\n".to_vec();
    content.resize(512, b'\0');
    content.extend_from_slice(b"abcdefg");
    let major = ("GNU.sparse.major", "1");
    let name = ("GNU.sparse.name", "holes");
    pax(&[major, ("GNU.sparse.minor", "0"), name, ("GNU.sparse.realsize", "5000")], &content)
}

/// GNU's old form: the map stands in the header.
fn gnu_sparse() -> Result<Vec<u8>> {
    let mut header = Header::new_gnu();
    let gnu = header.as_gnu_mut().ok_or("a GNU header")?;
    gnu.sparse[0].offset.copy_from_slice(b"00000001000\0");
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000003\0");
    gnu.realsize.copy_from_slice(b"00000002000\0");
    member(header, "old-holes", EntryType::GNUSparse, b"abc")
}

/// The largest real tar that is taken.
const MAX_BYTES: u64 = 13_000;

/// Small odd tars that another project tests with.
fn real(shared: Option<&Path>) -> Result<Vec<Vec<u8>>> {
    let Some(shared) = shared else { return Ok(Vec::new()) };
    let packed =
        File::open(shared.join("images/docker-archive/osv-scalibr-layer-testdata.tar.zst"))?;
    let mut found = Vec::new();
    for entry in tar::Archive::new(zstd::Decoder::new(packed)?).entries()? {
        let mut entry = entry?;
        if entry.size() <= MAX_BYTES {
            let mut tar = Vec::new();
            entry.read_to_end(&mut tar)?;
            found.push(tar);
        }
    }
    Ok(found)
}
