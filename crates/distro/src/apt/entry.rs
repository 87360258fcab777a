//! A binary package as an index describes it.

use memchr::{memchr, memchr_iter};

/// What a package without phasing has: everybody gets it.
pub(crate) const NOT_PHASED: u8 = 100;

/// A binary package that an index offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry<'i> {
    /// The binary package's name.
    pub name: &'i str,
    /// Its version.
    pub version: &'i str,
    /// `amd64`, `all` …
    pub architecture: &'i str,
    /// The source package, by the rules of `Source:`: the package itself where it is absent.
    pub source: &'i str,
    /// The source's version: the package's own where `Source:` names none.
    pub source_version: &'i str,
    /// Where the `.deb` lies below the archive's root; never outside it.
    pub filename: Option<&'i str>,
    /// Bytes of the `.deb`.
    pub size: Option<u64>,
    /// SHA-256 of the `.deb`.
    pub sha256: Option<[u8; 32]>,
    /// How many of a hundred machines get it already.
    pub phased: u8,
    /// Whether it stands beside itself of other architectures.
    pub multi_arch: MultiArch,
}

/// The field `Multi-Arch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiArch {
    /// It serves packages of its own architecture.
    No,
    /// It can be installed for several architectures at once.
    Same,
    /// It serves packages of any architecture.
    Foreign,
    /// Packages that depend on it choose.
    Allowed,
}

/// The source of a binary package: `Source: name` or `Source: name (version)`.
pub(crate) fn source_of<'i>(
    name: &'i str,
    version: &'i str,
    source: Option<&'i str>,
) -> (&'i str, &'i str) {
    let source = source.unwrap_or(name);
    let parts = memchr(b'(', source.as_bytes()).and_then(|at| source.split_at_checked(at));
    let (source, source_version) = match parts {
        Some((source, rest)) => (source.trim_end(), rest.trim_matches(['(', ')', ' '])),
        None => (source, version),
    };
    let or_own = |text: &'i str, own| if text.is_empty() { own } else { text };
    (or_own(source, name), or_own(source_version, version))
}

pub(crate) fn multi_arch(value: Option<&str>) -> MultiArch {
    match value {
        Some("same") => MultiArch::Same,
        Some("foreign") => MultiArch::Foreign,
        Some("allowed") => MultiArch::Allowed,
        _ => MultiArch::No,
    }
}

/// Whether a path stays below where it begins.
pub(crate) fn is_inside(path: &str) -> bool {
    let bytes = path.as_bytes();
    // Without an early end this is done for many bytes at once, and every path of an index goes through here.
    let is_odd = |byte: u8| byte < 0x20 || byte == 0x7f || byte == b'\\';
    let (odd, wide) = bytes
        .iter()
        .fold((false, false), |(odd, wide), &byte| (odd | is_odd(byte), wide | (byte >= 0x80)));
    if odd || (wide && path.contains(char::is_control)) {
        return false;
    }
    let mut start = 0;
    for end in memchr_iter(b'/', bytes).chain([bytes.len()]) {
        if matches!(bytes.get(start..end), None | Some(b"" | b"." | b"..")) {
            return false;
        }
        start = end + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_named_or_the_package_itself() {
        fn check(source: Option<&str>, expected: (&str, &str)) {
            assert_eq!(source_of("libssl3", "3.0.1-1+b1", source), expected);
        }
        check(None, ("libssl3", "3.0.1-1+b1"));
        check(Some("openssl"), ("openssl", "3.0.1-1+b1"));
        check(Some("openssl (3.0.1-1)"), ("openssl", "3.0.1-1"));
        check(Some("()"), ("libssl3", "3.0.1-1+b1"));
    }

    #[test]
    fn paths_stay_inside() {
        for path in ["pool/main/a.deb", "a..b/c", ".../a", ".a", "é/ü"] {
            assert!(is_inside(path), "{path}");
        }
        for path in
            ["", "/etc", "a//b", "../a", "a/..", "a/./b", "a\\b", "a\n", "a/", "..", "\u{85}"]
        {
            assert!(!is_inside(path), "{path:?}");
        }
    }
}
