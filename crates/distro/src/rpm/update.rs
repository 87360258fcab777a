//! A pending update in the words of its repository.

use std::collections::BTreeSet;

use plimsoll_model::{ChangelogEntry, Update};

use super::candidates::{Advice, Candidate};
use super::changes::{Change, changelog_since};
use crate::changelog::ids::ids_in;
use crate::changelog::update::update_of;
use crate::pending::Bulletin;

/// A pending update in the words of its repository: its advisories, then the `%changelog` of the package where
/// `changes` has it (the newest entry first; empty where it was not read).
///
/// The ids are those of the advisories and those that only new entries of the changelog name. That all is said, only a
/// changelog can show that reaches the installed version: an advisory speaks of the version that it brings, and that the
/// versions which were skipped had none does not follow from it.
pub fn update(candidate: &Candidate, changes: &[Change]) -> Update {
    let pending = &candidate.pending;
    let mut update = update_of(pending);
    let since = changelog_since(changes, &pending.installed, &pending.candidate);
    let mut known: BTreeSet<String> = since.older.iter().flat_map(|text| ids_in(text)).collect();
    known.extend(update.ids.iter().cloned());
    let ids = since.entries.iter().flat_map(|entry| ids_in(&entry.text));
    update.ids.extend(ids.filter(|id| known.insert(id.clone())));
    update.entries = pending.bulletins.iter().map(|b| entry(&pending.candidate, b)).collect();
    update.entries.extend(since.entries);
    update.complete = since.is_complete;
    let problem = match candidate.advice {
        _ if since.is_complete => None,
        _ if !changes.is_empty() => Some("its changelog does not reach the installed version"),
        Advice::Covers => Some("no changelog says whether its advisories are all since then"),
        Advice::Missing => Some("this repository ships no updateinfo"),
        Advice::Silent => Some("no advisory of this repository brings this version"),
    };
    update.problem = problem.map(str::to_owned);
    update
}

fn entry(candidate: &str, bulletin: &Bulletin) -> ChangelogEntry {
    let parts = [Some(&bulletin.id), bulletin.title.as_ref(), bulletin.description.as_ref()];
    let lines: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    ChangelogEntry {
        version: candidate.to_owned(),
        date: bulletin.issued,
        urgency: None,
        text: lines.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pending::Pending;

    fn candidate(advice: Advice, ids: &[&str]) -> Candidate {
        let bulletin = Bulletin {
            id: "RLSA-1".to_owned(),
            security: true,
            severity: None,
            ids: ids.iter().map(ToString::to_string).collect(),
            title: None,
            description: Some("text".to_owned()),
            issued: None,
        };
        Candidate {
            pending: Pending {
                source: "a".to_owned(),
                installed: "1-1.el9".to_owned(),
                candidate: "1-3.el9".to_owned(),
                suite: "baseos".to_owned(),
                security: true,
                held_back: None,
                binaries: Vec::new(),
                bulletins: if advice == Advice::Covers { vec![bulletin] } else { Vec::new() },
            },
            pkgid: "00".to_owned(),
            advice,
        }
    }

    fn change(version: &str, text: &str) -> Change {
        Change { author: format!("A <a@b> - {version}"), date: None, text: text.to_owned() }
    }

    #[test]
    fn ids_are_those_of_advisories_and_of_new_entries_alone() {
        let changes = [
            change("1-3", "- CVE-2026-0003, CVE-2026-0001"),
            change("1-2", "- CVE-2026-0002"),
            change("1-1", "- CVE-2026-0001"),
        ];
        let update = update(&candidate(Advice::Covers, &["CVE-2026-0009"]), &changes);
        assert_eq!(update.ids, ["CVE-2026-0009", "CVE-2026-0003", "CVE-2026-0002"]);
        let texts: Vec<_> = update.entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["RLSA-1\ntext", "- CVE-2026-0003, CVE-2026-0001", "- CVE-2026-0002"]);
        let versions: Vec<_> = update.entries.iter().map(|e| e.version.as_str()).collect();
        assert_eq!(versions, ["1-3.el9", "1-3", "1-2"]);
    }

    #[test]
    fn silence_is_said() {
        let reaching = [change("1-2", "- two"), change("1-1", "- one")];
        for (advice, changes, complete, problem) in [
            (
                Advice::Covers,
                &[][..],
                false,
                Some("no changelog says whether its advisories are all since then"),
            ),
            (Advice::Covers, &reaching, true, None),
            (Advice::Missing, &[], false, Some("this repository ships no updateinfo")),
            (
                Advice::Silent,
                &[],
                false,
                Some("no advisory of this repository brings this version"),
            ),
            (Advice::Missing, &reaching, true, None),
            (
                Advice::Missing,
                &reaching[..1],
                false,
                Some("its changelog does not reach the installed version"),
            ),
        ] {
            let update = update(&candidate(advice, &[]), changes);
            assert_eq!((update.complete, update.problem.as_deref()), (complete, problem));
        }
    }
}
