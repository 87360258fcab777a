//! A table is read by programs that did not make it: whatever its bytes are, reading ends in a value or an error.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use plimsoll_table::{
    Fault, KeysBuilder, StringPool, StringRef, Table, TableBuilder, TableError, Tag, TextPool,
    TextRef, write_atomically,
};
use sha2::{Digest, Sha256};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

const KIND: Tag = Tag::new("testshrd");
const VERSION: u32 = 3;
const RECORDS: Tag = Tag::new("records");
const PACKAGES: Tag = Tag::new("packages");
const POSTINGS: Tag = Tag::new("postings");
const IDS: Tag = Tag::new("ids");
const STRINGS: Tag = Tag::new("strings");
const TEXTS: Tag = Tag::new("texts");
const META: Tag = Tag::new("meta");

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Record {
    id: StringRef,
    fixed: StringRef,
    severity: u8,
    score: U16,
    text: TextRef,
}

/// Package, id, fixed version, text; sorted by package.
const ADVISORIES: [(&str, &str, &str, &str); 5] = [
    ("bash", "CVE-2014-6271", "4.3-9", "environment variables run code"),
    ("curl", "CVE-2023-38545", "7.88.1-10", "SOCKS5 heap overflow"),
    ("curl", "CVE-2023-38546", "7.88.1-10", ""),
    ("openssl", "CVE-2019-1549", "1.1.1d-0", "fork protection"),
    ("zlib", "CVE-2018-25032", "1.2.11-4", "fork protection"),
];

#[expect(clippy::unwrap_used, reason = "a fixture; clippy knows tests only by their attribute")]
fn build() -> TableBuilder {
    let mut strings = StringPool::new();
    let mut texts = TextPool::new().unwrap();
    let mut packages = KeysBuilder::new(RECORDS);
    let mut ids = KeysBuilder::new(POSTINGS);
    let mut records = Vec::new();
    let mut postings: Vec<(&str, U32)> = Vec::new();
    for (number, (package, id, fixed, text)) in ADVISORIES.into_iter().enumerate() {
        packages.push(package.as_bytes()).unwrap();
        postings.push((id, U32::new(number as u32)));
        records.push(Record {
            id: strings.add(id).unwrap(),
            fixed: strings.add(fixed).unwrap(),
            severity: number as u8,
            score: U16::new(750),
            text: texts.add(text).unwrap(),
        });
    }
    postings.sort_unstable();
    for (id, _) in &postings {
        ids.push(id.as_bytes()).unwrap();
    }
    let postings: Vec<_> = postings.into_iter().map(|(_, number)| number).collect();

    let mut builder = TableBuilder::new(KIND, VERSION);
    builder.blob(META, b"{}".to_vec()).unwrap();
    builder.records(RECORDS, &records).unwrap();
    builder.keys(PACKAGES, packages).unwrap();
    builder.records(POSTINGS, &postings).unwrap();
    builder.keys(IDS, ids).unwrap();
    builder.strings(STRINGS, strings).unwrap();
    builder.texts(TEXTS, texts).unwrap();
    builder
}

fn open(bytes: Vec<u8>) -> Result<Table, TableError> {
    Table::from_bytes("test", bytes, KIND, VERSION)
}

/// Follows everything that can be followed, as a matcher would; how much of it led somewhere.
fn read_everything(table: &Table) -> Result<usize, TableError> {
    let strings = table.strings(STRINGS)?;
    let mut texts = table.texts(TEXTS)?;
    let mut read = table.blob(META)?.len();
    for (package, id, fixed, text) in ADVISORIES {
        for record in table.find::<Record>(PACKAGES, package.as_bytes())? {
            read += usize::from(strings.get(record.id)? == id);
            read += usize::from(strings.get(record.fixed)? == fixed);
            read += usize::from(texts.get(record.text)? == text);
        }
        for number in table.find::<U32>(IDS, id.as_bytes())? {
            read +=
                usize::from(table.records::<Record>(RECORDS)?.get(number.get() as usize).is_some());
        }
    }
    for entry in table.keys(PACKAGES)?.starting_with(b"")? {
        read += usize::from(!entry?.bytes.is_empty());
    }
    Ok(read)
}

#[test]
fn what_was_written_is_read() {
    let table = open(build().to_bytes()).unwrap();
    table.verify().unwrap();
    // Two bytes of metadata; of each advisory id, version, text and posting; four packages. The two advisories of
    // curl are met under the name of each, and match once: 2 + 5 * 4 + 4, and once more the version they share, twice.
    assert_eq!(read_everything(&table).unwrap(), 2 + 5 * 4 + 4 + 2);
    assert!(table.find::<Record>(PACKAGES, b"nginx").unwrap().is_empty());
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(build().to_bytes(), build().to_bytes());
}

#[test]
fn every_flipped_bit_is_found_and_none_panics() {
    let good = build().to_bytes();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(table) = open(bytes) {
                let _ = read_everything(&table);
                assert!(table.verify().is_err(), "byte {at}, bit {bit}");
            }
        }
    }
}

/// Behind a valid checksum nothing may panic either: whoever makes a hostile file computes it.
#[test]
fn extreme_numbers_anywhere_never_panic() {
    let good = build().to_bytes();
    for at in 0..good.len() - 4 {
        for number in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, u32::MAX] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(number));
            if let Ok(table) = open(bytes) {
                let _ = read_everything(&table);
                let _ = table.verify();
            }
        }
    }
}

/// Gives a forged file the checksum that fits it.
fn seal(bytes: &mut [u8]) {
    let summed = Sha256::new().chain_update(&bytes[..40]).chain_update(&bytes[72..]);
    let checksum = summed.finalize();
    bytes[40..72].copy_from_slice(&checksum);
}

/// Such a table was verified, and then looking up its keys failed.
#[test]
fn half_a_record_is_not_verified() {
    let mut bytes = build().to_bytes();
    // The directory's second entry, its field for the bytes of a record.
    bytes[72 + 40 + 12] -= 1;
    seal(&mut bytes);
    let error = open(bytes).unwrap().verify().unwrap_err();
    assert_eq!(error.to_string(), "test: section \"records\": record 115 is out of bounds");
}

#[test]
fn every_cut_is_found_at_opening() {
    let good = build().to_bytes();
    for length in 0..good.len() {
        let error = open(good[..length].to_vec()).err().expect("a cut file was opened");
        assert!(
            matches!(error.fault, Fault::NotATable | Fault::Length { .. }),
            "{length}: {error}"
        );
    }
    let mut longer = good;
    longer.push(0);
    assert!(matches!(open(longer).err().unwrap().fault, Fault::Length { .. }));
}

#[test]
fn errors_name_the_file_and_what_is_wrong() {
    fn check(kind: Tag, version: u32, expected: &str) {
        let error = Table::from_bytes("test", build().to_bytes(), kind, version).err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
    check(Tag::new("catalog"), VERSION, "test: holds \"testshrd\", not \"catalog\"");
    check(KIND, 4, "test: has version 3 of \"testshrd\", this program reads 4");

    let table = open(build().to_bytes()).unwrap();
    let message = |error: TableError| error.to_string();
    assert_eq!(
        message(table.records::<[u8; 8]>(RECORDS).unwrap_err()),
        "test: section \"records\" has records of 23 bytes, not 8"
    );
    assert_eq!(
        message(table.blob(RECORDS).unwrap_err()),
        "test: section \"records\" does not hold a blob"
    );
    assert_eq!(
        message(table.blob(Tag::new("other")).unwrap_err()),
        "test: has no section \"other\""
    );
}

#[test]
fn a_file_is_mapped_and_outlives_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debian-12");
    let builder = build();
    let checksum = write_atomically(&path, |writer| builder.write_to(writer)).unwrap();
    let table = Table::open(&path, KIND, VERSION).unwrap();
    assert_eq!(table.checksum(), checksum);
    write_atomically(&path, |_| Ok(())).unwrap();
    table.verify().unwrap();
    assert!(matches!(Table::open(&path, KIND, VERSION).err().unwrap().fault, Fault::NotATable));
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    fn check(path: &Path, expected: &str) {
        let error = Table::open(path, KIND, VERSION).err().unwrap();
        assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
    }
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    check(&pipe, "is not a regular file");
    check(directory.path(), "is not a regular file");
    let dangling = directory.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    check(&dangling, "cannot be opened (No such file or directory (os error 2))");
    let empty = directory.path().join("empty");
    fs::write(&empty, []).unwrap();
    check(&empty, "is not a table");
}
