//! Pending updates as they are shown.

use std::collections::BTreeSet;

use plimsoll_model::Update;

use crate::changelog::deb::{DebChangelog, DebDoc};
use crate::changelog::delta::{delta, news_since};
use crate::changelog::parse::Changelog;
use crate::pending::Pending;

/// What an archive says about an update without its packages being read: names and versions, and where the archive has
/// bulletins, their ids, the worst severity and their titles.
pub fn update_of(pending: &Pending) -> Update {
    let mut seen = BTreeSet::new();
    let ids = pending.bulletins.iter().flat_map(|bulletin| &bulletin.ids);
    let ids = ids.filter(|id| seen.insert(*id)).cloned().collect();
    let mut binaries: Vec<_> = pending.binaries.iter().map(|binary| binary.name.clone()).collect();
    binaries.sort();
    binaries.dedup();
    Update {
        source: pending.source.clone(),
        binaries,
        installed: pending.installed.clone(),
        candidate: pending.candidate.clone(),
        suite: pending.suite.clone(),
        security: pending.security || pending.bulletins.iter().any(|bulletin| bulletin.security),
        severity: pending.bulletins.iter().filter_map(|bulletin| bulletin.severity).max(),
        ids,
        entries: Vec::new(),
        complete: false,
        news: None,
        held_back: pending.held_back,
        problem: None,
    }
}

/// The same with what a new `.deb` of the source says, or why none could be read.
///
/// An update whose entries were made for a security suite is a security update, wherever it is offered: point releases
/// bring them into the main suite.
pub fn deb_update(pending: &Pending, doc: Result<&DebDoc, &str>) -> Update {
    let mut update = update_of(pending);
    let problem = match doc {
        Err(why) => Some(why.to_owned()),
        Ok(doc) => {
            update.news =
                doc.news.as_ref().and_then(|news| news_since(&news.text, &pending.installed));
            match &doc.changelog {
                DebChangelog::Missing => Some("its package has no changelog".to_owned()),
                DebChangelog::Sibling(name) => {
                    Some(format!("its changelog is in {name}, which was not read"))
                }
                DebChangelog::Text(text) => add_delta(&mut update, &Changelog::of(text)),
            }
        }
    };
    update.problem = problem;
    update
}

/// Why nothing was added.
fn add_delta(update: &mut Update, changelog: &Changelog<'_>) -> Option<String> {
    if changelog.entries.is_empty() {
        return Some("its changelog has no entry that can be read".to_owned());
    }
    let delta = delta(changelog, &update.installed);
    update.security |= delta.is_security;
    let known: BTreeSet<String> = update.ids.iter().cloned().collect();
    let ids = delta.fixes.into_iter().map(|fix| fix.id);
    update.ids.extend(ids.filter(|id| !known.contains(id)));
    update.entries = delta.entries;
    update.complete = delta.is_complete;
    None
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{PackageId, Severity};

    use super::*;
    use crate::changelog::text::DebText;
    use crate::pending::{Bulletin, PendingBinary};

    const CHANGELOG: &str = "\
openssl (3.0.22-1) bookworm-security; urgency=high\n\n  * CVE-2026-0002: fix.\n
openssl (3.0.20-1) bookworm; urgency=high\n\n  * CVE-2026-0001: fix.\n";

    fn pending() -> Pending {
        let binary = |name: &str| PendingBinary {
            package: PackageId(name.to_owned()),
            name: name.to_owned(),
            arch: Some("amd64".to_owned()),
            installed: "3.0.20-1".to_owned(),
            candidate: "3.0.22-1".to_owned(),
        };
        Pending {
            source: "openssl".to_owned(),
            installed: "3.0.20-1".to_owned(),
            candidate: "3.0.22-1".to_owned(),
            suite: "bookworm".to_owned(),
            security: false,
            held_back: None,
            binaries: vec![binary("openssl"), binary("libssl3"), binary("libssl3")],
            bulletins: Vec::new(),
        }
    }

    fn text(text: &str) -> DebText {
        DebText { text: text.to_owned(), cut: None }
    }

    #[test]
    fn a_changelog_fills_the_update() {
        let doc = DebDoc {
            changelog: DebChangelog::Text(text(CHANGELOG)),
            news: Some(text(&CHANGELOG.replace("CVE-2026-0002: fix", "Read me"))),
        };
        let update = deb_update(&pending(), Ok(&doc));
        assert_eq!(update.binaries, ["libssl3", "openssl"]);
        assert_eq!(update.ids, ["CVE-2026-0002"]);
        assert!(update.security && update.complete);
        assert_eq!(update.news.as_deref(), Some("3.0.22-1:\n\n  * Read me."));
        assert_eq!((update.entries.len(), update.problem), (1, None));
    }

    #[test]
    fn what_could_not_be_read_is_a_problem_not_an_empty_update() {
        fn check(doc: Result<DebChangelog, &str>, expected: &str) {
            let doc = doc.map(|changelog| DebDoc { changelog, news: None });
            let update = deb_update(&pending(), doc.as_ref().map_err(|why| *why));
            assert_eq!(update.problem.as_deref(), Some(expected));
            assert!(!update.complete && update.entries.is_empty() && update.ids.is_empty());
        }
        check(Err("hash mismatch"), "hash mismatch");
        check(Ok(DebChangelog::Missing), "its package has no changelog");
        let sibling = DebChangelog::Sibling("libc6".to_owned());
        check(Ok(sibling), "its changelog is in libc6, which was not read");
        let release_notes = DebChangelog::Text(text("Release notes\n=============\n"));
        check(Ok(release_notes), "its changelog has no entry that can be read");
    }

    #[test]
    fn bulletins_give_ids_and_the_worst_severity() {
        let bulletin = |severity, ids: &[&str]| Bulletin {
            id: "RHSA-2026:1".to_owned(),
            security: true,
            severity,
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            title: None,
            description: None,
            issued: None,
        };
        let pending = Pending {
            bulletins: vec![
                bulletin(Some(Severity::Low), &["CVE-2026-1", "CVE-2026-2"]),
                bulletin(Some(Severity::High), &["CVE-2026-2"]),
                bulletin(None, &[]),
            ],
            ..pending()
        };
        let update = update_of(&pending);
        assert_eq!(update.ids, ["CVE-2026-1", "CVE-2026-2"]);
        assert_eq!((update.severity, update.security), (Some(Severity::High), true));
    }
}
