//! Any bytes as a tar: the same members and the same error however the bytes arrive and whether or not bodies are
//! read, paths that stay inside, and what the `tar` crate makes of them where both accept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::tars::{read, read_by_tar_crate};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes, usize::MAX, true);
    for size in [1, 7, 512] {
        assert_eq!(whole, read(bytes, size, true), "pieces of {size}");
    }
    let skimmed = read(bytes, usize::MAX, false);
    assert_eq!(
        (&skimmed.headers, &skimmed.error),
        (&whole.headers, &whole.error),
        "skipping bodies"
    );
    if let (None, Some(theirs)) = (&whole.error, read_by_tar_crate(bytes)) {
        assert_eq!(whole.contents, theirs, "the tar crate");
    }
});
