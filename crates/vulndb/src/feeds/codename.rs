//! Debian's code names and the releases they stand for.

/// From Debian's `distro-info-data` (`debian.csv`). Suites without a number keep their name.
const RELEASES: [(&str, &str); 18] = [
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
];

/// The release of a code name, as the scope writes it: `12` for `bookworm`.
pub(crate) fn release_of(codename: &str) -> Option<&'static str> {
    RELEASES.iter().find(|(name, _)| *name == codename).map(|&(_, release)| release)
}
