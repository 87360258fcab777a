//! Any bytes as a table, and anything built into a table and read back.
//!
//! Input: an odd first byte says that the rest is a file, an even one that it is what to build.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::table::{
    Content, KEYS, KIND, META, RECORDS, Record, STRINGS, TEXTS, VERSION, check_round_trip, seal,
};
use plimsoll_table::{Fault, Table};

fuzz_target!(|input: &[u8]| {
    match input.split_first() {
        Some((mode, file)) if mode % 2 == 1 => check_file(file),
        Some((_, content)) => {
            let content = Unstructured::new(content).arbitrary::<(Content, Vec<u8>)>();
            let (content, meta) = content.unwrap_or_default();
            check_round_trip(&content, &meta);
        }
        None => {}
    }
});

/// A file that someone made, with the checksum he would have given it: reading it ends, and what is verified can
/// be looked up.
fn check_file(file: &[u8]) {
    let mut file = file.to_vec();
    seal(&mut file);
    let Ok(table) = Table::from_bytes("fuzz", file, KIND, VERSION) else { return };
    let verified = table.verify().is_ok();
    let _ = table.blob(META);
    let keys = table.keys(KEYS).and_then(|keys| Ok(keys.starting_with(b"")?.collect()));
    let keys: Vec<_> = keys.unwrap_or_default();
    for key in keys {
        let Ok(key) = key else {
            assert!(!verified, "verified and unreadable");
            continue;
        };
        let found = table.keys(KEYS).and_then(|keys| keys.find(key.bytes));
        let records = table.find::<Record>(KEYS, key.bytes).map_err(|error| error.fault);
        if verified {
            assert!(found.is_ok_and(|found| found == Some(key.records)));
            assert!(!matches!(records, Err(Fault::Bounds { .. })), "verified and out of bounds");
        }
    }
    let (strings, mut texts) = (table.strings(STRINGS), table.texts(TEXTS));
    for record in table.records::<Record>(RECORDS).unwrap_or_default().iter().take(64) {
        let _ = strings.as_ref().map(|strings| strings.get(record.string).map(str::len));
        let _ = texts.as_mut().map(|texts| texts.get(record.text).map(str::len));
    }
}
