use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A name of at most eight bytes: what a file is, or what a section holds.
///
/// Shorter names are filled with zero bytes. Eight bytes are compared as one number, and a hex dump of a
/// file can be read.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct Tag([u8; 8]);

impl Tag {
    /// The absence of a name.
    pub(crate) const NONE: Self = Self([0; 8]);

    /// Makes a tag of a literal; meant for constants, where a wrong name does not compile.
    ///
    /// # Panics
    /// If the name is empty, longer than eight bytes, or not printable ASCII.
    pub const fn new(name: &str) -> Self {
        let name = name.as_bytes();
        assert!(!name.is_empty() && name.len() <= 8, "a tag has one to eight bytes");
        let mut tag = [0; 8];
        let mut at = 0;
        while at < name.len() {
            assert!(name[at].is_ascii_graphic(), "a tag is printable ASCII");
            tag[at] = name[at];
            at += 1;
        }
        Self(tag)
    }
}

impl fmt::Display for Tag {
    /// A tag read from a file may hold anything: what is not printable is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        let end = name.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        write!(f, "{}", name.get(..end).unwrap_or_default().escape_ascii())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_escaped() {
        fn check(tag: Tag, expected: &str) {
            assert_eq!(tag.to_string(), expected);
        }
        check(Tag::new("packages"), "packages");
        check(Tag::new("keys"), "keys");
        check(Tag([0x1b, b'[', b'2', b'J', 0, b'x', 0, 0]), "\\x1b[2J\\x00x");
        check(Tag([0; 8]), "");
    }

    #[test]
    #[should_panic(expected = "one to eight bytes")]
    fn long_names_are_refused() {
        Tag::new("ninebytes");
    }
}
