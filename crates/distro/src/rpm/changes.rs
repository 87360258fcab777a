//! `other.xml`: the changelogs of packages, and what of one is new since the installed version.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use jiff::Timestamp;
use plimsoll_model::ChangelogEntry;

use super::nevra::{compare, split_epoch, word};
use super::xml::{self, Attributes, MetadataError, Visitor};

/// See `primary`.
const MAX_PACKAGES: usize = 4_000_000;

/// createrepo_c keeps ten entries a package, others up to some hundred. Of more the newest count: whether those reach
/// the installed version is asked anyway.
const MAX_ENTRIES: usize = 2_000;

/// The changelogs kept of one document.
const MAX_KEPT: usize = 64 << 20;

/// An entry of a `%changelog`, as `other` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `Name <address> - 1.2-3`; the version is a habit, not a rule.
    pub author: String,
    /// When; rpm knows days only.
    pub date: Option<Timestamp>,
    /// The text.
    pub text: String,
}

/// The changelogs of packages, by what `primary` calls the package (`pkgid`).
pub type Changes = BTreeMap<String, Vec<Change>>;

/// The part of a changelog that is newer than what is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// The entries, the newest first.
    pub entries: Vec<ChangelogEntry>,
    /// The texts of the older entries.
    pub(super) older: Vec<String>,
    /// Whether they reach down to the installed version.
    pub is_complete: bool,
}

/// Reads `other.xml`, unpacked, and keeps the changelogs of these packages.
pub fn read_other(
    input: impl BufRead,
    pkgids: &BTreeSet<String>,
) -> Result<Changes, MetadataError> {
    let mut reader =
        OtherReader { pkgids, changes: Changes::new(), seen: 0, kept: 0, pkgid: None, entry: None };
    xml::read(input, "otherdata", &mut reader)?;
    for entries in reader.changes.values_mut() {
        keep_newest(entries);
        entries.reverse();
    }
    Ok(reader.changes)
}

/// Brings entries in order, the newest last, and drops the oldest of too many. createrepo_c writes them so; those of one
/// day keep their order.
fn keep_newest(entries: &mut Vec<Change>) {
    entries.sort_by_key(|entry| entry.date);
    entries.drain(..entries.len().saturating_sub(MAX_ENTRIES));
}

/// Cuts a changelog, the newest entry first, at the installed version-release.
///
/// By habit an entry ends its first line in the version that it made, mostly without the distribution's tag. The first
/// entry that names a version no newer than the installed one ends what is new; entries that name none belong to
/// the newer entry above them.
pub fn changelog_since(changes: &[Change], installed: &str, candidate: &str) -> Since {
    let (_, installed) = split_epoch(installed);
    let mut since = Since::default();
    let mut version = candidate.to_owned();
    for change in changes {
        if let Some(named) = version_of(&change.author) {
            since.is_complete |= compare(named, installed).is_le();
            named.clone_into(&mut version);
        }
        if since.is_complete {
            since.older.push(change.text.clone());
        } else {
            since.entries.push(ChangelogEntry {
                version: version.clone(),
                date: change.date,
                urgency: None,
                text: change.text.clone(),
            });
        }
    }
    since
}

/// The version-release behind the address: `N <a> - 1:1.2-3`, `N <a> 1.2-3`, `N <a> - 1.2-3.el9`.
fn version_of(author: &str) -> Option<&str> {
    let (_, behind) = author.rsplit_once('>')?;
    let version = word(behind.trim().trim_start_matches('-').trim())?;
    let (_, version) = split_epoch(version);
    let is_version = version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && version.contains(|c: char| c.is_ascii_digit())
        && version.contains('-');
    is_version.then_some(version)
}

struct OtherReader<'p> {
    pkgids: &'p BTreeSet<String>,
    changes: Changes,
    seen: usize,
    kept: usize,
    /// The package that is read, if it is one of these.
    pkgid: Option<String>,
    entry: Option<(String, Option<Timestamp>)>,
}

impl Visitor for OtherReader<'_> {
    fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError> {
        match name {
            "package" => {
                self.seen += 1;
                if self.seen > MAX_PACKAGES {
                    return Err(MetadataError::TooMany { limit: MAX_PACKAGES, what: "packages" });
                }
                self.pkgid = attributes.text("pkgid").filter(|id| self.pkgids.contains(id));
            }
            "changelog" if self.pkgid.is_some() => {
                let date = attributes.get("date").and_then(|date| date.parse().ok());
                let date = date.and_then(|seconds| Timestamp::from_second(seconds).ok());
                self.entry = Some((attributes.text("author").unwrap_or_default(), date));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError> {
        if name != "changelog" {
            return Ok(());
        }
        let Some((pkgid, (author, date))) = self.pkgid.as_ref().zip(self.entry.take()) else {
            return Ok(());
        };
        self.kept += author.len() + text.len();
        if self.kept > MAX_KEPT {
            return Err(MetadataError::TooMany { limit: MAX_KEPT, what: "bytes of changelogs" });
        }
        let entries = self.changes.entry(pkgid.clone()).or_default();
        entries.push(Change { author, date, text: text.to_owned() });
        if entries.len() >= 2 * MAX_ENTRIES {
            keep_newest(entries);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_an_entry_stands_behind_its_author() {
        for (author, expected) in [
            ("A B <a@b.example> - 1.2-3", Some("1.2-3")),
            ("A B <a@b.example> 1.2-3.el9", Some("1.2-3.el9")),
            ("A B <a@b.example> - 4:1.2-3", Some("1.2-3")),
            ("A B <a@b.example> -1.2-3", Some("1.2-3")),
            ("A B <a@b.example>", None),
            ("A B <a@b.example> - rebuilt", None),
            ("A B - 1.2-3", None),
            (&format!("A B <a@b.example> - 1-{}", "1".repeat(300)), None),
            ("", None),
        ] {
            assert_eq!(version_of(author), expected, "{author}");
        }
    }

    fn change(author: &str, text: &str) -> Change {
        Change { author: format!("A <a@b.example>{author}"), date: None, text: text.to_owned() }
    }

    #[test]
    fn a_changelog_is_cut_at_the_installed_version() {
        let changes = [
            change(" - 1.2-5", "five"),
            change("", "of five"),
            change(" - 1.2-4", "four"),
            change(" - 1.2-3", "three"),
            change(" - 1.2-9", "an older one, misnumbered"),
        ];
        let check = |installed: &str, expected: &[&str], is_complete| {
            let since = changelog_since(&changes, installed, "1.2-5.el9");
            let found: Vec<_> =
                since.entries.iter().map(|e| format!("{} {}", e.version, e.text)).collect();
            assert_eq!(found, expected, "{installed}");
            assert_eq!(since.is_complete, is_complete, "{installed}");
        };
        check("4:1.2-3.el9", &["1.2-5 five", "1.2-5 of five", "1.2-4 four"], true);
        check("1.2-5.el9", &[], true);
        check(
            "1.1-1",
            &[
                "1.2-5 five",
                "1.2-5 of five",
                "1.2-4 four",
                "1.2-3 three",
                "1.2-9 an older one, misnumbered",
            ],
            false,
        );
    }

    #[test]
    fn changelogs_of_the_named_packages_are_kept_newest_first() {
        let xml = "<otherdata packages=\"2\"><package pkgid=\"a\" name=\"x\" arch=\"noarch\"><version/>\
            <changelog author=\"A &lt;a@b&gt; - 1-1\" date=\"1000\">- one</changelog>\
            <changelog author=\"A &lt;a@b&gt; - 1-2\" date=\"2000\">- two</changelog>\
            <changelog author=\"A &lt;a@b&gt; - 1-3\" date=\"2000\">- three</changelog></package>\
            <package pkgid=\"b\"><changelog author=\"B\" date=\"1\">b</changelog></package></otherdata>";
        let found = read_other(xml.as_bytes(), &BTreeSet::from(["a".to_owned()])).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a"]);
        let texts: Vec<_> = found["a"].iter().map(|change| change.text.as_str()).collect();
        assert_eq!(texts, ["- three", "- two", "- one"]);
        assert_eq!(found["a"][0].author, "A <a@b> - 1-3");
    }

    #[test]
    fn of_too_many_entries_the_newest_are_kept() {
        let total = 2 * MAX_ENTRIES + 500;
        let check = |numbers: &mut dyn Iterator<Item = usize>| {
            let entries: String = numbers
                .map(|n| {
                    format!(
                        "<changelog author=\"A &lt;a@b&gt; - 1-{n}\" date=\"{n}\">x</changelog>"
                    )
                })
                .collect();
            let xml = format!("<otherdata><package pkgid=\"a\">{entries}</package></otherdata>");
            let found = read_other(xml.as_bytes(), &BTreeSet::from(["a".to_owned()])).unwrap();
            let authors: Vec<_> = found["a"].iter().map(|change| change.author.as_str()).collect();
            assert_eq!(authors.len(), MAX_ENTRIES);
            assert_eq!(authors.first().copied(), Some(format!("A <a@b> - 1-{total}").as_str()));
            assert!(!changelog_since(&found["a"], "1-9", "1-4500").is_complete);
        };
        check(&mut (1..=total));
        check(&mut (1..=total).rev());
    }
}
