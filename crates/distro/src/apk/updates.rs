//! What is newer in an image's repositories than what is installed, as `apk upgrade` chooses.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plimsoll_model::{HeldBack, Package};
use plimsoll_versions::apk;

use crate::apk::archives::ApkArchive;
use crate::apk::index::{ApkIndex, ApkIndexPackage};
use crate::apk::world::ApkWorld;
use crate::pending::{Pending, PendingBinary};

/// A repository and its index.
#[derive(Clone, Copy, Debug)]
pub struct ApkOffer<'a> {
    /// Which repository.
    pub archive: &'a ApkArchive,
    /// What it has.
    pub index: &'a ApkIndex,
}

/// What repositories have for an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkUpdates {
    /// By source. None is marked as security: no index says which are.
    pub pending: Vec<Pending>,
    /// Versions that cannot be ordered, installed and offered: nothing is known about them.
    pub problems: Vec<String>,
}

/// Compares the installed packages with what the repositories have, the first repository being preferred.
///
/// A package comes from the repositories without a tag, or from those of its tag, which are preferred; of those the
/// newest version that the world allows is chosen. Dependencies are not solved: that something else needs an older
/// version is not seen.
pub fn apk_updates(installed: &[Package], world: &ApkWorld, offers: &[ApkOffer<'_>]) -> ApkUpdates {
    let mut updates = ApkUpdates::default();
    let mut groups: BTreeMap<_, Pending> = BTreeMap::new();
    for package in installed.iter().filter(|package| package.ecosystem.is_apk()) {
        if let Err(invalid) = apk::compare(&package.version, &package.version) {
            updates.problems.push(format!("{}: {invalid}", package.name));
            continue;
        }
        let best = Best::of(package, world, offers, &mut updates.problems);
        let Some((choice, held_back)) = best.newer_than(&package.version) else { continue };
        let source = package.source.as_ref().map_or(&package.name, |source| &source.name);
        // A binary package that the source no longer builds stays at the version of the last build that had it.
        let key = (source, choice.offer, choice.version, held_back);
        let group = groups.entry(key).or_insert_with(|| Pending {
            source: source.clone(),
            installed: package.version.clone(),
            candidate: choice.version.to_owned(),
            suite: choice.suite.to_owned(),
            security: false,
            held_back,
            binaries: Vec::new(),
            bulletins: Vec::new(),
        });
        if order(&package.version, &group.installed).is_lt() {
            group.installed.clone_from(&package.version);
        }
        group.binaries.push(PendingBinary {
            package: package.id.clone(),
            name: package.name.clone(),
            arch: package.arch.clone(),
            installed: package.version.clone(),
            candidate: choice.version.to_owned(),
        });
    }
    updates.pending = groups.into_values().collect();
    updates
}

/// A version that could be installed.
#[derive(Clone, Copy)]
struct Choice<'a> {
    version: &'a str,
    /// Whether it comes from where the world wants the package from.
    is_preferred: bool,
    suite: &'a str,
    /// The repository's place among the offers.
    offer: usize,
}

/// The best that is offered for one package.
#[derive(Default)]
struct Best<'a> {
    allowed: Option<Choice<'a>>,
    /// What the world does not allow.
    excluded: Option<Choice<'a>>,
}

impl<'a> Best<'a> {
    fn of(
        package: &Package,
        world: &ApkWorld,
        offers: &[ApkOffer<'a>],
        problems: &mut Vec<String>,
    ) -> Self {
        let mut best = Self::default();
        for (number, ApkOffer { archive, index }) in offers.iter().enumerate() {
            for offered in index.packages(&package.name) {
                let Some(is_preferred) = preference(world, archive, &offered) else { continue };
                let version = offered.version;
                if let Err(invalid) = apk::compare(version, version) {
                    problems.push(format!("{} in {}: {invalid}", offered.name, archive.suite));
                    continue;
                }
                let place = match world.allows(offered.name, version, offered.checksum) {
                    true => &mut best.allowed,
                    false => &mut best.excluded,
                };
                let choice = Choice { version, is_preferred, suite: &archive.suite, offer: number };
                if place.is_none_or(|known| choice.beats(&known)) {
                    *place = Some(choice);
                }
            }
        }
        best
    }

    /// What it would be updated to, or could be if the world allowed it.
    fn newer_than(&self, installed: &str) -> Option<(Choice<'a>, Option<HeldBack>)> {
        let newer = |choice: &Choice<'_>| order(choice.version, installed).is_gt();
        let allowed = self.allowed.filter(newer).map(|choice| (choice, None));
        let excluded = self.excluded.filter(newer);
        allowed.or(excluded.map(|choice| (choice, Some(HeldBack::Pinned))))
    }
}

impl Choice<'_> {
    fn beats(&self, other: &Self) -> bool {
        let preferred = self.is_preferred.cmp(&other.is_preferred);
        preferred.then_with(|| order(self.version, other.version)).is_gt()
    }
}

/// Whether a package of a repository is preferred; none if it may not come from there.
fn preference(
    world: &ApkWorld,
    archive: &ApkArchive,
    offered: &ApkIndexPackage<'_>,
) -> Option<bool> {
    let fits = [archive.arch.as_str(), "noarch", ""].contains(&offered.arch);
    let wanted = world.tag_of(offered.name);
    match archive.tag.as_deref() {
        _ if !fits => None,
        None => Some(wanted.is_none()),
        tag if tag == wanted => Some(true),
        Some(_) => None,
    }
}

/// Every version that comes here was found valid.
fn order(a: &str, b: &str) -> Ordering {
    apk::compare(a, b).unwrap_or(Ordering::Equal)
}
