use std::ops::Range;

use zerocopy::FromBytes;

use crate::error::Fault;
use crate::layout::{Entry, FORMAT, Header, MAGIC, MAX_SECTIONS, SectionKind};
use crate::tag::Tag;

/// The directory of a table, checked: every section lies inside the file.
pub(crate) struct Sections {
    pub(crate) checksum: [u8; 32],
    sections: Vec<Section>,
}

pub(crate) struct Section {
    pub(crate) name: Tag,
    pub(crate) kind: SectionKind,
    pub(crate) target: Tag,
    stride: u32,
    range: Range<usize>,
}

impl Sections {
    pub(crate) fn read(bytes: &[u8], kind: Tag, version: u32) -> Result<Self, Fault> {
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| Fault::NotATable)?;
        check_header(header, bytes.len() as u64, kind, version)?;
        let count = header.sections.get() as usize;
        if count > MAX_SECTIONS {
            return Err(Fault::Header);
        }
        let (entries, _) =
            <[Entry]>::ref_from_prefix_with_elems(rest, count).map_err(|_| Fault::Header)?;

        let mut sections = Vec::with_capacity(count);
        let mut at = (size_of::<Header>() + size_of_val(entries)) as u64;
        for entry in entries {
            let section = Section::read(entry, at)?;
            at = section.range.end as u64;
            if at > bytes.len() as u64 {
                return Err(Fault::Place { section: entry.name });
            }
            if sections.iter().any(|other: &Section| other.name == section.name) {
                return Err(Fault::Header);
            }
            sections.push(section);
        }
        if at != bytes.len() as u64 {
            return Err(Fault::Length { stated: at, actual: bytes.len() as u64 });
        }
        Ok(Self { checksum: header.checksum, sections })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter()
    }

    pub(crate) fn range(&self, name: Tag, kind: SectionKind) -> Result<Range<usize>, Fault> {
        let section = self.get(name).ok_or(Fault::Missing { section: name })?;
        if section.kind != kind {
            return Err(Fault::SectionKind { section: name, expected: kind });
        }
        Ok(section.range.clone())
    }

    pub(crate) fn stride(&self, name: Tag) -> u32 {
        self.get(name).map_or(0, |section| section.stride)
    }

    pub(crate) fn target(&self, name: Tag) -> Tag {
        self.get(name).map_or(name, |section| section.target)
    }

    /// How many records a section has; zero if it has none or is not there.
    pub(crate) fn count(&self, name: Tag) -> u64 {
        self.get(name).map_or(0, |section| {
            (section.range.len() as u64).checked_div(u64::from(section.stride)).unwrap_or(0)
        })
    }

    fn get(&self, name: Tag) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}

impl Section {
    fn read(entry: &Entry, expected_offset: u64) -> Result<Self, Fault> {
        let place = || Fault::Place { section: entry.name };
        let kind = SectionKind::from_number(entry.kind.get()).ok_or(Fault::Header)?;
        if entry.offset.get() != expected_offset {
            return Err(place());
        }
        let end = expected_offset.checked_add(entry.length.get()).ok_or_else(place)?;
        let start = usize::try_from(expected_offset).map_err(|_| place())?;
        let end = usize::try_from(end).map_err(|_| place())?;
        Ok(Self {
            name: entry.name,
            kind,
            target: entry.target,
            stride: entry.stride.get(),
            range: start..end,
        })
    }

    /// Whether the section is whole records: the last one of others could be counted, but not read.
    pub(crate) fn verify_records(&self) -> Result<(), Fault> {
        let (length, stride) = (self.range.len() as u64, u64::from(self.stride));
        if length.checked_rem(stride).unwrap_or(length) == 0 {
            Ok(())
        } else {
            Err(outside(self.name, "record", length))
        }
    }
}

/// Something in `section` points outside it.
pub(crate) fn outside(section: Tag, what: &'static str, at: u64) -> Fault {
    Fault::Bounds { section, what, at }
}

fn check_header(header: &Header, actual: u64, kind: Tag, version: u32) -> Result<(), Fault> {
    if header.magic != MAGIC {
        return Err(Fault::NotATable);
    }
    if header.format.get() != FORMAT {
        return Err(Fault::Format { expected: FORMAT, found: header.format.get() });
    }
    if header.kind != kind {
        return Err(Fault::Kind { expected: kind, found: header.kind });
    }
    if header.version.get() != version {
        let found = header.version.get();
        return Err(Fault::Version { kind, expected: version, found });
    }
    if header.length.get() != actual {
        return Err(Fault::Length { stated: header.length.get(), actual });
    }
    if header.reserved.get() != 0 {
        return Err(Fault::Header);
    }
    Ok(())
}
