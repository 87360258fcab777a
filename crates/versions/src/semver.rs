//! Semantic Versioning 2.0 with full pre-release precedence, as npm, cargo and Go use it.
//!
//! Numbers order by value; a pre-release comes before its release; pre-release identifiers order by
//! value if both are numbers, numbers before words, words as text, fewer before more. Build
//! metadata does not count, and Go's `+incompatible` is nothing else.
//!
//! Beyond the specification, what the ecosystems themselves read: a leading `v` (Go, npm), a missing
//! minor or patch number, which is 0 (Go), and the names of Go's own releases (`go1.22rc1`, which is
//! `1.22.0-rc.1`). A Go build of no known version, `(devel)`, has no place in the order.

use std::cmp::Ordering;

use crate::{Flaw, InvalidVersion, Scheme, number};

/// Orders two versions; versions that differ only in build metadata are equal.
pub fn compare(a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let (a, b) = (parse(a)?, parse(b)?);
    let mut order = Ordering::Equal;
    for (a, b) in a.numbers.iter().zip(b.numbers) {
        order = order.then_with(|| number::compare(a, b));
    }
    Ok(order.then_with(|| compare_pre_release(&a, &b)))
}

/// Appends the bytes that order as [`compare`] does.
pub fn sort_key(version: &str, key: &mut Vec<u8>) -> Result<(), InvalidVersion> {
    let version = parse(version)?;
    for digits in version.numbers {
        number::push_key(digits, key);
    }
    if !version.is_pre_release() {
        key.push(RELEASE);
        return Ok(());
    }
    for identifier in version.identifiers() {
        match identifier {
            Identifier::Number(digits) => {
                key.push(NUMBER);
                number::push_key(digits, key);
            }
            Identifier::Word(word) => {
                key.push(WORD);
                key.extend(word);
                key.push(0);
            }
        }
    }
    key.push(END);
    Ok(())
}

const END: u8 = 0;
const NUMBER: u8 = 1;
const WORD: u8 = 2;
const RELEASE: u8 = 3;

struct Version<'a> {
    numbers: [&'a [u8]; 3],
    /// Dotted identifiers, one list after the other; both empty for a release. Two, because Go
    /// writes `rc1` for `rc.1`.
    pre_release: [&'a [u8]; 2],
}

impl<'a> Version<'a> {
    fn is_pre_release(&self) -> bool {
        self.pre_release.iter().any(|list| !list.is_empty())
    }

    fn identifiers(&self) -> impl Iterator<Item = Identifier<'a>> {
        let lists = self.pre_release.into_iter().filter(|list| !list.is_empty());
        lists.flat_map(|list| list.split(|&byte| byte == b'.')).map(Identifier::of)
    }
}

/// The kinds order as they stand here.
enum Identifier<'a> {
    Number(&'a [u8]),
    Word(&'a [u8]),
}

impl<'a> Identifier<'a> {
    fn of(text: &'a [u8]) -> Self {
        if text.iter().all(u8::is_ascii_digit) {
            Identifier::Number(text)
        } else {
            Identifier::Word(text)
        }
    }

    fn compare(&self, other: &Identifier<'_>) -> Ordering {
        match (self, other) {
            (Identifier::Number(a), Identifier::Number(b)) => number::compare(a, b),
            (Identifier::Word(a), Identifier::Word(b)) => a.cmp(b),
            (Identifier::Number(_), Identifier::Word(_)) => Ordering::Less,
            (Identifier::Word(_), Identifier::Number(_)) => Ordering::Greater,
        }
    }
}

fn compare_pre_release(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    match (a.is_pre_release(), b.is_pre_release()) {
        (true, true) => {}
        (a, b) => return b.cmp(&a),
    }
    let (mut left, mut right) = (a.identifiers(), b.identifiers());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => a.compare(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn parse(version: &str) -> Result<Version<'_>, InvalidVersion> {
    let mut reader = Reader { version, rest: version.as_bytes() };
    reader.read().map_err(|flaw| flaw.of(Scheme::Semver, version))
}

struct Reader<'a> {
    version: &'a str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<Version<'a>, Flaw> {
        if self.rest.is_empty() {
            return Err(Flaw::Empty);
        }
        if let Some(release) = self.rest.strip_prefix(b"go") {
            self.rest = release;
            return self.read_go_release();
        }
        self.rest = self.rest.strip_prefix(b"v").unwrap_or(self.rest);
        let (numbers, count) = self.read_numbers()?;
        let mut pre_release = &[][..];
        if count == numbers.len() {
            if let Some(rest) = self.rest.strip_prefix(b"-") {
                self.rest = rest;
                pre_release = self.read_identifiers(Zeros::Refused)?;
            }
            if let Some(rest) = self.rest.strip_prefix(b"+") {
                self.rest = rest;
                self.read_identifiers(Zeros::Accepted)?;
            }
        }
        self.finish(Version { numbers, pre_release: [pre_release, &[]] })
    }

    /// `1.22`, `1.22.3`, `1.22rc1`, `1.5beta2`, after the `go`.
    fn read_go_release(&mut self) -> Result<Version<'a>, Flaw> {
        let (numbers, _count) = self.read_numbers()?;
        let mut pre_release = [&[][..]; 2];
        if let [b'r' | b'b', ..] = self.rest {
            let offset = self.offset();
            let stage = self.take(u8::is_ascii_lowercase);
            if !matches!(stage, b"rc" | b"beta") {
                return Err(Flaw::UnknownSuffix { offset });
            }
            pre_release = [stage, self.read_number()?];
        }
        self.finish(Version { numbers, pre_release })
    }

    fn finish(&self, version: Version<'a>) -> Result<Version<'a>, Flaw> {
        if self.rest.is_empty() {
            Ok(version)
        } else {
            Err(Flaw::Unexpected { offset: self.offset() })
        }
    }

    /// One to three numbers with dots between, and how many there were.
    fn read_numbers(&mut self) -> Result<([&'a [u8]; 3], usize), Flaw> {
        let mut numbers = [&b"0"[..]; 3];
        let mut count = 0;
        for number in &mut numbers {
            if count > 0 {
                let Some(rest) = self.rest.strip_prefix(b".") else { break };
                self.rest = rest;
            }
            *number = self.read_number()?;
            count += 1;
        }
        Ok((numbers, count))
    }

    fn read_number(&mut self) -> Result<&'a [u8], Flaw> {
        let offset = self.offset();
        match self.take(u8::is_ascii_digit) {
            [] => Err(Flaw::DigitsMissing { offset }),
            [b'0', _, ..] => Err(Flaw::LeadingZero { offset }),
            digits => Ok(digits),
        }
    }

    /// Dotted identifiers, none of them empty.
    fn read_identifiers(&mut self, zeros: Zeros) -> Result<&'a [u8], Flaw> {
        let mut offset = self.offset();
        let list = self.take(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        for identifier in list.split(|&byte| byte == b'.') {
            match Identifier::of(identifier) {
                Identifier::Number([]) => return Err(Flaw::Unexpected { offset }),
                Identifier::Number([b'0', _, ..]) if zeros == Zeros::Refused => {
                    return Err(Flaw::LeadingZero { offset });
                }
                _ => offset += identifier.len() + 1,
            }
        }
        Ok(list)
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

/// Whether numeric identifiers may begin with 0: not in a pre-release, but in build metadata.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zeros {
    Refused,
    Accepted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, expected: Ordering, b: &str) {
        assert_eq!(compare(a, b).unwrap(), expected, "{a:?} {b:?}");
        assert_eq!(compare(b, a).unwrap(), expected.reverse(), "{b:?} {a:?}");
    }

    fn check_refused(version: &str, flaw: Flaw) {
        let expected = flaw.of(Scheme::Semver, version);
        assert_eq!(compare(version, "1.0.0").unwrap_err(), expected);
        assert_eq!(compare("1.0.0", version).unwrap_err(), expected);
        let mut key = vec![7];
        assert_eq!(sort_key(version, &mut key).unwrap_err(), expected);
        assert_eq!(key, [7]);
    }

    #[test]
    fn the_specification_s_own_chains() {
        let chains: [&[&str]; 3] = [
            &["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
            &["1.0.0-alpha", "1.0.0"],
            &[
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
            ],
        ];
        for chain in chains {
            for pair in chain.windows(2) {
                check(pair[0], Ordering::Less, pair[1]);
            }
        }
    }

    #[test]
    fn pre_releases_of_npm_ranges_are_below_everything_of_their_version() {
        check("1.0.0-0", Ordering::Less, "1.0.0-alpha");
        check("1.0.0-0", Ordering::Less, "1.0.0-0.0");
        check("0.9.9", Ordering::Less, "1.0.0-0");
        check("1.0.0--", Ordering::Less, "1.0.0-a");
    }

    #[test]
    fn build_metadata_does_not_count() {
        check("1.0.0+001", Ordering::Equal, "1.0.0");
        check("1.0.0-a+b-c.d", Ordering::Equal, "1.0.0-a");
        check("v2.0.0+incompatible", Ordering::Equal, "2.0.0");
    }

    #[test]
    fn go_modules_and_pseudo_versions() {
        check("v1.2.3", Ordering::Equal, "1.2.3");
        check("v1", Ordering::Equal, "1.0.0");
        check("v1.2", Ordering::Less, "v1.2.1");
        let pseudo = "v0.0.0-20210921155107-089bfa567519";
        check(pseudo, Ordering::Less, "v0.0.0-20220722155217-630584e8d5aa");
        check(pseudo, Ordering::Less, "v0.0.0");
        check("v1.2.4-0.20210921155107-089bfa567519", Ordering::Greater, "v1.2.3");
        check("v1.2.4-0.20210921155107-089bfa567519", Ordering::Less, "v1.2.4-rc.1");
    }

    #[test]
    fn go_s_own_releases() {
        check("go1.22rc1", Ordering::Equal, "1.22.0-rc.1");
        check("go1.22rc1", Ordering::Less, "go1.22");
        check("go1.22beta1", Ordering::Less, "go1.22rc1");
        check("go1.22rc2", Ordering::Less, "go1.22rc10");
        check("go1.21.13", Ordering::Less, "go1.22rc1");
        check("go1.22", Ordering::Equal, "go1.22.0");
        check("go1.9", Ordering::Less, "go1.10");
    }

    #[test]
    fn numbers_have_no_largest() {
        check("1.0.18446744073709551617", Ordering::Greater, "1.0.18446744073709551616");
        check("1.0.0-18446744073709551617", Ordering::Greater, "1.0.0-2");
    }

    #[test]
    fn what_no_ecosystem_reads_is_refused() {
        check_refused("", Flaw::Empty);
        check_refused("(devel)", Flaw::DigitsMissing { offset: 0 });
        check_refused("v", Flaw::DigitsMissing { offset: 1 });
        check_refused("latest", Flaw::DigitsMissing { offset: 0 });
        check_refused("1.2.", Flaw::DigitsMissing { offset: 4 });
        check_refused("1.2.3.4", Flaw::Unexpected { offset: 5 });
        check_refused("1.2-rc", Flaw::Unexpected { offset: 3 });
        check_refused("1.02.3", Flaw::LeadingZero { offset: 2 });
        check_refused("1.2.3-a.01", Flaw::LeadingZero { offset: 8 });
        check_refused("1.2.3-", Flaw::Unexpected { offset: 6 });
        check_refused("1.2.3-a..b", Flaw::Unexpected { offset: 8 });
        check_refused("1.2.3+", Flaw::Unexpected { offset: 6 });
        check_refused("1.2.3-ä", Flaw::Unexpected { offset: 6 });
        check_refused("1.2.3 ", Flaw::Unexpected { offset: 5 });
        check_refused("go1.22.1-fips", Flaw::Unexpected { offset: 8 });
        check_refused("go1.22rc", Flaw::DigitsMissing { offset: 8 });
        check_refused("go1.22rx1", Flaw::UnknownSuffix { offset: 6 });
    }
}
