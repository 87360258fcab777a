//! Whether what a remedy promised is what a second scan finds.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// As much of a scan as this needs (`plimsoll.scan/1`).
#[derive(Deserialize)]
pub(super) struct Scan {
    remedies: Vec<Remedy>,
}

#[derive(Deserialize)]
struct Remedy {
    action: String,
    target: Option<String>,
    clears: BTreeSet<String>,
    introduces: BTreeSet<String>,
}

/// As much of a comparison (`plimsoll.diff/1`).
#[derive(Deserialize)]
pub(super) struct Diff {
    lost: Vec<Finding>,
    gained: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    key: String,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Everything in the image was upgraded.
    UpgradedAll,
    /// The own layers were put on the newer base.
    Rebased,
}

/// Says for every remedy that was carried out what it promised and what came of it; an error where that differs.
pub(super) fn confirm(done: Done, scan: &Scan, diff: &Diff) -> Result<Vec<String>> {
    let keys = |findings: &[Finding]| -> BTreeSet<String> {
        findings.iter().map(|finding| finding.key.clone()).collect()
    };
    let (lost, gained) = (keys(&diff.lost), keys(&diff.gained));
    let carried_out: Vec<_> = scan.remedies.iter().filter(|remedy| remedy.is(done)).collect();
    ensure!(!carried_out.is_empty(), "no remedy is what was done: {done:?}");
    ensure!(!lost.is_empty(), "{done:?} cleared nothing: is the image outdated?");
    let lines = carried_out.into_iter().map(|remedy| {
        let target = remedy.target.as_deref().context("a remedy without a target")?;
        let (clears, introduces) = (&remedy.clears, &remedy.introduces);
        let differs = || {
            let one_sided = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.symmetric_difference(b).cloned().collect::<Vec<_>>().join(", ")
            };
            format!(
                "`{target}` promised otherwise: cleared {}; brought in {}",
                one_sided(clears, &lost),
                one_sided(introduces, &gained)
            )
        };
        ensure!(*clears == lost && *introduces == gained, differs());
        Ok(format!(
            "confirmed: {target} promised to clear {} findings and to bring in {}, and so it was",
            clears.len(),
            introduces.len()
        ))
    });
    lines.collect()
}

impl Remedy {
    fn is(&self, done: Done) -> bool {
        let of_all = self.target.as_deref().is_some_and(|target| target.starts_with("all "));
        match (&*self.action, done) {
            ("upgrade_packages", Done::UpgradedAll) => of_all,
            // Another way to the same packages.
            ("rebase_and_patch", Done::UpgradedAll) | ("upgrade_base", Done::Rebased) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_promise_is_kept_or_not() {
        let scan = |clears: &[&str], introduces: &[&str]| -> Scan {
            let remedies = json!({"remedies": [
                {"action": "upgrade_packages", "target": "a 2", "clears": [], "introduces": []},
                {"action": "upgrade_packages", "target": "all security updates",
                 "clears": clears, "introduces": introduces},
            ]});
            serde_json::from_value(remedies).unwrap()
        };
        let diff: Diff = serde_json::from_value(
            json!({"lost": [{"key": "A"}, {"key": "B"}], "gained": [{"key": "C"}]}),
        )
        .unwrap();
        let confirmed = confirm(Done::UpgradedAll, &scan(&["A", "B"], &["C"]), &diff).unwrap();
        assert_eq!(
            confirmed,
            [
                "confirmed: all security updates promised to clear 2 findings and to bring in 1, and so it was"
            ]
        );
        let error =
            confirm(Done::UpgradedAll, &scan(&["A"], &["C", "D"]), &diff).unwrap_err().to_string();
        assert_eq!(error, "`all security updates` promised otherwise: cleared B; brought in D");
        assert!(confirm(Done::Rebased, &scan(&["A", "B"], &["C"]), &diff).is_err());
    }
}
