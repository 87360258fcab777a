//! Tables as people see them, at 80 columns and wider.

#![expect(clippy::unwrap_used, reason = "fixtures are constants")]

use jiff::civil::Date;
use plimsoll_model::{
    Coverage, CoverageStatus, Database, Ecosystem, Eol, EolPhase, Finding, FindingKey, Image, Kev,
    Layer, Location, Origin, Os, Package, PackageId, Problem, Scan, ScanSchema, Scope, Severity,
    SeveritySource, SourcePackage, State, Tool,
};
use plimsoll_report::{By, Color, Look, scan_table, to_json};

fn package(name: &str, source: &str, version: &str) -> Package {
    Package {
        id: PackageId::of(Ecosystem::Debian, name, version, Some("amd64")),
        ecosystem: Ecosystem::Debian,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some("amd64".to_owned()),
        source: Some(SourcePackage { name: source.to_owned(), version: version.to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: format!("pkg:deb/debian/{name}@{version}?arch=amd64"),
        locations: vec![Location { path: "var/lib/dpkg/status".to_owned(), layer: None }],
        introduced_in: Some(diff_id()),
    }
}

fn finding(id: &str, package: &Package, severity: Severity, fixed: Option<&str>) -> Finding {
    Finding {
        key: FindingKey::of(id, &package.id),
        id: id.to_owned(),
        aliases: Vec::new(),
        title: None,
        urls: Vec::new(),
        published: None,
        package: package.id.clone(),
        severity,
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

fn diff_id() -> plimsoll_model::DiffId {
    plimsoll_model::DiffId(plimsoll_model::Digest::sha256(&[7; 32]))
}

fn scan() -> Scan {
    let ssl = package("libssl3", "openssl", "3.0.11-1~deb12u1");
    let tool = package("openssl", "openssl", "3.0.11-1~deb12u1");
    let curl = package("curl", "curl", "7.88.1-10+deb12u4");
    let perl = package("perl-base", "perl", "5.36.0-7");
    let fixed = Some("3.0.17-1~deb12u2");
    let mut exploited = finding("CVE-2025-0001", &ssl, Severity::Critical, fixed);
    exploited.kev = Some(Kev { added: Date::constant(2025, 3, 1), ransomware: false });
    let mut no_dsa = finding("CVE-2023-31484", &perl, Severity::High, None);
    no_dsa.sub_state = Some("no-dsa".to_owned());
    let findings = vec![
        exploited,
        finding("CVE-2025-0001", &tool, Severity::Critical, fixed),
        finding("CVE-2025-0002", &ssl, Severity::Medium, fixed),
        finding("CVE-2025-0003", &ssl, Severity::Low, fixed),
        finding("CVE-2025-0004", &ssl, Severity::Low, fixed),
        finding("CVE-2025-0005", &ssl, Severity::Unknown, fixed),
        finding("CVE-2025-1000", &curl, Severity::High, Some("7.88.1-10+deb12u12")),
        no_dsa,
    ];
    Scan {
        schema: ScanSchema::V1,
        tool: Tool { version: "0.0.0".to_owned() },
        as_of: Date::constant(2026, 11, 24),
        image: Image {
            reference: "shop:1.4".to_owned(),
            source: "oci".to_owned(),
            digest: Some(plimsoll_model::Digest::sha256(&[0xab; 32])),
            config_digest: None,
            platform: Some("linux/amd64".parse().unwrap()),
            created: Some("2026-03-02T10:00:00Z".parse().unwrap()),
            layers: vec![Layer {
                digest: None,
                diff_id: Some(diff_id()),
                size: Some(1),
                origin: Origin::Unknown,
                created_by: Some("/bin/sh -c apt-get install -y curl".to_owned()),
            }],
        },
        os: Some(Os {
            id: "debian".to_owned(),
            version_id: Some("12".to_owned()),
            codename: Some("bookworm".to_owned()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
            eol: Some(Eol { date: Date::constant(2028, 6, 30), phase: EolPhase::Lts }),
            ecosystem: Some(Ecosystem::Debian),
            scope: Some(Scope::release(Ecosystem::Debian, "12")),
        }),
        base: None,
        packages: vec![ssl, tool, curl, perl],
        findings,
        remedies: Vec::new(),
        rejected_remedies: Vec::new(),
        coverage: vec![Coverage {
            scope: "debian:12".to_owned(),
            status: CoverageStatus::Evaluated,
            feed: Some("debian-tracker".to_owned()),
            as_of: Some("2026-11-24T04:00:00Z".parse().unwrap()),
        }],
        problems: vec![Problem {
            path: "var/lib/dpkg/status".to_owned(),
            layer: None,
            message: "package \u{1b}[31mevil has no version".to_owned(),
        }],
        database: Database {
            generation: Some("g1".to_owned()),
            as_of: Some("2026-11-24T04:00:00Z".parse().unwrap()),
        },
    }
}

fn check(by: By, width: u16) -> String {
    let text = scan_table(&scan(), 0, by, Look { width, color: Color::Plain });
    for line in text.lines() {
        assert!(line.chars().count() <= usize::from(width), "wider than {width}: {line}");
        assert!(!line.contains('\u{1b}'), "an escape went through: {line:?}");
    }
    text
}

#[test]
fn by_remedy_fits_80_columns() {
    insta::assert_snapshot!(check(By::Remedy, 80));
}

#[test]
fn by_remedy_uses_120_columns() {
    insta::assert_snapshot!(check(By::Remedy, 120));
}

#[test]
fn by_finding() {
    insta::assert_snapshot!(check(By::Finding, 80));
}

#[test]
fn by_package() {
    insta::assert_snapshot!(check(By::Package, 80));
}

#[test]
fn by_layer() {
    insta::assert_snapshot!(check(By::Layer, 80));
}

#[test]
fn an_image_that_nothing_could_judge_never_looks_clean() {
    let mut scan = scan();
    scan.findings.clear();
    scan.coverage[0].status = CoverageStatus::Unsupported;
    scan.database.as_of = None;
    let text = scan_table(&scan, 0, By::Remedy, Look::PLAIN);
    assert!(text.contains("cannot know: nothing was evaluated"), "{text}");
    assert!(!text.contains("nothing found"), "{text}");
}

#[test]
fn json_has_the_keys_that_programs_rely_on() {
    insta::assert_snapshot!(to_json(&scan()).unwrap());
}

#[test]
fn findings_that_filters_hide_are_counted_and_never_look_clean() {
    let mut scan = scan();
    scan.findings.clear();
    scan.problems.clear();
    let text = scan_table(&scan, 3, By::Remedy, Look::PLAIN);
    assert!(text.contains("3 findings are not shown: filters"), "{text}");
    assert!(!text.contains("nothing found"), "{text}");
}
