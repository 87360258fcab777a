use std::path::{Path, PathBuf};

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::error::{Fault, TableError};
use crate::keys::Keys;
use crate::layout::SectionKind;
use crate::map::Bytes;
use crate::sections::{Sections, outside};
use crate::strings::Strings;
use crate::tag::Tag;
use crate::texts::TextReader;
use crate::verify::verify_checksum;

/// An open table: its bytes, and where its sections lie.
///
/// Views of sections ([`Keys`], [`Strings`] …) borrow from it and are made in nanoseconds.
pub struct Table {
    path: PathBuf,
    bytes: Bytes,
    sections: Sections,
}

impl Table {
    /// Maps a file and checks its header and directory, nothing else: see [`Table::verify`].
    pub fn open(path: &Path, kind: Tag, version: u32) -> Result<Self, TableError> {
        let bytes = Bytes::map(path).map_err(|fault| TableError::new(path, fault))?;
        Self::new(path, bytes, kind, version)
    }

    /// The same for bytes in memory; `name` stands for the path in errors.
    pub fn from_bytes(
        name: &str,
        bytes: Vec<u8>,
        kind: Tag,
        version: u32,
    ) -> Result<Self, TableError> {
        Self::new(Path::new(name), Bytes::Owned(bytes), kind, version)
    }

    fn new(path: &Path, bytes: Bytes, kind: Tag, version: u32) -> Result<Self, TableError> {
        let sections =
            Sections::read(&bytes, kind, version).map_err(|fault| TableError::new(path, fault))?;
        Ok(Self { path: path.to_path_buf(), bytes, sections })
    }

    /// The file, or the name given to bytes in memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The SHA-256 that the header states: an identity, proven only by [`Table::verify`].
    pub fn checksum(&self) -> [u8; 32] {
        self.sections.checksum
    }

    /// Reads the whole file: the checksum, and every key, string and text.
    pub fn verify(&self) -> Result<(), TableError> {
        verify_checksum(&self.bytes, self.checksum()).map_err(|fault| self.error(fault))?;
        for section in self.sections.iter() {
            match section.kind {
                SectionKind::Blob => {}
                SectionKind::Records => {
                    section.verify_records().map_err(|fault| self.error(fault))?;
                }
                SectionKind::Keys => {
                    let records = self.sections.count(section.target);
                    self.keys(section.name)?.verify(records)?;
                }
                SectionKind::Strings => self.strings(section.name)?.verify()?,
                SectionKind::Texts => self.texts(section.name)?.verify()?,
            }
        }
        Ok(())
    }

    /// The bytes of a blob.
    pub fn blob(&self, section: Tag) -> Result<&[u8], TableError> {
        self.section(section, SectionKind::Blob)
    }

    /// All records of a section.
    pub fn records<R>(&self, section: Tag) -> Result<&[R], TableError>
    where
        R: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let bytes = self.section(section, SectionKind::Records)?;
        let found = self.sections.stride(section);
        let expected = size_of::<R>();
        if found as usize != expected {
            return Err(self.error(Fault::Stride { section, expected, found }));
        }
        <[R]>::ref_from_bytes(bytes)
            .map_err(|_| self.error(outside(section, "record", bytes.len() as u64)))
    }

    /// The sorted keys of a section.
    pub fn keys(&self, section: Tag) -> Result<Keys<'_>, TableError> {
        let bytes = self.section(section, SectionKind::Keys)?;
        Keys::read(&self.path, section, bytes)
    }

    /// The records that a key names, in their order; none if the key is not there.
    pub fn find<R>(&self, keys: Tag, key: &[u8]) -> Result<&[R], TableError>
    where
        R: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let Some(range) = self.keys(keys)?.find(key)? else {
            return Ok(&[]);
        };
        let target = self.sections.target(keys);
        self.records(target)?
            .get(range.start as usize..range.end as usize)
            .ok_or_else(|| self.error(outside(target, "record", u64::from(range.end))))
    }

    /// The strings of a section.
    pub fn strings(&self, section: Tag) -> Result<Strings<'_>, TableError> {
        let bytes = self.section(section, SectionKind::Strings)?;
        Ok(Strings::new(&self.path, section, bytes))
    }

    /// A reader of the texts of a section; it keeps the page it unpacked last.
    pub fn texts(&self, section: Tag) -> Result<TextReader<'_>, TableError> {
        let bytes = self.section(section, SectionKind::Texts)?;
        TextReader::read(&self.path, section, bytes)
    }

    fn section(&self, name: Tag, kind: SectionKind) -> Result<&[u8], TableError> {
        let range = self.sections.range(name, kind).map_err(|fault| self.error(fault))?;
        self.bytes.get(range).ok_or_else(|| self.error(Fault::Place { section: name }))
    }

    fn error(&self, fault: Fault) -> TableError {
        TableError::new(&self.path, fault)
    }
}
