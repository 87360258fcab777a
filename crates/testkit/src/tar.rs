//! Writing tars, with any bytes as names.

use std::io::{self, Read, Write};

use ::tar::{EntryType, Header};

use crate::entry::Entry;

/// Writes members one after the other; GNU format, as docker's classic builder and tar itself use.
#[derive(Debug)]
pub struct TarWriter<W> {
    inner: W,
}

const BLOCK_BYTES: u64 = 512;
/// The name's and the target's fields in a header.
const NAME_BYTES: usize = 100;

impl<W: Write> TarWriter<W> {
    /// A tar without members yet.
    pub fn new(inner: W) -> Self {
        Self { inner }
    }

    /// Appends a member with the content it carries.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        self.append_from(entry, entry.content.len() as u64, &*entry.content)
    }

    /// Appends a member whose `size` bytes come from `content` instead of from the entry; fewer are
    /// an error.
    pub fn append_from(&mut self, entry: &Entry, size: u64, content: impl Read) -> io::Result<()> {
        self.long_name(b'K', &entry.target)?;
        self.long_name(b'L', &entry.path)?;
        let mut header = Header::new_gnu();
        header.set_entry_type(entry.kind);
        header.set_mode(entry.mode);
        header.set_mtime(entry.mtime);
        header.set_uid(entry.owner.0);
        header.set_gid(entry.owner.1);
        let old = header.as_old_mut();
        put(&mut old.name, &entry.path);
        put(&mut old.linkname, &entry.target);
        self.member(header, size, content)
    }

    /// Writes the two empty blocks of the end.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&[0; 2 * BLOCK_BYTES as usize])?;
        Ok(self.inner)
    }

    /// GNU's member before the member whose name or target is too long for its field.
    fn long_name(&mut self, kind: u8, name: &[u8]) -> io::Result<()> {
        if name.len() <= NAME_BYTES {
            return Ok(());
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::new(kind));
        put(&mut header.as_old_mut().name, b"././@LongLink");
        self.member(header, name.len() as u64 + 1, name.chain(&[0][..]))
    }

    fn member(&mut self, mut header: Header, size: u64, content: impl Read) -> io::Result<()> {
        header.set_size(size);
        header.set_cksum();
        self.inner.write_all(header.as_bytes())?;
        let written = io::copy(&mut content.take(size), &mut self.inner)?;
        if written != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let padding = size.next_multiple_of(BLOCK_BYTES) - size;
        io::copy(&mut io::repeat(0).take(padding), &mut self.inner)?;
        Ok(())
    }
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_another_reader() {
        let long = "d/".repeat(80) + "name";
        let entries = [
            Entry::directory("etc"),
            Entry::file("etc/a", "one").mode(0o4755).mtime(7).owner(1000, 50),
            Entry::file(&long, "two"),
            Entry::symlink("l", &long),
            Entry::hard_link("h", "etc/a"),
            Entry::file("../../escape", ""),
            Entry::file(b"\xff\n", ""),
        ];
        let mut writer = TarWriter::new(Vec::new());
        for entry in &entries {
            writer.append(entry).unwrap();
        }
        let tar = writer.finish().unwrap();
        let mut archive = ::tar::Archive::new(&*tar);
        let mut count = 0;
        for (member, entry) in archive.entries().unwrap().zip(&entries) {
            let mut member = member.unwrap();
            assert_eq!(&*member.path_bytes(), entry.path);
            let target = member.link_name_bytes().unwrap_or_default().into_owned();
            assert_eq!(target, entry.target);
            let header = member.header();
            assert_eq!(header.entry_type(), entry.kind);
            assert_eq!(header.mode().unwrap(), entry.mode);
            assert_eq!(header.mtime().unwrap(), entry.mtime);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), entry.owner);
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            assert_eq!(content, entry.content);
            count += 1;
        }
        assert_eq!(count, entries.len());
    }

    #[test]
    fn missing_content_is_an_error() {
        let mut writer = TarWriter::new(Vec::new());
        let error = writer.append_from(&Entry::file("a", ""), 4, &b"abc"[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
