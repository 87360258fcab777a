//! Which package databases are in force.

use std::collections::HashSet;

use plimsoll_model::Ecosystem;

use super::contents::{Contents, Request, What};
use crate::facts::Content;
use crate::layer::wal_of;
use crate::os;
use crate::view::{Place, Unresolved, View};
use crate::wanted::{
    APK_DATABASES, DPKG_STATUS, DPKG_STATUS_DIRECTORY, FileKind, RPM_DATABASES, RPM_DIRECTORIES,
    is_status_entry,
};

/// A package manager, and its databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Family {
    Dpkg,
    Apk,
    Rpm,
}

impl Family {
    pub(super) const ALL: [Self; 3] = [Self::Dpkg, Self::Apk, Self::Rpm];

    /// Whose packages a database of this family holds: the system's, if its packages are of this
    /// family; else those of what the system derives from; else those of the family's eldest.
    pub(super) fn ecosystem(self, identity: Option<&os::Identity>) -> Ecosystem {
        let fits = |ecosystem: &Ecosystem| match self {
            Self::Dpkg => ecosystem.is_dpkg(),
            Self::Apk => ecosystem.is_apk(),
            Self::Rpm => ecosystem.is_rpm(),
        };
        let own = identity.and_then(os::ecosystem).filter(fits);
        own.or_else(|| identity.and_then(os::likely_ecosystem).filter(fits)).unwrap_or(match self {
            Self::Dpkg => Ecosystem::Debian,
            Self::Apk => Ecosystem::Alpine,
            Self::Rpm => Ecosystem::RedHat,
        })
    }
}

/// A database of the merged image.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) family: Family,
    /// Its path, links resolved.
    pub(super) path: Vec<u8>,
    /// The highest layer that had a part in finding it.
    pub(super) decided: usize,
    pub(super) request: Request,
}

impl Database {
    /// The layer whose bytes are in force.
    pub(super) fn layer(&self) -> usize {
        self.request.layer
    }
}

/// Something that could not be read.
pub(super) struct Damage {
    pub(super) path: Vec<u8>,
    /// Whose bytes are damaged, if any are.
    pub(super) layer: Option<usize>,
    pub(super) messages: Vec<String>,
}

/// A database file of rpm, and what is in it.
struct Candidate {
    database: Database,
    packages: usize,
    problems: Vec<String>,
}

/// Databases, and what is to be said about them.
#[derive(Default)]
pub(super) struct Found {
    pub(super) databases: Vec<Database>,
    /// What may hide a database.
    pub(super) problems: Vec<Damage>,
    /// What hides none: paths that are no databases, and damage in those that are not in force.
    pub(super) oddities: Vec<Damage>,
    pub(super) notes: Vec<String>,
    /// Paths followed to find them, whatever was there.
    pub(super) lookups: usize,
}

/// Finds the databases of `families`, and sees to it that their contents are there.
pub(super) fn find(view: &View<'_>, families: &[Family], contents: &mut Contents<'_, '_>) -> Found {
    let mut finder = Finder { view, contents, seen: HashSet::new(), found: Found::default() };
    for family in families {
        match family {
            Family::Dpkg => finder.dpkg(),
            Family::Apk => finder.apk(),
            Family::Rpm => finder.rpm(),
        }
    }
    finder.found
}

struct Finder<'a, 'c, 'f> {
    view: &'a View<'a>,
    contents: &'a mut Contents<'c, 'f>,
    seen: HashSet<Request>,
    found: Found,
}

impl Finder<'_, '_, '_> {
    fn dpkg(&mut self) {
        self.text(Family::Dpkg, DPKG_STATUS.as_bytes(), FileKind::DpkgStatus);
        let names = match self.view.names(DPKG_STATUS_DIRECTORY.as_bytes()) {
            Ok(names) => names,
            Err(error) => {
                return self.problem(DPKG_STATUS_DIRECTORY.as_bytes(), error);
            }
        };
        for name in names.iter().filter(|name| is_status_entry(name)) {
            let path = [DPKG_STATUS_DIRECTORY.as_bytes(), b"/", name].concat();
            self.text(Family::Dpkg, &path, FileKind::DpkgStatusEntry);
        }
    }

    fn apk(&mut self) {
        for path in APK_DATABASES {
            self.text(Family::Apk, path.as_bytes(), FileKind::Apk);
        }
    }

    /// In each place the newest format that holds packages: a conversion leaves the old file
    /// behind. A newer one without packages that has problems has lost them, which is said; so is
    /// what is wrong with an older one.
    fn rpm(&mut self) {
        for directory in RPM_DIRECTORIES {
            let mut candidates = Vec::new();
            for name in RPM_DATABASES {
                let path = format!("{directory}/{name}");
                if let Some(database) = self.rpm_database(path.as_bytes()) {
                    candidates.push(database);
                }
            }
            let with_packages = candidates
                .iter()
                .position(|candidate| candidate.packages > 0)
                .or_else(|| (!candidates.is_empty()).then_some(0));
            let Some(chosen) = with_packages else { continue };
            let Candidate { database, .. } = candidates.remove(chosen);
            for (number, other) in candidates.into_iter().enumerate() {
                if other.packages > 0 {
                    self.found.notes.push(format!(
                        "{} is not in force beside {}",
                        String::from_utf8_lossy(&other.database.path),
                        String::from_utf8_lossy(&database.path)
                    ));
                }
                if !other.problems.is_empty() {
                    let is_newer = number < chosen;
                    let found = &mut self.found;
                    let list = if is_newer { &mut found.problems } else { &mut found.oddities };
                    list.push(Damage {
                        layer: Some(other.database.layer()),
                        path: other.database.path,
                        messages: other.problems,
                    });
                }
            }
            self.add(database);
        }
    }

    fn rpm_database(&mut self, path: &[u8]) -> Option<Candidate> {
        let place = self.place(path)?;
        let wal_path = wal_of(&place.path);
        let wal = self.place(&wal_path).filter(|wal| !self.is_empty_wal(wal));
        let mut decided = place.decided;
        let what = match wal {
            Some(wal) => {
                decided = decided.max(wal.decided);
                What::RpmWithWal { path: place.stored, wal_layer: wal.layer, wal: wal.stored }
            }
            None => What::File { path: place.stored, kind: FileKind::Rpm },
        };
        let request = Request { layer: place.layer, what };
        let (packages, problems) = match self.contents.ensure(&request) {
            Ok(Content::Rpm(rpm)) => {
                let problems = rpm.packages.problems().iter().map(ToString::to_string);
                (rpm.packages.len(), problems.collect())
            }
            Ok(Content::Unreadable(reason)) => (0, vec![reason.to_owned()]),
            Err(reason) => (0, vec![reason]),
            Ok(_) => (0, Vec::new()),
        };
        let database = Database { family: Family::Rpm, path: place.path, decided, request };
        Some(Candidate { database, packages, problems })
    }

    fn is_empty_wal(&mut self, wal: &Place) -> bool {
        let what = What::File { path: wal.stored.clone(), kind: FileKind::RpmWal };
        let request = Request { layer: wal.layer, what };
        matches!(self.contents.ensure(&request), Ok(Content::Wal { empty: true }))
    }

    fn text(&mut self, family: Family, path: &[u8], kind: FileKind) {
        let Some(place) = self.place(path) else { return };
        let what = What::File { path: place.stored, kind };
        let request = Request { layer: place.layer, what };
        // What could not be read is said when the packages are listed.
        let _ = self.contents.ensure(&request);
        self.add(Database { family, path: place.path, decided: place.decided, request });
    }

    /// Adds a database unless it is there under another name.
    fn add(&mut self, database: Database) {
        if self.seen.insert(database.request.clone()) {
            self.found.databases.push(database);
        }
    }

    fn place(&mut self, path: &[u8]) -> Option<Place> {
        self.found.lookups += 1;
        match self.view.file(path) {
            Ok(place) => place,
            Err(error) => {
                self.problem(path, error);
                None
            }
        }
    }

    fn problem(&mut self, path: &[u8], error: Unresolved) {
        let found = &mut self.found;
        let list = match error {
            // A package manager finds no database there either.
            Unresolved::Links | Unresolved::NotAFile => &mut found.oddities,
            Unresolved::Steps | Unresolved::Names | Unresolved::Facts(_) => &mut found.problems,
        };
        list.push(Damage { path: path.to_vec(), layer: None, messages: vec![error.to_string()] });
    }
}
