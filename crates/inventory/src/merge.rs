//! The facts of an image's layers, merged into what is installed.
//!
//! The databases in force are looked up in the merged image. To tell which layer brought a package,
//! the image is looked at again as each layer that changed a database left it, from the top down: a
//! package belongs to the lowest layer from which on it was always there.

mod contents;
mod databases;
mod manager;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::{DiffId, Location, Package, PackageId, Problem, SourcePackage};

use contents::Contents;
pub(crate) use contents::{Fetch, Fetched, Request, What};
pub(crate) use manager::ManagerFiles;

use databases::{Damage, Database, Family};

use crate::facts::{Content, LayerFacts, Listed};
use crate::os;
use crate::purl::{Vendor, purl};
use crate::record::{Identity, Record};
use crate::view::View;
use crate::wanted::FileKind;

/// What an image holds.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) identity: Option<os::Identity>,
    pub(crate) packages: Vec<Package>,
    pub(crate) problems: Vec<Problem>,
    /// Layers and databases whose packages are not, or not all, known: for people.
    pub(crate) unread: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) held: BTreeSet<PackageId>,
    pub(crate) unsettled: BTreeMap<PackageId, String>,
    pub(crate) manager_files: ManagerFiles,
    /// The files that were read again.
    pub(crate) fetched: HashMap<Request, Fetched>,
}

/// Merges the facts of `layers`, lowest first. `fetch` reads a file's bytes again where no facts
/// hold them.
pub(crate) fn merge(layers: &[&LayerFacts], fetch: &mut Fetch<'_>) -> Merged {
    let view = View::new(layers);
    let mut contents = Contents::new(layers, fetch);
    let mut findings = Findings { layers, merged: Merged::default() };
    findings.layers_problems();
    let identity = findings.identify(&view, &mut contents);
    let steps = findings.history(&view, &mut contents);
    let installed = findings.installed(&steps, &contents);
    let databases = steps.first().map_or(&[][..], |step| &step.databases);
    findings.packages(installed, databases, identity.as_ref());
    findings.merged.manager_files = manager::read(&view, &mut contents);
    findings.merged.notes.extend(contents.take_notes());
    findings.merged.fetched = contents.into_fetched();
    findings.merged.identity = identity;
    findings.merged.problems.sort();
    findings.merged.problems.dedup();
    findings.merged.unread.sort();
    findings.merged.unread.dedup();
    findings.merged
}

/// Paths followed to tell which layers brought the packages of the databases: 127 layers that each
/// change one of a distroless image's files need half of it. A path counts whether or not a database
/// is there: links that lead nowhere cost as much as those that lead somewhere.
const MAX_HISTORY: usize = 50_000;

/// The databases as they were when some layers were there.
struct Step {
    databases: Vec<Database>,
    /// The layer that made the last change to them: they are the same from here up to the step
    /// before.
    since: usize,
}

/// A package of the merged image while its history is followed.
struct Installed<'a> {
    record: Record<'a>,
    /// Which of the databases in force record it.
    databases: Vec<usize>,
    introduced: usize,
    /// Through how many earlier steps it was followed.
    steps: usize,
}

type InstalledBy<'a> = BTreeMap<(Identity<'a>, Family), Installed<'a>>;

struct Findings<'a> {
    layers: &'a [&'a LayerFacts],
    merged: Merged,
}

impl Findings<'_> {
    fn layers_problems(&mut self) {
        for (layer, facts) in self.layers.iter().enumerate() {
            for message in facts.problems() {
                self.problem(b"layer", Some(layer), message);
            }
            if facts.is_unknown() {
                let diff_id = facts.diff_id();
                self.merged
                    .unread
                    .push(format!("layer {diff_id} (not distributed with the image)"));
            }
        }
    }

    fn identify(
        &mut self,
        view: &View<'_>,
        contents: &mut Contents<'_, '_>,
    ) -> Option<os::Identity> {
        os::identify(&mut |path| {
            let place = match view.file(path.as_bytes()) {
                Ok(place) => place?,
                Err(error) => {
                    self.problem(path.as_bytes(), None, &error.to_string());
                    return None;
                }
            };
            let what = What::File { path: place.stored, kind: FileKind::Text };
            match contents.ensure(&Request { layer: place.layer, what }) {
                Ok(Content::Text(text)) => Some(text.to_vec()),
                Ok(Content::Unreadable(reason)) => {
                    self.problem(path.as_bytes(), Some(place.layer), reason);
                    None
                }
                Ok(_) => None,
                Err(reason) => {
                    self.problem(path.as_bytes(), Some(place.layer), &reason);
                    None
                }
            }
        })
    }

    /// The databases in force, then those of each time before that a layer changed them.
    fn history(&mut self, view: &View<'_>, contents: &mut Contents<'_, '_>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut height = view.height();
        let mut families = Family::ALL.to_vec();
        let mut looked_at = 0;
        while height > 0 {
            if looked_at > MAX_HISTORY {
                self.merged.notes.push(format!(
                    "more than {MAX_HISTORY} paths to databases: packages may be older than their layer says"
                ));
                break;
            }
            let found = databases::find(&view.lowest(height), &families, contents);
            if steps.is_empty() {
                for Damage { path, layer, messages } in found.problems {
                    self.lost(&path, layer, &messages);
                }
                for Damage { path, layer, messages } in found.oddities {
                    messages.iter().for_each(|message| self.problem(&path, layer, message));
                }
                self.merged.notes.extend(found.notes);
                families.retain(|family| found.databases.iter().any(|db| db.family == *family));
            }
            looked_at += found.lookups;
            let Some(since) = found.databases.iter().map(|database| database.decided).max() else {
                break;
            };
            steps.push(Step { databases: found.databases, since });
            height = since;
        }
        steps
    }

    fn installed<'c>(&mut self, steps: &[Step], contents: &'c Contents<'_, '_>) -> InstalledBy<'c> {
        let mut installed = InstalledBy::new();
        let Some((last, before)) = steps.split_first() else { return installed };
        for (number, database) in last.databases.iter().enumerate() {
            let Some(listed) = self.listed(database, contents) else { continue };
            for record in listed.iter() {
                let entry = installed.entry((record.identity(), database.family));
                let package = entry.or_insert_with(|| Installed {
                    record,
                    databases: Vec::new(),
                    introduced: last.since,
                    steps: 0,
                });
                if package.databases.last() != Some(&number) {
                    package.databases.push(number);
                }
            }
        }
        for (steps, step) in before.iter().enumerate() {
            let mut alive = false;
            for database in &step.databases {
                // A version of the database that cannot be read ends what is known of its packages.
                let Some(listed) = contents.listed(&database.request) else { continue };
                for record in listed.iter() {
                    if let Some(package) = installed.get_mut(&(record.identity(), database.family))
                        && package.steps >= steps
                    {
                        (package.steps, package.introduced) = (steps + 1, step.since);
                        alive = true;
                    }
                }
            }
            if !alive {
                break;
            }
        }
        installed
    }

    /// The packages of a database in force, its problems recorded.
    fn listed<'c>(
        &mut self,
        database: &Database,
        contents: &'c Contents<'_, '_>,
    ) -> Option<Listed<'c>> {
        let layer = Some(database.layer());
        match contents.get(&database.request)? {
            Ok(Content::Packages(listed)) => Some(listed),
            Ok(Content::Rpm(rpm)) => Some(rpm.packages),
            Ok(Content::Unreadable(reason)) => {
                self.lost(&database.path, layer, &[reason]);
                None
            }
            Ok(Content::Text(_) | Content::Wal { .. }) => None,
            Err(reason) => {
                self.lost(&database.path, layer, &[reason]);
                None
            }
        }
        .inspect(|listed| self.lost(&database.path, layer, listed.problems()))
    }

    /// Records what is wrong with a database: each of `messages` may stand for a package that is
    /// installed and not listed.
    fn lost(&mut self, path: &[u8], layer: Option<usize>, messages: &[impl AsRef<str>]) {
        for message in messages {
            self.problem(path, layer, message.as_ref());
        }
        let Some((first, further)) = messages.split_first() else { return };
        let (path, first) = (lossy(path), first.as_ref());
        self.merged.unread.push(match further.len() {
            0 => format!("{path}: {first}"),
            further => format!("{path}: {first} (and {further} more)"),
        });
    }

    fn packages(
        &mut self,
        installed: InstalledBy<'_>,
        databases: &[Database],
        identity: Option<&os::Identity>,
    ) {
        for ((_, family), package) in installed {
            let ecosystem = family.ecosystem(identity);
            let vendor = Vendor {
                ecosystem,
                id: identity.map(|identity| identity.id.as_str()),
                version_id: identity.and_then(|identity| identity.version_id.as_deref()),
            };
            let location = |database: &Database| Location {
                path: lossy(&database.path),
                layer: self.diff_id(database.layer()),
            };
            let databases = package.databases.iter().filter_map(|number| databases.get(*number));
            let mut locations: Vec<Location> = databases.map(location).collect();
            locations.sort();
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let record = &package.record;
            let id = PackageId::of(ecosystem, record.name, record.version, record.arch);
            if record.held {
                self.merged.held.insert(id.clone());
            }
            if let Some(state) = record.unsettled {
                self.merged.unsettled.insert(id.clone(), state.to_owned());
            }
            self.merged.packages.push(Package {
                id,
                ecosystem,
                name: record.name.to_owned(),
                version: record.version.to_owned(),
                arch: owned(record.arch),
                source: record.source.map(|(name, version)| SourcePackage {
                    name: name.to_owned(),
                    version: version.to_owned(),
                }),
                module: owned(record.module),
                vendor: owned(record.vendor),
                license: owned(record.license),
                purl: purl(&vendor, record),
                locations,
                introduced_in: self.diff_id(package.introduced),
            });
        }
    }

    fn problem(&mut self, path: &[u8], layer: Option<usize>, message: &str) {
        let layer = layer.and_then(|layer| self.diff_id(layer));
        self.merged.problems.push(Problem {
            path: lossy(path),
            layer,
            message: message.to_owned(),
        });
    }

    fn diff_id(&self, layer: usize) -> Option<DiffId> {
        self.layers.get(layer).map(|facts| facts.diff_id().clone())
    }
}

/// A path for documents, which are text.
fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests;
