//! What repositories offer for an installed package, and what of it a package manager would take.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plimsoll_model::{HeldBack, Package};

use super::candidates::{Index, Question};
use super::configuration::{Configuration, Repository};
use super::modules::Active;
use super::nevra::compare;
use super::patterns::{Forms, Lock, Pattern};
use super::primary::Available;
use super::system::System;

/// A package that may be taken, or might if nothing held it back.
#[derive(Clone, Copy)]
pub(super) struct Offer<'a> {
    pub(super) index: &'a Index,
    pub(super) package: &'a Available,
    pub(super) held_back: Option<HeldBack>,
}

/// What the repositories offer, by name, as far as modules and priorities let it through.
pub(super) fn offers<'a>(
    question: &Question<'a>,
    active: &Active<'_>,
) -> BTreeMap<&'a str, Vec<Offer<'a>>> {
    let mut offers: BTreeMap<&str, Vec<Offer<'_>>> = BTreeMap::new();
    for index in question.indexes {
        let is_hotfix = index.repository.module_hotfixes;
        for package in &index.packages {
            if !active.admits(&package.name, &package.evr, &package.arch, is_hotfix) {
                continue;
            }
            let held_back = held_back(question.configuration, &index.repository, package);
            let offer = Offer { index, package, held_back };
            offers.entry(&package.name).or_default().push(offer);
        }
    }
    for offers in offers.values_mut() {
        prefer(offers);
    }
    offers
}

/// What a repository of better priority has, other repositories do not offer, be it newer there.
fn prefer(offers: &mut [Offer<'_>]) {
    let free = offers.iter().filter(|offer| offer.held_back.is_none());
    let Some(best) = free.map(|offer| offer.index.repository.priority).min() else { return };
    for offer in offers.iter_mut().filter(|offer| offer.index.repository.priority > best) {
        offer.held_back = offer.held_back.or(Some(HeldBack::Pinned));
    }
}

/// Whether the administrator keeps a package away.
fn held_back(
    configuration: &Configuration,
    repository: &Repository,
    package: &Available,
) -> Option<HeldBack> {
    let Available { name, evr, arch, .. } = package;
    let forms = Forms::of(name, evr, arch);
    let is_any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(&forms));
    let is_left_out = |patterns: &[Pattern]| !patterns.is_empty() && !is_any(patterns);
    let is_excluded = is_any(&configuration.excludes)
        || is_any(&repository.excludes)
        || is_left_out(&configuration.includes)
        || is_left_out(&repository.includes);
    if is_excluded {
        return Some(HeldBack::Pinned);
    }
    let mut is_locked = false;
    for lock in &configuration.locks {
        match lock {
            Lock::Never(pattern) if pattern.matches(&forms) => return Some(HeldBack::Hold),
            Lock::Only { name: locked, pattern } if locked == name => {
                if pattern.matches(&forms) {
                    return None;
                }
                is_locked = true;
            }
            _ => {}
        }
    }
    is_locked.then_some(HeldBack::Hold)
}

/// Of each name and architecture the newest; kernels are installed in several versions.
pub(super) fn newest_installed(installed: &[Package]) -> impl Iterator<Item = &Package> {
    let mut newest: BTreeMap<(&str, &str), &Package> = BTreeMap::new();
    for package in installed.iter().filter(|package| package.ecosystem.is_rpm()) {
        let key = (package.name.as_str(), package.arch.as_deref().unwrap_or_default());
        let known = newest.entry(key).or_insert(package);
        if compare(&package.version, &known.version).is_gt() {
            *known = package;
        }
    }
    newest.into_values()
}

/// The newest offer that may follow an installed package: what is held back only where nothing else is newer.
pub(super) fn choose<'a>(
    system: &System,
    installed: &Package,
    offers: &[Offer<'a>],
) -> Option<Offer<'a>> {
    let newer = offers.iter().copied().filter(|offer| {
        follows(system, installed, &offer.package.arch)
            && compare(&offer.package.evr, &installed.version).is_gt()
    });
    let (free, held): (Vec<_>, Vec<_>) = newer.partition(|offer| offer.held_back.is_none());
    free.into_iter().max_by(order).or_else(|| held.into_iter().max_by(order))
}

/// Whether a package of this architecture may follow the installed one.
fn follows(system: &System, installed: &Package, arch: &str) -> bool {
    match installed.arch.as_deref() {
        Some("noarch") => arch == "noarch" || arch == system.arch,
        Some(installed) => arch == installed || arch == "noarch",
        None => true,
    }
}

/// The newer version; of equals the one that package managers take: by priority, cost, id.
fn order(a: &Offer<'_>, b: &Offer<'_>) -> Ordering {
    let rank = |offer: &Offer<'_>| (offer.index.repository.priority, offer.index.repository.cost);
    compare(&a.package.evr, &b.package.evr)
        .then_with(|| rank(b).cmp(&rank(a)))
        .then_with(|| b.index.repository.id.cmp(&a.index.repository.id))
}
