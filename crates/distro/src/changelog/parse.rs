//! deb-changelog(5), as tolerant as 30 years of changelogs ask for.

use jiff::Timestamp;

use crate::changelog::date::parse_date;
use crate::changelog::text::DebText;

/// The longest real changelogs have 1,200 entries.
const MAX_ENTRIES: usize = 20_000;

/// The longest real versions have some 60 bytes; each id that an entry names is told with its version.
const MAX_VERSION_BYTES: usize = 256;

/// A changelog, the newest entry first, borrowed from its text.
///
/// Reading never fails: what cannot be understood is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changelog<'a> {
    /// The entries in the order of the text.
    pub entries: Vec<Entry<'a>>,
    /// Lines that are out of place, entries without an end, dates that are none.
    pub problems: u32,
    /// Whether the text says that older entries were left out, or is known to be cut.
    pub is_trimmed: bool,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The source package.
    pub source: &'a str,
    /// The version, as written.
    pub version: &'a str,
    /// The suites it was made for, mostly one; empty where none is given.
    pub distributions: &'a str,
    /// `urgency=medium, binary-only=yes`.
    options: &'a str,
    body: &'a str,
    date: Option<Timestamp>,
}

impl<'a> Changelog<'a> {
    /// Reads the text of a changelog; a text of anything else has no entries.
    pub fn parse(text: &'a str) -> Self {
        let mut changelog = Self::default();
        let mut open: Option<Open<'a>> = None;
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let line = line.trim_end();
            match Line::of(line) {
                Line::Header(entry) => {
                    if let Some(open) = open.take() {
                        changelog.problems += 1;
                        changelog.entries.push(open.close(text, start, None));
                    }
                    if changelog.entries.len() == MAX_ENTRIES {
                        changelog.is_trimmed = true;
                        return changelog;
                    }
                    open = Some(Open { entry, body_start: offset });
                }
                Line::Trailer(date) => {
                    let date = parse_date(date);
                    changelog.problems += u32::from(date.is_none());
                    match open.take() {
                        Some(open) => changelog.entries.push(open.close(text, start, date)),
                        None => changelog.problems += 1,
                    }
                }
                Line::Trimmed => changelog.is_trimmed = true,
                // What an editor left behind; and the time before there was a format.
                Line::End => break,
                Line::Ignored => {}
                Line::Body if open.is_some() => {}
                Line::Body | Line::Stray => changelog.problems += 1,
            }
        }
        if let Some(open) = open {
            changelog.problems += 1;
            changelog.entries.push(open.close(text, offset, None));
        }
        changelog
    }

    /// Reads what a `.deb` brought.
    pub fn of(text: &'a DebText) -> Self {
        let mut changelog = Self::parse(&text.text);
        changelog.is_trimmed |= text.cut.is_some();
        changelog
    }
}

impl<'a> Entry<'a> {
    /// How soon it should migrate, in the maintainer's view; not a severity.
    pub fn urgency(&self) -> Option<&'a str> {
        self.option("urgency").or_else(|| self.option("priority"))
    }

    /// Whether only binaries were built again: its version is not one of the source.
    pub fn is_binary_only(&self) -> bool {
        let rebuilt = self.version.rsplit_once("+b").is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        rebuilt || self.option("binary-only") == Some("yes")
    }

    /// When it was made.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// Its text without empty lines around it; indentation is kept.
    pub fn text(&self) -> String {
        let lines: Vec<_> = self.body.lines().map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }

    /// The text as it stands in the changelog.
    pub(super) fn body(&self) -> &'a str {
        self.body
    }

    fn option(&self, name: &str) -> Option<&'a str> {
        self.options.split(',').find_map(|option| {
            let (key, value) = option.split_once('=')?;
            let value = value.split_whitespace().next()?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// An entry whose end was not seen yet.
struct Open<'a> {
    entry: Entry<'a>,
    body_start: usize,
}

impl<'a> Open<'a> {
    fn close(self, text: &'a str, body_end: usize, date: Option<Timestamp>) -> Entry<'a> {
        Entry { body: &text[self.body_start..body_end], date, ..self.entry }
    }
}

enum Line<'a> {
    Header(Entry<'a>),
    /// The date of a trailer.
    Trailer(&'a str),
    Body,
    /// Says that older entries were left out.
    Trimmed,
    End,
    Ignored,
    Stray,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        if line.is_empty() {
            return Self::Ignored;
        }
        if let Some(trailer) = trailer(line) {
            return trailer;
        }
        if line.starts_with([' ', '\t']) {
            return Self::Body;
        }
        if line.starts_with(['#', '/', '$', ';']) {
            let lower = line.to_ascii_lowercase();
            // debhelper's words, and those of Ubuntu's builders.
            let is_trimmed = lower.contains("older entries have been removed")
                || lower.contains("for older changelog entries");
            return if is_trimmed { Self::Trimmed } else { Self::Ignored };
        }
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("local variables:") || lower.starts_with("old changelog:") {
            return Self::End;
        }
        if lower.starts_with("vim:") {
            return Self::Ignored;
        }
        header(line).map_or(Self::Stray, Self::Header)
    }
}

/// ` -- Name <mail>  Date`; the number of spaces is often wrong, and so is what stands in between.
fn trailer(line: &str) -> Option<Line<'_>> {
    let rest = line.strip_prefix(" --").or_else(|| line.strip_prefix("--"))?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let date = rest.rsplit_once('>').map_or("", |(_, date)| date);
    Some(Line::Trailer(date))
}

/// `source (version) suite suite; urgency=medium`; very old ones end after the version.
fn header(line: &str) -> Option<Entry<'_>> {
    let (source, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    // Also what dpkg refuses; but prose has brackets too: `Fixed (Bug#3574)`.
    let is_version = |c: char| is_name(c) || "~:".contains(c);
    if source.is_empty() || !source.chars().all(is_name) || version.len() > MAX_VERSION_BYTES {
        return None;
    }
    if !version.contains(|c: char| c.is_ascii_digit()) || !version.chars().all(is_version) {
        return None;
    }
    let (distributions, options) = match rest.split_once(';') {
        Some((distributions, options)) => (distributions.trim(), options),
        None => ("", ""),
    };
    Some(Entry { source, version, distributions, options, body: "", date: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUDO: &str = "\
sudo (1.9.13p3-1+deb12u4) bookworm-security; urgency=HIGH, binary-only=no

  * CVE-2026-1: a fix
    (Closes: #101, #102,
    #103)
  * Really closes: Bug#104.

 -- A. Maintainer <a@example.org>  Wed, 04 Nov 2026 09:45:42 +0700

sudo (1.9.13p3-1) unstable; urgency=medium

  * Initial release.

 -- A. Maintainer <a@example.org>  Mon, 05 Feb 2024 09:45:42 +0000
";

    fn versions(text: &str) -> (Vec<&str>, u32, bool) {
        let changelog = Changelog::parse(text);
        let versions = changelog.entries.iter().map(|entry| entry.version).collect();
        (versions, changelog.problems, changelog.is_trimmed)
    }

    #[test]
    fn an_entry_is_read_whole() {
        let changelog = Changelog::parse(SUDO);
        assert_eq!((changelog.problems, changelog.is_trimmed), (0, false));
        let [newest, oldest] = changelog.entries.as_slice() else { panic!("two entries") };
        assert_eq!(newest.source, "sudo");
        assert_eq!(newest.version, "1.9.13p3-1+deb12u4");
        assert_eq!(newest.distributions, "bookworm-security");
        assert_eq!(newest.urgency(), Some("HIGH"));
        assert_eq!(newest.date().map(|date| date.to_string()).unwrap(), "2026-11-04T02:45:42Z");
        let text = "  * CVE-2026-1: a fix\n    (Closes: #101, #102,\n    #103)\n  * Really closes: Bug#104.";
        assert_eq!(newest.text(), text);
        assert_eq!(oldest.text(), "  * Initial release.");
        assert!(!newest.is_binary_only());
    }

    #[test]
    fn a_rebuild_is_no_version_of_the_source() {
        let check = |header: &str, expected: bool| {
            let text = format!("{header}\n\n  * Rebuild.\n");
            assert_eq!(Changelog::parse(&text).entries[0].is_binary_only(), expected, "{header}");
        };
        check("jq (1.6-2.1+b1) sid; urgency=low, binary-only=yes", true);
        check("jq (1.6-2.1) sid; urgency=low, binary-only=yes", true);
        check("jq (1.6-2.1+b12) sid; urgency=low", true);
        check("jq (1.6-2.1+beta) sid; urgency=low", false);
        check("jq (1.6-2.1+b) sid; urgency=low", false);
    }

    #[test]
    fn windows_line_ends_change_nothing() {
        let text = SUDO.replace('\n', "\r\n");
        let (crlf, plain) = (Changelog::parse(&text), Changelog::parse(SUDO));
        assert_eq!(crlf.problems, 0);
        for (crlf, plain) in crlf.entries.iter().zip(&plain.entries) {
            assert_eq!((crlf.version, crlf.text()), (plain.version, plain.text()));
            assert_eq!(crlf.date(), plain.date());
        }
    }

    #[test]
    fn what_is_broken_is_counted() {
        fn check(text: &str, expected: (&[&str], u32, bool)) {
            let (versions, problems, is_trimmed) = versions(text);
            assert_eq!((&*versions, problems, is_trimmed), expected, "{text}");
        }
        check("", (&[], 0, false));
        check("\u{0}\u{1}\n\nnot a changelog\n  at all\n", (&[], 3, false));
        // No trailer, a trailer without a date, without a name, one too many.
        check(
            "a (2) u; urgency=x\n\n  * x\n\na (1) u; urgency=x\n\n  * y\n",
            (&["2", "1"], 2, false),
        );
        check("a (1) u; urgency=x\n\n  * x\n\n -- Me <a@b>\n", (&["1"], 1, false));
        check("a (1) u; urgency=x\n\n  * x\n\n --\n", (&["1"], 1, false));
        check(" -- Me <a@b>  Wed, 04 Nov 2026 09:45:42 +0700\n", (&[], 1, false));
        // One space instead of two, none before the dashes.
        check(
            "a (1) u; urgency=x\n\n  * x\n\n -- Me <a@b> Wed, 4 Nov 2026 09:45:42 +0700\n",
            (&["1"], 0, false),
        );
        check(
            "a (1) u; urgency=x\n\n  * x\n\n-- Me <a@b>  Wed, 4 Nov 2026 09:45:42 +0700\n",
            (&["1"], 0, false),
        );
        // Versions that dpkg refuses are still versions of entries; `--option` is text.
        check("a (x:1_0) u; urgency=x\n\n  * x\n --option\n", (&["x:1_0"], 1, false));
        // Before there was a format, and after the changelog.
        check(
            "gmp (1.3.2-2) - dcs\n  * x\ngmp (1.3.2-1)\n  * y\n",
            (&["1.3.2-2", "1.3.2-1"], 2, false),
        );
        check("Added a description (Bug#3574).\nStripped (all)\nNew (1.0 beta)\n", (&[], 3, false));
        let long = "1".repeat(MAX_VERSION_BYTES + 1);
        check(&format!("a ({long}) u; urgency=x\n  * x\n"), (&[], 2, false));
        check("Local variables:\nmode: debian-changelog\nEnd:\n", (&[], 0, false));
        check("Old Changelog:\na (1) u; urgency=x\n", (&[], 0, false));
        check("vim:set ai tw=78:\n# comment\n", (&[], 0, false));
    }

    #[test]
    fn who_leaves_out_old_entries_says_so() {
        for note in [
            "# Older entries have been removed from this changelog.\n# To read the complete changelog use `apt changelog sudo`.\n",
            "# For older changelog entries, run 'apt-get changelog libc6'\n",
        ] {
            let text = format!("{SUDO}\n{note}");
            assert_eq!(versions(&text), (vec!["1.9.13p3-1+deb12u4", "1.9.13p3-1"], 0, true));
        }
        let cut = DebText { text: SUDO.to_owned(), cut: Some("longer".to_owned()) };
        assert!(Changelog::of(&cut).is_trimmed);
    }

    #[test]
    fn entries_are_limited() {
        let text = "a (1) u; urgency=x\n".repeat(MAX_ENTRIES + 7);
        let changelog = Changelog::parse(&text);
        assert_eq!((changelog.entries.len(), changelog.is_trimmed), (MAX_ENTRIES, true));
    }
}
