//! What a changelog says between the installed version and its newest.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::ChangelogEntry;
use plimsoll_versions::{Scheme, compare};

use crate::changelog::bullets::{MAX_IDS, Named, named_ids};
use crate::changelog::ids;
use crate::changelog::parse::{Changelog, Entry};

/// What is new since the installed version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// The entries since, in the order of the changelog: the newest first.
    pub entries: Vec<ChangelogEntry>,
    /// What they fix, in the order they name it; without what an entry at or below the installed version names too.
    pub fixes: Vec<Fix>,
    /// Whether one of the entries was made for a security suite.
    pub is_security: bool,
    /// Whether the changelog reaches the installed version; else there may be more.
    pub is_complete: bool,
}

/// A vulnerability that an entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Its id.
    pub id: String,
    /// The lowest version that names it.
    pub version: String,
    /// The item of the list that names it; one line.
    pub quote: String,
}

/// Cuts a changelog at the installed version of the source.
///
/// An entry is new when its version is higher by dpkg's order and it stands above the installed version's own entry.
/// The order alone decides where the installed version has no entry: a branch that stable never saw. Entries below the
/// installed one's are history that it contains, whatever their versions; entries above it with lower versions are
/// those of older branches, which it contains as well, since maintainers merge changelogs sorted by version. So rsync
/// 3.5.0+ds1-0+deb12u1, which brings the entries of trixie and unstable, yields all of them down to 3.2.7-1+deb12u6,
/// and what those name is subtracted. Versions that dpkg refuses count by where they stand.
pub fn delta(changelog: &Changelog<'_>, installed: &str) -> Delta {
    let entries = &changelog.entries;
    let since = Since::new(entries, installed);
    let (new, old): (Vec<_>, Vec<_>) =
        entries.iter().enumerate().partition(|(at, entry)| since.is_new(*at, entry));

    let before: BTreeSet<String> =
        old.iter().flat_map(|(_, entry)| ids::find(entry.body())).map(|(_, id)| id).collect();
    let mut fixes = fixes_of(new.iter().map(|(_, entry)| *entry));
    let are_all_fixes = fixes.len() < MAX_IDS;
    fixes.retain(|fix| !before.contains(&fix.id));
    // An old entry above new ones is of an older branch: whether the new ones end before the text does, only the last
    // entry shows.
    let last = entries.len().checked_sub(1);
    let ends_old = last.is_some_and(|last| old.last().is_some_and(|(at, _)| *at == last));
    Delta {
        fixes,
        is_security: new.iter().any(|(_, entry)| is_security(entry)),
        is_complete: are_all_fixes && (ends_old || is_first_history(changelog)),
        entries: new.into_iter().map(|(_, entry)| shown(entry)).collect(),
    }
}

/// The entries of `NEWS.Debian` since the installed version, as one text; none where there are none.
pub fn news_since(news: &str, installed: &str) -> Option<String> {
    let news = Changelog::parse(news);
    let since = Since::new(&news.entries, installed);
    let new = news.entries.iter().enumerate().filter(|(at, entry)| since.is_new(*at, entry));
    let texts: Vec<_> =
        new.map(|(_, entry)| format!("{}:\n\n{}", entry.version, entry.text())).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// Every id that entries name, in the order of its first mention, with the lowest version that names it. That is the
/// one which fixed it: later ones mention it when a patch is dropped or a new upstream version has it. At most
/// [`MAX_IDS`], those of the newest entries.
pub(super) fn fixes_of<'a>(entries: impl Iterator<Item = &'a Entry<'a>>) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        for Named { id, quote } in named_ids(entry.body()) {
            match known.get(&id) {
                None if fixes.len() == MAX_IDS => {}
                None => {
                    known.insert(id.clone(), fixes.len());
                    fixes.push(Fix { id, version: entry.version.to_owned(), quote });
                }
                Some(&at) if is_lower(entry.version, &fixes[at].version) => {
                    fixes[at] = Fix { id, version: entry.version.to_owned(), quote };
                }
                Some(_) => {}
            }
        }
    }
    fixes
}

fn is_lower(version: &str, than: &str) -> bool {
    // Further down in the changelog is older, as far as dpkg cannot tell.
    compare(Scheme::Dpkg, version, than).is_ok_and(Ordering::is_lt)
}

fn shown(entry: &Entry<'_>) -> ChangelogEntry {
    ChangelogEntry {
        version: entry.version.to_owned(),
        date: entry.date(),
        urgency: entry.urgency().map(str::to_ascii_lowercase),
        text: entry.text(),
    }
}

fn is_security(entry: &Entry<'_>) -> bool {
    entry.distributions.split_whitespace().any(|suite| suite.ends_with("-security"))
}

/// Whether the last entry is the package's first: then everything since is there, though the installed version is not.
fn is_first_history(changelog: &Changelog<'_>) -> bool {
    let is_first = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '*', '-', '+']).to_ascii_lowercase();
        FIRST_WORDS.iter().any(|words| line.starts_with(words))
    };
    !changelog.is_trimmed
        && changelog.entries.last().is_some_and(|entry| entry.body().lines().any(is_first))
}

/// How the first entry of a package begins; that of an initial value or of an initial part of something is another.
const FIRST_WORDS: [&str; 8] = [
    "initial release",
    "initial upload",
    "initial version",
    "initial packag",
    "initial debian",
    "initial import",
    "first release",
    "first upload",
];

/// Where the installed version stands in a changelog.
struct Since<'a> {
    installed: &'a str,
    /// The position of its own entry.
    own: Option<usize>,
    /// The position of the first entry at or below it.
    reached: usize,
}

impl<'a> Since<'a> {
    fn new(entries: &[Entry<'_>], installed: &'a str) -> Self {
        let position = |is_wanted: fn(Ordering) -> bool| -> Option<usize> {
            entries.iter().position(|entry| {
                entry.version == installed
                    || compare(Scheme::Dpkg, entry.version, installed).is_ok_and(is_wanted)
            })
        };
        let own = position(Ordering::is_eq);
        Self { installed, own, reached: position(Ordering::is_le).unwrap_or(entries.len()) }
    }

    fn is_new(&self, at: usize, entry: &Entry<'_>) -> bool {
        let stands_above = self.own.is_none_or(|own| at < own);
        let is_higher = match compare(Scheme::Dpkg, entry.version, self.installed) {
            Ok(order) => order.is_gt(),
            Err(_) => at < self.reached,
        };
        stands_above && is_higher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of version, suite and text.
    fn changelog(entries: &[(&str, &str, &str)]) -> String {
        entries
            .iter()
            .map(|(version, suite, text)| {
                format!(
                    "p ({version}) {suite}; urgency=High\n\n  * {text}\n\n -- A <a@example.org>  Wed, 04 Nov 2026 09:45:42 +0000\n\n"
                )
            })
            .collect()
    }

    fn delta_of(text: &str, installed: &str) -> Delta {
        delta(&Changelog::parse(text), installed)
    }

    /// Versions of the new entries; the fixes as `ID VERSION`; whether complete.
    fn check(text: &str, installed: &str, expected: (&[&str], &[&str], bool)) {
        let delta = delta_of(text, installed);
        let versions: Vec<_> = delta.entries.iter().map(|entry| entry.version.as_str()).collect();
        let fixes: Vec<_> =
            delta.fixes.iter().map(|fix| format!("{} {}", fix.id, fix.version)).collect();
        let fixes: Vec<_> = fixes.iter().map(String::as_str).collect();
        assert_eq!((&*versions, &*fixes, delta.is_complete), expected, "since {installed}");
    }

    #[test]
    fn entries_since_the_installed_version() {
        let text = changelog(&[
            ("3.0.22-1~deb12u2", "bookworm-security", "CVE-2026-0003: three"),
            ("3.0.22-1~deb12u1", "bookworm", "CVE-2026-0002: two"),
            ("3.0.20-1~deb12u2", "bookworm", "CVE-2026-0001: one"),
        ]);
        check(
            &text,
            "3.0.20-1~deb12u2",
            (
                &["3.0.22-1~deb12u2", "3.0.22-1~deb12u1"],
                &["CVE-2026-0003 3.0.22-1~deb12u2", "CVE-2026-0002 3.0.22-1~deb12u1"],
                true,
            ),
        );
        check(&text, "3.0.22-1~deb12u2", (&[], &[], true));
        // Installed versions that have no entry of their own: reached all the same.
        check(
            &text,
            "3.0.21-1",
            (
                &["3.0.22-1~deb12u2", "3.0.22-1~deb12u1"],
                &["CVE-2026-0003 3.0.22-1~deb12u2", "CVE-2026-0002 3.0.22-1~deb12u1"],
                true,
            ),
        );
        let delta = delta_of(&text, "3.0.22-1~deb12u1");
        assert!(delta.is_security);
        let [entry] = delta.entries.as_slice() else { panic!("one entry") };
        assert_eq!(entry.text, "  * CVE-2026-0003: three");
        assert_eq!(entry.urgency.as_deref(), Some("high"));
        assert_eq!(entry.date.map(|date| date.to_string()).unwrap(), "2026-11-04T09:45:42Z");
        assert_eq!(delta.fixes[0].quote, "CVE-2026-0003: three");
        assert!(
            !delta_of(&text[text.find("p (3.0.22-1~deb12u1").unwrap()..], "3.0.20-1~deb12u2")
                .is_security
        );
    }

    #[test]
    fn foreign_history_is_subtracted() {
        // rsync in bookworm: the branch of trixie and unstable comes in above the entries of stable.
        let text = changelog(&[
            ("3.5.0+ds1-0+deb12u1", "bookworm-security", "CVE-2026-0009"),
            ("3.4.1+ds1-5+deb13u4", "trixie", "CVE-2026-0008"),
            ("3.3.0+ds1-3", "unstable", "CVE-2024-0001, CVE-2024-0002"),
            ("3.2.7-1+deb12u6", "bookworm", "Fix."),
            ("3.2.7-1+deb12u1", "bookworm-security", "CVE-2024-0001, cve-2024-0002.patch"),
            ("3.2.7-1", "unstable", "New."),
        ]);
        check(
            &text,
            "3.2.7-1+deb12u6",
            (
                &["3.5.0+ds1-0+deb12u1", "3.4.1+ds1-5+deb13u4", "3.3.0+ds1-3"],
                &["CVE-2026-0009 3.5.0+ds1-0+deb12u1", "CVE-2026-0008 3.4.1+ds1-5+deb13u4"],
                true,
            ),
        );
        // Installed before the fix: named twice, fixed by the lower version.
        check(
            &text,
            "3.2.7-1",
            (
                &[
                    "3.5.0+ds1-0+deb12u1",
                    "3.4.1+ds1-5+deb13u4",
                    "3.3.0+ds1-3",
                    "3.2.7-1+deb12u6",
                    "3.2.7-1+deb12u1",
                ],
                &[
                    "CVE-2026-0009 3.5.0+ds1-0+deb12u1",
                    "CVE-2026-0008 3.4.1+ds1-5+deb13u4",
                    "CVE-2024-0001 3.2.7-1+deb12u1",
                    "CVE-2024-0002 3.2.7-1+deb12u1",
                ],
                true,
            ),
        );
    }

    #[test]
    fn what_stands_below_the_installed_version_is_contained() {
        // A version that was taken back, and an older branch that was merged above.
        let text = changelog(&[
            ("2.1-2", "unstable", "CVE-2026-0004"),
            ("2.0-1~bpo11+1", "bullseye-backports", "Rebuild. CVE-2026-0003"),
            ("2.0-1", "unstable", "CVE-2026-0002"),
            ("9.9really1.9-1", "unstable", "CVE-2026-0001"),
        ]);
        check(&text, "2.0-1", (&["2.1-2"], &["CVE-2026-0004 2.1-2"], true));
    }

    #[test]
    fn a_changelog_that_ends_too_early_is_incomplete() {
        let entries = [
            ("2.39-0ubuntu8.6", "noble-security", "CVE-2026-0001"),
            ("2.39-0ubuntu8.5", "noble", "Fix."),
        ];
        let text = changelog(&entries);
        let fixes = ["CVE-2026-0001 2.39-0ubuntu8.6"];
        check(&text, "2.39-0ubuntu8", (&["2.39-0ubuntu8.6", "2.39-0ubuntu8.5"], &fixes, false));
        check(&text, "2.39-0ubuntu8.5", (&["2.39-0ubuntu8.6"], &fixes, true));
        check("", "1", (&[], &[], false));
        // A new source package: everything it ever did is there, unless the text says that it is not.
        let first = changelog(&[
            ("2-1", "unstable", "CVE-2026-0001"),
            ("1-1", "unstable", "Initial release."),
        ]);
        check(&first, "0~1", (&["2-1", "1-1"], &["CVE-2026-0001 2-1"], true));
        let other = first.replace("Initial release", "Fix the initial value");
        check(&other, "0~1", (&["2-1", "1-1"], &["CVE-2026-0001 2-1"], false));
        let trimmed = format!("{first}\n# Older entries have been removed from this changelog.\n");
        check(&trimmed, "0~1", (&["2-1", "1-1"], &["CVE-2026-0001 2-1"], false));
    }

    #[test]
    fn an_older_branch_above_what_is_new_does_not_reach_the_installed_version() {
        let text = changelog(&[
            ("3.1-1", "unstable", "CVE-2026-0003"),
            ("2.0-1~bpo11+1", "bullseye-backports", "Rebuild."),
            ("3.0.21-1", "unstable", "CVE-2026-0001"),
        ]);
        let fixes = ["CVE-2026-0003 3.1-1", "CVE-2026-0001 3.0.21-1"];
        check(&text, "3.0.20-1", (&["3.1-1", "3.0.21-1"], &fixes, false));
        check(&text, "3.0.21-1", (&["3.1-1"], &fixes[..1], true));
    }

    #[test]
    fn epochs_and_rebuilds_are_compared_as_dpkg_does() {
        let text = changelog(&[
            ("1:2.39.3-9ubuntu6.6", "noble-security", "CVE-2026-0002"),
            ("2.39.3-9ubuntu6", "noble", "CVE-2026-0001"),
        ]);
        check(
            &text,
            "1:2.39.3-9",
            (&["1:2.39.3-9ubuntu6.6"], &["CVE-2026-0002 1:2.39.3-9ubuntu6.6"], true),
        );
        let rebuilt =
            changelog(&[("1.6-2.1+b1", "sid", "Rebuild."), ("1.6-2.1", "sid", "CVE-2026-0001")]);
        check(&rebuilt, "1.6-2.1", (&["1.6-2.1+b1"], &[], true));
    }

    #[test]
    fn versions_that_dpkg_refuses_count_by_their_place() {
        let text = changelog(&[
            ("1.3", "sid", "CVE-2026-0003"),
            ("x:1.2", "sid", "CVE-2026-0002"),
            ("1.1", "sid", "Old."),
            ("x:1.0", "sid", "CVE-2026-0001"),
        ]);
        check(
            &text,
            "1.1",
            (&["1.3", "x:1.2"], &["CVE-2026-0003 1.3", "CVE-2026-0002 x:1.2"], true),
        );
        check(&text, "x:1.2", (&["1.3"], &["CVE-2026-0003 1.3"], true));
    }

    #[test]
    fn an_update_without_an_id_fixes_nothing_by_name() {
        let text = changelog(&[
            ("2026f-0+deb12u1", "bookworm-security", "Cuba."),
            ("2026a-0", "bookworm", "New."),
        ]);
        check(&text, "2026a-0", (&["2026f-0+deb12u1"], &[], true));
        assert!(delta_of(&text, "2026a-0").is_security);
    }

    #[test]
    fn news_since_the_installed_version() {
        let text = changelog(&[
            ("3.5.0-0+deb12u1", "bookworm-security", "Read me."),
            ("3.2", "unstable", "Old."),
        ]);
        assert_eq!(news_since(&text, "3.4").as_deref(), Some("3.5.0-0+deb12u1:\n\n  * Read me."));
        assert_eq!(news_since(&text, "3.5.0-0+deb12u1"), None);
        assert_eq!(news_since("", "1"), None);
        let both = news_since(&text, "1").unwrap();
        assert!(both.ends_with("\n\n3.2:\n\n  * Old."), "{both}");
    }
}
