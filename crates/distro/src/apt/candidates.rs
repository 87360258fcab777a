//! Which installed packages apt would update, to what, and what it would hold back.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{HeldBack, Package, Problem};
use plimsoll_table::TableError;
use plimsoll_versions::{InvalidVersion, Scheme, compare};

use crate::apt::index::Index;
use crate::apt::phasing::is_kept_back;
use crate::apt::policy::{Policy, Version, Weighed, order};
use crate::apt::preferences::Preferences;
use crate::apt::release::Release;
use crate::apt::suites::Pocket;
use crate::pending::{Pending, PendingBinary};

/// Archives keep one or two versions of a package, those of vendors all there ever were: some hundred.
const MAX_VERSIONS: usize = 2_000;

/// An index of a usable suite.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The suite, as it was asked for.
    pub suite: &'a str,
    /// The host, as the image names it.
    pub site: &'a str,
    /// Which part of the release it is, as its signature was judged.
    pub pocket: Pocket,
    /// The suite's release.
    pub release: &'a Release,
    /// The component of the index; empty for an archive without.
    pub component: &'a str,
    /// The architecture that the index was asked for.
    pub architecture: &'a str,
    /// Its packages.
    pub index: &'a Index,
}

/// What dpkg and apt know about a system.
#[derive(Clone, Copy)]
pub struct AptState<'a> {
    /// What is installed; packages that are not dpkg's are passed over.
    pub packages: &'a [Package],
    /// dpkg's own architecture: `amd64`.
    pub native: &'a str,
    /// Packages on hold: `name`, of dpkg's own architecture, or `name:architecture` (`all` too).
    pub holds: &'a BTreeSet<String>,
    /// The content of `etc/machine-id`, if it has any: updates that a distribution hands out in phases are drawn by
    /// it, and apt takes all of them without.
    pub machine_id: Option<&'a str>,
}

/// What an upgrade would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AptUpdates {
    /// By source. A source is there twice if its binary packages go to different versions or are held back for
    /// different reasons, or if preferences take one version and would keep out a still newer one.
    pub pending: Vec<Pending>,
    /// Versions that dpkg would refuse; those packages are not judged.
    pub problems: Vec<Problem>,
}

/// Weighs what is installed against what is offered, as `apt-get dist-upgrade` does before it resolves dependencies.
///
/// An update is a newer version only: a downgrade that preferences want (priority 1000) is none. Packages that are
/// not in any index, such as those whose source no longer builds them, have none.
pub fn pending_updates(
    state: AptState<'_>,
    offers: &[Offer<'_>],
    preferences: &Preferences,
) -> Result<AptUpdates, TableError> {
    let mut upgrade = Upgrade {
        state,
        offers,
        preferred: Policy::new(offers, &preferences.pins),
        plain: Policy::new(offers, &[]),
        sources: BTreeMap::new(),
        problems: BTreeSet::new(),
    };
    for package in state.packages.iter().filter(|package| package.ecosystem.is_dpkg()) {
        upgrade.judge(package)?;
    }
    Ok(AptUpdates {
        pending: upgrade.sources.into_values().collect(),
        problems: upgrade.problems.into_iter().collect(),
    })
}

/// What makes pending binary packages one update.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    source: String,
    candidate: String,
    held_back: Option<HeldBack>,
}

struct Upgrade<'a> {
    state: AptState<'a>,
    offers: &'a [Offer<'a>],
    preferred: Policy<'a>,
    /// As if the image had no preferences.
    plain: Policy<'a>,
    sources: BTreeMap<Group, Pending>,
    problems: BTreeSet<Problem>,
}

impl<'a> Upgrade<'a> {
    fn judge(&mut self, package: &'a Package) -> Result<(), TableError> {
        if let Err(error) = is_version(&package.version) {
            self.problem(package.id.to_string(), error.to_string());
            return Ok(());
        }
        let native = self.state.native;
        let architecture = match package.arch.as_deref() {
            None | Some("all") => native,
            Some(architecture) => architecture,
        };
        let weighed = Weighed {
            name: &package.name,
            architecture,
            is_native: architecture == native,
            installed: &package.version,
        };
        let versions = self.versions(package, weighed)?;
        let is_update = |version: &&Version<'_>| is_newer(version.version, &package.version);
        let preferred = self.preferred.candidate(weighed, &versions);
        let plain = self.plain.candidate(weighed, &versions);
        if let Some(version) = preferred.filter(is_update) {
            let held_back = match self.is_on_hold(package, weighed) {
                true => Some(HeldBack::Hold),
                false => self.phased(weighed, version, &versions),
            };
            self.add(package, version, &versions, held_back);
        }
        let kept_out = plain.filter(is_update).filter(|plain| {
            preferred.is_none_or(|preferred| is_newer(plain.version, preferred.version))
        });
        if let Some(version) = kept_out {
            self.add(package, version, &versions, Some(HeldBack::Pinned));
        }
        Ok(())
    }

    /// The versions of a package, the newest first.
    fn versions(
        &mut self,
        package: &'a Package,
        weighed: Weighed<'_>,
    ) -> Result<Vec<Version<'a>>, TableError> {
        let mut versions = vec![installed(package)];
        for (number, offer) in self.offers.iter().enumerate() {
            for entry in offer.index.package(&package.name)? {
                let entry = entry?;
                // Packages for all architectures are those of dpkg's own.
                let is_it = entry.architecture == weighed.architecture
                    || (entry.architecture == "all" && weighed.is_native);
                if !is_it {
                    continue;
                }
                if let Err(error) = is_version(entry.version) {
                    self.problem(format!("{} {}", offer.suite, entry.name), error.to_string());
                    continue;
                }
                let is_full = versions.len() == MAX_VERSIONS;
                let known = versions
                    .iter_mut()
                    .find(|known| order(known.version, entry.version) == Ordering::Equal);
                match known {
                    None if is_full => {
                        let message = "more versions than are looked at".to_owned();
                        self.problem(format!("{} {}", offer.suite, entry.name), message);
                        break;
                    }
                    Some(known) => {
                        known.offers.push(number);
                        known.phased = known.phased.min(entry.phased);
                    }
                    None => versions.push(Version {
                        version: entry.version,
                        source: (entry.source, entry.source_version),
                        phased: entry.phased,
                        offers: vec![number],
                        is_installed: false,
                    }),
                }
            }
        }
        versions.sort_by(|a, b| order(b.version, a.version));
        Ok(versions)
    }

    fn is_on_hold(&self, package: &Package, weighed: Weighed<'_>) -> bool {
        let holds = self.state.holds;
        let is_held = |arch: &str| holds.contains(&format!("{}:{arch}", package.name));
        is_held(weighed.architecture)
            || package.arch.as_deref().is_some_and(is_held)
            || (weighed.is_native && holds.contains(&package.name))
    }

    fn phased(
        &self,
        weighed: Weighed<'_>,
        candidate: &Version<'_>,
        versions: &[Version<'_>],
    ) -> Option<HeldBack> {
        let (source, version) = candidate.source;
        let machine = self.state.machine_id.map(str::trim).filter(|id| !id.is_empty())?;
        let is_phased = candidate.phased < 100
            && !self.is_security(candidate, versions, weighed.installed)
            && is_kept_back(source, version, machine, candidate.phased);
        is_phased.then_some(HeldBack::Phased)
    }

    /// Whether a security suite has something newer than what is installed, up to the candidate: an update of the
    /// main suite contains the security fixes before it.
    fn is_security(
        &self,
        candidate: &Version<'_>,
        versions: &[Version<'_>],
        installed: &str,
    ) -> bool {
        versions
            .iter()
            .filter(|version| is_newer(version.version, installed))
            .filter(|version| !is_newer(version.version, candidate.version))
            .any(|version| self.from(version).any(|offer| offer.pocket == Pocket::Security))
    }

    fn from(&self, version: &Version<'_>) -> impl Iterator<Item = &'a Offer<'a>> {
        version.offers.iter().filter_map(|number| self.offers.get(*number))
    }

    fn add(
        &mut self,
        package: &Package,
        candidate: &Version<'_>,
        versions: &[Version<'_>],
        held_back: Option<HeldBack>,
    ) {
        let security = self.is_security(candidate, versions, &package.version);
        let suite = self
            .from(candidate)
            // Of several the first one, but a security suite before all.
            .min_by_key(|offer| offer.pocket != Pocket::Security)
            .map_or("", |offer| offer.suite);
        let installed = package.source.as_ref().map_or(&package.version, |source| &source.version);
        let (source, version) = candidate.source;
        let group = Group { source: source.to_owned(), candidate: version.to_owned(), held_back };
        let pending = self.sources.entry(group).or_insert_with(|| Pending {
            source: source.to_owned(),
            installed: installed.clone(),
            candidate: version.to_owned(),
            suite: suite.to_owned(),
            security,
            held_back,
            binaries: Vec::new(),
            bulletins: Vec::new(),
        });
        if is_newer(&pending.installed, installed) {
            pending.installed.clone_from(installed);
        }
        pending.security |= security;
        pending.binaries.push(PendingBinary {
            package: package.id.clone(),
            name: package.name.clone(),
            arch: package.arch.clone(),
            installed: package.version.clone(),
            candidate: candidate.version.to_owned(),
        });
    }

    fn problem(&mut self, path: String, message: String) {
        self.problems.insert(Problem { path, layer: None, message });
    }
}

fn installed(package: &Package) -> Version<'_> {
    let source = package.source.as_ref();
    Version {
        version: &package.version,
        source: source.map_or((package.name.as_str(), package.version.as_str()), |source| {
            (source.name.as_str(), source.version.as_str())
        }),
        phased: 100,
        offers: Vec::new(),
        is_installed: true,
    }
}

fn is_version(version: &str) -> Result<(), InvalidVersion> {
    compare(Scheme::Dpkg, version, version).map(|_| ())
}

fn is_newer(a: &str, b: &str) -> bool {
    order(a, b) == Ordering::Greater
}
