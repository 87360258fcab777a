//! Which actions are worth offering, and in which order.

use std::cmp::Reverse;
use std::collections::HashSet;

use plimsoll_model::{FindingKey, RejectedRemedy, RemedyAction};

use super::Candidate;
use crate::action::word;
use crate::simulate::Weight;

/// The candidates that are worth offering, the best first; the others are rejected with the reason.
///
/// What is known exactly comes before what is known in part; then counts what is cleared less what is
/// brought in (exploited, then by severity, then how many), then the smallness of the change.
pub(super) fn rank(
    mut candidates: Vec<Candidate>,
    rejected: &mut Vec<RejectedRemedy>,
) -> Vec<Candidate> {
    candidates.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut offered: Vec<(Candidate, HashSet<FindingKey>)> = Vec::new();
    for candidate in candidates {
        match flaw(&candidate, &offered) {
            Some(reason) => rejected.push(candidate.into_rejected(reason)),
            None => {
                let clears = candidate.simulated.clears.iter().cloned().collect();
                offered.push((candidate, clears));
            }
        }
    }
    offered.into_iter().map(|(candidate, _)| candidate).collect()
}

fn order(candidate: &Candidate) -> impl Ord + '_ {
    let simulated = &candidate.simulated;
    (
        simulated.certainty,
        Reverse(simulated.weight),
        simulated.introduces.len(),
        candidate.size,
        candidate.action,
        &candidate.target,
    )
}

/// Why a candidate is not worth offering beside those that are better.
fn flaw(candidate: &Candidate, better: &[(Candidate, HashSet<FindingKey>)]) -> Option<String> {
    let simulated = &candidate.simulated;
    let (clears, introduces) = (simulated.clears.len(), simulated.introduces.len());
    if clears == 0 {
        return Some(match introduces {
            0 => "it clears nothing".to_owned(),
            n => format!("it clears nothing and brings in {n}"),
        });
    }
    if simulated.weight <= Weight::default() {
        return Some(format!(
            "it brings in as bad as it clears, or worse: {introduces} against {clears}"
        ));
    }
    let (rival, _) = better.iter().find(|(rival, rival_clears)| {
        is_rival(rival.action, candidate.action)
            && rival.size <= candidate.size
            && rival.simulated.introduces.len() <= introduces
            && rival.simulated.certainty <= simulated.certainty
            && simulated.clears.iter().all(|key| rival_clears.contains(key))
    })?;
    let change = match rival.size < candidate.size {
        true => "changes less",
        false => "changes no more",
    };
    Some(format!(
        "it clears nothing more than {} {}, which {change}",
        word(rival.action),
        rival.target
    ))
}

/// Whether `action` stands in for `other`. Upgraded packages do not stand in for a newer image: who builds
/// anew anyway gets that without upgrading anything by hand.
fn is_rival(action: RemedyAction, other: RemedyAction) -> bool {
    let is_image =
        |action| matches!(action, RemedyAction::UpgradeImage | RemedyAction::UpgradeBase);
    is_image(action) || !is_image(other)
}
