//! Names of vulnerabilities in a text.

use std::collections::BTreeSet;
use std::ops::Range;

/// A year's last CVE of 2026 has six digits; more than seven are something else, such as a date.
const MAX_CVE_DIGITS: usize = 7;

/// The names of vulnerabilities in a text, each once, in order: CVE, CAN, GHSA, ZDI, XSA and TEMP.
///
/// They are given in the spelling of who gave them, whatever the text's: `cve-2026-1234` is `CVE-2026-1234`.
/// Numbers of advisories (DSA, DLA, USN) and of bugs are none of them. Shortened lists such as `CVE-2024-33601-33602`
/// count by their first: in 500 real changelogs they occur only in names of patches.
pub fn ids_in(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    find(text).map(|(_, id)| id).filter(|id| seen.insert(id.clone())).collect()
}

/// The names with where they stand.
pub(super) fn find(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(&byte) = bytes.get(from) {
            let start = from;
            from += 1;
            let is_inside = start > 0 && bytes[start - 1].is_ascii_alphanumeric();
            if is_inside || !matches!(byte | 0x20, b'c' | b'g' | b'z' | b'x' | b't') {
                continue;
            }
            if let Some((length, id)) = id_at(&text[start..]) {
                from = start + length;
                return Some((start..from, id));
            }
        }
        None
    })
}

/// The name at the beginning of a text and its length there.
fn id_at(text: &str) -> Option<(usize, String)> {
    let mut rest = Rest { text, at: 0 };
    let id = match &*rest.letters(4).to_ascii_uppercase() {
        prefix @ ("CVE" | "CAN") => {
            let year = rest.dash()?.digits(4..=4)?;
            let number = rest.dash()?.digits(4..=MAX_CVE_DIGITS)?;
            format!("{prefix}-{year}-{number}")
        }
        "GHSA" => {
            let mut id = "GHSA".to_owned();
            for _ in 0..3 {
                let group = rest.dash()?.group(4, u8::is_ascii_alphanumeric)?;
                id.push('-');
                id.push_str(&group.to_ascii_lowercase());
            }
            id
        }
        "ZDI" => {
            let year = match rest.dash()?.letters(3) {
                "" => rest.digits(2..=2)?,
                can if can.eq_ignore_ascii_case("CAN") => "CAN",
                _ => return None,
            };
            format!("ZDI-{year}-{}", rest.dash()?.digits(3..=6)?)
        }
        "XSA" => format!("XSA-{}", rest.dash()?.digits(1..=4)?),
        "TEMP" => {
            let bug = rest.dash()?.digits(7..=7)?;
            let hash = rest.dash()?.group(6, u8::is_ascii_hexdigit)?;
            format!("TEMP-{bug}-{}", hash.to_ascii_uppercase())
        }
        _ => return None,
    };
    Some((rest.at, id))
}

/// What is left of a text to read a name from; only ASCII is ever consumed.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    /// Up to so many letters.
    fn letters(&mut self, limit: usize) -> &'a str {
        self.take(limit, u8::is_ascii_alphabetic)
    }

    /// Feeds also write `CVE_2019-2426`.
    fn dash(&mut self) -> Option<&mut Self> {
        let is_dash = |byte: &u8| matches!(byte, b'-' | b'_');
        (!self.take(1, is_dash).is_empty()).then_some(self)
    }

    /// A number of as many digits; a longer one is none.
    fn digits(&mut self, length: std::ops::RangeInclusive<usize>) -> Option<&'a str> {
        let digits = self.take(length.end() + 1, u8::is_ascii_digit);
        length.contains(&digits.len()).then_some(digits)
    }

    /// Exactly so many of a kind, and no letter or digit after them.
    fn group(&mut self, length: usize, is_wanted: impl Fn(&u8) -> bool) -> Option<&'a str> {
        let group = self.take(length, is_wanted);
        let goes_on = self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_alphanumeric);
        (group.len() == length && !goes_on).then_some(group)
    }

    fn take(&mut self, limit: usize, is_wanted: impl Fn(&u8) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take(limit).take_while(|byte| is_wanted(byte)).count();
        self.at += length;
        &rest[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_id() {
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(ids_in(text), expected, "{text}");
        }
        check(
            "fix CVE-2026-102633, CVE-2024-0001 (CVE-2024-0001)",
            &["CVE-2026-102633", "CVE-2024-0001"],
        );
        check("Apply upstream fix for CAN-2026-2034440.", &["CAN-2026-2034440"]);
        check("GHSA-5qpq-xqfv-j9pg and ghsa-5QPQ-xqfv-j9pg", &["GHSA-5qpq-xqfv-j9pg"]);
        check("ZDI-CAN-16587, ZDI-23-1527", &["ZDI-CAN-16587", "ZDI-23-1527"]);
        check("XSA-396 / CVE-2022-23036", &["XSA-396", "CVE-2022-23036"]);
        check("TEMP-1138794-beade2", &["TEMP-1138794-BEADE2"]);
        check(
            "debian/patches/cve-2021-3421-CVE-2021-20271.patch",
            &["CVE-2021-3421", "CVE-2021-20271"],
        );
        check("CVE_2019-2426 CVE-2024-7264*", &["CVE-2019-2426", "CVE-2024-7264"]);
        check("0001-CVE-2020-1712.patch éCVE-2020-1713é", &["CVE-2020-1712", "CVE-2020-1713"]);
        check("CVE-2026-1234 CVE-2026-1234567", &["CVE-2026-1234", "CVE-2026-1234567"]);
        // Not ids: other numbers, too short, too long, inside of a word.
        check("DSA-5532-1 DLA-3000-1 USN-6000-1 #1149604 CVE fixes CVE-ID", &[]);
        check("CVE-2026-123 CVE-2026-20261124001 CVE-26-1234 XCVE-2026-1234", &[]);
        check("GHSA-5qpq-xqfv-j9pgg GHSA-5qpq TEMP-113879-BEADE2 XSA- ZDI-foo-123", &[]);
        check("can-build-py can-2", &[]);
    }
}
