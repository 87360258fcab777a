//! Releases that go by a name: which distribution's, and in which order they came.

/// A named release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// `ID` of os-release.
    pub(crate) distribution: &'static str,
    /// Its number: 12, or 2204 for 22.04.
    pub(crate) number: u32,
}

const DEBIAN: &str = "debian";
const UBUNTU: &str = "ubuntu";

/// From distro-info-data, beginning with the first releases that there are official images of. A name that is not
/// released yet is a word like any other: nobody is led from a release to one.
const RELEASES: &[(&str, &str, u32)] = &[
    ("squeeze", DEBIAN, 6),
    ("wheezy", DEBIAN, 7),
    ("jessie", DEBIAN, 8),
    ("stretch", DEBIAN, 9),
    ("buster", DEBIAN, 10),
    ("bullseye", DEBIAN, 11),
    ("bookworm", DEBIAN, 12),
    ("trixie", DEBIAN, 13),
    ("precise", UBUNTU, 1204),
    ("trusty", UBUNTU, 1404),
    ("xenial", UBUNTU, 1604),
    ("artful", UBUNTU, 1710),
    ("bionic", UBUNTU, 1804),
    ("cosmic", UBUNTU, 1810),
    ("disco", UBUNTU, 1904),
    ("eoan", UBUNTU, 1910),
    ("focal", UBUNTU, 2004),
    ("groovy", UBUNTU, 2010),
    ("hirsute", UBUNTU, 2104),
    ("impish", UBUNTU, 2110),
    ("jammy", UBUNTU, 2204),
    ("kinetic", UBUNTU, 2210),
    ("lunar", UBUNTU, 2304),
    ("mantic", UBUNTU, 2310),
    ("noble", UBUNTU, 2404),
    ("oracular", UBUNTU, 2410),
    ("plucky", UBUNTU, 2504),
    ("questing", UBUNTU, 2510),
    ("resolute", UBUNTU, 2604),
];

/// The release that a word names.
pub(crate) fn release(word: &str) -> Option<Release> {
    let (_, distribution, number) = *RELEASES.iter().find(|(name, ..)| *name == word)?;
    Some(Release { distribution, number })
}
