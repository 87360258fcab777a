//! Every page of every real database damaged, one way after the other.

use std::time::{Duration, Instant};

use plimsoll_rpmdb::{Format, Package, read};

use crate::shared::{Fixture, fixture, folder};

/// What one reading may take, unoptimised and on a busy machine; a sound one takes some 10 ms.
const MOST_TIME: Duration = Duration::from_secs(5);
/// `Further` comes on top of the thousand listed.
const MOST_PROBLEMS: usize = 1001;

/// Who a package is; a damaged time or size cannot be noticed.
fn identity(package: &Package) -> (String, String, Option<String>, Option<String>) {
    (package.name.clone(), package.evr(), package.arch.clone(), package.source_rpm.clone())
}

fn page_length(database: &[u8], format: Format) -> usize {
    match format {
        Format::Sqlite => usize::from(u16::from_be_bytes([database[16], database[17]])),
        Format::Ndb | Format::BerkeleyHash => 4096,
    }
}

/// Reads a damaged database. Whatever was done to it: no panic, bounded time and output, and fewer
/// packages only with an error or a problem.
fn survive(fixture: &Fixture, damage: &str, database: &[u8]) -> Option<Vec<Package>> {
    let start = Instant::now();
    let result = read(database, None);
    let name = fixture.name;
    assert!(start.elapsed() < MOST_TIME, "{name}: {damage} took {:?}", start.elapsed());
    let installed = result.ok()?;
    assert!(installed.problems.len() <= MOST_PROBLEMS, "{name}: {damage}");
    if !installed.problems.is_empty() {
        return None;
    }
    assert_eq!(installed.packages.len(), fixture.packages, "{name}: {damage}");
    Some(installed.packages)
}

/// Where no problem is told, the packages must be those of the sound database.
fn unharmed(fixture: &Fixture, damage: &str, database: &[u8], sound: &[Package]) {
    if let Some(packages) = survive(fixture, damage, database) {
        let identities = |packages: &[Package]| packages.iter().map(identity).collect::<Vec<_>>();
        assert_eq!(identities(&packages), identities(sound), "{}: {damage}", fixture.name);
    }
}

/// A fixed sequence of numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

/// Cuts the database before every page, zeroes every page, and flips a bit of every page.
fn check(name: &str) {
    let Some(folder) = folder() else { return };
    let fixture = fixture(name);
    let mut database = fixture.read(&folder);
    let sound = read(&database, None).expect(name).packages;
    let page_length = page_length(&database, fixture.format);
    let mut numbers = Numbers(7);
    for page in 0..database.len() / page_length {
        let start = page * page_length;
        let end = start + page_length;
        unharmed(fixture, &format!("cut before page {page}"), &database[..start], &sound);

        let saved = database[start..end].to_vec();
        database[start..end].fill(0);
        unharmed(fixture, &format!("page {page} zeroed"), &database, &sound);
        database[start..end].copy_from_slice(&saved);

        // In turn among the bytes that steer the format, and anywhere.
        let limit = if page % 2 == 0 { 32 } else { page_length };
        let at = start + numbers.below(limit);
        let flip = 1 << numbers.below(8);
        database[at] ^= flip;
        survive(fixture, &format!("bit {flip} of byte {at} flipped"), &database);
        database[at] ^= flip;
    }
}

#[test]
fn sqlite_amazonlinux() {
    check("amazonlinux2023-plain");
}

#[test]
fn sqlite_mariner() {
    check("cbl-mariner-2.0");
}

#[test]
fn sqlite_of_one_package() {
    check("osvscanner-sqlite");
}

#[test]
fn ndb() {
    check("sle15-bci-a");
}

#[test]
fn berkeley_of_many_packages() {
    check("derived-amazonlinux2023-bdb");
}

#[test]
fn berkeley_of_one_package() {
    check("libuuid-bdb");
    check("scalibr-bdb-epoch");
    check("syft-bdb");
}
