//! Everything that the sum does not say, and what to type next.

use plimsoll_advice::next_command;
use plimsoll_model::{Finding, Severity, State};

use super::groups::in_force;
use crate::filtered::Filtered;
use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{not_evaluated, plural};

/// How many problems are printed before they are only counted.
const PROBLEMS_SHOWN: usize = 5;

pub(super) fn footer(filtered: Filtered<'_>, look: Look) -> String {
    let scan = filtered.scan;
    let mut text = String::new();
    let mut line = |words: String, tone| text.push_str(&flow(look, "", &[(words, tone)]));
    for (words, tone) in caveats(filtered) {
        line(words, tone);
    }
    for problem in scan.problems.iter().take(PROBLEMS_SHOWN) {
        line(format!("problem: {}: {}", problem.path, problem.message), Tone::Alarm);
    }
    if scan.problems.len() > PROBLEMS_SHOWN {
        let more = scan.problems.len() - PROBLEMS_SHOWN;
        line(format!("and {more} more problems (--format json has all)"), Tone::Alarm);
    }
    if let Some(command) = next_command(scan) {
        line(format!("next: {command}"), Tone::Strong);
    }
    text
}

/// What makes the count of findings less than the whole truth.
pub(crate) fn caveats(filtered: Filtered<'_>) -> Vec<(String, Tone)> {
    let scan = filtered.scan;
    let mut lines = Vec::new();
    let mut line = |words: String, tone| lines.push((words, tone));
    if let Some(note) = filtered.note() {
        line(note, Tone::Alarm);
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
    lines
}
