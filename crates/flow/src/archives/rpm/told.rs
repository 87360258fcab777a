//! What rpm repositories say of updates beside their advisories: the changelogs of all their packages,
//! many megabytes that are fetched only where somebody reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_distro::rpm::{Candidate, Changes, update};
use plimsoll_model::Update;

use super::metadata::Metadata;
use super::{Failure, Source};
use crate::archives::Archives;
use crate::event::{Event, Observer};

/// An update whose changelog was not read.
#[derive(Clone, Debug)]
pub(crate) struct Untold {
    pub(super) candidate: Candidate,
    /// Where the changelog may be: the repositories with the name of the candidate's.
    pub(super) sources: Vec<Arc<Source>>,
}

/// The changelogs of some updates.
#[derive(Debug, Default)]
pub(crate) struct Told {
    changes: Changes,
    /// Why a changelog could not be read, by the package's hash.
    problems: BTreeMap<String, String>,
}

impl Told {
    /// Reads each repository once.
    pub(crate) fn of<'u>(
        archives: &Archives<'_>,
        updates: impl Iterator<Item = &'u Untold>,
        observer: Observer<'_>,
    ) -> Self {
        let mut wanted: BTreeMap<&str, (&Source, BTreeSet<String>)> = BTreeMap::new();
        for Untold { candidate, sources } in updates {
            for source in sources {
                let (_, pkgids) =
                    wanted.entry(&source.place.base).or_insert((source, BTreeSet::new()));
                pkgids.insert(candidate.pkgid.clone());
            }
        }
        let mut told = Self::default();
        for (Source { place, repomd }, pkgids) in wanted.into_values() {
            observer(Event::Changelog { source: place.repository.id.clone() });
            match (Metadata { archives, place, repomd }).changes(&pkgids) {
                Ok(more) => told.changes.extend(more),
                Err(Failure::Unreachable(why) | Failure::Inconsistent(why)) => {
                    told.problems.extend(pkgids.into_iter().map(|pkgid| (pkgid, why.clone())));
                }
            }
        }
        told
    }

    /// An update as people read it.
    pub(crate) fn update(&self, untold: &Untold) -> Update {
        let candidate = &untold.candidate;
        let changes = self.changes.get(&candidate.pkgid);
        let mut update = update(candidate, changes.map(Vec::as_slice).unwrap_or_default());
        if let (None, Some(why)) = (changes, self.problems.get(&candidate.pkgid)) {
            update.problem = Some(why.clone());
        }
        update
    }
}
