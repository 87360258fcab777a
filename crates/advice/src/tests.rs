//! Small builders: packages, findings, databases, images.

use plimsoll_distro::{Pending, PendingBinary};
use plimsoll_model::{
    Advisory, Database, Ecosystem, Finding, FindingKey, Image, Location, Origin, Os, Package,
    PackageId, PackageKey, PackageKind, Range, RangeEnd, Scan, ScanSchema, Severity,
    SeveritySource, SourcePackage, State, Tool,
};
use plimsoll_vulndb::{Change, Compiler, Matcher, Provenance, Shrinkage, Store, Trust, feeds};

pub(crate) fn package(name: &str, source: &str, version: &str) -> Package {
    let ecosystem = Ecosystem::Debian;
    Package {
        id: PackageId::of(ecosystem, name, version, None),
        ecosystem,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: None,
        source: Some(SourcePackage { name: source.to_owned(), version: version.to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: vec![Location { path: "var/lib/dpkg/status".to_owned(), layer: None }],
        introduced_in: None,
    }
}

/// A finding of the package with that name and version 1.
pub(crate) fn finding(id: &str, name: &str, fixed: Option<&str>) -> Finding {
    finding_of(id, &PackageId::of(Ecosystem::Debian, name, "1", None), fixed)
}

pub(crate) fn finding_of(id: &str, package: &PackageId, fixed: Option<&str>) -> Finding {
    Finding {
        key: FindingKey::of(id, package),
        id: id.to_owned(),
        aliases: Vec::new(),
        title: None,
        urls: Vec::new(),
        published: None,
        package: package.clone(),
        severity: Severity::Medium,
        severity_source: SeveritySource::Vendor,
        cvss: Vec::new(),
        epss: None,
        kev: None,
        state: if fixed.is_some() { State::Fixed } else { State::Affected },
        sub_state: None,
        fixed_version: fixed.map(str::to_owned),
        origin: Origin::Unknown,
        evidence: Vec::new(),
        suppressed: None,
    }
}

/// A scan of an image without packages.
pub(crate) fn scan() -> Scan {
    Scan {
        schema: ScanSchema::V1,
        tool: Tool { version: "0".to_owned() },
        as_of: jiff::civil::Date::constant(2026, 11, 24),
        image: Image {
            reference: "shop:1.4".to_owned(),
            source: "docker".to_owned(),
            digest: None,
            config_digest: None,
            platform: None,
            created: None,
            layers: Vec::new(),
        },
        os: None,
        base: None,
        packages: Vec::new(),
        findings: Vec::new(),
        remedies: Vec::new(),
        rejected_remedies: Vec::new(),
        coverage: Vec::new(),
        problems: Vec::new(),
        database: Database { generation: None, as_of: None },
    }
}

/// The system of a scope such as `debian:12`.
pub(crate) fn os(scope: &str) -> Os {
    let scope: plimsoll_model::Scope = scope.parse().unwrap();
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

/// Packages written as `name=version`, or `name/source=version`.
pub(crate) fn packages(texts: &str) -> Vec<Package> {
    texts
        .split_whitespace()
        .map(|text| {
            let (name, version) = text.split_once('=').unwrap();
            let (name, source) = name.split_once('/').unwrap_or((name, name));
            package(name, source, version)
        })
        .collect()
}

/// An advisory of Debian's tracker, written as `CVE-1 openssl 3.0.2-1 critical`; `open` is a version that
/// never comes. A scope in front (`debian:13 CVE-1 …`) is another than Debian 12.
pub(crate) fn advisory(text: &str) -> Advisory {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (scope, words) = match words.len() {
        5 => (words[0], &words[1..]),
        _ => ("debian:12", &words[..]),
    };
    let [id, name, fixed, severity] = words else { panic!("{text}: four words") };
    let (end, state) = match *fixed {
        "open" => (RangeEnd::Open, State::Affected),
        fixed => (RangeEnd::Fixed(fixed.to_owned()), State::Fixed),
    };
    Advisory {
        feed: "debian-tracker".to_owned(),
        scope: scope.parse().unwrap(),
        record: (*id).to_owned(),
        ids: vec![(*id).to_owned()],
        aliases: Vec::new(),
        package: PackageKey {
            name: (*name).to_owned(),
            kind: PackageKind::Source,
            module: None,
            arch: None,
        },
        ranges: vec![Range { introduced: None, end }],
        versions: Vec::new(),
        state,
        sub_state: None,
        severity: Some(severity.parse().unwrap()),
        cvss: Vec::new(),
        title: None,
        urls: Vec::new(),
        published: None,
    }
}

/// A matcher of Debian 12 and 13 with advisories of the tracker.
pub(crate) fn matcher(advisories: &[Advisory]) -> Matcher {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let mut scopes: Vec<_> = advisories.iter().map(|advisory| advisory.scope.clone()).collect();
    scopes.sort();
    scopes.dedup();
    let mut compiler = Compiler::new(feeds::find("debian-tracker").unwrap(), scopes.clone());
    advisories.iter().for_each(|advisory| compiler.add(advisory));
    let provenance = Provenance {
        trust: Trust::Https,
        validators: Vec::new(),
        modified: None,
        checked: jiff::Timestamp::UNIX_EPOCH,
    };
    let changes = compiler
        .finish()
        .unwrap()
        .into_iter()
        .map(|compiled| Change::New { compiled, provenance: provenance.clone() })
        .collect();
    let generation = store.install(changes, Shrinkage::Refuse).unwrap().generation;
    // The files stay mapped when the directory goes.
    Matcher::open(Some(&generation), &scopes).unwrap()
}

/// A security update.
pub(crate) fn pending(source: &str, candidate: &str, binaries: Vec<PendingBinary>) -> Pending {
    let installed = binaries.first().map(|binary| binary.installed.clone()).unwrap_or_default();
    Pending {
        source: source.to_owned(),
        installed,
        candidate: candidate.to_owned(),
        suite: "bookworm-security".to_owned(),
        security: true,
        held_back: None,
        binaries,
        bulletins: Vec::new(),
    }
}
