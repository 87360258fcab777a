//! Any bytes as apk's database of installed packages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::packages::check;
use plimsoll_inventory::apk::read;

fuzz_target!(|bytes: &[u8]| check(bytes, |from| read(from)));
