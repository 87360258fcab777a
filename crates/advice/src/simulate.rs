//! What would be wrong if: the image with other packages, judged with the same advisories.
//!
//! Only what differs from the image as it is gets judged; the rest keeps the findings it has.

mod base;
mod image;
mod upgrade;
mod weight;

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_model::{
    Effect, Finding, FindingKey, Os, Package, PackageChange, PackageId, Problem, Scope,
};
use plimsoll_vulndb::matching::scope_of;
use plimsoll_vulndb::{MatchError, Matcher, compare_versions};

pub(crate) use self::upgrade::Upgrade;
pub(crate) use self::weight::Weight;

use crate::change::{ByPlace, by_place, package_changes};
use crate::identity::{Known, Place, Places, places};

/// The image as it is.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Everything installed.
    pub packages: &'a [Package],
    /// What is wrong, after the ignore rules: what they set aside is neither cleared nor brought in.
    pub findings: &'a [Finding],
    /// Its operating system.
    pub os: Option<&'a Os>,
}

/// Another image that could take the place of this one, or of its base.
#[derive(Clone, Copy, Debug)]
pub struct OtherImage<'a> {
    /// Its name: `debian:bookworm-slim`.
    pub reference: &'a str,
    /// Its operating system.
    pub os: Option<&'a Os>,
    /// Everything installed in it; none where that is not known, or not all of it.
    pub packages: Option<&'a [Package]>,
}

/// What comes of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was judged.
    Known(Simulated),
    /// It cannot be judged, in words.
    Unknown(String),
}

/// What an action clears and brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// The findings in force that would be gone, sorted.
    pub clears: Vec<FindingKey>,
    /// The findings that would be new, sorted.
    pub introduces: Vec<FindingKey>,
    /// The packages that change, sorted.
    pub changes: Vec<PackageChange>,
    /// Whether that is all there is to it.
    pub certainty: Certainty,
    /// What makes it less than simple, in words.
    pub caveat: Option<String>,
    pub(crate) weight: Weight,
}

/// How much of what an action does is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// All of it, as far as packages go.
    Exact,
    /// Some packages had to be counted as they are now.
    Partial,
}

impl Outcome {
    /// How many findings come and go; none where that is not known.
    pub fn effect(&self) -> Option<Effect> {
        match self {
            Self::Known(Simulated { clears, introduces, .. }) => {
                Some(Effect { clears: clears.len(), introduces: introduces.len() })
            }
            Self::Unknown(_) => None,
        }
    }
}

/// Answers "what if" about one image.
pub struct Simulator<'a> {
    matcher: &'a Matcher,
    subject: Subject<'a>,
    installed: ByPlace<'a>,
    places: Places<'a>,
    findings: HashMap<&'a PackageId, Vec<&'a Finding>>,
}

/// Packages that take the place of others. Both sides hold all versions of each of their places.
#[derive(Debug, Default)]
struct Exchange<'p> {
    gone: ByPlace<'p>,
    come: ByPlace<'p>,
}

impl<'a> Simulator<'a> {
    /// `matcher` has to be open for the scopes of every image that will be asked about.
    pub fn new(matcher: &'a Matcher, subject: Subject<'a>) -> Self {
        let mut findings: HashMap<_, Vec<_>> = HashMap::new();
        for finding in subject.findings {
            findings.entry(&finding.package).or_default().push(finding);
        }
        let (installed, places) = (by_place(subject.packages), places(subject.packages));
        Self { matcher, subject, installed, places, findings }
    }

    /// What the image is.
    pub(crate) fn subject(&self) -> Subject<'a> {
        self.subject
    }

    /// What comes of an exchange of packages; those that come belong to `os`.
    fn exchange(&self, exchange: &Exchange<'_>, os: Option<&Os>) -> Result<Simulated, MatchError> {
        let Exchange { gone, come } = exchange;
        let new_places = places(come.values().flatten().copied());
        let judged = self.matcher.judge(come.values().flatten().copied(), os)?;
        let mut before = Known::default();
        let mut after = Known::default();
        let mut weight = Weight::default();
        for (place, finding) in self.findings_of(gone) {
            before.add(place, finding);
        }
        let unjudged = match judged.problems.is_empty() {
            true => 0,
            false => self.new_problems(&judged.problems, gone)?,
        };
        let is_doubtful = |place: &Place<'_>| {
            unjudged > 0 && come.get(place).is_some_and(|new| !new.iter().all(is_comparable))
        };
        let located = || {
            let of = |finding: &Finding| new_places.get(&finding.package).into_iter().flatten();
            judged
                .findings
                .iter()
                .flat_map(move |found| of(found).map(move |place| (*place, found)))
        };
        for (place, finding) in located() {
            after.add(place, finding);
        }
        let mut clears = unshared(self.findings_of(gone), |place, finding| {
            after.has(place, finding)
                || is_doubtful(&place)
                || self.stands_elsewhere(&finding.package, gone)
        });
        clears.retain(|_, finding| finding.suppressed.is_none());
        let introduces =
            unshared(located(), |place, finding| before.has(place, finding) || self.has(finding));
        clears.values().for_each(|finding| weight.add(finding));
        introduces.values().for_each(|finding| weight.subtract(finding));
        Ok(Simulated {
            clears: clears.into_keys().cloned().collect(),
            introduces: introduces.into_keys().cloned().collect(),
            changes: package_changes(gone, come),
            certainty: if unjudged == 0 { Certainty::Exact } else { Certainty::Partial },
            caveat: (unjudged > 0).then(|| match unjudged {
                1 => "one of the new versions cannot be judged".to_owned(),
                n => format!("{n} of the new versions cannot be judged"),
            }),
            weight,
        })
    }

    /// Whether a package stays in another place than those that are exchanged.
    fn stands_elsewhere(&self, package: &PackageId, gone: &ByPlace<'_>) -> bool {
        self.places.get(package).is_some_and(|all| !all.iter().all(|it| gone.contains_key(it)))
    }

    /// Whether the image has this very finding, in whatever place.
    fn has(&self, finding: &Finding) -> bool {
        let of_package = self.findings.get(&finding.package);
        of_package.is_some_and(|all| all.iter().any(|known| known.key == finding.key))
    }

    /// How many of the problems the packages that go have not got as well.
    fn new_problems(&self, problems: &[Problem], gone: &ByPlace<'_>) -> Result<usize, MatchError> {
        let before = self.matcher.judge(gone.values().flatten().copied(), self.subject.os)?;
        Ok(problems.iter().filter(|problem| !before.problems.contains(problem)).count())
    }

    fn findings_of<'p>(
        &self,
        places: &ByPlace<'p>,
    ) -> impl Iterator<Item = (Place<'p>, &'a Finding)> {
        places.iter().flat_map(|(place, packages)| {
            let of = |package: &&Package| self.findings.get(&package.id).into_iter().flatten();
            packages.iter().flat_map(of).map(|finding| (*place, *finding))
        })
    }

    /// Why nothing can be said of `image` as a whole; none where its system can be judged with the same advisories.
    fn unknown(&self, image: &OtherImage<'_>) -> Option<String> {
        if image.packages.is_none_or(<[Package]>::is_empty) {
            return Some(format!("the packages of {} are not known", image.reference));
        }
        if let Err(why) = self.judged_scope(self.subject.os) {
            return Some(format!("the image itself cannot be judged: {why}"));
        }
        self.judged_scope(image.os).err().map(|why| unjudged(image, &why))
    }

    /// Why nothing can be said of what comes from `image`: part of it belongs to no system that there is advisory
    /// data for, such as the components of Bitnami.
    fn unknown_part(&self, come: &ByPlace<'_>, image: &OtherImage<'_>) -> Option<String> {
        let packages = come.values().flatten();
        let mut why = packages.filter_map(|package| match scope_of(package, image.os) {
            Some(scope) if self.matcher.can_judge(&scope) => None,
            Some(scope) => Some(format!("there is no advisory data for {scope}")),
            None => Some(format!("no feed covers {} in {}", package.name, package.ecosystem)),
        });
        why.next().map(|why| unjudged(image, &why))
    }

    /// The scope of a system, if the advisories have something to say about it.
    fn judged_scope<'o>(&self, os: Option<&'o Os>) -> Result<&'o Scope, String> {
        let os = os.ok_or_else(|| "its system was not recognised".to_owned())?;
        let scope = os.scope.as_ref().ok_or_else(|| format!("no feed covers {}", os.id))?;
        match self.matcher.can_judge(scope) {
            true => Ok(scope),
            false => Err(format!("there is no advisory data for {scope}")),
        }
    }
}

fn unjudged(image: &OtherImage<'_>, why: &str) -> String {
    format!("{} cannot be judged, so what it brings in is not known: {why}", image.reference)
}

/// The findings that are shared at none of their places. By key, so that what the same package has in two places
/// counts once.
fn unshared<'p, 'f>(
    findings: impl Iterator<Item = (Place<'p>, &'f Finding)>,
    is_shared: impl Fn(Place<'p>, &Finding) -> bool,
) -> BTreeMap<&'f FindingKey, &'f Finding> {
    let (mut unshared, mut shared) = (BTreeMap::new(), HashSet::new());
    for (place, finding) in findings {
        if is_shared(place, finding) {
            shared.insert(&finding.key);
        } else {
            unshared.insert(&finding.key, finding);
        }
    }
    unshared.retain(|key, _| !shared.contains(key));
    unshared
}

/// Whether advisories can be compared with a package's versions: those of a version that cannot be read are
/// not gone.
fn is_comparable(package: &&Package) -> bool {
    let versions = package.source.iter().map(|source| &source.version).chain([&package.version]);
    versions.into_iter().all(|text| compare_versions(package.ecosystem, text, text).is_ok())
}

#[cfg(test)]
mod tests;
