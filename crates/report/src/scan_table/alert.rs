//! What is wrong and since when, on one screen: before any table.

use jiff::civil::Date;
use plimsoll_advice::by_source;
use plimsoll_model::{CoverageStatus, Finding, Origin, Scan};

use super::groups::in_force;
use crate::filtered::Filtered;
use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{counted, day, plural, severities};

/// The lines of the alert; empty where filters hid everything, so that nothing can be said.
pub(super) fn alert(filtered: Filtered<'_>, look: Look) -> String {
    let scan = filtered.scan;
    if !can_be_summed(filtered) {
        return String::new();
    }
    let mut text = flow(look, "; ", &sum(scan));
    let since: Vec<_> = since(scan)
        .iter()
        .map(|Since { what, date, id, tone }| (format!("{what} {date} ({id})"), *tone))
        .collect();
    if !since.is_empty() {
        text.push_str(&flow(look, "; ", &since));
    }
    if let Some(parts) = parts(scan) {
        text.push_str(&flow(look, "", &[(parts, Tone::Normal)]));
    }
    text
}

/// Whether something can be said: where filters left nothing, "nothing found" would be untrue.
pub(crate) fn can_be_summed(filtered: Filtered<'_>) -> bool {
    filtered.hidden == 0 || in_force(filtered.scan).next().is_some()
}

/// How many, how bad, and what clears them.
pub(crate) fn sum(scan: &Scan) -> Vec<(String, Tone)> {
    let count = in_force(scan).count();
    if count == 0 {
        return vec![match (was_judged(scan), scan.problems.len()) {
            (false, _) => ("cannot know: nothing was evaluated".to_owned(), Tone::Alarm),
            (true, 0) => ("nothing found in what was evaluated".to_owned(), Tone::Good),
            (true, n) => {
                let problems = counted(n, "problem", "problems");
                let words = format!("nothing found in what could be read, but {problems}");
                (words, Tone::Alarm)
            }
        }];
    }
    let updates = by_source(&scan.packages, &scan.findings);
    let fixing: Vec<_> = updates.iter().filter(|update| update.version.is_some()).collect();
    let fixable: usize = fixing.iter().map(|update| update.findings.len()).sum();
    let worst = in_force(scan).map(|finding| finding.severity).max().unwrap_or_default();
    let findings = counted(count, "finding", "findings");
    let mut parts = vec![
        (format!("{findings}: {}", severities(in_force(scan))), Tone::Severity(worst)),
        match fixing.len() {
            0 => ("no fix is available yet".to_owned(), Tone::Normal),
            n => (
                format!("{n} {} {fixable}", plural(n, "update clears", "updates clear")),
                Tone::Strong,
            ),
        },
    ];
    let exploited = in_force(scan).filter(|finding| finding.kev.is_some()).count();
    if exploited > 0 {
        parts.push((format!("{exploited} known to be exploited (KEV)"), Tone::Alarm));
    }
    parts
}

/// Since when something is known.
pub(crate) struct Since<'a> {
    /// What.
    pub(crate) what: &'static str,
    /// The day it became known.
    pub(crate) date: Date,
    /// Of which id.
    pub(crate) id: &'a str,
    /// How it is shown.
    pub(crate) tone: Tone,
}

/// Since when something is exploited, and since when the oldest is public that an update clears. What
/// nothing clears may be decades old and calls for nothing.
pub(crate) fn since(scan: &Scan) -> Vec<Since<'_>> {
    let exploited = in_force(scan).filter_map(|f| Some((f.kev.as_ref()?.added, f.id.as_str())));
    let public = in_force(scan)
        .filter(|finding| finding.fixed_version.is_some())
        .filter_map(|finding| Some((day(finding.published?), finding.id.as_str())));
    let exploited = exploited.min().map(|(date, id)| Since {
        what: "exploited since",
        date,
        id,
        tone: Tone::Alarm,
    });
    let public = public.min().map(|(date, id)| Since {
        what: "the oldest that an update clears is public since",
        date,
        id,
        tone: Tone::Normal,
    });
    exploited.into_iter().chain(public).collect()
}

/// `3 in the base, 5 in own layers`; none where the base is not known.
pub(crate) fn parts(scan: &Scan) -> Option<String> {
    let count = |of: Origin| in_force(scan).filter(|finding| finding.origin == of).count();
    let (base, own) = (count(Origin::Base), count(Origin::Own));
    (base + own > 0).then(|| format!("{base} in the base, {own} in own layers"))
}

/// Whether anything was judged, with data however old.
fn was_judged(scan: &Scan) -> bool {
    scan.coverage.iter().any(|coverage| {
        matches!(coverage.status, CoverageStatus::Evaluated | CoverageStatus::Stale)
    })
}

/// `base`, `own`, or both, for findings that belong together; empty where the base is not known.
pub(crate) fn origin<'a>(findings: impl Iterator<Item = &'a Finding>) -> &'static str {
    let (mut base, mut own) = (false, false);
    for finding in findings {
        base |= finding.origin == Origin::Base;
        own |= finding.origin == Origin::Own;
    }
    match (base, own) {
        (true, true) => "both",
        (true, false) => "base",
        (false, true) => "own",
        (false, false) => "",
    }
}
