//! Names of vulnerabilities, as feeds really write them.

/// An id is at most this long (the longest real ones, of openSUSE, have 30); longer text is no id.
const MAX_ID: usize = 64;

/// What one string of a feed names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// CVE ids, in order, each once.
    pub(crate) cves: Vec<String>,
    /// Other ids (`XSA-207`, `GHSA-…`), in order, each once.
    pub(crate) others: Vec<String>,
}

impl Named {
    /// The ids of a string such as `CVE-2017-8904 XSA-214`, `CVE_2019-2426` or
    /// `CVE-2017-2616 (+ regression fix)`.
    pub(crate) fn read(text: &str) -> Self {
        let mut named = Self::default();
        let mut rest = without_parentheses(text);
        while let Some((start, end, cve)) = find_cve(&rest) {
            push_once(&mut named.cves, cve);
            rest.replace_range(start..end, " ");
        }
        for word in rest.split([' ', '\t', ',', ';']).filter(|word| is_other_id(word)) {
            push_once(&mut named.others, word.to_owned());
        }
        named
    }

    /// The ids to report and their aliases: the CVEs where there are any.
    pub(crate) fn into_ids_and_aliases(self) -> (Vec<String>, Vec<String>) {
        if self.cves.is_empty() { (self.others, Vec::new()) } else { (self.cves, self.others) }
    }
}

/// Whether the text is exactly a CVE id.
pub(crate) fn is_cve(text: &str) -> bool {
    cve_at(text, 0).is_some_and(|(end, cve)| end == text.len() && cve == text)
}

/// The CVE inside an id that a distribution made of it: `UBUNTU-CVE-2021-3782`, `DEBIAN-CVE-…`.
pub(crate) fn embedded_cve(id: &str) -> Option<&str> {
    let (_, rest) = id.split_once("-CVE-")?;
    let cve = id.get(id.len() - rest.len() - "CVE-".len()..)?;
    is_cve(cve).then_some(cve)
}

/// Adds a value that is not there yet.
pub(crate) fn push_once(list: &mut Vec<String>, value: String) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

fn find_cve(text: &str) -> Option<(usize, usize, String)> {
    (0..text.len()).find_map(|start| cve_at(text, start).map(|(end, cve)| (start, end, cve)))
}

/// A CVE id at `start`, whatever separates its parts; what hangs on it (`.patch`, `-1`) belongs to it.
fn cve_at(text: &str, start: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    if before.is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let prefix = bytes.get(start..start + 3)?;
    let year = bytes.get(start + 4..start + 8)?;
    let separated =
        [start + 3, start + 8].iter().all(|&at| matches!(bytes.get(at), Some(b'-' | b'_' | b' ')));
    if !prefix.eq_ignore_ascii_case(b"CVE") || !year.iter().all(u8::is_ascii_digit) || !separated {
        return None;
    }
    let digits = start + 9;
    let count = bytes.get(digits..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(4..=19).contains(&count) {
        return None;
    }
    let number = text.get(digits..digits + count)?;
    let cve = format!("CVE-{}-{number}", text.get(start + 4..start + 8)?);
    let tail = text.get(digits + count..)?;
    let end = text.len()
        - tail.trim_start_matches(|c: char| !c.is_whitespace() && c != ',' && c != ';').len();
    Some((end, cve))
}

/// A malformed CVE id (`CVE-????-?????`) is no id of another kind.
fn is_other_id(word: &str) -> bool {
    word.len() <= MAX_ID
        && !word.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("CVE"))
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.contains('-')
        && word.ends_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, cves: &[&str], others: &[&str]) {
        let named = Named::read(text);
        assert_eq!((named.cves, named.others), (owned(cves), owned(others)), "{text:?}");
    }

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn dirty_ids_of_the_real_secdb_are_understood() {
        check("CVE-2017-8904 XSA-214", &["CVE-2017-8904"], &["XSA-214"]);
        check("CVE-2018-12126  XSA-297", &["CVE-2018-12126"], &["XSA-297"]);
        check("XSA-207", &[], &["XSA-207"]);
        check("CVE_2019-2426", &["CVE-2019-2426"], &[]);
        check("CVE 2018-16859", &["CVE-2018-16859"], &[]);
        check("CVE-2017-16808 (AoE)", &["CVE-2017-16808"], &[]);
        check("CVE-2017-2616 (+ regression fix)", &["CVE-2017-2616"], &[]);
        check("CVE-2017-8073.patch", &["CVE-2017-8073"], &[]);
        check("CVE-2017-17434-1", &["CVE-2017-17434"], &[]);
        check("CVE-????-?????  XSA-284", &[], &["XSA-284"]);
        check(
            "CVE-2017-5753 CVE-2017-5715 CVE-2017-5754 XSA-254 XPTI",
            &["CVE-2017-5753", "CVE-2017-5715", "CVE-2017-5754"],
            &["XSA-254"],
        );
        check("CVE-2017-12122 TALOS-2017-0488", &["CVE-2017-12122"], &["TALOS-2017-0488"]);
        check("wnpa-sec-2017-18", &[], &["wnpa-sec-2017-18"]);
        check("GHSA-35jh-r3h4-6jhm", &[], &["GHSA-35jh-r3h4-6jhm"]);
        check("cve-2020-1234", &["CVE-2020-1234"], &[]);
        check("CVE-2020-1234, CVE-2020-1235", &["CVE-2020-1234", "CVE-2020-1235"], &[]);
        check("CVE-2020-1 nothing", &[], &[]);
        check("(unclosed CVE-2020-1234", &[], &[]);
        check("CVE-2020-1234CVE-2020-99999é", &["CVE-2020-1234"], &[]);
        check("", &[], &[]);
    }

    #[test]
    fn distribution_ids_hold_a_cve() {
        assert_eq!(embedded_cve("UBUNTU-CVE-2021-3782"), Some("CVE-2021-3782"));
        assert_eq!(embedded_cve("CVE-2021-3782"), None);
        assert_eq!(embedded_cve("ROOT-OS-DEBIAN-CVE-2021-37x"), None);
        assert!(is_cve("CVE-2021-3782") && !is_cve("CVE_2021-3782") && !is_cve("CVE-2021-3782-1"));
    }
}
