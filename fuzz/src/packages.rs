//! What holds for every reader of a text database of packages.

use std::io;

use plimsoll_inventory::Packages;

use crate::Pieces;

/// The list of problems has at most this many lines.
const MAX_PROBLEMS: usize = 101;

/// Checks the packages that `read` makes of `bytes`.
pub fn check(bytes: &[u8], read: impl Fn(Pieces<'_>) -> io::Result<Packages>) {
    let whole = read(Pieces::new(bytes, usize::MAX)).expect("memory can be read");
    for size in [1, 7] {
        let pieces = read(Pieces::new(bytes, size)).expect("memory can be read");
        assert_eq!(whole, pieces, "pieces of {size}");
    }
    assert!(whole.problems.len() <= MAX_PROBLEMS);
    // A package has two lines at least, and a problem a line.
    assert!(whole.len() + whole.problems.len() <= bytes.len() + 1);
    let mut count = 0;
    for package in whole.iter() {
        count += 1;
        assert!(!package.name.is_empty() && !package.version.is_empty(), "{package:?}");
        for text in [package.name, package.version] {
            assert_eq!(text, text.trim_ascii());
            assert!(!text.contains('\n'), "{text:?}");
        }
        assert!(
            package.source.is_some_and(|(name, version)| !name.is_empty() && !version.is_empty())
        );
    }
    assert_eq!(count, whole.len(), "every record can be read back");
}
