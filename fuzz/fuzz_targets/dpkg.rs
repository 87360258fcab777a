//! Any bytes as a dpkg status file, and as a file of `status.d`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::packages::check;
use plimsoll_inventory::dpkg::{Flavour, read};

fuzz_target!(|bytes: &[u8]| {
    for flavour in [Flavour::Status, Flavour::StatusEntry] {
        check(bytes, |from| read(from, flavour));
    }
});
