//! Which entries speak of a package, and whether they apply to it.

use std::collections::BTreeSet;

use plimsoll_model::{Comparison, Evidence, Package, PackageKind, Problem, Relation};
use plimsoll_table::TableError;

use super::ShardView;
use super::installed::{Role, Side};
use crate::feeds::Standing;
use crate::shard::{Entry, Judgement, Kind, is_modular_version};

/// An entry that finds a package affected.
#[derive(Clone, Copy)]
pub(super) struct Witness<'v, 's> {
    pub(super) shard: &'v ShardView<'v>,
    pub(super) entry: Entry<'v>,
    pub(super) judgement: Judgement<'v>,
    pub(super) side: &'s Side<'s>,
}

/// Whether an entry applies to a package, whatever the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Yes,
    /// It speaks of another module stream, or of the package outside (inside) any module.
    OtherModule,
    OtherArch,
}

/// The entries of one name that find its version affected. An entry that cannot be judged is a problem.
pub(super) fn witnesses<'v, 's>(
    views: &[&'v ShardView<'v>],
    side: &'s Side<'s>,
    problems: &mut BTreeSet<Problem>,
) -> Result<Vec<Witness<'v, 's>>, TableError> {
    let mut found = Vec::new();
    for &shard in views {
        let meta = shard.open.shard.meta();
        let is_asked = match side.role {
            Role::Source => meta.by_source,
            Role::Binary => meta.by_binary,
        };
        if !is_asked {
            continue;
        }
        for entry in shard.view.entries(side.name)? {
            if !speaks_of(&entry, side.role) {
                continue;
            }
            let Ok(key) = &side.key else {
                problems.insert(unreadable(side));
                return Ok(found);
            };
            let judgement = entry.judge(&side.version, key)?;
            match judgement {
                Judgement::Affected { .. } | Judgement::Listed { .. } => {
                    found.push(Witness { shard, entry, judgement, side });
                }
                Judgement::Unjudged { version } => {
                    let message = format!("not judged: {version:?} cannot be compared");
                    let path = format!(
                        "{} {} {} ({})",
                        shard.open.info.feed,
                        shard.open.scope,
                        entry.record()?,
                        side.name
                    );
                    problems.insert(Problem { path, layer: None, message });
                }
                Judgement::Fixed { .. } | Judgement::Outside | Judgement::Never => {}
            }
        }
    }
    Ok(found)
}

/// Whether an entry names packages of this role.
pub(super) fn speaks_of(entry: &Entry<'_>, role: Role) -> bool {
    match entry.kind() {
        Some(PackageKind::Source) => role == Role::Source,
        Some(PackageKind::Binary) => role == Role::Binary,
        Some(PackageKind::Either) => true,
        None => false,
    }
}

/// Whether an entry's module and architecture are the package's; of several (`a|b`), any is enough.
pub(super) fn applies(entry: &Entry<'_>, package: &Package) -> Result<Applies, TableError> {
    let arch = entry.arch()?;
    if !arch.is_empty()
        && let Some(installed) = package.arch.as_deref()
        && installed != "noarch"
        && !arch.split('|').any(|one| one == installed)
    {
        return Ok(Applies::OtherArch);
    }
    if !package.ecosystem.is_rpm() {
        return Ok(Applies::Yes);
    }
    let is_modular = package.module.is_some() || is_modular_version(&package.version);
    if entry.is_modular()? != is_modular {
        return Ok(Applies::OtherModule);
    }
    let module = entry.module()?;
    Ok(match &package.module {
        // A package without a label is in some stream; it is not clean because we cannot tell which.
        Some(installed)
            if !module.is_empty()
                && !module.split('|').any(|one| stream(one) == stream(installed)) =>
        {
            Applies::OtherModule
        }
        _ => Applies::Yes,
    })
}

impl<'v> Witness<'v, '_> {
    /// What it stands on.
    pub(super) fn evidence(&self) -> Result<Evidence, TableError> {
        let (relation, against) = relation(self.judgement);
        let module = self.entry.module()?;
        let rule = match module {
            "" => format!("{} {}", self.side.role.as_str(), self.side.name),
            module => format!("{} {}, module {module}", self.side.role.as_str(), self.side.name),
        };
        Ok(Evidence {
            shard: self.shard.open.scope.clone(),
            feed: self.shard.open.info.feed.clone(),
            record: self.entry.record()?.to_owned(),
            rule,
            compared: Comparison {
                installed: self.side.version.clone().into_owned(),
                relation,
                against,
            },
            quote: quote(self.shard, &self.entry)?,
        })
    }

    /// The version that fixes it, where it names one.
    pub(super) fn fix(&self) -> Option<&'v str> {
        match self.judgement {
            Judgement::Affected { kind: Kind::Fixed, end } => Some(end),
            _ => None,
        }
    }
}

/// What the distribution's changelog says: the title of what is read out of it. An update that is known only from
/// the index is its own id, and nobody is quoted about it.
pub(super) fn quote(
    shard: &ShardView<'_>,
    entry: &Entry<'_>,
) -> Result<Option<String>, TableError> {
    let record = entry.record()?;
    if shard.open.standing != Standing::Archive
        || entry.ids().any(|id| id.is_ok_and(|id| id == record))
    {
        return Ok(None);
    }
    let title = entry.title()?;
    Ok((!title.is_empty()).then(|| title.to_owned()))
}

/// How a judgement's comparison is written.
pub(super) fn relation(judgement: Judgement<'_>) -> (Relation, Option<String>) {
    match judgement {
        Judgement::Affected { kind: Kind::Fixed, end } => (Relation::Less, Some(end.to_owned())),
        Judgement::Affected { kind: Kind::LastAffected, end } => {
            (Relation::LessOrEqual, Some(end.to_owned()))
        }
        Judgement::Listed { version } => (Relation::Equal, Some(version.to_owned())),
        Judgement::Fixed { end } => (Relation::GreaterOrEqual, Some(end.to_owned())),
        Judgement::Affected { .. }
        | Judgement::Outside
        | Judgement::Never
        | Judgement::Unjudged { .. } => (Relation::Any, None),
    }
}

fn unreadable(side: &Side<'_>) -> Problem {
    let message = match &side.key {
        Err(invalid) => format!("not judged: {invalid}"),
        Ok(_) => "not judged".to_owned(),
    };
    Problem { path: format!("{} {}", side.role.as_str(), side.name), layer: None, message }
}

/// `nodejs:18` of `nodejs:18:8090020240101:489197e6`.
fn stream(module: &str) -> &str {
    let mut colons = module.match_indices(':').skip(1);
    let end = colons.next().map_or(module.len(), |(at, _)| at);
    module.get(..end).unwrap_or(module)
}
