use std::io::{self, Write};

use zerocopy::little_endian::U32;
use zerocopy::{Immutable, IntoBytes, Unaligned};

use crate::keys::KeysBuilder;
use crate::layout::{CHECKSUM, Entry, FORMAT, Header, MAGIC, MAX_SECTIONS, SectionKind};
use crate::strings::StringPool;
use crate::tag::Tag;
use crate::texts::TextPool;
use crate::verify::checksum_of;

/// Why a table cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Keys are pushed in ascending order, with their records.
    #[error("key \"{0}\" comes after a greater one")]
    KeyOrder(String),
    /// More than the format can count.
    #[error("{0} exceed what a table can hold")]
    TooLarge(&'static str),
    /// Two sections of one name.
    #[error("section \"{0}\" is there twice")]
    Twice(Tag),
    /// More sections than a reader accepts.
    #[error("more than {MAX_SECTIONS} sections")]
    TooMany,
    /// A page of text could not be compressed.
    #[error("text does not compress")]
    Compress(#[source] io::Error),
}

/// Collects the sections of a table and writes it. The same sections in the same order give the same bytes.
pub struct TableBuilder {
    kind: Tag,
    version: u32,
    sections: Vec<(Entry, Vec<u8>)>,
}

impl TableBuilder {
    /// A table of `kind`, whose records mean what `version` of the writer says.
    pub fn new(kind: Tag, version: u32) -> Self {
        Self { kind, version, sections: Vec::new() }
    }

    /// Adds bytes that mean something only to their writer, such as metadata.
    pub fn blob(&mut self, name: Tag, bytes: Vec<u8>) -> Result<(), BuildError> {
        self.add(name, SectionKind::Blob, 0, Tag::NONE, bytes)
    }

    /// Adds records of one size.
    pub fn records<R>(&mut self, name: Tag, records: &[R]) -> Result<(), BuildError>
    where
        R: IntoBytes + Immutable + Unaligned,
    {
        let stride =
            u32::try_from(size_of::<R>()).map_err(|_| BuildError::TooLarge("bytes of a record"))?;
        self.add(name, SectionKind::Records, stride, Tag::NONE, records.as_bytes().to_vec())
    }

    /// Adds sorted keys.
    pub fn keys(&mut self, name: Tag, keys: KeysBuilder) -> Result<(), BuildError> {
        let (target, bytes) = keys.finish()?;
        self.add(name, SectionKind::Keys, 0, target, bytes)
    }

    /// Adds a pool of strings.
    pub fn strings(&mut self, name: Tag, strings: StringPool) -> Result<(), BuildError> {
        self.add(name, SectionKind::Strings, 0, Tag::NONE, strings.finish())
    }

    /// Adds pages of text.
    pub fn texts(&mut self, name: Tag, texts: TextPool) -> Result<(), BuildError> {
        self.add(name, SectionKind::Texts, 0, Tag::NONE, texts.finish()?)
    }

    /// Writes the table and gives its checksum, the one [`Table::checksum`](crate::Table::checksum) will state.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<[u8; 32]> {
        let (header, entries) = self.directory();
        let sections = self.sections.iter().map(|(_, bytes)| bytes.as_slice());
        let (summed, _) = header.as_bytes().split_at(CHECKSUM);
        let checksum =
            checksum_of([summed, entries.as_bytes()].into_iter().chain(sections.clone()));
        let header = Header { checksum, ..header };

        writer.write_all(header.as_bytes())?;
        writer.write_all(entries.as_bytes())?;
        for section in sections {
            writer.write_all(section)?;
        }
        Ok(checksum)
    }

    /// The whole table in memory.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = self.write_to(&mut bytes);
        debug_assert!(written.is_ok(), "a Vec takes everything");
        bytes
    }

    fn add(
        &mut self,
        name: Tag,
        kind: SectionKind,
        stride: u32,
        target: Tag,
        bytes: Vec<u8>,
    ) -> Result<(), BuildError> {
        if self.sections.iter().any(|(entry, _)| entry.name == name) {
            return Err(BuildError::Twice(name));
        }
        if self.sections.len() == MAX_SECTIONS {
            return Err(BuildError::TooMany);
        }
        let entry = Entry {
            name,
            kind: (kind as u32).into(),
            stride: stride.into(),
            offset: 0.into(),
            length: (bytes.len() as u64).into(),
            target,
        };
        self.sections.push((entry, bytes));
        Ok(())
    }

    /// The header, still without its checksum, and the entries with their offsets.
    fn directory(&self) -> (Header, Vec<Entry>) {
        let mut at = (size_of::<Header>() + self.sections.len() * size_of::<Entry>()) as u64;
        let entries = self
            .sections
            .iter()
            .map(|&(mut entry, _)| {
                entry.offset = at.into();
                at += entry.length.get();
                entry
            })
            .collect();
        let header = Header {
            magic: MAGIC,
            kind: self.kind,
            format: FORMAT.into(),
            version: self.version.into(),
            sections: U32::new(self.sections.len() as u32),
            reserved: 0.into(),
            length: at.into(),
            checksum: [0; 32],
        };
        (header, entries)
    }
}
