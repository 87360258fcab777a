//! Any bytes as an Alpine security database.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::feeds::check;
use plimsoll_vulndb::feeds::read_secdb;

fuzz_target!(|json: &[u8]| {
    let scope = "alpine:3.20".parse().expect("a scope");
    check("alpine-secdb", |sink| read_secdb("alpine-secdb", &scope, json, sink));
});
