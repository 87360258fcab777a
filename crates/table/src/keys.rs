use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::builder::BuildError;
use crate::error::{Fault, TableError};
use crate::sections::outside;
use crate::tag::Tag;

/// Where a key and its range end; both begin where those of the entry before end.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct KeyEntry {
    key_end: U32,
    range_end: U32,
}

/// One key of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'t> {
    /// The key.
    pub bytes: &'t [u8],
    /// The numbers of its records in the section that the keys are of.
    pub records: Range<u32>,
}

/// Sorted keys, each naming a range of records.
///
/// A table of offsets and a binary search, instead of a finite-state transducer: `fst` trusts its bytes and panics
/// over wrong ones, while here two comparisons check everything that is followed.
#[derive(Clone, Copy)]
pub struct Keys<'t> {
    path: &'t Path,
    section: Tag,
    entries: &'t [KeyEntry],
    bytes: &'t [u8],
}

impl<'t> Keys<'t> {
    pub(crate) fn read(path: &'t Path, section: Tag, bytes: &'t [u8]) -> Result<Self, TableError> {
        let damaged =
            || TableError::new(path, outside(section, "table of keys", bytes.len() as u64));
        let (count, rest) = U32::ref_from_prefix(bytes).map_err(|_| damaged())?;
        let (entries, bytes) = <[KeyEntry]>::ref_from_prefix_with_elems(rest, count.get() as usize)
            .map_err(|_| damaged())?;
        Ok(Self { path, section, entries, bytes })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The range of records of exactly this key.
    pub fn find(&self, key: &[u8]) -> Result<Option<Range<u32>>, TableError> {
        let at = self.lower_bound(key)?;
        if at == self.len() {
            return Ok(None);
        }
        let found = self.key(at)?;
        Ok((found.bytes == key).then_some(found.records))
    }

    /// All keys with this beginning, in ascending order; all keys for an empty one.
    pub fn starting_with<'p>(
        &self,
        prefix: &'p [u8],
    ) -> Result<impl Iterator<Item = Result<Key<'t>, TableError>> + use<'t, 'p>, TableError> {
        let keys = *self;
        let first = self.lower_bound(prefix)?;
        Ok((first..self.len())
            .map(move |at| keys.key(at))
            .take_while(move |key| !matches!(key, Ok(key) if !key.bytes.starts_with(prefix))))
    }

    pub(crate) fn verify(&self, records: u64) -> Result<(), TableError> {
        let mut previous: Option<&[u8]> = None;
        for at in 0..self.len() {
            let Key { bytes, records: range } = self.key(at)?;
            if previous.is_some_and(|previous| previous >= bytes) {
                let key = u32::try_from(at).unwrap_or(u32::MAX);
                return Err(TableError::new(
                    self.path,
                    Fault::Order { section: self.section, key },
                ));
            }
            if u64::from(range.end) > records {
                return Err(self.damaged("range of key", at));
            }
            previous = Some(bytes);
        }
        Ok(())
    }

    /// The number of the first key that is not less than `key`.
    fn lower_bound(&self, key: &[u8]) -> Result<usize, TableError> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.key(middle)?.bytes.cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal | Ordering::Greater => high = middle,
            }
        }
        Ok(low)
    }

    fn key(&self, at: usize) -> Result<Key<'t>, TableError> {
        let damaged = || self.damaged("key", at);
        let entry = self.entries.get(at).ok_or_else(damaged)?;
        let (key_start, range_start) = match at.checked_sub(1) {
            None => (0, 0),
            Some(before) => {
                let before = self.entries.get(before).ok_or_else(damaged)?;
                (before.key_end.get(), before.range_end.get())
            }
        };
        let bytes =
            self.bytes.get(key_start as usize..entry.key_end.get() as usize).ok_or_else(damaged)?;
        let records = range_start..entry.range_end.get();
        if records.start > records.end {
            return Err(damaged());
        }
        Ok(Key { bytes, records })
    }

    fn damaged(&self, what: &'static str, at: usize) -> TableError {
        TableError::new(self.path, outside(self.section, what, at as u64))
    }
}

/// Collects the keys of a section of records.
pub struct KeysBuilder {
    target: Tag,
    entries: Vec<KeyEntry>,
    bytes: Vec<u8>,
    last: Range<usize>,
    records: u32,
}

impl KeysBuilder {
    /// Keys of the records in the section `target`.
    pub fn new(target: Tag) -> Self {
        Self { target, entries: Vec::new(), bytes: Vec::new(), last: 0..0, records: 0 }
    }

    /// Names the key of the next record. Records are sorted by key; those with the same key form one range.
    pub fn push(&mut self, key: &[u8]) -> Result<(), BuildError> {
        self.records = self.records.checked_add(1).ok_or(BuildError::TooLarge("records"))?;
        let range_end = U32::new(self.records);
        let last = self.bytes.get(self.last.clone()).unwrap_or_default();
        match (self.entries.last_mut(), last.cmp(key)) {
            (Some(entry), Ordering::Equal) => entry.range_end = range_end,
            (Some(_), Ordering::Greater) => {
                return Err(BuildError::KeyOrder(key.escape_ascii().to_string()));
            }
            (None, _) | (Some(_), Ordering::Less) => {
                self.last = self.bytes.len()..self.bytes.len() + key.len();
                self.bytes.extend_from_slice(key);
                let key_end = u32::try_from(self.bytes.len())
                    .map_err(|_| BuildError::TooLarge("keys"))?
                    .into();
                self.entries.push(KeyEntry { key_end, range_end });
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(Tag, Vec<u8>), BuildError> {
        let count = u32::try_from(self.entries.len()).map_err(|_| BuildError::TooLarge("keys"))?;
        let mut section = Vec::with_capacity(
            size_of::<U32>() + size_of_val(self.entries.as_slice()) + self.bytes.len(),
        );
        section.extend_from_slice(&count.to_le_bytes());
        section.extend_from_slice(self.entries.as_bytes());
        section.extend_from_slice(&self.bytes);
        Ok((self.target, section))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: Tag = Tag::new("keys");

    fn section(keys: &[&str]) -> Vec<u8> {
        let mut builder = KeysBuilder::new(Tag::new("records"));
        for key in keys {
            builder.push(key.as_bytes()).unwrap();
        }
        builder.finish().unwrap().1
    }

    #[test]
    fn equal_neighbours_form_one_range() {
        fn check(keys: &[&str], wanted: &str, expected: Option<[u32; 2]>) {
            let bytes = section(keys);
            let keys = Keys::read(Path::new("t"), TAG, &bytes).unwrap();
            assert_eq!(
                keys.find(wanted.as_bytes()).unwrap(),
                expected.map(|[start, end]| start..end),
                "{wanted}"
            );
        }
        let keys = ["", "bash", "curl", "curl", "curl", "curlftpfs", "zlib"];
        check(&keys, "", Some([0, 1]));
        check(&keys, "bash", Some([1, 2]));
        check(&keys, "curl", Some([2, 5]));
        check(&keys, "curlftpfs", Some([5, 6]));
        check(&keys, "zlib", Some([6, 7]));
        check(&keys, "a", None);
        check(&keys, "cur", None);
        check(&keys, "zz", None);
        check(&[], "a", None);
    }

    #[test]
    fn keys_are_listed_by_beginning() {
        fn check(prefix: &str, expected: &[&str]) {
            let bytes = section(&["bash", "curl", "curlftpfs", "zlib"]);
            let keys = Keys::read(Path::new("t"), TAG, &bytes).unwrap();
            let found: Vec<_> = keys
                .starting_with(prefix.as_bytes())
                .unwrap()
                .map(|entry| String::from_utf8(entry.unwrap().bytes.to_vec()).unwrap())
                .collect();
            assert_eq!(found, expected, "{prefix}");
        }
        check("", &["bash", "curl", "curlftpfs", "zlib"]);
        check("curl", &["curl", "curlftpfs"]);
        check("d", &[]);
        check("zz", &[]);
    }

    #[test]
    fn descending_keys_are_refused() {
        let mut builder = KeysBuilder::new(Tag::new("records"));
        builder.push(b"b").unwrap();
        let error = builder.push(b"a\n").unwrap_err();
        assert_eq!(error.to_string(), "key \"a\\n\" comes after a greater one");
    }

    #[test]
    fn wrong_order_is_found_by_verify() {
        // One entry and one byte of key each: swapping the bytes breaks the order and nothing else.
        let mut bytes = section(&["a", "b"]);
        let keys = Keys::read(Path::new("t"), TAG, &bytes).unwrap();
        assert!(keys.verify(2).is_ok());
        assert!(keys.verify(1).is_err());
        let length = bytes.len();
        bytes.swap(length - 1, length - 2);
        let keys = Keys::read(Path::new("t"), TAG, &bytes).unwrap();
        assert!(matches!(keys.verify(2).unwrap_err().fault, Fault::Order { key: 1, .. }));
    }
}
