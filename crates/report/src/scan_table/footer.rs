//! The sum, and everything that the sum does not say.

use plimsoll_advice::source_updates;
use plimsoll_model::{Coverage, CoverageStatus, Finding, Scan, Scope, Severity, State};

use super::groups::{in_force, severities};
use crate::look::Look;
use crate::tone::{Tone, flow};

/// How many problems are printed before they are only counted.
const PROBLEMS_SHOWN: usize = 5;

pub(super) fn footer(scan: &Scan, hidden: usize, look: Look) -> String {
    let mut text = match in_force(scan).count() {
        0 if hidden > 0 => String::new(),
        _ => flow(look, "; ", &sum(scan)),
    };
    let mut line = |words: String, tone| text.push_str(&flow(look, "", &[(words, tone)]));
    if hidden > 0 {
        let words = plural(hidden, "finding is", "findings are");
        line(format!("{hidden} {words} not shown: filters"), Tone::Alarm);
    }
    let count =
        |of: &dyn Fn(&Finding) -> bool| in_force(scan).filter(|finding| of(finding)).count();
    let unrated = count(&|finding| finding.severity == Severity::Unknown);
    if unrated > 0 {
        let words = plural(unrated, "finding has", "findings have");
        line(format!("{unrated} {words} no severity"), Tone::Normal);
    }
    let undetermined = count(&|finding| finding.state == State::Undetermined);
    if undetermined > 0 {
        let words = "undetermined: the vendor has not said whether they apply";
        line(format!("{undetermined} {words}"), Tone::Normal);
    }
    let suppressed = scan.findings.len() - in_force(scan).count();
    if suppressed > 0 {
        line(format!("{suppressed} set aside by ignore rules"), Tone::Normal);
    }
    for coverage in &scan.coverage {
        if let Some(words) = not_evaluated(coverage) {
            line(words, Tone::Alarm);
        }
    }
    for problem in scan.problems.iter().take(PROBLEMS_SHOWN) {
        line(format!("problem: {}: {}", problem.path, problem.message), Tone::Alarm);
    }
    if scan.problems.len() > PROBLEMS_SHOWN {
        let more = scan.problems.len() - PROBLEMS_SHOWN;
        line(format!("and {more} more problems (--format json has all)"), Tone::Alarm);
    }
    text
}

/// How many, how bad, and what clears them.
fn sum(scan: &Scan) -> Vec<(String, Tone)> {
    let count = in_force(scan).count();
    if count == 0 {
        return vec![match (was_judged(scan), scan.problems.len()) {
            (false, _) => ("cannot know: nothing was evaluated".to_owned(), Tone::Alarm),
            (true, 0) => ("nothing found in what was evaluated".to_owned(), Tone::Good),
            (true, n) => {
                let problems = plural(n, "problem", "problems");
                (format!("nothing found in what could be read, but {n} {problems}"), Tone::Alarm)
            }
        }];
    }
    let updates = source_updates(&scan.packages, &scan.findings);
    let fixing: Vec<_> = updates.iter().filter(|update| update.version.is_some()).collect();
    let fixable: usize = fixing.iter().map(|update| update.findings.len()).sum();
    let worst = in_force(scan).map(|finding| finding.severity).max().unwrap_or_default();
    let findings = plural(count, "finding", "findings");
    let mut parts = vec![
        (format!("{count} {findings}: {}", severities(in_force(scan))), Tone::Severity(worst)),
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

fn was_judged(scan: &Scan) -> bool {
    scan.coverage.iter().any(|coverage| {
        matches!(coverage.status, CoverageStatus::Evaluated | CoverageStatus::Stale)
    })
}

fn not_evaluated(coverage: &Coverage) -> Option<String> {
    let why = match coverage.status {
        CoverageStatus::Evaluated => return None,
        // What could not be read stands here by its path or layer, not by a scope.
        CoverageStatus::NoData if coverage.scope.parse::<Scope>().is_err() => "cannot be judged",
        CoverageStatus::NoData => "not evaluated: no advisory data",
        CoverageStatus::Unsupported => "not evaluated: no feed covers it",
        CoverageStatus::Stale => "evaluated with data older than the limit",
    };
    let feed = coverage.feed.as_ref().map(|feed| format!(" ({feed})")).unwrap_or_default();
    Some(format!("{}{feed}: {why}", coverage.scope))
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}
