//! Debian: security team, then LTS, then ELTS.

use super::{Release, esm, lts, named, regular};

/// By version.
pub(super) const DEBIAN: &[Release] = &[
    named("1.1", "buzz", &[regular(1997, 6, 5)]),
    named("1.2", "rex", &[regular(1998, 6, 5)]),
    named("1.3", "bo", &[regular(1999, 3, 9)]),
    named("2.0", "hamm", &[regular(2000, 3, 9)]),
    named("2.1", "slink", &[regular(2000, 10, 30)]),
    named("2.2", "potato", &[regular(2003, 6, 30)]),
    named("3.0", "woody", &[regular(2006, 6, 30)]),
    named("3.1", "sarge", &[regular(2008, 3, 31)]),
    named("4.0", "etch", &[regular(2010, 2, 15)]),
    named("5.0", "lenny", &[regular(2012, 2, 6)]),
    named("6.0", "squeeze", &[regular(2014, 5, 31), lts(2016, 2, 29)]),
    named("7", "wheezy", &[regular(2016, 4, 25), lts(2018, 5, 31), esm(2020, 6, 30)]),
    named("8", "jessie", &[regular(2018, 6, 17), lts(2020, 6, 30), esm(2025, 6, 30)]),
    named("9", "stretch", &[regular(2020, 7, 18), lts(2022, 6, 30), esm(2027, 6, 30)]),
    named("10", "buster", &[regular(2022, 9, 10), lts(2024, 6, 30), esm(2029, 6, 30)]),
    named("11", "bullseye", &[regular(2024, 8, 14), lts(2026, 8, 31), esm(2031, 6, 30)]),
    named("12", "bookworm", &[regular(2026, 7, 11), lts(2028, 6, 30), esm(2033, 6, 30)]),
    named("13", "trixie", &[regular(2028, 8, 9), lts(2030, 6, 30), esm(2035, 6, 30)]),
    named("14", "forky", &[]),
    named("15", "duke", &[]),
];
