//! The shared test data, where it is there, and what is made of it.

use std::fs::{self, File};
use std::path::PathBuf;

use plimsoll_distro::{Packages, SourceUpdates, security_advisories};
use plimsoll_model::{Advisory, Ecosystem, Os, Package, PackageId, Scope, SourcePackage};
use plimsoll_vulndb::{Change, Compiler, Matcher, Provenance, Shrinkage, Store, Trust, feeds};

/// The folder of the shared data; says so and gives none where it does not exist.
pub(crate) fn data() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: needs shared/data");
    None
}

pub(crate) fn debian(release: &str) -> Os {
    Os {
        id: "debian".to_owned(),
        version_id: Some(release.to_owned()),
        codename: None,
        pretty_name: None,
        eol: None,
        ecosystem: Some(Ecosystem::Debian),
        scope: Some(Scope::release(Ecosystem::Debian, release)),
    }
}

pub(crate) fn package(name: &str, version: &str, arch: &str, source: SourcePackage) -> Package {
    Package {
        id: PackageId::of(Ecosystem::Debian, name, version, Some(arch)),
        ecosystem: Ecosystem::Debian,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some(arch.to_owned()),
        source: Some(source),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// What a status file of dpkg has, which is written like an index.
pub(crate) fn installed(name: &str) -> Option<Vec<Package>> {
    let path = data()?.join(format!("rootfs/dpkg-status/{name}.status.xz"));
    let reader = liblzma::read::XzDecoder::new(File::open(path).unwrap());
    let packages = Packages::new(reader).map(|read| {
        let read = read.unwrap();
        package(&read.name, &read.version, &read.architecture, read.source)
    });
    Some(packages.collect())
}

/// The updates of a security suite.
pub(crate) fn security_suite(name: &str) -> Option<SourceUpdates> {
    let path =
        data()?.join(format!("archive/debian-security/{name}/main/binary-amd64/Packages.xz"));
    let reader = liblzma::read::XzDecoder::new(File::open(path).unwrap());
    let mut updates = SourceUpdates::default();
    for package in Packages::new(reader) {
        updates.add(package.unwrap()).unwrap();
    }
    Some(updates)
}

/// "Whoever has less than the suite lacks its update", one advisory for each source.
pub(crate) fn advisories(release: &str, suite: &str, updates: &SourceUpdates) -> Vec<Advisory> {
    let scope = Scope::release(Ecosystem::Debian, release);
    security_advisories(&scope, suite, updates).collect()
}

/// A matcher with advisories of one feed.
pub(crate) fn matcher(feed: &str, advisories: &[Advisory]) -> Matcher {
    let mut scopes: Vec<Scope> = advisories.iter().map(|one| one.scope.clone()).collect();
    scopes.sort();
    scopes.dedup();
    let mut compiler = Compiler::new(feeds::find(feed).unwrap(), scopes.clone());
    advisories.iter().for_each(|advisory| compiler.add(advisory));
    let checked = "2026-11-24T00:00:00Z".parse().unwrap();
    let provenance =
        Provenance { trust: Trust::Https, validators: Vec::new(), modified: None, checked };
    let new = |compiled| Change::New { compiled, provenance: provenance.clone() };
    let directory = tempfile::tempdir().unwrap();
    let changes = compiler.finish().unwrap().into_iter().map(new).collect();
    let generation =
        Store::open(directory.path()).install(changes, Shrinkage::Refuse).unwrap().generation;
    Matcher::open(Some(&generation), &scopes).unwrap()
}

/// A file of JSON.
pub(crate) fn json(path: &str) -> Option<serde_json::Value> {
    Some(serde_json::from_slice(&fs::read(data()?.join(path)).unwrap()).unwrap())
}
