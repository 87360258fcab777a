//! Several ids that are one vulnerability.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use plimsoll_model::Package;
use plimsoll_table::TableError;

use super::witness::Witness;
use crate::feeds::Standing;
use crate::scheme::compare;

/// The witnesses of each id, for one package.
pub(super) type ById<'v, 's> = BTreeMap<&'v str, Vec<Witness<'v, 's>>>;

/// An id that another id's witnesses call an alias is the same vulnerability: their witnesses join. The CVE
/// stays; of two others, the first in the order of the alphabet. Two CVEs are two vulnerabilities.
pub(super) fn merge_aliases<'v>(by_id: &mut ById<'v, '_>) -> Result<(), TableError> {
    let is_cve = |id: &str| id.starts_with("CVE-");
    if by_id.keys().all(|id| is_cve(id)) {
        return Ok(());
    }
    let mut joins: Vec<(&'v str, &'v str)> = Vec::new();
    for (&id, witnesses) in &*by_id {
        for witness in witnesses {
            for alias in witness.entry.aliases() {
                let alias = alias?;
                if alias == id || !by_id.contains_key(alias) {
                    continue;
                }
                let join = match (is_cve(id), is_cve(alias)) {
                    (true, true) => continue,
                    (true, false) => (alias, id),
                    (false, true) => (id, alias),
                    (false, false) => (id.max(alias), id.min(alias)),
                };
                if !joins.contains(&join) {
                    joins.push(join);
                }
            }
        }
    }
    // Whoever goes has to have received before: others join downwards, and the CVEs receive last.
    joins.sort_by_key(|&(_, stays)| (is_cve(stays), Reverse(stays)));
    for &(goes, stays) in &joins {
        let joining = by_id.get(goes).cloned().unwrap_or_default();
        if let Some(witnesses) = by_id.get_mut(stays) {
            witnesses.extend(joining);
        }
    }
    for (goes, _) in joins {
        by_id.remove(goes);
    }
    Ok(())
}

/// "The security suite has a newer version" says nothing more where other witnesses name that version as a
/// fix: it joins them as the weakest.
pub(super) fn subsume_archive(by_id: &mut ById<'_, '_>, package: &Package) {
    let is_archive = |witnesses: &[Witness<'_, '_>]| {
        witnesses.iter().all(|witness| witness.shard.open.standing == Standing::Archive)
    };
    let archive: Vec<&str> =
        by_id.iter().filter(|(_, witnesses)| is_archive(witnesses)).map(|(&id, _)| id).collect();
    for id in archive {
        let Some(joining) = by_id.get(id).cloned() else { continue };
        let Some(version) = joining.first().and_then(Witness::fix) else { continue };
        let same: Vec<&str> = by_id
            .iter()
            .filter(|(_, witnesses)| !is_archive(witnesses))
            .filter(|(_, witnesses)| {
                witnesses
                    .iter()
                    .filter_map(Witness::fix)
                    .any(|fix| compare(package.ecosystem, fix, version).is_ok_and(Ordering::is_eq))
            })
            .map(|(&id, _)| id)
            .collect();
        for other in &same {
            if let Some(witnesses) = by_id.get_mut(other) {
                witnesses.extend(joining.iter().copied());
            }
        }
        if !same.is_empty() {
            by_id.remove(id);
        }
    }
}
