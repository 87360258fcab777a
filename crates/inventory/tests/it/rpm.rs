//! rpm databases whose write-ahead log is in force, wherever in the image it is.

use std::fs;

use crate::support::{Blob, Layout, names, open, read_with, scan, shared, tar_of, write};

const DATABASE: &str = "var/lib/rpm/rpmdb.sqlite";
const WAL: &str = "var/lib/rpm/rpmdb.sqlite-wal";
const PAGE: usize = 4096;

/// sqlite's checksum over 32-bit words, continued from `state`.
fn checksum(bytes: &[u8], state: [u32; 2]) -> [u32; 2] {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    bytes.chunks(8).fold(state, |[one, two], pair| {
        let one = one.wrapping_add(word(&pair[..4])).wrapping_add(two);
        [one, two.wrapping_add(word(&pair[4..])).wrapping_add(one)]
    })
}

/// A log that replaces one page (file format: "WAL Format" of sqlite's documentation).
fn wal(number: u32, page: &[u8], pages: u32) -> Vec<u8> {
    let salts = [7u32.to_be_bytes(), 9u32.to_be_bytes()].concat();
    let header = [0x377f_0682, 3_007_000, u32::try_from(PAGE).unwrap(), 0].map(u32::to_be_bytes);
    let mut wal = [header.concat(), salts.clone()].concat();
    let state = checksum(&wal, [0, 0]);
    wal.extend(state.map(u32::to_be_bytes).concat());
    let frame = [number, pages].map(u32::to_be_bytes).concat();
    let state = checksum(page, checksum(&frame, state));
    wal.extend([frame, salts, state.map(u32::to_be_bytes).concat(), page.to_vec()].concat());
    wal
}

/// A database in which a package has another name than with the log.
fn fixture() -> Option<(Vec<u8>, Vec<u8>)> {
    let database =
        fs::read(shared("rpmdb/amazonlinux2023-plain/var/lib/rpm/rpmdb.sqlite")?).unwrap();
    // How its header begins: name, version, release.
    let (old, new) = (b"gdbm-libs\x001.19\x00", b"gdbm-lobs\x001.19\x00");
    let at = database.windows(old.len()).position(|bytes| bytes == old)?;
    let start = at / PAGE * PAGE;
    let mut page = database[start..start + PAGE].to_vec();
    page[at - start..][..new.len()].copy_from_slice(new);
    let (number, pages) = (start / PAGE + 1, database.len() / PAGE);
    let wal = wal(u32::try_from(number).unwrap(), &page, u32::try_from(pages).unwrap());
    Some((database, wal))
}

/// How the package is named in an image of these layers, and how often a layer was read again.
fn check(stack: &[&[(&str, &[u8])]], expected: &str, read_again: usize) {
    let layers: Vec<Blob> = stack.iter().map(|files| Blob::gzip(&tar_of(files))).collect();
    let layout = Layout::new(&layers);
    let inventory = &read_with(open(&layout.reference()), None, &|_| {}).unwrap()[0];
    assert_eq!(inventory.packages.len(), 103, "{:?}", inventory.problems);
    assert!(names(inventory).iter().any(|name| name.starts_with(expected)), "{expected}");
    assert_eq!(inventory.notes.len(), read_again, "{:?}", inventory.notes);
    assert_eq!(inventory.problems, []);
}

#[test]
fn the_log_in_force_is_applied() {
    let Some((database, wal)) = fixture() else { return };
    let (database, wal) = ((DATABASE, database.as_slice()), (WAL, wal.as_slice()));
    let (with, without) = ("gdbm-lobs", "gdbm-libs");
    check(&[&[database]], without, 0);
    check(&[&[database, (WAL, b"")]], without, 0);
    check(&[&[database, wal]], with, 0);
    check(&[&[wal, database]], with, 0);
    check(&[&[database], &[wal]], with, 1);
    check(&[&[wal], &[database]], with, 1);
    check(&[&[database, wal], &[("var/lib/rpm/.wh.rpmdb.sqlite-wal", b"")]], without, 1);
    check(&[&[database, wal], &[(WAL, b"")]], without, 1);
    let moved = ("usr/lib/sysimage/rpm", b"->../../../var/lib/rpm".as_slice());
    check(&[&[database, wal, moved]], with, 0);
}

#[test]
fn the_log_is_applied_in_a_root_file_system() {
    let Some((database, wal)) = fixture() else { return };
    let root = tempfile::tempdir().unwrap();
    write(root.path(), DATABASE, &database).unwrap();
    write(root.path(), WAL, &wal).unwrap();
    let inventory = scan(&format!("dir:{}", root.path().display()));
    assert!(names(&inventory).iter().any(|name| name.starts_with("gdbm-lobs")));
}
