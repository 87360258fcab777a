//! Any bytes as an rpm database and its write-ahead log: packages and problems or an error, the same again.
//!
//! Input: four bytes, little-endian, that say how long the log is; the log; the database.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_rpmdb::{Format, read};

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk() else { return };
    let length = u32::from_le_bytes(*length) as usize;
    let (log, database) = rest.split_at(length.min(rest.len()));
    let log = (length > 0).then_some(log);

    let result = read(database, log);
    assert_eq!(result, read(database, log), "the same again");
    let format = Format::detect(database);
    let Ok(installed) = result else { return };
    assert!(format.is_some(), "read what is no database");
    assert!(installed.problems.len() <= 1001);
    for package in &installed.packages {
        assert!(
            ![&package.name, &package.version, &package.release].iter().any(|text| text.is_empty())
        );
        assert!(package.evr().ends_with(&package.release));
        if let (Some(source), Some(file)) = (package.source(), &package.source_rpm) {
            assert!(file.starts_with(source.name));
        }
    }
    for problem in &installed.problems {
        assert!(!problem.to_string().is_empty());
    }
    // A log changes only an sqlite database; every other format is read as if there were none.
    if format != Some(Format::Sqlite) {
        assert_eq!(Ok(installed), read(database, None));
    }
});
