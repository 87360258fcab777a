//! Why a version could not be placed in its scheme's order.

use crate::Scheme;

/// A version its scheme does not accept: a problem of the one package or advisory that carries it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{scheme} version {version:?}: {flaw}")]
pub struct InvalidVersion {
    /// The rules the version was read by.
    pub scheme: Scheme,
    /// The version as it was given.
    pub version: String,
    /// The first thing found wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with an invalid version. Offsets are in bytes, from the start of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Nothing is left of it; for dpkg, only blanks.
    #[error("nothing in it")]
    Empty,
    /// A NUL, where the tools' own strings would end.
    #[error("a NUL byte in it")]
    Nul,
    /// A blank between other characters.
    #[error("a space inside")]
    EmbeddedSpace,
    /// No digits before the first colon.
    #[error("no number before the colon")]
    EpochEmpty,
    /// Something other than digits before the first colon.
    #[error("the epoch is not a number")]
    EpochNotNumber,
    /// A minus before the epoch.
    #[error("the epoch is negative")]
    EpochNegative,
    /// More than 2147483647, the largest epoch of dpkg.
    #[error("the epoch is too big")]
    EpochTooBig,
    /// An epoch and no more.
    #[error("nothing after the epoch")]
    NothingAfterEpoch,
    /// Nothing between the epoch and the revision.
    #[error("nothing before the revision")]
    UpstreamEmpty,
    /// A hyphen at the end.
    #[error("nothing after the last hyphen")]
    RevisionEmpty,
    /// Digits are required here.
    #[error("digits are missing at byte {offset}")]
    DigitsMissing {
        /// Where the digits should be.
        offset: usize,
    },
    /// A number of more than one digit that begins with 0, where the scheme forbids it.
    #[error("a number with a leading zero at byte {offset}")]
    LeadingZero {
        /// Where the number begins.
        offset: usize,
    },
    /// A suffix the scheme does not know, or an empty one.
    #[error("an unknown suffix at byte {offset}")]
    UnknownSuffix {
        /// Where the suffix's name should be.
        offset: usize,
    },
    /// A character that may not stand here.
    #[error("an unexpected character at byte {offset}")]
    Unexpected {
        /// Where the character is.
        offset: usize,
    },
}

impl Flaw {
    /// Names the version the flaw was found in.
    pub(crate) fn of(self, scheme: Scheme, version: &str) -> InvalidVersion {
        InvalidVersion { scheme, version: version.to_owned(), flaw: self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_version_and_flaw_and_escapes_control_characters() {
        let invalid = Flaw::EmbeddedSpace.of(Scheme::Dpkg, "1 \u{1b}[2J");
        assert_eq!(invalid.to_string(), "dpkg version \"1 \\u{1b}[2J\": a space inside");
    }
}
