//! Any bytes as an OVAL document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::feeds::check;
use plimsoll_vulndb::feeds::{OvalProfile, read_oval};

fuzz_target!(|xml: &[u8]| {
    let scope = "azurelinux:3.0".parse().expect("a scope");
    check("azurelinux-oval", |sink| {
        read_oval("azurelinux-oval", &scope, OvalProfile::AZURE_LINUX, xml, sink)
    });
});
