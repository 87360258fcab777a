//! Which updates are about security: an index does not say, the advisories do.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_distro::{Pending, Secfix, apk_update};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{Package, PackageId, Problem, Update};
use plimsoll_vulndb::Matcher;

use super::problem;
use crate::error::chain;
use crate::knowledge::scopes;
use crate::session::Session;

/// A version that fixes something, and what.
type Fixes = BTreeMap<(String, String), Vec<String>>;

/// The updates with the ids that they bring fixes for, by the advisories at hand; that there are none is a problem.
pub(super) fn updates(
    session: &Session,
    image: &ImageInventory,
    pending: Vec<Pending>,
    problems: &mut Vec<Problem>,
) -> Vec<(Pending, Update)> {
    let (fixes, unknown) = match fixes(session, image, &pending) {
        Ok(fixes) => (fixes, None),
        Err(why) => {
            let all = format!("which updates are about security is not known: {why}");
            problems.push(problem("advisories", &all));
            (Fixes::new(), Some("no advisories say what it fixes".to_owned()))
        }
    };
    let updates = pending.into_iter().map(|mut pending| {
        let secfixes = fixes.iter().map(|((origin, version), ids)| Secfix { origin, version, ids });
        let mut update = apk_update(&mut pending, secfixes);
        update.complete = unknown.is_none();
        update.problem.clone_from(&unknown);
        (pending, update)
    });
    updates.collect()
}

/// What the findings of the packages to be updated say is fixed.
fn fixes(session: &Session, image: &ImageInventory, pending: &[Pending]) -> Result<Fixes, String> {
    if pending.is_empty() {
        return Ok(Fixes::new());
    }
    let store = session.store().map_err(|error| chain(&error))?;
    let generation = store.current().map_err(|error| chain(&error))?;
    let scopes = scopes(image);
    let generation = generation
        .filter(|generation| scopes.iter().any(|scope| generation.of_scope(scope).next().is_some()))
        .ok_or("there are no advisories of its release; `plimsoll db update` gets them")?;
    let matcher = Matcher::open(Some(&generation), &scopes).map_err(|error| chain(&error))?;
    let updated: BTreeSet<&PackageId> = pending
        .iter()
        .flat_map(|pending| &pending.binaries)
        .map(|binary| &binary.package)
        .collect();
    let packages: BTreeMap<&PackageId, &Package> = image
        .packages
        .iter()
        .filter(|package| updated.contains(&package.id))
        .map(|package| (&package.id, package))
        .collect();
    let judged = matcher
        .judge(packages.values().copied(), image.os.as_ref())
        .map_err(|error| chain(&error))?;
    let mut fixes = Fixes::new();
    for finding in judged.findings {
        let (Some(package), Some(version)) =
            (packages.get(&finding.package), finding.fixed_version)
        else {
            continue;
        };
        let origin = package.source.as_ref().map_or(&package.name, |source| &source.name);
        let ids = fixes.entry((origin.clone(), version)).or_default();
        if !ids.contains(&finding.id) {
            ids.push(finding.id);
        }
    }
    Ok(fixes)
}
