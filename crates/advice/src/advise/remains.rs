//! What nothing clears, and why.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_distro::Pending;
use plimsoll_model::{
    Ecosystem, Eol, EolPhase, Finding, FindingKey, Package, PackageId, Remedy, RemedyAction, State,
};

use super::held_back;
use crate::identity::is_of_system;
use crate::simulate::Subject;

/// Findings in force that no remedy clears, one entry for each reason, the worst first.
pub(super) fn remaining(
    subject: &Subject<'_>,
    remedies: &[Remedy],
    pending: Option<&[Pending]>,
) -> Vec<Remedy> {
    let cleared: HashSet<&FindingKey> = remedies.iter().flat_map(|remedy| &remedy.clears).collect();
    let packages: HashMap<&PackageId, &Package> =
        subject.packages.iter().map(|package| (&package.id, package)).collect();
    let mut held: HashMap<&PackageId, &'static str> = HashMap::new();
    for one in pending.unwrap_or_default() {
        if let Some(why) = one.held_back {
            held.extend(one.binaries.iter().map(|binary| (&binary.package, held_back(why))));
        }
    }
    let eol = subject.os.and_then(|os| os.eol.as_ref());
    let mut groups: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in subject.findings.iter().filter(|finding| finding.suppressed.is_none()) {
        let Some(package) = packages.get(&finding.package) else { continue };
        if cleared.contains(&finding.key) {
            continue;
        }
        let held = held.get(&finding.package).copied();
        groups.entry(reason(finding, package.ecosystem, held, eol)).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, findings)| {
        let worst = |finding: &&Finding| {
            (finding.kev.is_some(), finding.state != State::Undetermined, finding.severity)
        };
        Reverse((findings.iter().map(worst).max(), findings.len()))
    });
    groups
        .into_iter()
        .map(|(reason, findings)| {
            let mut clears: Vec<FindingKey> =
                findings.into_iter().map(|finding| finding.key.clone()).collect();
            clears.sort();
            Remedy {
                action: RemedyAction::None,
                target: None,
                clears,
                introduces: Vec::new(),
                changes: Vec::new(),
                reason: Some(reason),
            }
        })
        .collect()
}

/// Why nothing clears a finding, in the vendor's words where it has any.
fn reason(
    finding: &Finding,
    ecosystem: Ecosystem,
    held: Option<&str>,
    eol: Option<&Eol>,
) -> String {
    let who = ecosystem.title();
    let ended = eol.filter(|eol| eol.phase == EolPhase::Ended && is_of_system(ecosystem));
    let word = finding.sub_state.as_deref();
    match finding.state {
        State::Fixed => match held {
            Some(why) => format!("fixed, but {why}"),
            None => "fixed, but nothing that was weighed brings the fix".to_owned(),
        },
        State::EndOfLife => format!("end of life: {who} does not fix it any more"),
        State::WillNotFix => with(format!("{who} will not fix it"), word),
        State::Affected | State::FixDeferred | State::UnderInvestigation if ended.is_some() => {
            let date = ended.map(|eol| eol.date.to_string()).unwrap_or_default();
            format!("end of life since {date}: {who} fixes nothing in this release any more")
        }
        State::FixDeferred => with(format!("{who} will fix it later, with another update"), word),
        State::Affected => match word {
            // Debian's tracker: no update of its own, at most one in a point release.
            Some("no-dsa") => {
                format!("no fix yet: too minor for {who} to issue a security update (no-dsa)")
            }
            word => with("no fix yet".to_owned(), word),
        },
        State::UnderInvestigation => with(format!("{who} is still looking at it"), word),
        State::Undetermined => with(format!("{who} has not said whether it is affected"), word),
    }
}

/// The sentence with the vendor's own word behind it.
fn with(sentence: String, word: Option<&str>) -> String {
    match word {
        Some(word) => format!("{sentence}: {word}"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{finding, os, package};

    #[test]
    fn reasons_are_the_vendors() {
        let check = |state: State, word: Option<&str>, eol: Option<&Eol>, expected: &str| {
            let mut finding = finding("CVE-1", "a", None);
            finding.state = state;
            finding.sub_state = word.map(str::to_owned);
            assert_eq!(reason(&finding, Ecosystem::Debian, None, eol), expected);
        };
        check(State::WillNotFix, Some("ignored"), None, "Debian will not fix it: ignored");
        check(State::Affected, None, None, "no fix yet");
        check(
            State::Affected,
            Some("no-dsa"),
            None,
            "no fix yet: too minor for Debian to issue a security update (no-dsa)",
        );
        check(
            State::FixDeferred,
            Some("postponed"),
            None,
            "Debian will fix it later, with another update: postponed",
        );
        check(State::EndOfLife, None, None, "end of life: Debian does not fix it any more");
        check(State::Undetermined, None, None, "Debian has not said whether it is affected");
        let date = jiff::civil::Date::constant(2024, 6, 30);
        let ended = Eol { date, phase: EolPhase::Ended };
        check(
            State::Affected,
            None,
            Some(&ended),
            "end of life since 2024-06-30: Debian fixes nothing in this release any more",
        );
        check(State::Affected, None, Some(&Eol { date, phase: EolPhase::Lts }), "no fix yet");
        check(State::WillNotFix, None, Some(&ended), "Debian will not fix it");
    }

    #[test]
    fn what_a_remedy_clears_or_a_rule_sets_aside_does_not_remain() {
        let packages = [package("a", "a", "1")];
        let mut findings =
            [finding("CVE-1", "a", None), finding("CVE-2", "a", None), finding("CVE-3", "a", None)];
        findings[1].suppressed =
            Some(plimsoll_model::Suppressed { by: String::new(), reason: None, until: None });
        let os = os("debian:12");
        let subject = Subject { packages: &packages, findings: &findings, os: Some(&os) };
        let clearing = Remedy {
            action: RemedyAction::UpgradeImage,
            target: None,
            clears: vec![findings[0].key.clone()],
            introduces: Vec::new(),
            changes: Vec::new(),
            reason: None,
        };
        let remains = remaining(&subject, &[clearing], None);
        let keys: Vec<_> = remains.iter().flat_map(|remedy| &remedy.clears).collect();
        assert_eq!(keys, [&findings[2].key]);
    }
}
