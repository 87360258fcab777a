//! What preferences match names with: shell patterns, or regular expressions between slashes.

use regex::bytes::{Regex, RegexBuilder};

/// Memory that a compiled expression may take; an image writes it.
const MAX_EXPRESSION_BYTES: usize = 1 << 20;

/// A pattern of apt, which never looks at the case of letters.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// As of fnmatch(3), without flags that make slashes special.
    Glob(String),
    /// POSIX extended, of which `regex` understands all that has the same meaning in both.
    Regex(Regex),
}

impl Expression {
    /// Reads a pattern; an expression that is none is an error, and matches nothing with apt.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        match inner {
            None => Ok(Self::Glob(text.to_owned())),
            Some(expression) => RegexBuilder::new(expression)
                .case_insensitive(true)
                .unicode(false)
                .size_limit(MAX_EXPRESSION_BYTES)
                .dfa_size_limit(MAX_EXPRESSION_BYTES)
                .build()
                .map(Self::Regex)
                .map_err(|_| "a regular expression that cannot be read"),
        }
    }

    /// Whether a text matches: a shell pattern as a whole, an expression anywhere.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Glob(pattern) => glob(pattern.as_bytes(), text.as_bytes()),
            Self::Regex(expression) => expression.is_match(text.as_bytes()),
        }
    }
}

/// Tries one star at a time: of several, only the last one needs to be tried again.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            star = Some((at, in_text));
            continue;
        }
        let found = match text.get(in_text) {
            None if at == pattern.len() => return true,
            None => None,
            Some(byte) => one(pattern.get(at..).unwrap_or_default(), *byte),
        };
        match (found, star) {
            (Some(length), _) => (at, in_text) = (at + length, in_text + 1),
            (None, Some((behind, taken))) if taken < text.len() => {
                star = Some((behind, taken + 1));
                (at, in_text) = (behind, taken + 1);
            }
            (None, _) => return false,
        }
    }
}

/// How much of a pattern matches a byte; none if its beginning does not.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'[', rest @ ..] => match class(rest, byte) {
            Some((is_in, length)) => is_in.then_some(length + 1),
            // Without an end it is a bracket like any other character.
            None => (byte == b'[').then_some(1),
        },
        [b'\\', escaped, ..] => escaped.eq_ignore_ascii_case(&byte).then_some(2),
        [plain, ..] => plain.eq_ignore_ascii_case(&byte).then_some(1),
        [] => None,
    }
}

/// Whether a byte is in the class that begins behind a bracket, and where that ends.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let byte = byte.to_ascii_lowercase();
    let is_negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let first = usize::from(is_negated);
    let (mut at, mut is_in) = (first, false);
    loop {
        match pattern.get(at..)? {
            // As the first one it is a member.
            [b']', ..] if at > first => return Some((is_in != is_negated, at + 1)),
            [low, b'-', high, ..] if *high != b']' => {
                let range = low.to_ascii_lowercase()..=high.to_ascii_lowercase();
                is_in |= range.contains(&byte);
                at += 3;
            }
            [member, ..] => {
                is_in |= member.eq_ignore_ascii_case(&byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_with_apt() {
        fn check(pattern: &str, matching: &[&str], others: &[&str]) {
            let expression = Expression::parse(pattern).unwrap();
            for text in matching {
                assert!(expression.matches(text), "{pattern} {text}");
            }
            for text in others {
                assert!(!expression.matches(text), "{pattern} {text}");
            }
        }
        check("", &[""], &["a"]);
        check("lib*", &["lib", "LIBC6"], &["glib"]);
        check("*ssl*3", &["libssl3", "xsslssl33"], &["libssl", "ssl4"]);
        check("lib?", &["libc"], &["lib", "libcc"]);
        check("[a-c]x", &["ax", "CX"], &["dx", "x"]);
        check("[!a-c]x", &["dx"], &["ax"]);
        check("[]a]", &["]", "a"], &["b"]);
        check("[ab", &["[ab"], &["a"]);
        check("a\\*", &["a*"], &["ab"]);
        check("*a*a*a*a*a*a*a*a*b", &[], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]);
        check("/^lib.*[0-9]$/", &["libc6", "LIBC6"], &["glibc6", "libc"]);
        check("/ssl|tls/", &["gnutls", "openssl"], &["nss"]);
        assert!(Expression::parse("/(/").is_err());
        assert!(Expression::parse("/a{1000}{1000}{1000}/").is_err());
    }
}
