//! ndb databases built block by block.

use plimsoll_rpmdb::{Error, read};

use crate::header_built::{header, names, problems};

const PAGE: usize = 4096;

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

/// A package's blocks: head, record, padding, tail.
fn blob(package: u32, record: &[u8]) -> Vec<u8> {
    let length = record.len() as u32;
    let mut blob = [u32::from_le_bytes(*b"BlbS"), package, 1_600_000_000, length]
        .map(u32::to_le_bytes)
        .concat();
    blob.extend(record);
    blob.resize((blob.len() + 12).next_multiple_of(16) - 12, 0);
    let tail = [adler32(&blob), length, u32::from_le_bytes(*b"BlbE")].map(u32::to_le_bytes);
    [blob, tail.concat()].concat()
}

fn set_slot(database: &mut [u8], slot: usize, package: u32, offset: u32, count: u32) {
    let words = [u32::from_le_bytes(*b"Slot"), package, offset, count];
    database[slot * 16..slot * 16 + 16].copy_from_slice(&words.map(u32::to_le_bytes).concat());
}

/// One slot page, then the packages of these names with numbers from 1, in slots from 2.
pub(crate) fn database(names: &[&str]) -> Vec<u8> {
    let mut database = vec![0; PAGE];
    let words = [u32::from_le_bytes(*b"RpmP"), 0, 42, 1, names.len() as u32 + 1];
    database[..20].copy_from_slice(&words.map(u32::to_le_bytes).concat());
    for slot in 2..PAGE / 16 {
        set_slot(&mut database, slot, 0, 0, 0);
    }
    for (index, name) in names.iter().enumerate() {
        let package = index as u32 + 1;
        let blob = blob(package, &header(name, 300 + 7 * index));
        let (offset, count) = (database.len() / 16, blob.len() / 16);
        set_slot(&mut database, index + 2, package, offset as u32, count as u32);
        database.extend(blob);
    }
    database
}

fn slot(database: &[u8], slot: usize) -> (u32, usize, usize) {
    let word = |at: usize| u32::from_le_bytes(database[slot * 16 + at..][..4].try_into().unwrap());
    (word(4), word(8) as usize, word(12) as usize)
}

#[track_caller]
fn check(database: &[u8], packages: &[&str], expected_problems: &[&str]) {
    let installed = read(database, None).unwrap();
    assert_eq!(names(&installed), packages);
    assert_eq!(problems(&installed), expected_problems);
}

#[test]
fn filled_slots_are_packages() {
    check(&database(&["ash", "birch", "cedar"]), &["ash", "birch", "cedar"], &[]);
    check(&database(&[]), &[], &[]);
}

#[test]
fn an_erased_package_is_gone() {
    let mut database = database(&["ash", "birch", "cedar"]);
    let (_, offset, count) = slot(&database, 3);
    set_slot(&mut database, 3, 0, 0, 0);
    // rpm clears the slot first; a crash in between leaves the blob.
    let stray = format!("block {offset}: data that no slot points to");
    check(&database, &["ash", "cedar"], &[&stray]);
    database[offset * 16..(offset + count) * 16].fill(0);
    check(&database, &["ash", "cedar"], &[]);
}

#[test]
fn a_damaged_slot_costs_its_package() {
    let sound = database(&["ash", "birch"]);
    let (_, offset, count) = slot(&sound, 2);
    let (offset, count) = (offset as u32, count as u32);
    let stray = format!("block {offset}: data that no slot points to");
    let check_slot = |package, offset, count, problem: &str| {
        let mut database = sound.clone();
        set_slot(&mut database, 2, package, offset, count);
        check(&database, &["birch"], &[&format!("slot 2: {problem}"), &stray]);
    };
    check_slot(0, offset, count, "the slot points outside the data");
    check_slot(1, 0, count, "the slot points outside the data");
    check_slot(1, 255, count, "the slot points outside the data");
    check_slot(1, offset, 0, "the slot points outside the data");
    check_slot(1, offset, u32::MAX, "the slot points outside the data");

    let mut database = sound.clone();
    database[32] ^= 1;
    check(&database, &["birch"], &["slot 2: the slot has no magic", &stray]);
}

#[test]
fn a_damaged_package_is_refused() {
    let sound = database(&["ash", "birch"]);
    let (_, offset, count) = slot(&sound, 2);
    let (start, end) = (offset * 16, (offset + count) * 16);
    let check_at = |at: usize, problem: &str| {
        let mut database = sound.clone();
        database[at] ^= 1;
        check(&database, &["birch"], &[&format!("slot 2: {problem}")]);
    };
    let frame = "the blocks do not hold this slot's package";
    check_at(start, frame);
    check_at(start + 4, frame);
    check_at(start + 12, frame);
    check_at(end - 8, frame);
    check_at(end - 1, frame);
    let checksum = "the package fails its checksum";
    check_at(start + 8, checksum);
    check_at(start + 100, checksum);
    check_at(end - 12, checksum);
}

#[test]
fn blocks_belong_to_one_slot() {
    let mut database = database(&["ash", "birch"]);
    let (package, offset, count) = slot(&database, 2);
    for slot in 4..PAGE / 16 {
        set_slot(&mut database, slot, package, offset as u32, count as u32);
    }
    let installed = read(&database, None).unwrap();
    assert_eq!(names(&installed), ["ash", "birch"]);
    assert_eq!(installed.problems.len(), PAGE / 16 - 4);
    assert_eq!(problems(&installed)[0], "slot 4: the slot's blocks belong to another slot too");
}

#[test]
fn a_cut_file_keeps_what_it_has() {
    let sound = database(&["ash", "birch"]);
    let (_, offset, _) = slot(&sound, 3);
    let cut = &sound[..offset * 16 + 5];
    let block = format!("block {offset}: data that no slot points to");
    check(cut, &["ash"], &[&block, "slot 3: the slot points outside the data"]);
}

#[test]
fn a_header_of_another_version_is_an_error() {
    let mut database = database(&["ash"]);
    database[4] = 1;
    let expected = Error::InvalidField { field: "version", value: 1 };
    assert_eq!(read(&database, None), Err(expected));
}

#[test]
fn slot_pages_must_be_in_the_file() {
    let mut database = database(&["ash"]);
    database[12] = 0;
    let expected = Error::InvalidField { field: "slotnpages", value: 0 };
    assert_eq!(read(&database, None), Err(expected));

    database[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let installed = read(&database, None).unwrap();
    let expected = "database: the database says 4294967295 pages, the file has 1";
    assert_eq!(problems(&installed), [expected]);
    assert_eq!(names(&installed), ["ash"]);
}
