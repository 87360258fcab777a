//! The distribution archive as a witness of `scan`: what its changelogs say was fixed.

use serde_json::Value;

use crate::support::{
    Archive, FeedServer, Feeds, TestContext, bookworm, changelog, deb, security_suite, tracker,
};

const SCAN: &[&str] = &["scan", "image", "--format", "json"];

/// A source with two security updates behind the release: each with an id.
fn zlib() -> plimsoll_testkit::Deb {
    deb(
        "zlib",
        &[
            ("3", "Fix CVE-2026-0003: a second overflow."),
            ("2", "Fix CVE-2026-0002: a heap overflow in inflate()."),
            ("1", "Release."),
        ],
    )
}

fn finding<'a>(scan: &'a Value, id: &str) -> &'a Value {
    let mut findings = scan["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("{scan:#}"))
}

fn feeds_of(finding: &Value) -> Vec<&str> {
    let evidence = finding["evidence"].as_array().unwrap().iter();
    evidence.map(|evidence| evidence["feed"].as_str().unwrap()).collect()
}

/// Hours before any advisory database has it.
#[test]
fn a_changelog_alone_is_a_finding_with_its_sentence() {
    let mut context = TestContext::new();
    Archive::new(&mut context).security([zlib()]);
    context.layout("image", &bookworm(&["zlib 1"]));
    let answer = context.plimsoll(SCAN).ends_with(0);
    assert_eq!(answer.findings(), ["CVE-2026-0002 zlib", "CVE-2026-0003 zlib"]);
    let scan = answer.json();
    let second = finding(&scan, "CVE-2026-0002");
    assert_eq!((&second["state"], &second["fixed_version"]), (&"fixed".into(), &"2".into()));
    let evidence = &second["evidence"][0];
    assert_eq!(evidence["feed"], "apt-archive");
    assert_eq!(evidence["quote"], "Fix CVE-2026-0002: a heap overflow in inflate().");
    assert_eq!(
        evidence["compared"],
        serde_json::json!({ "installed": "1", "relation": "<", "against": "2" })
    );
    // The first remedy is the version that clears both.
    let remedy = &scan["remedies"][0];
    assert_eq!(
        (&remedy["action"], &remedy["target"]),
        (&"upgrade_packages".into(), &"zlib 3".into())
    );
    assert_eq!(remedy["clears"].as_array().unwrap().len(), 2);
    let explained = context.plimsoll(&["explain", "image", "CVE-2026-0002"]).ends_with(0);
    explained.shows("apt-archive: bookworm-security/zlib@3, source package zlib: 1 < 2");
}

#[test]
fn an_image_that_has_the_fix_has_no_finding() {
    let mut context = TestContext::new();
    Archive::new(&mut context).security([zlib()]);
    let check = |version: &str, expected: &[&str]| {
        context.layout("image", &bookworm(&[&format!("zlib {version}"), "other 1"]));
        assert_eq!(context.plimsoll(SCAN).ends_with(0).findings(), expected, "{version}");
    };
    check("1", &["CVE-2026-0002 zlib", "CVE-2026-0003 zlib"]);
    check("2", &["CVE-2026-0003 zlib"]);
    check("2+b1", &["CVE-2026-0003 zlib"]);
    check("3", &[]);
    check("4", &[]);
}

/// One id of several witnesses is one finding; where they disagree both are shown.
#[test]
fn the_tracker_and_the_changelog_are_two_witnesses_of_one_finding() {
    let mut context = TestContext::new();
    Archive::new(&mut context).security([zlib()]);
    let says = tracker("zlib", &[("CVE-2026-0002", "2"), ("CVE-2026-0003", "4")]);
    Feeds::new(context.path("feeds")).debian_tracker(&says);
    context.layout("image", &bookworm(&["zlib 1"]));
    let answer = context.plimsoll(SCAN).ends_with(0);
    assert_eq!(answer.findings(), ["CVE-2026-0002 zlib", "CVE-2026-0003 zlib"]);
    let scan = answer.json();
    for (id, fixed, against) in
        [("CVE-2026-0002", "2", ["2", "2"]), ("CVE-2026-0003", "4", ["4", "3"])]
    {
        let finding = finding(&scan, id);
        assert_eq!(feeds_of(finding), ["debian-tracker", "apt-archive"], "{id}");
        assert_eq!(finding["fixed_version"], fixed, "the tracker outranks the archive");
        let evidence = finding["evidence"].as_array().unwrap().iter();
        let found: Vec<_> = evidence.map(|e| e["compared"]["against"].as_str().unwrap()).collect();
        assert_eq!(found, against, "{id}");
    }
}

/// A security update whose changelog names no id is known only as that; it is a finding where nothing that the
/// changelog names is missing.
#[test]
fn a_fix_without_an_id_is_a_finding_of_its_own_kind() {
    let mut context = TestContext::new();
    Archive::new(&mut context).security([deb(
        "curl",
        &[("3", "Fix a crash."), ("2", "Fix CVE-2026-0002."), ("1", "Release.")],
    )]);
    let scan = |version: &str| {
        context.layout("image", &bookworm(&[&format!("curl {version}")]));
        context.plimsoll(SCAN).ends_with(0)
    };
    assert_eq!(scan("1").findings(), ["CVE-2026-0002 curl"]);
    assert!(scan("3").findings().is_empty());
    let scan = scan("2").json();
    let findings = scan["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{scan:#}");
    let nameless = &findings[0];
    assert!(nameless["id"].as_str().unwrap().contains("curl"), "{nameless:#}");
    assert_eq!(
        (&nameless["fixed_version"], &nameless["severity"]),
        (&"3".into(), &"unknown".into())
    );
    assert_eq!(feeds_of(nameless), ["apt-archive"]);
    assert_eq!(scan["remedies"][0]["target"], "curl 3");
}

/// Where the changelog cannot be had, that there is a security update is still known.
#[test]
fn an_update_without_its_changelog_is_a_finding_without_an_id() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([zlib()]);
    std::fs::remove_dir_all(archive.file(crate::support::SECURITY, "pool")).unwrap();
    context.layout("image", &bookworm(&["zlib 1"]));
    let scan = context.plimsoll(SCAN).ends_with(0).json();
    let findings = scan["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{scan:#}");
    assert_eq!(findings[0]["fixed_version"], "3");
    assert!(findings[0]["evidence"][0]["quote"].is_null());
}

/// What one image taught is known for every other, at any version.
#[test]
fn a_changelog_is_read_once_for_all_images() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([zlib()]);
    let server = FeedServer::start(&archive.root);
    let context = context.var("PLIMSOLL_FEEDS_FROM", &server.url());
    let findings = |version: &str| {
        context.layout("image", &bookworm(&[&format!("zlib {version}")]));
        context.plimsoll(SCAN).ends_with(0).findings()
    };
    assert_eq!(findings("2"), ["CVE-2026-0003 zlib"]);
    let pool = |requests: &[crate::support::Request]| {
        requests.iter().filter(|request| request.path.contains("/pool/")).count()
    };
    assert_eq!(pool(&server.take_requests()), 1);
    assert_eq!(findings("1"), ["CVE-2026-0002 zlib", "CVE-2026-0003 zlib"]);
    assert_eq!(server.take_requests().len(), 0, "all is known, and fresh");

    // A newer version has another changelog.
    archive.security([deb("zlib", &[("4", "Fix CVE-2026-0004."), ("1", "Release.")])]);
    let context = context.var("PLIMSOLL_REFRESH_AFTER", "0s");
    let answer = context.plimsoll(SCAN).ends_with(0);
    // It may take back what the older one said.
    assert_eq!(answer.findings(), ["CVE-2026-0004 zlib"]);
    assert_eq!(pool(&server.take_requests()), 1);
}

#[test]
fn the_same_generation_gives_the_same_bytes() {
    let mut context = TestContext::new();
    Archive::new(&mut context).security([zlib()]);
    context.layout("image", &bookworm(&["zlib 1"]));
    let first = context.plimsoll(SCAN).ends_with(0);
    let again = context.plimsoll(SCAN).ends_with(0);
    assert_eq!(again.stdout, first.stdout);
    let offline = context.plimsoll(&[SCAN, &["--offline"]].concat()).ends_with(0);
    assert_eq!(offline.stdout, first.stdout);

    // The same knowledge, learned in another order, somewhere else.
    let mut other = TestContext::new();
    Archive::new(&mut other).security([zlib()]);
    other.layout("image", &bookworm(&["zlib 2"]));
    other.plimsoll(SCAN).ends_with(0);
    other.layout("image", &bookworm(&["zlib 1"]));
    assert_eq!(other.plimsoll(SCAN).ends_with(0).findings(), first.findings());
}

/// The sentence of a changelog is foreign text.
#[test]
fn a_quoted_sentence_steers_no_terminal() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let text = changelog("zlib", &[("2", "\u{1b}[31m CVE-2026-0002\u{7} \u{202e}x"), ("1", "x")]);
    let package = plimsoll_testkit::Deb::new("zlib", "2").architecture("amd64").changelog(&text);
    archive.write(crate::support::SECURITY, [security_suite().package(package)]);
    context.layout("image", &bookworm(&["zlib 1"]));
    for args in [&["scan", "image"][..], &["scan", "image", "--by", "finding"]] {
        let answer = context.plimsoll(args).ends_with(0).shows("CVE-2026-0002");
        let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!answer.stdout.contains(is_raw), "{:?}", answer.stdout);
    }
}
