//! The tables of the target `table`.

use std::collections::BTreeMap;

use plimsoll_table::{
    BuildError, KeysBuilder, StringPool, StringRef, Table, TableBuilder, Tag, TextPool, TextRef,
};
use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub const KIND: Tag = Tag::new("fuzz");
pub const VERSION: u32 = 1;
pub const META: Tag = Tag::new("meta");
pub const KEYS: Tag = Tag::new("keys");
pub const RECORDS: Tag = Tag::new("records");
pub const STRINGS: Tag = Tag::new("strings");
pub const TEXTS: Tag = Tag::new("texts");

/// A record that names a string and a text.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Record {
    pub string: StringRef,
    pub text: TextRef,
}

/// The records of each key: what their strings and texts say.
pub type Content = BTreeMap<Vec<u8>, Vec<(Vec<u8>, String)>>;

/// A table of them, with every kind of section.
pub fn build(content: &Content, meta: &[u8]) -> Result<Vec<u8>, BuildError> {
    let (mut strings, mut texts) = (StringPool::new(), TextPool::new()?);
    let (mut keys, mut records) = (KeysBuilder::new(RECORDS), Vec::new());
    for (key, values) in content {
        for (string, text) in values {
            keys.push(key)?;
            records.push(Record { string: strings.add(string)?, text: texts.add(text)? });
        }
    }
    let mut table = TableBuilder::new(KIND, VERSION);
    table.blob(META, meta.to_vec())?;
    table.keys(KEYS, keys)?;
    table.records(RECORDS, &records)?;
    table.strings(STRINGS, strings)?;
    table.texts(TEXTS, texts)?;
    Ok(table.to_bytes())
}

/// Checks that what is built is what is read.
pub fn check_round_trip(content: &Content, meta: &[u8]) {
    let file = build(content, meta).expect("it is small");
    assert_eq!(file, build(content, meta).expect("it is small"), "the same bytes again");
    let table = Table::from_bytes("fuzz", file, KIND, VERSION).expect("it was just built");
    table.verify().expect("it was just built");
    assert_eq!(table.blob(META).ok(), Some(meta));
    let (strings, mut texts) = (table.strings(STRINGS).unwrap(), table.texts(TEXTS).unwrap());
    for (key, values) in content {
        let records = table.find::<Record>(KEYS, key).unwrap();
        assert_eq!(records.len(), values.len());
        for (record, (string, text)) in records.iter().zip(values) {
            assert_eq!(strings.bytes(record.string).unwrap(), string);
            assert_eq!(texts.get(record.text).unwrap(), text);
        }
        let longer = [key.as_slice(), b"\0"].concat();
        let expected = content.get(&longer).map_or(0, Vec::len);
        assert_eq!(table.find::<Record>(KEYS, &longer).unwrap().len(), expected);
    }
}

/// Where a table states its length and its checksum, which covers everything but itself.
const LENGTH: std::ops::Range<usize> = 32..40;
const CHECKSUM: std::ops::Range<usize> = 40..72;

/// Makes the header state the true length and checksum: whoever forges a table can do that too.
pub fn seal(file: &mut [u8]) {
    if file.len() < CHECKSUM.end {
        return;
    }
    let length = file.len() as u64;
    file[LENGTH].copy_from_slice(&length.to_le_bytes());
    let summed = Sha256::new().chain_update(&file[..CHECKSUM.start]);
    let checksum = summed.chain_update(&file[CHECKSUM.end..]).finalize();
    file[CHECKSUM].copy_from_slice(&checksum);
}
