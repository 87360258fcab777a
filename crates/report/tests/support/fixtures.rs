//! Documents as the stages before would make them, with some text that nobody should trust.

#![allow(dead_code, reason = "each test binary uses its part")]

use jiff::civil::Date;
use plimsoll_model::{
    ArchiveStatus, ArchiveSuite, Base, BaseMethod, BaseReport, BaseSchema, ChangelogEntry, Changes,
    ChangesSchema, Comparison, Confidence, Coverage, CoverageStatus, Cvss, Database, Diff,
    DiffSchema, DiffSide, Digest, Ecosystem, Effect, Eol, EolPhase, Evidence, Finding, FindingKey,
    HeldBack, Image, Kev, Layer, Location, Newer, NewerImage, Origin, Os, Package, PackageChange,
    PackageId, Problem, Relation, Remedy, RemedyAction, Scan, ScanSchema, Scope, Severity,
    SeveritySource, SourcePackage, State, Suppressed, Tool, Update,
};

pub(crate) fn package(name: &str, source: &str, version: &str) -> Package {
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

pub(crate) fn finding(
    id: &str,
    package: &Package,
    severity: Severity,
    fixed: Option<&str>,
) -> Finding {
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

pub(crate) fn diff_id() -> plimsoll_model::DiffId {
    plimsoll_model::DiffId(Digest::sha256(&[7; 32]))
}

pub(crate) fn scan() -> Scan {
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
            digest: Some(Digest::sha256(&[0xab; 32])),
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

/// The scan with what advice knows: the base, whose findings are whose, remedies in their order.
pub(crate) fn advised() -> Scan {
    let mut scan = scan();
    scan.base = Some(base());
    scan.image.layers = ["base", "base", "own"].map(layer).into();
    for finding in &mut scan.findings {
        let is_own = finding.package.0.contains("curl");
        finding.origin = if is_own { Origin::Own } else { Origin::Base };
        finding.published = Some("2025-02-11T00:00:00Z".parse().unwrap());
    }
    let key = |id: &str, package: &str| {
        let found = |f: &&Finding| f.id == id && f.package.0.contains(package);
        scan.findings.iter().find(found).unwrap().key.clone()
    };
    let all: Vec<_> = scan.findings.iter().map(|finding| finding.key.clone()).collect();
    let change = |name: &str, from: Option<&str>, to: Option<&str>| PackageChange {
        ecosystem: Ecosystem::Debian,
        name: name.to_owned(),
        arch: Some("amd64".to_owned()),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let remedy = |action, target: &str, clears: &[FindingKey]| Remedy {
        action,
        target: Some(target.to_owned()),
        clears: clears.to_vec(),
        introduces: Vec::new(),
        changes: vec![
            change("libssl3", Some("1"), Some("2")),
            change("curl", Some("1"), Some("2")),
        ],
        reason: None,
    };
    let nothing = |reason: &str, clears: Vec<FindingKey>| Remedy {
        action: RemedyAction::None,
        target: None,
        clears,
        introduces: Vec::new(),
        changes: Vec::new(),
        reason: Some(reason.to_owned()),
    };
    let mut other = remedy(RemedyAction::UpgradeBase, "debian:trixie-slim", &all[..6]);
    other.introduces = vec![FindingKey("CVE-2026-9 debian/libc6@2.41:amd64".to_owned())];
    other.reason = Some("the release changes".to_owned());
    other.changes.clear();
    scan.remedies = vec![
        remedy(RemedyAction::UpgradeBase, "debian:bookworm-slim", &all[..6]),
        remedy(RemedyAction::UpgradePackages, "all security updates", &all[..7]),
        other,
        remedy(RemedyAction::UpgradePackages, "openssl 3.0.17-1~deb12u2", &all[..6]),
        remedy(RemedyAction::UpgradePackages, "curl 7.88.1-10+deb12u12", &all[6..7]),
        remedy(RemedyAction::RebaseAndPatch, "debian:bookworm-slim", &all[..7]),
        nothing(
            "no-dsa: Minor \u{1b}[2J| issue `x` @everyone",
            vec![key("CVE-2023-31484", "perl")],
        ),
    ];
    scan
}

/// A scan in which every foreign text tries to be markup of some medium.
pub(crate) fn hostile() -> Scan {
    let evil =
        "<img src=x onerror=alert(1)>|`@everyone`|[x](javascript:1)\n# {0} ]]>\u{1b}[2J\u{ffff}";
    let mut scan = advised();
    let mut package = package("evil", "evil", "1");
    package.name = evil.to_owned();
    package.version = evil.to_owned();
    package.source = Some(SourcePackage { name: evil.to_owned(), version: evil.to_owned() });
    package.locations = vec![Location { path: format!("usr/{evil}"), layer: None }];
    let mut found = finding(evil, &package, Severity::Unknown, Some(evil));
    found.title = Some(evil.repeat(40));
    found.urls = vec!["javascript:alert(1)".to_owned(), "https://example.org/\"><x>".to_owned()];
    found.aliases = vec!["GHSA-aaaa-bbbb-cccc".to_owned(), evil.to_owned()];
    found.evidence = vec![Evidence {
        shard: Scope::release(Ecosystem::Debian, "12"),
        feed: "archive".to_owned(),
        record: evil.to_owned(),
        rule: evil.to_owned(),
        compared: Comparison {
            installed: evil.to_owned(),
            relation: Relation::Less,
            against: None,
        },
        quote: Some(evil.to_owned()),
    }];
    scan.image.reference = evil.to_owned();
    scan.findings = vec![found];
    scan.packages = vec![package];
    scan.remedies.truncate(1);
    scan.remedies[0].target = Some(evil.to_owned());
    scan.problems = vec![Problem { path: evil.to_owned(), layer: None, message: evil.to_owned() }];
    scan
}

/// What CI formats have words for: a score that agrees with the severity, one that does not, a finding
/// that is set aside, a part that was not judged.
pub(crate) fn detailed() -> Scan {
    let mut scan = advised();
    let cvss = |score| vec![Cvss { vector: "CVSS:3.1/AV:N".to_owned(), score }];
    scan.findings[0].cvss = cvss(9.8);
    scan.findings[0].title = Some("A buffer overflow".to_owned());
    scan.findings[0].urls =
        vec!["https://security-tracker.debian.org/tracker/CVE-2025-0001".to_owned()];
    scan.findings[2].cvss = cvss(9.1);
    scan.findings[3].suppressed = Some(Suppressed {
        by: "plimsoll.toml [[ignore]] 1".to_owned(),
        reason: Some("not reachable".to_owned()),
        until: None,
    });
    scan.coverage.push(Coverage {
        scope: "npm".to_owned(),
        status: CoverageStatus::Unsupported,
        feed: None,
        as_of: None,
    });
    scan
}

pub(crate) fn base() -> Base {
    Base {
        reference: "debian:bookworm-slim".to_owned(),
        digest: Some(Digest::sha256(&[0xcd; 32])),
        layers: 2,
        method: BaseMethod::Layers,
        confidence: Confidence::Confirmed,
        created: Some("2026-03-02T00:00:00Z".parse().unwrap()),
        ties: vec!["debian:12-slim".to_owned(), "debian:12.9-slim".to_owned()],
    }
}

fn layer(origin: &str) -> Layer {
    Layer {
        digest: None,
        diff_id: Some(diff_id()),
        size: Some(1),
        origin: if origin == "base" { Origin::Base } else { Origin::Own },
        created_by: Some(format!("a step of the {origin}")),
    }
}

fn suite(name: &str, status: ArchiveStatus) -> ArchiveSuite {
    ArchiveSuite {
        suite: name.to_owned(),
        address: format!("archive.example/{name}"),
        signed_by: Some("ABCD".to_owned()),
        date: Some("2026-11-21T09:00:00Z".parse().unwrap()),
        valid_until: Some("2026-11-28T09:00:00Z".parse().unwrap()),
        status,
        reason: None,
    }
}

fn update(source: &str, suite: &str) -> Update {
    Update {
        source: source.to_owned(),
        binaries: vec![format!("lib{source}1"), source.to_owned()],
        installed: "3.0.11-1~deb12u1".to_owned(),
        candidate: "3.0.17-1~deb12u2".to_owned(),
        suite: suite.to_owned(),
        security: suite.contains("security"),
        severity: None,
        ids: Vec::new(),
        entries: Vec::new(),
        complete: true,
        news: None,
        held_back: None,
        problem: None,
    }
}

fn entry(version: &str, text: &str) -> ChangelogEntry {
    ChangelogEntry {
        version: version.to_owned(),
        date: Some("2026-11-02T12:00:00Z".parse().unwrap()),
        urgency: Some("medium".to_owned()),
        text: text.to_owned(),
    }
}

/// Pending updates of every kind, one with a changelog that tries to be markup.
pub(crate) fn changes() -> Changes {
    let mut openssl = update("openssl", "bookworm-security");
    openssl.ids = (1..=6).map(|number| format!("CVE-2025-000{number}")).collect();
    openssl.entries = vec![
        entry(
            "3.0.17-1~deb12u2",
            "  * Non-maintainer upload by the Security Team.\n  * CVE-2025-0001: out-of-bounds write \
             in a function whose name is long enough to be broken into two lines\n",
        ),
        entry("3.0.16-1~deb12u1", &"  * New upstream release\n".repeat(20)),
    ];
    openssl.news =
        Some("openssl (3.0.16-1) unstable; urgency=low\n\n  TLS 1.0 is off.\n".to_owned());
    let mut evil = update("evil", "bookworm-security");
    evil.ids = vec!["CVE-2025-0009".to_owned()];
    evil.complete = false;
    evil.entries = vec![entry(
        "2",
        "  * \u{1b}[2J\u{202e}gone ```\n</details><script>alert(1)</script> @everyone |\n  [x](javascript:1)\n",
    )];
    let mut tzdata = update("tzdata", "bookworm-updates");
    tzdata.binaries = vec!["tzdata".to_owned()];
    tzdata.held_back = Some(HeldBack::Pinned);
    tzdata.problem = Some("the .deb has no changelog".to_owned());
    let mut expired = suite("bookworm-updates", ArchiveStatus::Expired);
    expired.reason = Some("its promise ended".to_owned());
    let scan = scan();
    Changes {
        schema: ChangesSchema::V1,
        tool: scan.tool,
        as_of: scan.as_of,
        image: scan.image,
        os: scan.os,
        distribution_archive: vec![
            suite("bookworm", ArchiveStatus::Verified),
            suite("bookworm-security", ArchiveStatus::Verified),
            expired,
            suite("third \u{1b}[31mparty", ArchiveStatus::NotAllowed),
            suite("vendor", ArchiveStatus::TransportOnly),
        ],
        is_whole: true,
        updates: vec![tzdata, evil, openssl],
        problems: Vec::new(),
    }
}

/// A base whose tag has moved, with other images of known and unknown effect.
pub(crate) fn base_report() -> BaseReport {
    let scan = advised();
    let newer = |reference: &str, relation, effect| NewerImage {
        reference: reference.to_owned(),
        digest: Some(Digest::sha256(&[0xef; 32])),
        relation,
        created: Some("2026-11-20T00:00:00Z".parse().unwrap()),
        eol: Some(Eol { date: Date::constant(2028, 6, 30), phase: EolPhase::Lts }),
        effect,
    };
    let effect = |clears, introduces| Some(Effect { clears, introduces });
    let mut unknown = newer("shop:2.0", Newer::Major, None);
    unknown.digest = None;
    unknown.created = None;
    unknown.eol = None;
    BaseReport {
        schema: BaseSchema::V1,
        tool: scan.tool,
        as_of: scan.as_of,
        image: scan.image,
        os: scan.os,
        base: scan.base,
        newer_images: vec![unknown],
        newer_bases: vec![
            newer("debian:bookworm-slim", Newer::SameTag, effect(41, 0)),
            newer("debian:trixie-slim", Newer::Variant, effect(39, 2)),
        ],
        problems: vec![Problem {
            path: "registry.example/\u{1b}[2Jshop".to_owned(),
            layer: None,
            message: "the registry asks to come back later".to_owned(),
        }],
    }
}

/// Two builds of an image: an update and a removal, one finding gone, one new.
pub(crate) fn diff() -> Diff {
    let scan = scan();
    let side = |reference: &str, digest: u8| {
        let mut image = scan.image.clone();
        image.reference = reference.to_owned();
        image.digest = Some(Digest::sha256(&[digest; 32]));
        DiffSide { image, database: scan.database.clone(), coverage: scan.coverage.clone() }
    };
    let change = |name: &str, from: Option<&str>, to: Option<&str>| PackageChange {
        ecosystem: Ecosystem::Debian,
        name: name.to_owned(),
        arch: Some("amd64".to_owned()),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let mut gained =
        finding("CVE-2026-9", &package("nghttp2", "nghttp2", "1.52"), Severity::High, None);
    gained.sub_state = Some("no-dsa \u{1b}[2J".to_owned());
    Diff {
        schema: DiffSchema::V1,
        tool: scan.tool.clone(),
        as_of: scan.as_of,
        from: side("shop:1.4", 1),
        to: side("shop:1.5", 2),
        packages: vec![
            change("curl", Some("7.88.1-10+deb12u4"), Some("7.88.1-10+deb12u12")),
            change("nghttp2", None, Some("1.52")),
            change("wget", Some("1.21.3-1"), None),
        ],
        gained: vec![gained],
        lost: scan.findings[..1].to_vec(),
        kept: 6,
    }
}
