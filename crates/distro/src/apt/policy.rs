//! apt's choice among the versions of a package (apt_preferences(5), "APT's Default Priority Assignments").

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, compare};

use crate::apt::candidates::Offer;
use crate::apt::expression::Expression;
use crate::apt::preferences::{PackageName, Packages, Pin, Priority, ReleaseMarks, Wanted};
use crate::apt::release::Release;

/// From here on an older version is taken too.
const DOWNGRADES: Priority = Priority::Of(1000);

/// A version of a package, and where it comes from.
pub(crate) struct Version<'a> {
    pub(crate) version: &'a str,
    /// The source it was built from, and that one's version.
    pub(crate) source: (&'a str, &'a str),
    pub(crate) phased: u8,
    /// The numbers of the offers that have it.
    pub(crate) offers: Vec<usize>,
    pub(crate) is_installed: bool,
}

/// A package whose versions are weighed.
#[derive(Clone, Copy)]
pub(crate) struct Weighed<'a> {
    pub(crate) name: &'a str,
    /// Its architecture; of packages for all the system's.
    pub(crate) architecture: &'a str,
    pub(crate) is_native: bool,
    pub(crate) installed: &'a str,
}

/// The priorities that hold for a system.
pub(crate) struct Policy<'a> {
    pins: &'a [Pin],
    offers: &'a [Offer<'a>],
    /// Of each offer.
    priorities: Vec<Priority>,
    /// Of what is installed.
    installed: Priority,
}

impl<'a> Policy<'a> {
    pub(crate) fn new(offers: &'a [Offer<'a>], pins: &'a [Pin]) -> Self {
        let general = |place| {
            let pin = pins.iter().find(|pin| {
                matches!(pin.packages, Packages::All) && is_wanted_index(&pin.wanted, place)
            });
            pin.map(|pin| pin.priority)
        };
        let priorities = offers
            .iter()
            .map(|offer| general(Place::Offer(offer)).unwrap_or(default_priority(offer.release)));
        Self {
            pins,
            offers,
            priorities: priorities.collect(),
            installed: general(Place::Installed).unwrap_or(Priority::Of(100)),
        }
    }

    /// The version that apt would have installed after an upgrade; `versions` with the newest first. None where it
    /// has no opinion.
    pub(crate) fn candidate<'v>(
        &self,
        package: Weighed<'_>,
        versions: &'v [Version<'a>],
    ) -> Option<&'v Version<'a>> {
        let mut best: Option<(&Version<'_>, Priority)> = None;
        for version in versions {
            let priority = self.priority(package, version);
            let is_older = order(version.version, package.installed) == Ordering::Less;
            let is_better = best.is_none_or(|(_, best)| priority > best);
            if priority > Priority::Of(0) && is_better && (!is_older || priority >= DOWNGRADES) {
                best = Some((version, priority));
            }
        }
        best.map(|(version, _)| version)
    }

    /// The first entry about this very version decides, else the best of the places that have it.
    fn priority(&self, package: Weighed<'_>, version: &Version<'_>) -> Priority {
        let priorities =
            version.offers.iter().filter_map(|number| self.priorities.get(*number).copied());
        let of_places = priorities.chain(version.is_installed.then_some(self.installed)).max();
        let pinned = self.pins.iter().find(|pin| self.is_about(pin, package, version));
        match (pinned, of_places) {
            (_, None | Some(Priority::Never)) => Priority::Never,
            (Some(pin), Some(_)) => pin.priority,
            (None, Some(priority)) => priority,
        }
    }

    fn is_about(&self, pin: &Pin, package: Weighed<'_>, version: &Version<'_>) -> bool {
        let Packages::Named(names) = &pin.packages else { return false };
        if !names.iter().any(|name| is_named(name, package, version)) {
            return false;
        }
        if let Wanted::Version(expression) = &pin.wanted {
            return expression.matches(version.version);
        }
        let offers = version.offers.iter().filter_map(|number| self.offers.get(*number));
        let installed = version.is_installed.then_some(Place::Installed);
        offers.map(Place::Offer).chain(installed).any(|place| is_wanted_index(&pin.wanted, place))
    }
}

/// Where a version comes from.
#[derive(Clone, Copy)]
enum Place<'a> {
    Offer(&'a Offer<'a>),
    /// dpkg's list of what is installed, which apt takes for an archive named `now`.
    Installed,
}

/// Dpkg's order; both are known to be versions.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    compare(Scheme::Dpkg, a, b).unwrap_or(Ordering::Equal)
}

fn default_priority(release: &Release) -> Priority {
    match (release.but_automatic_upgrades, release.not_automatic) {
        (true, _) => Priority::Of(100),
        (false, true) => Priority::Of(1),
        (false, false) => Priority::Of(500),
    }
}

fn is_named(named: &PackageName, package: Weighed<'_>, version: &Version<'_>) -> bool {
    let name = if named.is_source { version.source.0 } else { package.name };
    let is_architecture = match named.architecture.as_deref() {
        // As apt 2.6 does it, whatever apt_preferences(5) leaves open.
        None => package.is_native,
        Some("any") => true,
        Some(architecture) => architecture == package.architecture,
    };
    is_architecture && named.name.matches(name)
}

fn is_wanted_index(wanted: &Wanted, place: Place<'_>) -> bool {
    match (wanted, place) {
        (Wanted::Version(_), _) => false,
        (Wanted::Origin(host), Place::Offer(offer)) => host.matches(offer.site),
        // The empty host means archives on this machine, which what is installed is none of.
        (Wanted::Origin(_), Place::Installed) => false,
        (Wanted::Release(marks), Place::Offer(offer)) => {
            let Offer { release, component, architecture, .. } = *offer;
            has_marks(
                marks,
                &Marked {
                    archive: release.suite.as_deref(),
                    codename: release.codename.as_deref(),
                    version: release.version.as_deref(),
                    origin: release.origin.as_deref(),
                    label: release.label.as_deref(),
                    component: Some(component),
                    architecture: Some(architecture),
                },
            )
        }
        (Wanted::Release(marks), Place::Installed) => {
            has_marks(marks, &Marked { archive: Some("now"), ..Marked::default() })
        }
    }
}

/// What an index says of itself.
#[derive(Default)]
struct Marked<'a> {
    archive: Option<&'a str>,
    codename: Option<&'a str>,
    version: Option<&'a str>,
    origin: Option<&'a str>,
    label: Option<&'a str>,
    component: Option<&'a str>,
    architecture: Option<&'a str>,
}

fn has_marks(wanted: &ReleaseMarks, found: &Marked<'_>) -> bool {
    let has = |wanted: &Option<Expression>, found: Option<&str>| {
        wanted.as_ref().is_none_or(|wanted| found.is_some_and(|found| wanted.matches(found)))
    };
    let all = [
        (&wanted.archive, found.archive),
        (&wanted.codename, found.codename),
        (&wanted.version, found.version),
        (&wanted.origin, found.origin),
        (&wanted.label, found.label),
        (&wanted.component, found.component),
        (&wanted.architecture, found.architecture),
    ];
    let is_empty = wanted.either.is_none() && all.iter().all(|(wanted, _)| wanted.is_none());
    let has_either = has(&wanted.either, found.archive) || has(&wanted.either, found.codename);
    wanted.is_any
        || (!is_empty && has_either && all.iter().all(|(wanted, found)| has(wanted, *found)))
}
