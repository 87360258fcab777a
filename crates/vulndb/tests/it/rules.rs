//! The rules of matching, on small built data.

use plimsoll_model::{
    Advisory, CoverageStatus, Cvss, Ecosystem, Package, PackageKind, Range, RangeEnd, Severity,
    SeveritySource, State,
};
use plimsoll_vulndb::{Compiler, Matcher, Options, Verdict, feeds};

use crate::build::{Database, advisory, compile, new, now, os, package, scope};

const DEBIAN: &str = "debian:12";

fn tracker(id: &str, fixed: &str) -> Advisory {
    advisory("debian-tracker", DEBIAN, id, "openssl", fixed)
}

/// One line for each finding of libssl3, built from openssl 3.0.1-1.
fn check(advisories: &[Advisory], expected: &[&str]) {
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let database = Database::with(advisories);
    let lines: Vec<String> = database
        .judge(&os(DEBIAN), &packages)
        .findings
        .iter()
        .map(|finding| {
            let feeds: Vec<_> = finding.evidence.iter().map(|e| e.feed.as_str()).collect();
            let fixed = finding.fixed_version.as_deref().unwrap_or("-");
            let sub_state = finding.sub_state.as_deref().unwrap_or("-");
            format!("{} {} {sub_state} {fixed} {}", finding.id, finding.state, feeds.join("+"))
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn versions_are_compared_by_the_order_of_the_ecosystem() {
    check(&[tracker("CVE-1", "3.0.1-2")], &["CVE-1 fixed - 3.0.1-2 debian-tracker"]);
    check(&[tracker("CVE-1", "3.0.1-1")], &[]);
    check(&[tracker("CVE-1", "3.0.1-1~deb12u1")], &[]);
    check(&[tracker("CVE-1", "1:0.1-1")], &["CVE-1 fixed - 1:0.1-1 debian-tracker"]);
    check(&[tracker("CVE-1", "never")], &[]);
    check(&[tracker("CVE-1", "open")], &["CVE-1 affected - - debian-tracker"]);
}

#[test]
fn ranges_and_listed_versions_hold_what_they_say() {
    let range = |from: &str, end: RangeEnd| Range { introduced: Some(from.to_owned()), end };
    let fixed = |version: &str| RangeEnd::Fixed(version.to_owned());
    let with = |ranges: Vec<Range>, versions: &[&str]| {
        let versions = versions.iter().map(ToString::to_string).collect();
        [Advisory { ranges, versions, state: State::Affected, ..tracker("CVE-1", "never") }]
    };
    check(&with(vec![range("3.0.2-1", fixed("3.0.4-1"))], &[]), &[]);
    check(
        &with(vec![range("3.0.1-1", fixed("3.0.4-1"))], &[]),
        &["CVE-1 fixed - 3.0.4-1 debian-tracker"],
    );
    check(
        &with(
            vec![
                range("1-1", fixed("2-1")),
                range("3-1", RangeEnd::LastAffected("3.0.1-1".to_owned())),
            ],
            &[],
        ),
        &["CVE-1 affected - - debian-tracker"],
    );
    check(&with(vec![range("3-1", RangeEnd::LastAffected("3.0.0-9".to_owned()))], &[]), &[]);
    check(&with(vec![], &["3.0.0-1", "3.0.1-1"]), &["CVE-1 affected - - debian-tracker"]);
    check(&with(vec![], &["0:3.0.1-1"]), &["CVE-1 affected - - debian-tracker"]);
    check(&with(vec![], &["3.0.2-1"]), &[]);
    check(
        &with(vec![range("1-1", fixed("2-1"))], &["3.0.1-1"]),
        &["CVE-1 affected - - debian-tracker"],
    );
}

#[test]
fn states_are_kept() {
    let with = |state, sub_state: &str| {
        [Advisory { state, sub_state: Some(sub_state.to_owned()), ..tracker("CVE-1", "open") }]
    };
    check(&with(State::Affected, "no-dsa"), &["CVE-1 affected no-dsa - debian-tracker"]);
    check(&with(State::WillNotFix, "ignored"), &["CVE-1 will_not_fix ignored - debian-tracker"]);
    check(
        &with(State::FixDeferred, "postponed"),
        &["CVE-1 fix_deferred postponed - debian-tracker"],
    );
    check(&with(State::Undetermined, "x"), &["CVE-1 undetermined x - debian-tracker"]);
}

#[test]
fn one_id_from_several_feeds_is_one_finding_the_strongest_witness_first() {
    let osv = advisory("osv-debian", DEBIAN, "CVE-1", "openssl", "3.0.3-1");
    let dsa = Advisory {
        record: "DSA-1-1".to_owned(),
        ..advisory("debian-dsa", DEBIAN, "CVE-1", "openssl", "3.0.2-1")
    };
    check(
        &[osv.clone(), tracker("CVE-1", "3.0.2-1"), dsa.clone()],
        &["CVE-1 fixed - 3.0.2-1 debian-tracker+debian-dsa+osv-debian"],
    );
    // A fix from any witness is a fix, and the strongest witness's word of its state stays visible.
    let no_dsa = Advisory { sub_state: Some("no-dsa".to_owned()), ..tracker("CVE-1", "open") };
    check(&[osv.clone(), no_dsa], &["CVE-1 fixed no-dsa 3.0.3-1 debian-tracker+osv-debian"]);
    // A stronger feed that says "not affected" is believed.
    check(&[osv.clone(), tracker("CVE-1", "never")], &[]);
    check(&[osv.clone(), tracker("CVE-1", "3.0.0-1")], &[]);
    // What it says of another package does not count.
    let other = Advisory {
        package: advisory("debian-tracker", DEBIAN, "CVE-1", "gnutls28", "never").package,
        ..tracker("CVE-1", "never")
    };
    check(&[osv, other], &["CVE-1 fixed - 3.0.3-1 osv-debian"]);
    check(&[dsa], &["CVE-1 fixed - 3.0.2-1 debian-dsa"]);
}

#[test]
fn several_ids_in_one_record_are_several_findings_and_no_id_comes_twice() {
    let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let dsa = |record: &str, list: &[&str], fixed| Advisory {
        record: record.to_owned(),
        ids: ids(list),
        ..advisory("debian-dsa", DEBIAN, record, "openssl", fixed)
    };
    check(
        &[dsa("DSA-1-1", &["CVE-1", "CVE-2"], "3.0.2-1"), dsa("DSA-2-1", &["CVE-2"], "3.0.3-1")],
        // The second fix has both.
        &["CVE-1 fixed - 3.0.2-1 debian-dsa", "CVE-2 fixed - 3.0.3-1 debian-dsa+debian-dsa"],
    );
}

#[test]
fn an_id_that_another_calls_its_alias_joins_it() {
    let osv = |id: &str, alias: &str| Advisory {
        aliases: vec![alias.to_owned()],
        ..advisory("osv-debian", DEBIAN, id, "openssl", "3.0.2-1")
    };
    check(
        &[osv("CVE-1", "GHSA-x"), osv("GHSA-x", "GHSA-y"), osv("CVE-2", "GHSA-z")],
        &["CVE-1 fixed - 3.0.2-1 osv-debian+osv-debian", "CVE-2 fixed - 3.0.2-1 osv-debian"],
    );
    // Along a chain nothing is lost, wherever the CVE stands in the alphabet.
    check(
        &[
            osv("BIT-1", "GHSA-2"),
            osv("CVE-1", "BIT-1"),
            osv("GHSA-2", "GHSA-3"),
            osv("GHSA-3", "-"),
        ],
        &["CVE-1 fixed - 3.0.2-1 osv-debian+osv-debian+osv-debian+osv-debian"],
    );
    check(
        &[osv("GHSA-a", "CVE-1"), osv("CVE-1", "-")],
        &["CVE-1 fixed - 3.0.2-1 osv-debian+osv-debian"],
    );
    check(
        &[osv("GHSA-a", "GHSA-b"), osv("GHSA-b", "GHSA-a")],
        &["GHSA-a fixed - 3.0.2-1 osv-debian+osv-debian"],
    );
}

#[test]
fn the_archive_joins_findings_that_name_its_version_and_stands_alone_otherwise() {
    let archive =
        advisory("apt-archive", DEBIAN, "bookworm-security/openssl@3.0.3-1", "openssl", "3.0.3-1");
    check(
        &[tracker("CVE-1", "3.0.3-1"), tracker("CVE-2", "3.0.2-1"), archive.clone()],
        &[
            "CVE-1 fixed - 3.0.3-1 debian-tracker+apt-archive",
            "CVE-2 fixed - 3.0.2-1 debian-tracker",
        ],
    );
    check(
        &[tracker("CVE-2", "3.0.2-1"), archive.clone()],
        &[
            "CVE-2 fixed - 3.0.2-1 debian-tracker",
            "bookworm-security/openssl@3.0.3-1 fixed - 3.0.3-1 apt-archive",
        ],
    );
    check(&[archive], &["bookworm-security/openssl@3.0.3-1 fixed - 3.0.3-1 apt-archive"]);
}

#[test]
fn sources_and_binaries_are_matched_by_their_own_names_and_versions() {
    // Binary-only rebuilds and other epochs make the versions differ.
    let packages = [package(Ecosystem::Debian, "libx1", "2:9.9+b1", "x=1.0-1")];
    let of = |name: &str, kind, fixed| {
        let mut advisory = advisory("debian-tracker", DEBIAN, "CVE-1", name, fixed);
        advisory.package.kind = kind;
        let database = Database::with(&[advisory]);
        let matched = database.judge(&os(DEBIAN), &packages);
        matched.findings.first().map(|finding| {
            let evidence = &finding.evidence[0];
            format!(
                "{}: {} {}",
                evidence.rule,
                evidence.compared.installed,
                evidence.compared.relation.as_str()
            )
        })
    };
    assert_eq!(of("x", PackageKind::Source, "1.0-2").as_deref(), Some("source package x: 1.0-1 <"));
    assert_eq!(of("x", PackageKind::Binary, "1.0-2"), None);
    assert_eq!(of("libx1", PackageKind::Source, "9:0"), None);
    assert_eq!(
        of("libx1", PackageKind::Binary, "9:0").as_deref(),
        Some("binary package libx1: 2:9.9+b1 <")
    );
    assert_eq!(of("x", PackageKind::Either, "1.0-2").as_deref(), Some("source package x: 1.0-1 <"));
    assert_eq!(
        of("libx1", PackageKind::Either, "9:0").as_deref(),
        Some("binary package libx1: 2:9.9+b1 <")
    );
    assert_eq!(of("x", PackageKind::Source, "1.0-1"), None);
}

#[test]
fn a_package_whose_source_has_its_name_is_judged_once() {
    let mut either = advisory("azurelinux-oval", "azurelinux:2.0", "CVE-1", "zlib", "2-1");
    either.package.kind = PackageKind::Either;
    let database = Database::with(&[either]);
    let packages = [package(Ecosystem::AzureLinux, "zlib", "1:1-1", "zlib=1-1")];
    let matched = database.judge(&os("azurelinux:2.0"), &packages);
    assert_eq!(matched.findings.len(), 1);
    assert_eq!(matched.findings[0].evidence.len(), 1);
    assert_eq!(matched.findings[0].evidence[0].rule, "binary package zlib");
}

#[test]
fn an_rpm_without_source_epoch_has_that_of_its_binary() {
    let database =
        Database::with(&[advisory("osv-rocky", "rocky:9", "CVE-1", "dbus", "1:1.12-9.el9")]);
    let os = os("rocky:9");
    for (version, findings) in [("1:1.12-8.el9", 1), ("1:1.12-9.el9", 0), ("2:1.12-8.el9", 0)] {
        let packages =
            [package(Ecosystem::Rocky, "dbus-libs", version, &format!("dbus={}", &version[2..]))];
        assert_eq!(database.judge(&os, &packages).findings.len(), findings, "{version}");
    }
}

#[test]
fn up_to_and_including_a_version_without_a_release_holds_all_its_releases() {
    let last = |end: &str| Advisory {
        ranges: vec![Range { introduced: None, end: RangeEnd::LastAffected(end.to_owned()) }],
        ..advisory("osv-rocky", "rocky:9", "CVE-1", "dbus", "open")
    };
    let os = os("rocky:9");
    let check = |end: &str, version: &str, findings: usize| {
        let packages = [package(Ecosystem::Rocky, "dbus-libs", version, "dbus")];
        let found = Database::with(&[last(end)]).judge(&os, &packages).findings;
        assert_eq!(found.len(), findings, "{version} <= {end}");
    };
    check("1.12", "1.12-8.el9", 1);
    check("1.12", "0:1.12-8.el9", 1);
    check("1.12", "1:1.12-8.el9", 0);
    check("1.12", "1.12.1-1.el9", 0);
    check("1.12-7.el9", "1.12-8.el9", 0);
}

#[test]
fn what_the_archive_says_is_quoted() {
    let sentence = "CVE-1: overflow in the DTLS record layer";
    let titled = |advisory: Advisory| Advisory { title: Some(sentence.to_owned()), ..advisory };
    let update =
        advisory("apt-archive", DEBIAN, "bookworm-security/openssl@3.0.3-1", "openssl", "3.0.3-1");
    let archive = Advisory { ids: vec!["CVE-1".to_owned()], ..update.clone() };
    let tracker = titled(tracker("CVE-1", "3.0.3-1"));
    let database = Database::with(&[tracker, titled(archive), titled(update)]);
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let quotes = |evidence: &[plimsoll_model::Evidence]| -> Vec<(String, Option<String>)> {
        evidence.iter().map(|one| (one.feed.clone(), one.quote.clone())).collect()
    };
    let expected = [
        ("debian-tracker".to_owned(), None),
        ("apt-archive".to_owned(), Some(sentence.to_owned())),
    ];
    let os = os(DEBIAN);
    // The update itself is nobody's sentence.
    let update = ("apt-archive".to_owned(), None);
    let with_update: Vec<_> = expected.iter().cloned().chain([update]).collect();
    assert_eq!(quotes(&database.judge(&os, &packages).findings[0].evidence), with_update);
    let explained = database.matcher(&os, &packages).explain("CVE-1", &packages, Some(&os));
    let evidence: Vec<_> = explained.unwrap().into_iter().filter_map(|one| one.evidence).collect();
    assert_eq!(quotes(&evidence), expected);
}

#[test]
fn modular_fixes_are_for_packages_of_the_same_stream() {
    let mut fix = advisory(
        "osv-almalinux",
        "almalinux:8",
        "CVE-1",
        "nodejs",
        "1:18.20-1.module_el8.9.0+1+ab",
    );
    fix.package.kind = PackageKind::Binary;
    let mut named = fix.clone();
    named.package.module = Some("nodejs:18".to_owned());
    let mut both = fix.clone();
    both.package.module = Some("nodejs:18|nodejs-devel:18".to_owned());
    let mut plain = fix.clone();
    plain.ranges =
        vec![Range { introduced: None, end: RangeEnd::Fixed("1:18.20-1.el8".to_owned()) }];

    let old = "1:18.1-1.module_el8.7.0+1+cd";
    for (advisory, version, module, expected) in [
        (&named, old, Some("nodejs:18"), 1),
        (&named, old, Some("nodejs:18:8090020240101:489197e6"), 1),
        (&named, old, Some("nodejs:16"), 0),
        (&both, old, Some("nodejs:18"), 1),
        (&both, old, Some("nodejs-devel:18:8090020240101:489197e6"), 1),
        (&both, old, Some("nodejs:16"), 0),
        // In some stream, but the label is lost: it is not clean because of that.
        (&named, old, None, 1),
        (&named, "1:18.1-1.el8", None, 0),
        (&fix, old, Some("nodejs:16"), 1),
        (&fix, "1:18.1-1.el8", None, 0),
        (&plain, old, Some("nodejs:18"), 0),
        (&plain, "1:18.1-1.el8", None, 1),
    ] {
        let mut installed = package(Ecosystem::AlmaLinux, "nodejs", version, "nodejs");
        installed.module = module.map(str::to_owned);
        let database = Database::with(std::slice::from_ref(advisory));
        let found = database.judge(&os("almalinux:8"), &[installed]).findings.len();
        assert_eq!(found, expected, "{:?} {version} {module:?}", advisory.package);
    }
}

#[test]
fn an_advisory_for_one_architecture_is_for_that_one() {
    let mut fix = advisory("osv-almalinux", "almalinux:8", "CVE-1", "x", "2-1");
    fix.package.kind = PackageKind::Binary;
    for (arch, expected) in [("x86_64", 1), ("aarch64", 0), ("aarch64|x86_64", 1)] {
        fix.package.arch = Some(arch.to_owned());
        let database = Database::with(std::slice::from_ref(&fix));
        let packages = [package(Ecosystem::AlmaLinux, "x", "1-1", "x")];
        assert_eq!(
            database.judge(&os("almalinux:8"), &packages).findings.len(),
            expected,
            "{arch}"
        );
    }
}

#[test]
fn severity_comes_from_the_vendor_the_advisory_or_an_alias_anywhere() {
    let vector = |score| Cvss { vector: format!("CVSS:3.1/{score}"), score };
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let rated = |mut advisories: Vec<Advisory>| {
        // Another scope's shard rates CVE-1.
        let mut elsewhere = advisory("osv-almalinux", "almalinux:9", "ALSA-1", "openssl", "9-1");
        elsewhere.ids = vec!["CVE-1".to_owned()];
        elsewhere.cvss = vec![vector(9.8)];
        advisories.push(elsewhere);
        let database = Database::with(&advisories);
        let finding = database.judge(&os(DEBIAN), &packages).findings.remove(0);
        (finding.severity, finding.severity_source)
    };
    let plain = tracker("CVE-1", "open");
    let word = Advisory { severity: Some(Severity::Low), cvss: vec![vector(8.1)], ..plain.clone() };
    let scored = Advisory { cvss: vec![vector(5.0), vector(7.5)], ..plain.clone() };
    assert_eq!(rated(vec![word]), (Severity::Low, SeveritySource::Vendor));
    assert_eq!(rated(vec![scored]), (Severity::High, SeveritySource::AdvisoryCvss));
    assert_eq!(rated(vec![plain]), (Severity::Critical, SeveritySource::AliasCvss));
    assert_eq!(rated(vec![tracker("CVE-2", "open")]), (Severity::Unknown, SeveritySource::Unknown));
}

#[test]
fn kev_and_epss_are_joined() {
    let mut compiled = compile(&[tracker("CVE-2021-44228", "open")]);
    for (name, document) in [
        (
            "kev",
            r#"{"vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","knownRansomwareCampaignUse":"Known"}]}"#,
        ),
        ("epss", "cve,epss,percentile\nCVE-2021-44228,0.94358,0.99961\n"),
    ] {
        let feed = feeds::find(name).unwrap();
        let mut compiler = Compiler::new(feed, []);
        compiler.read(&feed.sources(None)[0], document.as_bytes()).unwrap();
        compiled.extend(compiler.finish().unwrap());
    }
    let database = Database::of(compiled);
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let finding = database.judge(&os(DEBIAN), &packages).findings.remove(0);
    let kev = finding.kev.unwrap();
    assert_eq!((kev.added.to_string().as_str(), kev.ransomware), ("2021-12-10", true));
    let epss = finding.epss.unwrap();
    assert_eq!((epss.score, epss.percentile), (0.94358, 0.99961));
}

#[test]
fn versions_that_cannot_be_compared_are_problems_and_never_clean() {
    let os = os("alpine:3.15");
    let bad = advisory("alpine-secdb", "alpine:3.15", "CVE-1", "docker", "20.10.11.r0");
    let database =
        Database::with(&[bad, advisory("alpine-secdb", "alpine:3.15", "CVE-2", "docker", "30-r0")]);
    let info = &database.generation().shards()[0].clone();
    assert_eq!(info.problems, 1);
    assert!(database.generation().problems(info).unwrap()[0].message.contains("20.10.11.r0"));

    let packages = [package(Ecosystem::Alpine, "docker", "20.10.7-r2", "docker")];
    let matched = database.judge(&os, &packages);
    assert_eq!(matched.findings.len(), 1);
    assert_eq!(matched.problems.len(), 1);
    assert_eq!(matched.problems[0].path, "alpine-secdb alpine:3.15 CVE-1 (docker)");
    // It concerns nobody who has not got the package.
    let others = [package(Ecosystem::Alpine, "musl", "1-r0", "musl")];
    assert_eq!(database.judge(&os, &others).problems, []);

    let packages = [package(Ecosystem::Alpine, "docker", "what is this", "docker")];
    let matched = database.judge(&os, &packages);
    assert_eq!(matched.findings, []);
    assert_eq!(matched.problems.len(), 1);
    assert!(
        matched.problems[0].message.starts_with("not judged: apk version"),
        "{:?}",
        matched.problems
    );
}

#[test]
fn coverage_tells_what_was_not_evaluated() {
    let status = |system: Option<&str>, ecosystem, max_age: Option<i64>| {
        let database = Database::with(&[tracker("CVE-1", "open")]);
        let packages = [package(ecosystem, "x", "1-1", "x")];
        let os = system.map(os);
        let scopes = plimsoll_vulndb::matching::scopes_of(os.as_ref(), &packages);
        let matcher = Matcher::open(Some(&database.generation()), &scopes).unwrap();
        let later = now() + jiff::SignedDuration::from_hours(48);
        let options =
            Options { now: later, max_age: max_age.map(jiff::SignedDuration::from_hours) };
        let matched = matcher.match_packages(&packages, os.as_ref(), &options).unwrap();
        let lines: Vec<_> = matched.coverage.into_iter().map(|c| (c.scope, c.status)).collect();
        lines
    };
    let line = |scope: &str, status| (scope.to_owned(), status);
    let debian = Ecosystem::Debian;
    assert_eq!(status(Some(DEBIAN), debian, None), [line(DEBIAN, CoverageStatus::Evaluated)]);
    assert_eq!(status(Some(DEBIAN), debian, Some(72)), [line(DEBIAN, CoverageStatus::Evaluated)]);
    assert_eq!(status(Some(DEBIAN), debian, Some(24)), [line(DEBIAN, CoverageStatus::Stale)]);
    assert_eq!(
        status(Some("debian:13"), debian, None),
        [line("debian:13", CoverageStatus::NoData)]
    );
    assert_eq!(
        status(Some("fedora:40"), Ecosystem::Fedora, None),
        [line("fedora:40", CoverageStatus::Unsupported)]
    );
    assert_eq!(
        status(Some(DEBIAN), Ecosystem::Alpine, None),
        [line(DEBIAN, CoverageStatus::NoData), line("alpine", CoverageStatus::Unsupported)]
    );
    assert_eq!(
        status(None, debian, None),
        [line("unknown", CoverageStatus::Unsupported), line("debian", CoverageStatus::Unsupported)]
    );
    assert_eq!(
        status(Some(DEBIAN), Ecosystem::Bitnami, None),
        [line(DEBIAN, CoverageStatus::NoData), line("bitnami", CoverageStatus::NoData)]
    );

    let packages = [package(debian, "x", "1-1", "x")];
    let matcher = Matcher::open(None, &[scope(DEBIAN)]).unwrap();
    let options = Options { now: now(), max_age: None };
    let matched = matcher.match_packages(&packages, Some(&os(DEBIAN)), &options).unwrap();
    assert_eq!(matched.coverage[0].status, CoverageStatus::NoData);
}

#[test]
fn presence_and_absence_are_explained() {
    let osv = advisory("osv-debian", DEBIAN, "CVE-4", "openssl", "3.0.3-1");
    let dsa = Advisory {
        record: "DSA-1-1".to_owned(),
        ..advisory("debian-dsa", DEBIAN, "CVE-1", "openssl", "3.0.2-1")
    };
    let database = Database::with(&[
        tracker("CVE-1", "3.0.2-1"),
        tracker("CVE-2", "3.0.0-1"),
        tracker("CVE-3", "never"),
        tracker("CVE-4", "never"),
        advisory("debian-tracker", DEBIAN, "CVE-5", "gnutls28", "9-1"),
        osv,
        dsa,
    ]);
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let os = os(DEBIAN);
    let explain = |id: &str| -> Vec<String> {
        let matcher = database.matcher(&os, &packages);
        matcher.explain(id, &packages, Some(&os)).unwrap().iter().map(ToString::to_string).collect()
    };
    let at = "debian/libssl3@3.0.1-1:x86_64";
    assert_eq!(
        explain("CVE-1"),
        [
            format!(
                "{at} is affected (debian-tracker: CVE-1, source package openssl: 3.0.1-1 < 3.0.2-1)"
            ),
            format!(
                "{at} is affected (debian-dsa: DSA-1-1, source package openssl: 3.0.1-1 < 3.0.2-1)"
            ),
        ]
    );
    assert_eq!(explain("DSA-1-1").len(), 1);
    assert_eq!(
        explain("CVE-2"),
        [format!(
            "{at} has the fix (debian-tracker: CVE-2, source package openssl: 3.0.1-1 >= 3.0.0-1)"
        )]
    );
    assert_eq!(
        explain("CVE-3"),
        [format!("{at} is not affected (debian-tracker: CVE-3, source package openssl: 3.0.1-1)")]
    );
    assert_eq!(
        explain("CVE-4"),
        [
            format!(
                "{at} is not affected (debian-tracker: CVE-4, source package openssl: 3.0.1-1)"
            ),
            format!(
                "{at} is affected by this feed alone; a stronger one says it is not (osv-debian: CVE-4, source package openssl: 3.0.1-1 < 3.0.3-1)"
            ),
        ]
    );
    assert_eq!(explain("CVE-5"), ["gnutls28 is not installed"]);
    assert_eq!(explain("CVE-6"), ["no record of debian:12 knows it"]);

    let elsewhere = crate::build::os("debian:13");
    let matcher = database.matcher(&elsewhere, &packages);
    let explanation = matcher.explain("CVE-1", &packages, Some(&elsewhere)).unwrap();
    assert_eq!(explanation[0].verdict, Verdict::NoData);
    let explanation = matcher.explain("CVE-1", &packages[..0], None).unwrap();
    assert_eq!(explanation[0].verdict, Verdict::Unsupported);
}

/// Findings of a scan of libssl3 built from openssl 3.0.1-1, and the verdicts for CVE-1.
fn check_verdicts(advisories: &[Advisory], findings: usize, expected: &[(&str, Verdict)]) {
    let packages = [package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")];
    let database = Database::with(advisories);
    let os = os(DEBIAN);
    let explanations =
        database.matcher(&os, &packages).explain("CVE-1", &packages, Some(&os)).unwrap();
    let verdicts: Vec<_> = explanations
        .iter()
        .map(|one| (one.evidence.as_ref().unwrap().feed.as_str(), one.verdict))
        .collect();
    assert_eq!(verdicts, expected);
    assert_eq!(database.judge(&os, &packages).findings.len(), findings);
}

#[test]
fn an_explanation_believes_the_feed_that_a_scan_believes() {
    let of = |feed: &str, fixed: &str| advisory(feed, DEBIAN, "CVE-1", "openssl", fixed);
    let (tracker, dsa, osv) = ("debian-tracker", "debian-dsa", "osv-debian");
    let (old, new) = ("1-1", "3.0.2-1");
    use Verdict::{Affected, FixedInInstalled, Outranked};
    for (fixes, findings, verdicts) in [
        ([old, new, new], 0, [FixedInInstalled, Outranked, Outranked]),
        ([old, old, new], 0, [FixedInInstalled, FixedInInstalled, Outranked]),
        ([old, new, old], 0, [FixedInInstalled, Outranked, FixedInInstalled]),
        // Who is weaker than the first that says "affected" does not refute, nor falls.
        ([new, old, new], 1, [Affected, FixedInInstalled, Affected]),
        ([new, new, old], 1, [Affected, Affected, FixedInInstalled]),
    ] {
        let feeds = [tracker, dsa, osv];
        let advisories: Vec<_> = std::iter::zip(feeds, fixes).map(|(a, b)| of(a, b)).collect();
        let expected: Vec<_> = std::iter::zip(feeds, verdicts).collect();
        check_verdicts(&advisories, findings, &expected);
    }
    check_verdicts(&[of(dsa, old), of(osv, new)], 0, &[(dsa, FixedInInstalled), (osv, Outranked)]);
}

#[test]
fn an_explanation_has_no_data_where_the_coverage_has_none() {
    let check = |database: &Database, packages: &[Package]| {
        let os = os(DEBIAN);
        let coverage = database.judge(&os, packages).coverage;
        assert_eq!(coverage[0].status, CoverageStatus::NoData);
        for id in ["CVE-1", "CVE-2"] {
            let explanations =
                database.matcher(&os, packages).explain(id, packages, Some(&os)).unwrap();
            let verdicts: Vec<_> = explanations.iter().map(|one| one.verdict).collect();
            assert_eq!(verdicts, vec![Verdict::NoData], "{id}");
        }
    };
    let full = Database::with(&[tracker("CVE-1", "open")]);
    check(&full, &[]);
    check(&full, &[package(Ecosystem::Alpine, "musl", "1-r0", "musl")]);

    let empty =
        Compiler::new(feeds::find("debian-tracker").unwrap(), [scope(DEBIAN)]).finish().unwrap();
    let empty = Database::of(empty);
    assert_eq!(empty.generation().shards()[0].advisories, 0);
    check(&empty, &[package(Ecosystem::Debian, "libssl3", "3.0.1-1", "openssl")]);
}

#[test]
fn a_search_finds_ids_and_packages() {
    let mut listed = tracker("CVE-2", "never");
    listed.versions = vec!["1-1".to_owned()];
    let database = Database::with(&[tracker("CVE-1", "3.0.2-1"), listed, tracker("CVE-3", "open")]);
    let matcher = Matcher::open(Some(&database.generation()), &[scope(DEBIAN)]).unwrap();
    let search = |name: &str, limit| -> Vec<String> {
        let hits = matcher.search(name, limit).unwrap();
        hits.iter()
            .map(|hit| format!("{} {} {}", hit.package, hit.ids.join(" "), hit.affected))
            .collect()
    };
    assert_eq!(search("CVE-1", 9), ["openssl CVE-1 < 3.0.2-1"]);
    assert_eq!(
        search("openssl", 9),
        ["openssl CVE-1 < 3.0.2-1", "openssl CVE-2 = 1-1", "openssl CVE-3 every version"]
    );
    assert_eq!(search("openssl", 1).len(), 1);
    assert_eq!(search("CVE-9", 9), [""; 0]);
}

#[test]
fn identical_advisories_in_any_order_give_identical_bytes() {
    let mut advisories: Vec<Advisory> = (0..200)
        .map(|n| {
            let id = format!("CVE-2020-{:04}", n % 70);
            let fixed = format!("{}-{}", n % 7, n % 5);
            let mut advisory =
                advisory("debian-tracker", DEBIAN, &id, &format!("p{}", n % 13), &fixed);
            advisory.title = Some(format!("title {}", n % 3));
            advisory.urls = vec![format!("https://example/{}", n % 11)];
            advisory
        })
        .collect();
    let first = compile(&advisories);
    advisories.reverse();
    let doubled: Vec<_> = advisories.iter().chain(&advisories).cloned().collect();
    for other in [compile(&advisories), compile(&doubled)] {
        assert!(first[0].bytes == other[0].bytes);
    }
    let (a, b) = (Database::of(first), Database::empty());
    b.store
        .install(compile(&advisories).into_iter().map(new).collect(), Default::default())
        .unwrap();
    assert_eq!(a.generation().id(), b.generation().id());
}
