//! Another base below unchanged own layers.
//!
//! The packages of three images are merged place by place: the old base, the new base, and the image. What
//! only the base changed follows the base, what only the own layers changed stays as they left it. Where
//! both changed a package differently its own layer wins, as its files would, and that is said.

use std::collections::BTreeSet;

use plimsoll_distro::Pending;
use plimsoll_model::{Package, PackageId};
use plimsoll_vulndb::MatchError;

use super::upgrade::Upgrade;
use super::{Certainty, Exchange, OtherImage, Outcome, Simulated, Simulator};
use crate::change::{ByPlace, by_place, is_same};
use crate::identity::{Place, is_of_system};

/// Names that a sentence lists before it only counts.
const NAMES_SHOWN: usize = 3;

/// The image on another base.
struct Merged<'p> {
    exchange: Exchange<'p>,
    /// Where the own layers' packages stay, and differ from the old base.
    own: BTreeSet<Place<'p>>,
    /// Those of them that the new base changed too.
    conflicts: BTreeSet<Place<'p>>,
}

impl Simulator<'_> {
    /// The base is replaced. `old` is what is installed in the layers of the base as it is now.
    pub fn replace_base(
        &self,
        old: &[Package],
        new: &OtherImage<'_>,
    ) -> Result<Outcome, MatchError> {
        if let Some(why) = self.unknown(new) {
            return Ok(Outcome::Unknown(why));
        }
        let merged = self.merge(old, new);
        if let Some(why) = self.unknown_part(&merged.exchange.come, new) {
            return Ok(Outcome::Unknown(why));
        }
        let mut simulated = self.exchange(&merged.exchange, new.os)?;
        self.qualify(&merged, new, &mut simulated);
        Ok(Outcome::Known(simulated))
    }

    /// The base is replaced, then what the own layers brought is upgraded; none where nothing of that is
    /// pending, or where the release changes: what is pending then is for the old one.
    pub(crate) fn rebase_and_patch(
        &self,
        old: &[Package],
        new: &OtherImage<'_>,
        pending: &[Pending],
    ) -> Result<Option<Outcome>, MatchError> {
        if self.unknown(new).is_some() || !self.is_same_release(new.os) {
            return Ok(None);
        }
        let mut merged = self.merge(old, new);
        if self.unknown_part(&merged.exchange.come, new).is_some() {
            return Ok(None);
        }
        let in_place = |place| self.installed.get(place).into_iter().flatten();
        let own: BTreeSet<&PackageId> =
            merged.own.iter().flat_map(in_place).map(|package| &package.id).collect();
        let mut upgrade = Upgrade::pending(pending.iter().filter(|one| one.held_back.is_none()));
        upgrade.retain(|package| own.contains(package));
        let patched = upgrade.apply(&self.installed);
        if patched.is_empty() {
            return Ok(None);
        }
        for (place, versions) in by_place(patched.iter().flatten()) {
            if let Some(before) = self.installed.get(&place) {
                merged.exchange.gone.insert(place, before.clone());
                merged.exchange.come.insert(place, versions);
                merged.own.remove(&place);
                merged.conflicts.remove(&place);
            }
        }
        let mut simulated = self.exchange(&merged.exchange, new.os)?;
        self.qualify(&merged, new, &mut simulated);
        Ok(Some(Outcome::Known(simulated)))
    }

    fn merge<'p>(&'p self, old: &'p [Package], new: &OtherImage<'p>) -> Merged<'p> {
        let old = by_place(old);
        let new_packages = by_place(new.packages.unwrap_or_default());
        let is_same_release = self.is_same_release(new.os);
        let mut merged = Merged {
            exchange: Exchange::default(),
            own: BTreeSet::new(),
            conflicts: BTreeSet::new(),
        };
        let places: BTreeSet<Place<'p>> =
            self.installed.keys().chain(new_packages.keys()).copied().collect();
        for place in places {
            let of = |packages: &ByPlace<'p>| packages.get(&place).cloned().unwrap_or_default();
            let (was, is, comes) = (of(&old), of(&self.installed), of(&new_packages));
            let follows_base = is_same(&was, &is) || is_same(&is, &comes);
            // What the own layers removed stays removed.
            if is.is_empty() && !was.is_empty() {
                continue;
            }
            if !follows_base {
                merged.own.insert(place);
                if !is_same(&was, &comes) {
                    merged.conflicts.insert(place);
                }
                continue;
            }
            let is_judged_alike = is_same_release || !is_of_system(place.ecosystem);
            if is_same(&is, &comes) && is_judged_alike {
                continue;
            }
            if !is.is_empty() {
                merged.exchange.gone.insert(place, is);
            }
            if !comes.is_empty() {
                merged.exchange.come.insert(place, comes);
            }
        }
        merged
    }

    /// Says what the numbers do not.
    fn qualify(&self, merged: &Merged<'_>, new: &OtherImage<'_>, simulated: &mut Simulated) {
        let mut caveats: Vec<String> = simulated.caveat.take().into_iter().collect();
        let own: Vec<&str> = merged
            .own
            .iter()
            .filter(|place| is_of_system(place.ecosystem))
            .map(|place| place.name)
            .collect();
        if !self.is_same_release(new.os) {
            let scope = |os: Option<&plimsoll_model::Os>| {
                os.and_then(|os| os.scope.as_ref()).map(ToString::to_string).unwrap_or_default()
            };
            let (from, to) = (scope(self.subject.os), scope(new.os));
            let mut words = format!("the release changes from {from} to {to}");
            if !own.is_empty() {
                let names = list(&own);
                words.push_str(&format!(
                    ": {names} of the own layers cannot stay, and count as they are"
                ));
                simulated.certainty = Certainty::Partial;
            }
            caveats.push(words);
        } else if !merged.conflicts.is_empty() {
            let names: Vec<&str> = merged.conflicts.iter().map(|place| place.name).collect();
            let names = list(&names);
            caveats.push(format!(
                "own layers and the new base both change {names}: counted as the own layers have it"
            ));
        }
        simulated.caveat = (!caveats.is_empty()).then(|| caveats.join("; "));
    }
}

/// `a, b and 3 more`.
fn list(names: &[&str]) -> String {
    match names.get(..NAMES_SHOWN) {
        Some(shown) if names.len() > NAMES_SHOWN => {
            format!("{} and {} more", shown.join(", "), names.len() - NAMES_SHOWN)
        }
        _ => names.join(", "),
    }
}
