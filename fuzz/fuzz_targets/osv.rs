//! Any bytes as an OSV record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::feeds::check;
use plimsoll_vulndb::feeds::{Reading, read_osv_record};

fuzz_target!(|json: &[u8]| {
    check("osv-debian", |sink| {
        let mut reading = Reading::default();
        read_osv_record("osv-debian", "record.json", json, &mut reading, sink);
        assert_eq!(reading.records, 1);
        Ok(reading)
    });
});
