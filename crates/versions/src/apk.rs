//! Alpine's order: numbers, a letter, `_suffixes`, `~hash`, `-rN`, as apk-tools 3 has it.
//!
//! A version is `number{.number}[letter]{_suffix[number]}[~hash][-rnumber]`. Two versions are read
//! step by step, and the first step that differs decides. The first number, suffix numbers and
//! revisions order by value; a later number too, unless it begins with 0: then it is a fraction, is
//! ordered as text and comes before all that do not (`1.0` < `1.0015` < `1.002` < `1.1`). Where the
//! kinds of step differ, `_alpha`, `_beta`, `_pre`, `_rc` come first, then the end, then whatever
//! may stand further back in a version (`1` < `1-r0` < `1~0` < `1_cvs` < `1a` < `1.0`).
//!
//! Alpine up to 3.14 also shipped, and its security database names, versions with a number right after
//! the letter (`6.6.2p1`). apk-tools 2 took them and 3 no longer does; here they are valid, ordered as
//! apk-tools 2 did.
//!
//! Two departures from apk-tools, both on bad data. It calls a version invalid but still orders it
//! by its valid beginning; here it is an error. It lets numbers wrap at 64 bits; here they do not.

use std::cmp::Ordering;

use crate::{Flaw, InvalidVersion, Scheme, number};

/// Orders two versions; `1.0` and `1.0-r0` are not equal.
pub fn compare(a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let (mut left, mut right) = (Steps::of(a), Steps::of(b));
    let mut order = Ordering::Equal;
    // Both are read to their ends even when the order is known, so that an invalid version is found
    // whatever it is compared with.
    loop {
        let (a, b) = (left.next()?, right.next()?);
        order = order.then_with(|| a.compare(b));
        if a == Step::End && b == Step::End {
            return Ok(order);
        }
    }
}

/// Appends the bytes that order as [`compare`] does.
pub fn sort_key(version: &str, key: &mut Vec<u8>) -> Result<(), InvalidVersion> {
    let start = key.len();
    let mut steps = Steps::of(version);
    loop {
        let step = steps.next().inspect_err(|_| key.truncate(start))?;
        step.push_key(key);
        if step == Step::End {
            return Ok(());
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    First(&'a [u8]),
    /// A number after a dot, beginning with 0.
    Fraction(&'a [u8]),
    /// Any other number after a dot, or any after a letter.
    Number(&'a [u8]),
    Letter(u8),
    Suffix(Suffix),
    SuffixNumber(&'a [u8]),
    Hash(&'a [u8]),
    Revision(&'a [u8]),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    Cvs,
    Svn,
    Git,
    Hg,
    P,
}

impl Suffix {
    fn named(name: &[u8]) -> Option<Suffix> {
        Some(match name {
            b"alpha" => Suffix::Alpha,
            b"beta" => Suffix::Beta,
            b"pre" => Suffix::Pre,
            b"rc" => Suffix::Rc,
            b"cvs" => Suffix::Cvs,
            b"svn" => Suffix::Svn,
            b"git" => Suffix::Git,
            b"hg" => Suffix::Hg,
            b"p" => Suffix::P,
            _ => return None,
        })
    }
}

impl<'a> Step<'a> {
    /// The order of steps of different kinds.
    fn rank(self) -> u8 {
        match self {
            Step::First(_) => 0,
            Step::Suffix(Suffix::Alpha) => 1,
            Step::Suffix(Suffix::Beta) => 2,
            Step::Suffix(Suffix::Pre) => 3,
            Step::Suffix(Suffix::Rc) => 4,
            Step::End => 5,
            Step::Revision(_) => 6,
            Step::Hash(_) => 7,
            Step::SuffixNumber(_) => 8,
            Step::Suffix(Suffix::Cvs) => 9,
            Step::Suffix(Suffix::Svn) => 10,
            Step::Suffix(Suffix::Git) => 11,
            Step::Suffix(Suffix::Hg) => 12,
            Step::Suffix(Suffix::P) => 13,
            Step::Letter(_) => 14,
            Step::Fraction(_) => 15,
            Step::Number(_) => 16,
        }
    }

    fn value(self) -> Value<'a> {
        match self {
            Step::Suffix(_) | Step::End => Value::None,
            Step::Letter(letter) => Value::Letter(letter),
            Step::Fraction(text) | Step::Hash(text) => Value::Text(text),
            Step::First(digits)
            | Step::Number(digits)
            | Step::SuffixNumber(digits)
            | Step::Revision(digits) => Value::Number(digits),
        }
    }

    fn compare(self, other: Step<'_>) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| match (self.value(), other.value()) {
            (Value::Letter(a), Value::Letter(b)) => a.cmp(&b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => number::compare(a, b),
            // Steps of one rank have values of one kind.
            _ => Ordering::Equal,
        })
    }

    /// Rank and value; a zero byte ends texts, which hold none.
    fn push_key(self, key: &mut Vec<u8>) {
        key.push(self.rank());
        match self.value() {
            Value::None => {}
            Value::Letter(letter) => key.push(letter),
            Value::Text(text) => {
                key.extend(text);
                key.push(0);
            }
            Value::Number(digits) => number::push_key(digits, key),
        }
    }
}

/// What steps of one rank are ordered by.
enum Value<'a> {
    None,
    Letter(u8),
    Text(&'a [u8]),
    Number(&'a [u8]),
}

/// How far into a version we are; what may follow is decided by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Start,
    Numbers,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

struct Steps<'a> {
    version: &'a str,
    rest: &'a [u8],
    stage: Stage,
}

impl<'a> Steps<'a> {
    fn of(version: &'a str) -> Self {
        Steps { version, rest: version.as_bytes(), stage: Stage::Start }
    }

    /// Reads the next step; [`Step::End`] for ever once there is none.
    fn next(&mut self) -> Result<Step<'a>, InvalidVersion> {
        self.read().map_err(|flaw| flaw.of(Scheme::Apk, self.version))
    }

    fn read(&mut self) -> Result<Step<'a>, Flaw> {
        let stage = self.stage;
        match self.rest {
            [] if stage == Stage::Start => Err(Flaw::Empty),
            [] => Ok(Step::End),
            _ if stage == Stage::Start => {
                self.stage = Stage::Numbers;
                self.digits().map(Step::First)
            }
            [b'.', rest @ ..] if stage == Stage::Numbers => {
                self.rest = rest;
                Ok(match self.digits()? {
                    digits @ [b'0', ..] => Step::Fraction(digits),
                    digits => Step::Number(digits),
                })
            }
            [letter @ b'a'..=b'z', rest @ ..] if stage == Stage::Numbers => {
                (self.rest, self.stage) = (rest, Stage::Letter);
                Ok(Step::Letter(*letter))
            }
            [b'0'..=b'9', ..] if stage == Stage::Letter => {
                self.stage = Stage::Numbers;
                self.digits().map(Step::Number)
            }
            [b'_', rest @ ..] if stage <= Stage::SuffixNumber => {
                (self.rest, self.stage) = (rest, Stage::Suffix);
                let flaw = Flaw::UnknownSuffix { offset: self.offset() };
                let name = self.take(u8::is_ascii_lowercase);
                Suffix::named(name).map(Step::Suffix).ok_or(flaw)
            }
            [b'0'..=b'9', ..] if stage == Stage::Suffix => {
                self.stage = Stage::SuffixNumber;
                self.digits().map(Step::SuffixNumber)
            }
            [b'~', rest @ ..] if stage < Stage::Hash => {
                (self.rest, self.stage) = (rest, Stage::Hash);
                match self.take(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                    [] => Err(Flaw::DigitsMissing { offset: self.offset() }),
                    hash => Ok(Step::Hash(hash)),
                }
            }
            [b'-', b'r', rest @ ..] if stage < Stage::Revision => {
                (self.rest, self.stage) = (rest, Stage::Revision);
                self.digits().map(Step::Revision)
            }
            _ => Err(Flaw::Unexpected { offset: self.offset() }),
        }
    }

    fn digits(&mut self) -> Result<&'a [u8], Flaw> {
        match self.take(u8::is_ascii_digit) {
            [] => Err(Flaw::DigitsMissing { offset: self.offset() }),
            digits => Ok(digits),
        }
    }

    fn take(&mut self, belongs: impl Fn(&u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !belongs(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn offset(&self) -> usize {
        self.version.len() - self.rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(version: &str, flaw: Flaw) {
        let expected = flaw.of(Scheme::Apk, version);
        // Both neighbours decide the order before the flaw is reached.
        for other in ["0", "99999"] {
            assert_eq!(compare(version, other).unwrap_err(), expected);
            assert_eq!(compare(other, version).unwrap_err(), expected);
        }
        let mut key = vec![7];
        assert_eq!(sort_key(version, &mut key).unwrap_err(), expected);
        assert_eq!(key, [7]);
    }

    #[test]
    fn errors_name_the_flaw_and_its_place() {
        check_refused("", Flaw::Empty);
        check_refused("v1", Flaw::DigitsMissing { offset: 0 });
        check_refused("1.", Flaw::DigitsMissing { offset: 2 });
        check_refused("20.10.11.r0", Flaw::DigitsMissing { offset: 9 });
        check_refused("1.0bc", Flaw::Unexpected { offset: 4 });
        check_refused("1.0A", Flaw::Unexpected { offset: 3 });
        check_refused("1.0_foo", Flaw::UnknownSuffix { offset: 4 });
        check_refused("1.0_", Flaw::UnknownSuffix { offset: 4 });
        check_refused("1.0~", Flaw::DigitsMissing { offset: 4 });
        check_refused("1.0~AB", Flaw::DigitsMissing { offset: 4 });
        check_refused("1.0-r", Flaw::DigitsMissing { offset: 5 });
        check_refused("1.0-1", Flaw::Unexpected { offset: 3 });
        check_refused("1.0-r1-r2", Flaw::Unexpected { offset: 6 });
        check_refused("1.0 ", Flaw::Unexpected { offset: 3 });
        check_refused("1.0\0", Flaw::Unexpected { offset: 3 });
    }

    #[test]
    fn numbers_do_not_wrap_at_64_bits() {
        let wrapped = compare("1.18446744073709551617", "1.2").unwrap();
        assert_eq!(wrapped, Ordering::Greater);
    }
}
