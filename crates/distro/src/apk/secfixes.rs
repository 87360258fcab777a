//! What of a pending update is security: an index does not say, the security database does.

use std::cmp::Ordering;

use plimsoll_model::{ChangelogEntry, Update};
use plimsoll_versions::apk;

use crate::changelog::update::update_of;
use crate::pending::Pending;

/// A line of Alpine's security database, or of whatever else knows fixed versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secfix<'a> {
    /// The origin package.
    pub origin: &'a str,
    /// The first version that has the fix; `0` where no version was ever affected.
    pub version: &'a str,
    /// The ids it fixes.
    pub ids: &'a [String],
}

/// The update as it is shown, and marked as one of security if it brings fixes: those above the installed version, up
/// to and with the candidate. Packages of apk carry no changelog; each fixed version is an entry in its place.
pub fn apk_update<'a>(
    pending: &mut Pending,
    fixes: impl IntoIterator<Item = Secfix<'a>>,
) -> Update {
    let ours = fixes.into_iter().filter(|fix| fix.origin == pending.source);
    let (mut brought, others): (Vec<_>, Vec<_>) =
        ours.partition(|fix| brings(pending, fix.version));
    brought.sort_by(|a, b| order(b.version, a.version));
    // A fix that was not enough is named again above the candidate.
    let is_left = |id: &String| {
        let mut later = others.iter().filter(|fix| order(fix.version, &pending.candidate).is_gt());
        later.any(|fix| fix.ids.contains(id))
    };
    let mut ids: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for fix in brought {
        let news = fix.ids.iter().filter(|id| !ids.contains(id) && !is_left(id));
        let news: Vec<String> = news.cloned().collect();
        if news.is_empty() {
            continue;
        }
        let text = format!("fixes {}", news.join(", "));
        let version = fix.version.to_owned();
        entries.push(ChangelogEntry { version, date: None, urgency: None, text });
        ids.extend(news);
    }
    pending.security |= !ids.is_empty();
    Update { ids, entries, complete: true, ..update_of(pending) }
}

/// Versions that cannot be ordered fix nothing: what an update brings must be certain.
fn brings(pending: &Pending, fixed: &str) -> bool {
    let above = matches!(apk::compare(fixed, &pending.installed), Ok(Ordering::Greater));
    let reached = apk::compare(fixed, &pending.candidate).is_ok_and(Ordering::is_le);
    above && reached
}

fn order(a: &str, b: &str) -> Ordering {
    apk::compare(a, b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_between_installed_and_candidate_are_brought() {
        fn check(fixes: &[(&str, &str, &[&str])], expected: &[&str]) {
            let mut pending = Pending {
                source: "openssl".to_owned(),
                installed: "3.3.2-r0".to_owned(),
                candidate: "3.3.3-r0".to_owned(),
                suite: "v3.20/main".to_owned(),
                security: false,
                held_back: None,
                binaries: Vec::new(),
                bulletins: Vec::new(),
            };
            let is_security = !expected.is_empty();
            let owned: Vec<(&str, &str, Vec<String>)> = fixes
                .iter()
                .map(|(origin, version, ids)| {
                    (*origin, *version, ids.iter().map(ToString::to_string).collect())
                })
                .collect();
            let fixes = owned.iter().map(|(origin, version, ids)| Secfix { origin, version, ids });
            let update = apk_update(&mut pending, fixes);
            assert_eq!((pending.security, update.security), (is_security, is_security));
            assert!(update.complete);
            let entries: Vec<_> = update
                .entries
                .iter()
                .map(|entry| format!("{} {}", entry.version, entry.text))
                .collect();
            assert_eq!(entries, expected);
            let words = entries.iter().flat_map(|entry| entry.split([' ', ',']));
            let ids: Vec<_> = words.filter(|word| word.starts_with("CVE")).collect();
            assert_eq!(update.ids, ids);
        }
        check(
            &[("openssl", "3.3.2-r1", &["CVE-1"]), ("openssl", "3.3.3-r0", &["CVE-3", "CVE-2"])],
            &["3.3.3-r0 fixes CVE-3, CVE-2", "3.3.2-r1 fixes CVE-1"],
        );
        check(
            &[("openssl", "3.3.2-r1", &["CVE-1"]), ("openssl", "3.3.2-r2", &["CVE-1"])],
            &["3.3.2-r2 fixes CVE-1"],
        );
        check(
            &[("openssl", "3.3.2-r1", &["CVE-1", "CVE-2"]), ("openssl", "3.3.4-r0", &["CVE-1"])],
            &["3.3.2-r1 fixes CVE-2"],
        );
        check(&[("openssl", "3.3.2-r0", &["CVE-1"])], &[]);
        check(&[("openssl", "3.3.3-r1", &["CVE-1"])], &[]);
        check(&[("openssl", "0", &["CVE-1"])], &[]);
        check(&[("openssl", "no version", &["CVE-1"])], &[]);
        check(&[("curl", "3.3.3-r0", &["CVE-1"])], &[]);
    }
}
