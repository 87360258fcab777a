//! What to do: every action that is at hand, what it does, and which is the best.

mod rank;
mod remains;

use plimsoll_distro::Pending;
use plimsoll_model::{HeldBack, Package, RejectedRemedy, Remedy, RemedyAction};
use plimsoll_vulndb::{MatchError, Matcher};

use crate::identity::is_of_system;
use crate::simulate::{OtherImage, Outcome, Simulated, Simulator, Subject, Upgrade};
use crate::update::{SourceFindings, by_source};

/// The target of the remedy that upgrades everything that security updates are pending for.
pub(crate) const ALL_SECURITY: &str = "all security updates";
/// The target of the remedy that upgrades everything that anything is pending for.
pub(crate) const ALL_PENDING: &str = "all pending updates";

/// What could be done, as far as others know. By default nothing but what the advisories name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices<'a> {
    /// What the distribution archive has newer versions of. None where no archive's word counts: then
    /// the fixed versions of the advisories take its place.
    pub pending: Option<&'a [Pending]>,
    /// What is installed in the layers of the base; none where the base is not known by its layers.
    pub old_base: Option<&'a [Package]>,
    /// What the base could be replaced by.
    pub bases: &'a [OtherImage<'a>],
    /// What the image could be replaced by.
    pub images: &'a [OtherImage<'a>],
}

/// What to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// What clears something, the recommended action first; behind it, with the action `none`, the
    /// findings that nothing clears, by the reason for it.
    pub remedies: Vec<Remedy>,
    /// What was weighed and is not offered.
    pub rejected: Vec<RejectedRemedy>,
}

/// An action whose effect is known.
struct Candidate {
    action: RemedyAction,
    target: String,
    simulated: Simulated,
    /// How many packages it changes, also where nobody knows to which versions.
    size: usize,
}

/// The candidates so far, and what fell out.
#[derive(Default)]
struct Weighed {
    candidates: Vec<Candidate>,
    rejected: Vec<RejectedRemedy>,
}

/// Simulates every choice and ranks what clears something.
///
/// `matcher` has to be open for the scopes of the image and of every other image among the choices. What
/// it has no data for is rejected: "cannot know" is never "clears everything".
pub fn advise(
    matcher: &Matcher,
    subject: Subject<'_>,
    choices: &Choices<'_>,
) -> Result<Advice, MatchError> {
    let simulator = Simulator::new(matcher, subject);
    let mut weighed = Weighed::default();
    weighed.images(&simulator, choices)?;
    weighed.bases(&simulator, choices)?;
    weighed.updates(&simulator, choices)?;
    let Weighed { candidates, mut rejected } = weighed;
    let ranked = rank::rank(candidates, &mut rejected);
    let mut remedies: Vec<Remedy> = ranked.into_iter().map(Candidate::into_remedy).collect();
    let remaining = remains::remaining(&subject, &remedies, choices.pending);
    remedies.extend(remaining);
    Ok(Advice { remedies, rejected })
}

impl Weighed {
    fn images(
        &mut self,
        simulator: &Simulator<'_>,
        choices: &Choices<'_>,
    ) -> Result<(), MatchError> {
        for image in choices.images {
            let outcome = simulator.replace_image(image)?;
            self.add(RemedyAction::UpgradeImage, image.reference, outcome);
        }
        Ok(())
    }

    fn bases(
        &mut self,
        simulator: &Simulator<'_>,
        choices: &Choices<'_>,
    ) -> Result<(), MatchError> {
        for base in choices.bases {
            let Some(old) = choices.old_base else {
                let reason = "the base as it is now is not known by its layers";
                self.reject(RemedyAction::UpgradeBase, base.reference, reason);
                continue;
            };
            let outcome = simulator.replace_base(old, base)?;
            self.add(RemedyAction::UpgradeBase, base.reference, outcome);
            let pending = choices.pending.unwrap_or_default();
            if let Some(outcome) = simulator.rebase_and_patch(old, base, pending)? {
                self.add(RemedyAction::RebaseAndPatch, base.reference, outcome);
            }
        }
        Ok(())
    }

    /// Upgrades of packages: of the system's as the archive has them, of others as advisories name them.
    fn updates(
        &mut self,
        simulator: &Simulator<'_>,
        choices: &Choices<'_>,
    ) -> Result<(), MatchError> {
        if let Some(pending) = choices.pending {
            self.pending(simulator, pending)?;
        }
        let Subject { packages, findings, .. } = simulator.subject();
        for update in by_source(packages, findings) {
            let Some(version) = update.version else { continue };
            let is_of_system = update.packages.iter().all(|p| is_of_system(p.ecosystem));
            if choices.pending.is_some() && is_of_system {
                continue;
            }
            let action = match is_of_system {
                true => RemedyAction::UpgradePackages,
                false => RemedyAction::BumpDependency,
            };
            self.fixed(simulator, action, &update, version)?;
        }
        Ok(())
    }

    fn pending(
        &mut self,
        simulator: &Simulator<'_>,
        pending: &[Pending],
    ) -> Result<(), MatchError> {
        let action = RemedyAction::UpgradePackages;
        for held in pending {
            if let Some(why) = held.held_back {
                self.reject(action, &words(held), held_back(why));
            }
        }
        let open: Vec<&Pending> = pending.iter().filter(|one| one.held_back.is_none()).collect();
        let security: Vec<&Pending> = open.iter().copied().filter(|one| one.security).collect();
        if security.len() > 1 {
            let simulated = simulator.upgrade(&Upgrade::pending(security.iter().copied()))?;
            self.add(action, ALL_SECURITY, Outcome::Known(simulated));
        }
        if open.len() > security.len().max(1) {
            let simulated = simulator.upgrade(&Upgrade::pending(open.iter().copied()))?;
            self.add(action, ALL_PENDING, Outcome::Known(simulated));
        }
        for one in open {
            let simulated = simulator.upgrade(&Upgrade::pending([one]))?;
            self.add(action, &words(one), Outcome::Known(simulated));
        }
        Ok(())
    }

    fn fixed(
        &mut self,
        simulator: &Simulator<'_>,
        action: RemedyAction,
        update: &SourceFindings<'_>,
        version: &str,
    ) -> Result<(), MatchError> {
        let mut simulated = simulator.upgrade(&Upgrade::fixed(update))?;
        let size = simulated.changes.len();
        // Advisories name the version of the source, or the lowest that will do; which versions the
        // packages come to is for the archive to say.
        simulated.changes = Vec::new();
        let target = format!("{} {version}", update.source);
        self.candidates.push(Candidate { action, target, simulated, size });
        Ok(())
    }

    fn add(&mut self, action: RemedyAction, target: &str, outcome: Outcome) {
        match outcome {
            Outcome::Known(simulated) => {
                let size = simulated.changes.len();
                let target = target.to_owned();
                self.candidates.push(Candidate { action, target, simulated, size });
            }
            Outcome::Unknown(why) => self.reject(action, target, &why),
        }
    }

    fn reject(&mut self, action: RemedyAction, target: &str, reason: &str) {
        let (target, reason) = (target.to_owned(), reason.to_owned());
        self.rejected.push(RejectedRemedy { action, target, reason });
    }
}

impl Candidate {
    fn into_remedy(self) -> Remedy {
        let Self { action, target, simulated, .. } = self;
        let Simulated { clears, introduces, changes, caveat, .. } = simulated;
        Remedy { action, target: Some(target), clears, introduces, changes, reason: caveat }
    }

    fn into_rejected(self, reason: String) -> RejectedRemedy {
        RejectedRemedy { action: self.action, target: self.target, reason }
    }
}

fn words(pending: &Pending) -> String {
    format!("{} {}", pending.source, pending.candidate)
}

/// Why a package manager would not install it.
fn held_back(why: HeldBack) -> &'static str {
    match why {
        HeldBack::Hold => "held back: the package is on hold",
        HeldBack::Pinned => "held back: the image's preferences prefer another version",
        HeldBack::Phased => "held back: the distribution gives it to a part of all machines first",
    }
}

#[cfg(test)]
mod tests;
