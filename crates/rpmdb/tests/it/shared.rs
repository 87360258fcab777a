//! The databases of shared/data/rpmdb, against what stands beside them.

use std::path::{Path, PathBuf};

use plimsoll_rpmdb::{Format, Installed, Package, read};
use serde_json::{Map, Value};

/// One real database.
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    path: &'static str,
    pub(crate) format: Format,
    pub(crate) packages: usize,
}

const SQLITE: &str = "var/lib/rpm/rpmdb.sqlite";
const BDB: &str = "var/lib/rpm/Packages";
const NDB: &str = "usr/lib/sysimage/rpm/Packages.db";

#[rustfmt::skip]
pub(crate) const FIXTURES: &[Fixture] = &[
    Fixture { name: "amazonlinux2023-plain", path: SQLITE, format: Format::Sqlite, packages: 103 },
    Fixture { name: "cbl-mariner-2.0", path: SQLITE, format: Format::Sqlite, packages: 129 },
    Fixture { name: "osvscanner-sqlite", path: SQLITE, format: Format::Sqlite, packages: 1 },
    Fixture { name: "sle15-bci-a", path: NDB, format: Format::Ndb, packages: 35 },
    Fixture { name: "derived-amazonlinux2023-bdb", path: BDB, format: Format::BerkeleyHash, packages: 103 },
    Fixture { name: "libuuid-bdb", path: BDB, format: Format::BerkeleyHash, packages: 1 },
    Fixture { name: "scalibr-bdb-epoch", path: BDB, format: Format::BerkeleyHash, packages: 1 },
    Fixture { name: "syft-bdb", path: BDB, format: Format::BerkeleyHash, packages: 1 },
];

/// The folder of the fixtures, or nothing (said aloud) where the shared data is not there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/rpmdb");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: needs shared/data");
    None
}

impl Fixture {
    pub(crate) fn read(&self, folder: &Path) -> Vec<u8> {
        std::fs::read(folder.join(self.name).join(self.path)).expect(self.name)
    }

    fn expected(&self, folder: &Path) -> Option<Vec<Map<String, Value>>> {
        let text = std::fs::read(folder.join(self.name).join("expected.json")).ok()?;
        Some(serde_json::from_slice(&text).expect(self.name))
    }
}

pub(crate) fn fixture(name: &str) -> &'static Fixture {
    FIXTURES.iter().find(|fixture| fixture.name == name).expect("a fixture of that name")
}

/// The package with the keys of expected.json; what is absent is left out.
fn described(package: &Package) -> Map<String, Value> {
    let text = |text: &String| Value::from(text.as_str());
    [
        ("name", Some(text(&package.name))),
        ("epoch", package.epoch.map(Value::from)),
        ("version", Some(text(&package.version))),
        ("release", Some(text(&package.release))),
        ("arch", package.arch.as_ref().map(text)),
        ("sourcerpm", package.source_rpm.as_ref().map(text)),
        ("vendor", package.vendor.as_ref().map(text)),
        ("license", package.license.as_ref().map(text)),
        ("modularitylabel", package.modularity_label.as_ref().map(text)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect()
}

fn sorted(mut packages: Vec<Map<String, Value>>) -> Vec<String> {
    packages.sort_by_key(|package| serde_json::to_string(package).unwrap());
    packages.iter().map(|package| serde_json::to_string(package).unwrap()).collect()
}

#[test]
fn every_database_is_read_exactly() {
    let Some(folder) = folder() else { return };
    for fixture in FIXTURES {
        let database = fixture.read(&folder);
        assert_eq!(Format::detect(&database), Some(fixture.format), "{}", fixture.name);
        let Installed { packages, problems } = read(&database, None).expect(fixture.name);
        assert_eq!(problems, [], "{}", fixture.name);
        assert_eq!(packages.len(), fixture.packages, "{}", fixture.name);
        let found = packages.iter().map(described).collect();
        if let Some(expected) = fixture.expected(&folder) {
            assert_eq!(sorted(found), sorted(expected), "{}", fixture.name);
        }
        for package in packages.iter().filter(|package| !package.is_public_key()) {
            assert!(package.source().is_some(), "{package:?}");
            assert!(package.size.is_some_and(|size| size < 1 << 30), "{package:?}");
        }
    }
}

#[test]
fn single_packages_are_who_they_are() {
    fn check(name: &str, expected: &str) {
        let Some(folder) = folder() else { return };
        let packages = read(&fixture(name).read(&folder), None).expect(name).packages;
        let found: Vec<_> = packages.iter().map(|p| format!("{}-{}", p.name, p.evr())).collect();
        assert_eq!(found, [expected], "{name}");
    }
    check("libuuid-bdb", "libuuid-2.32.1-42.el8_8");
    check("scalibr-bdb-epoch", "hello-1:0.0.1-rls");
    check("syft-bdb", "dive-0.9.2-1");
}
