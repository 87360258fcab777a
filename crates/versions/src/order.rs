//! The two questions of this crate, asked of any scheme.

use std::cmp::Ordering;

use crate::{InvalidVersion, Scheme, apk, dpkg, rpm, semver};

/// Orders `a` against `b` by the rules of `scheme`; `Equal` also for different spellings of one
/// version (`1.0` and `0:1.0-0` of dpkg). Allocates only for an error.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    match scheme {
        Scheme::Dpkg => dpkg::compare(a, b),
        Scheme::Rpm => rpm::compare(a, b),
        Scheme::Apk => apk::compare(a, b),
        Scheme::Semver => semver::compare(a, b),
    }
}

/// Appends to `key` bytes that order as the versions do: of two versions of one scheme, the bytes
/// compare (as unsigned bytes, a prefix being less) exactly as [`compare`] says. An invalid version
/// appends nothing.
///
/// Keys of different schemes say nothing about each other. Their form may change with this crate:
/// files that hold keys have a format number of their own to raise.
pub fn sort_key(scheme: Scheme, version: &str, key: &mut Vec<u8>) -> Result<(), InvalidVersion> {
    match scheme {
        Scheme::Dpkg => dpkg::sort_key(version, key),
        Scheme::Rpm => rpm::sort_key(version, key),
        Scheme::Apk => apk::sort_key(version, key),
        Scheme::Semver => semver::sort_key(version, key),
    }
}
