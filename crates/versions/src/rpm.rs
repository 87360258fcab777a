//! The order of rpm: `[epoch:]version[-release]`, as `rpmverCmp` of librpm 4.18 has it.
//!
//! Epochs order as numbers, a missing one being 0; then versions; then releases. Both are read as
//! segments of digits or of letters; what stands between them only separates (`1.2_3` is `1.2.3`).
//! A `~` orders before the end, a `^` after the end but before any further segment, letters before
//! digits. Everything but an empty string is a version: librpm refuses nothing else.
//!
//! **A missing release.** librpm has two answers, and so has this module. As a whole version
//! (`rpmverCmp`, `rpm.labelCompare`) it orders before every release: the total order of [`compare`]
//! and [`sort_key`]. In a dependency (`rpmverOverlap`) releases count only if both sides state one:
//! [`compare_stated`], which is no total order (`1-1` = `1` = `1-2`). The two differ only where
//! versions are equal and a release is missing or empty: there an advisory "up to and including 1.2"
//! covers `1.2-3` by the second alone, while "before 1.2" covers it by neither.

use std::cmp::Ordering;

use crate::{Flaw, InvalidVersion, Scheme, number};

/// Orders two versions; a missing release is older than any.
pub fn compare(a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let (a, b) = (parse(a)?, parse(b)?);
    Ok(a.compare_version(&b).then_with(|| match (a.release, b.release) {
        (Some(a), Some(b)) => compare_segments(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }))
}

/// Compares what both versions state: releases count only if neither is missing or empty. Not a
/// total order.
pub fn compare_stated(a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let (a, b) = (parse(a)?, parse(b)?);
    Ok(a.compare_version(&b).then_with(|| match (a.release, b.release) {
        (Some(a @ [_, ..]), Some(b @ [_, ..])) => compare_segments(a, b),
        _ => Ordering::Equal,
    }))
}

/// Appends the bytes that order as [`compare`] does.
pub fn sort_key(version: &str, key: &mut Vec<u8>) -> Result<(), InvalidVersion> {
    let Version { epoch, version, release } = parse(version)?;
    number::push_key(epoch, key);
    push_segments_key(version, key);
    match release {
        None => key.push(NO_RELEASE),
        Some(release) => {
            key.push(RELEASE);
            push_segments_key(release, key);
        }
    }
    Ok(())
}

const NO_RELEASE: u8 = 0;
const RELEASE: u8 = 1;

struct Version<'a> {
    /// Digits; empty if there is none.
    epoch: &'a [u8],
    version: &'a [u8],
    release: Option<&'a [u8]>,
}

impl Version<'_> {
    fn compare_version(&self, other: &Version<'_>) -> Ordering {
        number::compare(self.epoch, other.epoch)
            .then_with(|| compare_segments(self.version, other.version))
    }
}

fn parse(text: &str) -> Result<Version<'_>, InvalidVersion> {
    if text.is_empty() {
        return Err(Flaw::Empty.of(Scheme::Rpm, text));
    }
    if text.contains('\0') {
        return Err(Flaw::Nul.of(Scheme::Rpm, text));
    }
    let (epoch, rest) = match number::split_digits(text.as_bytes()) {
        (epoch, [b':', rest @ ..]) => (epoch, rest),
        _ => (&[][..], text.as_bytes()),
    };
    let (version, release) = match rest.iter().rposition(|&byte| byte == b'-') {
        None => (rest, None),
        Some(hyphen) => (rest.get(..hyphen).unwrap_or_default(), rest.get(hyphen + 1..)),
    };
    Ok(Version { epoch, version, release })
}

/// A step of a version or release; the kinds order as they stand here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    fn rank(self) -> u8 {
        match self {
            Segment::Tilde => 0,
            Segment::End => 1,
            Segment::Caret => 2,
            Segment::Letters(_) => 3,
            Segment::Number(_) => 4,
        }
    }

    fn compare(self, other: Segment<'_>) -> Ordering {
        match (self, other) {
            (Segment::Letters(a), Segment::Letters(b)) => a.cmp(b),
            (Segment::Number(a), Segment::Number(b)) => number::compare(a, b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Takes the next segment off the front; [`Segment::End`] for ever once there is none.
fn next_segment<'a>(text: &mut &'a [u8]) -> Segment<'a> {
    let is_step = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^');
    let start = text.iter().position(is_step).unwrap_or(text.len());
    let from_start = text.get(start..).unwrap_or_default();
    let (segment, rest) = match from_start {
        [] => (Segment::End, from_start),
        [b'~', rest @ ..] => (Segment::Tilde, rest),
        [b'^', rest @ ..] => (Segment::Caret, rest),
        [b'0'..=b'9', ..] => {
            let (digits, rest) = number::split_digits(from_start);
            (Segment::Number(digits), rest)
        }
        _ => {
            let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
            let end = from_start.iter().position(|byte| !is_letter(byte));
            let (letters, rest) = from_start.split_at(end.unwrap_or(from_start.len()));
            (Segment::Letters(letters), rest)
        }
    };
    *text = rest;
    segment
}

fn compare_segments(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (left, right) = (next_segment(&mut a), next_segment(&mut b));
        let order = left.compare(right);
        if order.is_ne() || left == Segment::End {
            return order;
        }
    }
}

/// Each segment as its rank and content, the last being [`Segment::End`]; a zero byte ends letters.
fn push_segments_key(mut text: &[u8], key: &mut Vec<u8>) {
    loop {
        let segment = next_segment(&mut text);
        key.push(segment.rank());
        match segment {
            Segment::End => return,
            Segment::Tilde | Segment::Caret => {}
            Segment::Letters(letters) => {
                key.extend(letters);
                key.push(0);
            }
            Segment::Number(digits) => number::push_key(digits, key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, expected: Ordering, b: &str) {
        assert_eq!(compare(a, b).unwrap(), expected, "{a:?} {b:?}");
        assert_eq!(compare(b, a).unwrap(), expected.reverse(), "{b:?} {a:?}");
    }

    #[test]
    fn tilde_end_caret_letters_digits_in_this_order() {
        let ascending =
            ["1~~", "1~", "1~a", "1", "1^~", "1^", "1^^", "1^a", "1^1", "1a", "1b", "1.0", "1.1"];
        for pair in ascending.windows(2) {
            check(pair[0], Ordering::Less, pair[1]);
        }
    }

    #[test]
    fn caret_is_above_its_base_and_below_the_next_segment() {
        check("1.0^", Ordering::Greater, "1.0");
        check("1.0^", Ordering::Less, "1.0.1");
        check("1.0^20160101", Ordering::Less, "1.0.1");
        check("1.0^20160101^git1", Ordering::Less, "1.0^20160102");
    }

    #[test]
    fn trailing_zero_segments_count() {
        check("5.el8", Ordering::Less, "5.el8.0.0");
        check("1-5.el8", Ordering::Less, "1-5.el8.0.0");
        check("1", Ordering::Less, "1.0");
    }

    #[test]
    fn separators_only_separate() {
        check("1.2_3-1", Ordering::Equal, "1.2.3-1");
        check("1..2.", Ordering::Equal, "1+2");
        check("1.α", Ordering::Equal, "1.ββ");
    }

    #[test]
    fn missing_epoch_is_zero_on_either_side() {
        check("1.0-1", Ordering::Equal, "0:1.0-1");
        check(":1.0-1", Ordering::Equal, "1.0-1");
        check("2.0-1", Ordering::Less, "1:1.0-1");
        check("01:1-1", Ordering::Equal, "1:1-1");
        check("x:1-1", Ordering::Less, "1-1");
    }

    #[test]
    fn epochs_of_any_length_are_numbers() {
        check("99999999999999999999:1", Ordering::Less, "100000000000000000000:1");
    }

    #[test]
    fn missing_release_is_older_than_any_and_equal_where_only_stated_parts_count() {
        check("1.2", Ordering::Less, "1.2-3");
        check("1.2", Ordering::Less, "1.2-");
        check("1.2", Ordering::Less, "1.2-~");
        check("0:0.9.0.cm2", Ordering::Greater, "0.9.0-1.cm2");
        assert_eq!(compare_stated("1.2", "1.2-3").unwrap(), Ordering::Equal);
        assert_eq!(compare_stated("1.2-", "1.2-3").unwrap(), Ordering::Equal);
        assert_eq!(compare_stated("1.2-4", "0:1.2-3").unwrap(), Ordering::Greater);
        assert_eq!(compare_stated("1.2-9", "1.3").unwrap(), Ordering::Less);
    }

    #[test]
    fn only_emptiness_and_nul_are_refused() {
        for (version, flaw) in [("", Flaw::Empty), ("1\0", Flaw::Nul)] {
            let expected = flaw.of(Scheme::Rpm, version);
            assert_eq!(compare("1", version).unwrap_err(), expected);
            assert_eq!(sort_key(version, &mut Vec::new()).unwrap_err(), expected);
        }
        check("-1", Ordering::Less, "1");
        check("1:", Ordering::Greater, "1");
        check("α", Ordering::Equal, "+");
    }
}
