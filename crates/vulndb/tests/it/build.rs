//! Small builders: packages, advisories, databases.

use plimsoll_model::{
    Advisory, Ecosystem, Os, Package, PackageId, PackageKey, PackageKind, Range, RangeEnd, Scope,
    SourcePackage, State,
};
use plimsoll_vulndb::feeds;
use plimsoll_vulndb::matching::scopes_of;
use plimsoll_vulndb::{
    Change, Compiled, Compiler, Generation, Matched, Matcher, Options, Provenance, Shrinkage,
    Store, Trust,
};

/// The time of all tests.
pub(crate) fn now() -> jiff::Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

pub(crate) fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

pub(crate) fn os(scope: &str) -> Os {
    let scope: Scope = scope.parse().unwrap();
    Os {
        id: scope.ecosystem.to_string(),
        version_id: scope.release.clone(),
        codename: None,
        pretty_name: None,
        eol: None,
        ecosystem: Some(scope.ecosystem),
        scope: Some(scope),
    }
}

/// A package with a source of the same version; `source` is `name` or `name=version`.
pub(crate) fn package(ecosystem: Ecosystem, name: &str, version: &str, source: &str) -> Package {
    let (source, source_version) = source.split_once('=').unwrap_or((source, version));
    let arch = Some("x86_64");
    Package {
        id: PackageId::of(ecosystem, name, version, arch),
        ecosystem,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: arch.map(str::to_owned),
        source: (!source.is_empty())
            .then(|| SourcePackage { name: source.to_owned(), version: source_version.to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// `id` of source package `name`, fixed in `fixed` (`never` affected and `open` are words of their own).
pub(crate) fn advisory(feed: &str, scope: &str, id: &str, name: &str, fixed: &str) -> Advisory {
    let ranges = match fixed {
        "never" => vec![],
        "open" => vec![Range { introduced: None, end: RangeEnd::Open }],
        fixed => vec![Range { introduced: None, end: RangeEnd::Fixed(fixed.to_owned()) }],
    };
    Advisory {
        feed: feed.to_owned(),
        scope: scope.parse().unwrap(),
        record: id.to_owned(),
        ids: vec![id.to_owned()],
        aliases: vec![],
        package: PackageKey {
            name: name.to_owned(),
            kind: PackageKind::Source,
            module: None,
            arch: None,
        },
        ranges,
        versions: vec![],
        state: if fixed == "open" { State::Affected } else { State::Fixed },
        sub_state: None,
        severity: None,
        cvss: vec![],
        title: None,
        urls: vec![],
        published: None,
    }
}

/// The shards of advisories, one for each feed and scope among them.
pub(crate) fn compile(advisories: &[Advisory]) -> Vec<Compiled> {
    let mut pairs: Vec<_> = advisories.iter().map(|a| (a.feed.clone(), a.scope.clone())).collect();
    pairs.sort();
    pairs.dedup();
    let mut compiled = Vec::new();
    for (feed, scope) in pairs {
        let mut compiler = Compiler::new(feeds::find(&feed).unwrap(), [scope.clone()]);
        for advisory in advisories.iter().filter(|a| a.feed == feed) {
            compiler.add(advisory);
        }
        compiled.extend(compiler.finish().unwrap());
    }
    compiled
}

pub(crate) fn provenance() -> Provenance {
    Provenance { trust: Trust::Https, validators: vec![], modified: None, checked: now() }
}

pub(crate) fn new(compiled: Compiled) -> Change {
    Change::New { compiled, provenance: provenance() }
}

/// A database in a directory of its own.
pub(crate) struct Database {
    pub(crate) store: Store,
    directory: tempfile::TempDir,
}

impl Database {
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { store: Store::open(directory.path()), directory }
    }

    pub(crate) fn of(compiled: Vec<Compiled>) -> Self {
        let database = Self::empty();
        let changes = compiled.into_iter().map(new).collect();
        database.store.install(changes, Shrinkage::Refuse).unwrap();
        database
    }

    pub(crate) fn with(advisories: &[Advisory]) -> Self {
        Self::of(compile(advisories))
    }

    pub(crate) fn generation(&self) -> Generation {
        self.store.current().unwrap().unwrap()
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub(crate) fn matcher(&self, os: &Os, packages: &[Package]) -> Matcher {
        Matcher::open(Some(&self.generation()), &scopes_of(Some(os), packages)).unwrap()
    }

    pub(crate) fn judge(&self, os: &Os, packages: &[Package]) -> Matched {
        let options = Options { now: now(), max_age: None };
        self.matcher(os, packages).match_packages(packages, Some(os), &options).unwrap()
    }
}
