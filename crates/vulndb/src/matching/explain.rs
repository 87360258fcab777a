//! Why an id is reported for a package, or why it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plimsoll_model::{Comparison, CoverageStatus, Evidence, Os, Package, PackageId, Scope};
use plimsoll_table::TableError;

use super::installed::{Role, Side, binary_side, source_side};
use super::outrank::is_outranked;
use super::scopes::{scope_of, scopes_of};
use super::witness::{Applies, applies, quote, relation, speaks_of};
use super::{MatchError, Matcher, ShardView};
use crate::feeds::Standing;
use crate::shard::{Entry, Judgement};

/// What one record says of one installed package, or why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The installed package; none where none of that name is installed.
    pub package: Option<PackageId>,
    /// The answer.
    pub verdict: Verdict,
    /// The record and the comparison; none where no record was found.
    pub evidence: Option<Evidence>,
    /// The name that the record speaks of, or the scope that was searched.
    pub subject: String,
}

/// Why an id is or is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The installed version is affected.
    Affected,
    /// The installed version has the fix.
    FixedInInstalled,
    /// The package was never affected, or its version lies outside the affected ranges.
    NotAffected,
    /// The record speaks of another module stream than the installed one.
    OtherModule,
    /// The record speaks of another architecture.
    OtherArch,
    /// It is affected by this record, but a stronger feed says it is not.
    Outranked,
    /// The record or the package has a version that cannot be compared.
    Unjudged,
    /// The package that the record speaks of is not installed.
    NotInstalled,
    /// The scope has data, and no record in it knows the id.
    UnknownId,
    /// There is no data for the scope, or nothing of it is installed.
    NoData,
    /// No feed covers the system.
    Unsupported,
}

/// What a feed of some standing says of a package.
struct Found<'p> {
    standing: Standing,
    package: &'p Package,
    explanation: Explanation,
}

impl Matcher {
    /// Everything that the scopes' feeds say of an id, for the packages that are installed.
    pub fn explain(
        &self,
        id: &str,
        packages: &[Package],
        os: Option<&Os>,
    ) -> Result<Vec<Explanation>, MatchError> {
        let views = self.views()?;
        let mut explanations = Vec::new();
        let scopes = scopes_of(os, packages);
        if scopes.is_empty() {
            explanations.push(Explanation::bare(Verdict::Unsupported, "the system".to_owned()));
        }
        for scope in scopes {
            let views: Vec<_> = views.iter().filter(|view| view.open.scope == scope).collect();
            let packages: Vec<_> = packages
                .iter()
                .filter(|package| scope_of(package, os).as_ref() == Some(&scope))
                .collect();
            // "Not installed" and "unknown" are answers only where a scan would judge.
            if let Some(status) = self.unjudged(&scope, !packages.is_empty()) {
                let verdict = match status {
                    CoverageStatus::Unsupported => Verdict::Unsupported,
                    _ => Verdict::NoData,
                };
                explanations.push(Explanation::bare(verdict, scope.to_string()));
                continue;
            }
            explain_scope(id, &scope, &views, &packages, &mut explanations)?;
        }
        Ok(explanations)
    }
}

fn explain_scope(
    id: &str,
    scope: &Scope,
    views: &[&ShardView<'_>],
    packages: &[&Package],
    explanations: &mut Vec<Explanation>,
) -> Result<(), TableError> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut absent: BTreeSet<(Standing, String, String, String)> = BTreeSet::new();
    for shard in views {
        for entry in shard.view.by_id(id)? {
            let before = found.len();
            for &package in packages {
                if let Some(explanation) = explain_package(shard, &entry, package)? {
                    let standing = shard.open.standing;
                    found.push(Found { standing, package, explanation });
                }
            }
            if found.len() == before {
                let record = entry.record()?.to_owned();
                let feed = shard.open.info.feed.clone();
                absent.insert((shard.open.standing, feed, record, entry.name()?.to_owned()));
            }
        }
    }
    mark_outranked(id, views, &mut found)?;
    let is_known = !found.is_empty() || !absent.is_empty();
    for Found { explanation, .. } in found {
        if !explanations.contains(&explanation) {
            explanations.push(explanation);
        }
    }
    // Names that are not installed matter only where no installed package is spoken of.
    if !explanations.iter().any(|explanation| explanation.package.is_some()) {
        let names: BTreeSet<String> = absent.into_iter().map(|(_, _, _, name)| name).collect();
        for name in names {
            explanations.push(Explanation::bare(Verdict::NotInstalled, name));
        }
    }
    if !is_known {
        explanations.push(Explanation::bare(Verdict::UnknownId, scope.to_string()));
    }
    Ok(())
}

fn explain_package(
    shard: &ShardView<'_>,
    entry: &Entry<'_>,
    package: &Package,
) -> Result<Option<Explanation>, TableError> {
    let name = entry.name()?;
    let sides = [binary_side(package), source_side(package)];
    let Some(side) = sides.iter().find(|side| side.name == name && speaks_of(entry, side.role))
    else {
        return Ok(None);
    };
    let (verdict, compared) = match (applies(entry, package)?, &side.key) {
        (Applies::OtherModule, _) => (Verdict::OtherModule, None),
        (Applies::OtherArch, _) => (Verdict::OtherArch, None),
        (Applies::Yes, Err(_)) => (Verdict::Unjudged, None),
        (Applies::Yes, Ok(key)) => {
            let judgement = entry.judge(&side.version, key)?;
            (verdict_of(judgement), Some(judgement))
        }
    };
    let (relation, against) = relation(compared.unwrap_or(Judgement::Never));
    let evidence = Evidence {
        shard: shard.open.scope.clone(),
        feed: shard.open.info.feed.clone(),
        record: entry.record()?.to_owned(),
        rule: rule(side, entry)?,
        compared: Comparison { installed: side.version.clone().into_owned(), relation, against },
        quote: quote(shard, entry)?,
    };
    let subject = name.to_owned();
    Ok(Some(Explanation {
        package: Some(package.id.clone()),
        verdict,
        evidence: Some(evidence),
        subject,
    }))
}

fn rule(side: &Side<'_>, entry: &Entry<'_>) -> Result<String, TableError> {
    let role = match side.role {
        Role::Source => "source package",
        Role::Binary => "binary package",
    };
    Ok(match (entry.module()?, entry.arch()?) {
        ("", "") => format!("{role} {}", side.name),
        (module, "") => format!("{role} {}, module {module}", side.name),
        ("", arch) => format!("{role} {}, architecture {arch}", side.name),
        (module, arch) => format!("{role} {}, module {module}, architecture {arch}", side.name),
    })
}

fn verdict_of(judgement: Judgement<'_>) -> Verdict {
    match judgement {
        Judgement::Affected { .. } | Judgement::Listed { .. } => Verdict::Affected,
        Judgement::Fixed { .. } => Verdict::FixedInInstalled,
        Judgement::Outside | Judgement::Never => Verdict::NotAffected,
        Judgement::Unjudged { .. } => Verdict::Unjudged,
    }
}

/// "Affected" does not count where a feed stronger than all that say so judged the package otherwise.
fn mark_outranked(
    id: &str,
    views: &[&ShardView<'_>],
    found: &mut [Found<'_>],
) -> Result<(), TableError> {
    let mut strongest: BTreeMap<&PackageId, (Standing, &Package)> = BTreeMap::new();
    for one in found.iter().filter(|one| one.explanation.verdict == Verdict::Affected) {
        let first = strongest.entry(&one.package.id).or_insert((one.standing, one.package));
        first.0 = first.0.min(one.standing);
    }
    for (standing, package) in strongest.into_values() {
        let sides = [&source_side(package), &binary_side(package)];
        if !is_outranked(views, id, standing, package, sides)? {
            continue;
        }
        for one in found.iter_mut().filter(|one| one.package.id == package.id) {
            if one.explanation.verdict == Verdict::Affected {
                one.explanation.verdict = Verdict::Outranked;
            }
        }
    }
    Ok(())
}

impl Explanation {
    fn bare(verdict: Verdict, subject: String) -> Self {
        Self { package: None, verdict, evidence: None, subject }
    }
}

/// One sentence, without the id that was asked for.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match self.verdict {
            Verdict::NotInstalled => return write!(f, "{subject} is not installed"),
            Verdict::UnknownId => return write!(f, "no record of {subject} knows it"),
            Verdict::NoData => return write!(f, "there is no data for {subject}"),
            Verdict::Unsupported => return write!(f, "no feed covers {subject}"),
            _ => {}
        }
        let (Some(package), Some(evidence)) = (&self.package, &self.evidence) else {
            return f.write_str(subject);
        };
        let Evidence { feed, record, rule, compared, .. } = evidence;
        let Comparison { installed, relation, against } = compared;
        match self.verdict {
            Verdict::Affected => write!(f, "{package} is affected")?,
            Verdict::FixedInInstalled => write!(f, "{package} has the fix")?,
            Verdict::OtherModule => write!(f, "{package} is of another module stream")?,
            Verdict::OtherArch => write!(f, "{package} is of another architecture")?,
            Verdict::Outranked => write!(
                f,
                "{package} is affected by this feed alone; a stronger one says it is not"
            )?,
            Verdict::Unjudged => {
                write!(f, "{package} cannot be judged: a version cannot be compared")?;
            }
            _ => write!(f, "{package} is not affected")?,
        }
        write!(f, " ({feed}: {record}, {rule}")?;
        match against {
            Some(against) => write!(f, ": {installed} {} {against})", relation.as_str()),
            None if self.verdict == Verdict::Affected => write!(f, ": {installed}, every version)"),
            None => write!(f, ": {installed})"),
        }
    }
}
