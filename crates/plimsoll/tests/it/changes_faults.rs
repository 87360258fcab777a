//! `changes` where something is broken, hostile or out of reach: each is named, and nothing else is lost.

use std::fs;

use plimsoll_testkit::{Fault, FaultProxy};
use serde_json::Value;

use crate::support::{
    Archive, FeedServer, SECURITY, TestContext, bookworm, changelog, deb, suites, update, updates,
};

const CHANGES: &[&str] = &["changes", "image", "--format", "json"];

/// An update with an id of a source.
fn fix(name: &str) -> plimsoll_testkit::Deb {
    deb(name, &[("2", "Fix CVE-2026-0001."), ("1", "Before.")])
}

fn changes_of(context: &TestContext, packages: &[&str]) -> Value {
    context.layout("image", &bookworm(packages));
    context.plimsoll(CHANGES).ends_with(0).json()
}

#[test]
fn a_package_that_cannot_be_read_keeps_no_other_from_being_read() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let without = plimsoll_testkit::Deb::new("without", "2").architecture("amd64");
    archive.security([fix("gone"), fix("other"), fix("good"), fix("odd"), without]);
    let pool = |name: &str| {
        let file = format!("pool/main/{}/{name}/{name}_2_amd64.deb", &name[..1]);
        archive.file(SECURITY, &file)
    };
    fs::remove_file(pool("gone")).unwrap();
    let mut other = fs::read(pool("other")).unwrap();
    other[100] ^= 1;
    fs::write(pool("other"), other).unwrap();
    fs::write(pool("odd"), "<html>not a package").unwrap();

    let document = changes_of(&context, &["gone 1", "other 1", "good 1", "odd 1", "without 1"]);
    let problem = |source: &str| update(&document, source)["problem"].clone();
    let names = |source: &str, part: &str| {
        let problem = problem(source);
        let text = problem.as_str().unwrap_or_else(|| panic!("{source} has no problem"));
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    };
    names("gone", "gone_2_amd64.deb is not there");
    names("other", "other_2_amd64.deb is not the file that the index names");
    names("odd", "is not the file that the index names");
    names("without", "no package of without has its changelog");
    assert!(problem("good").is_null());
    assert_eq!(update(&document, "good")["ids"][0], "CVE-2026-0001");
    for source in ["gone", "other", "odd", "without"] {
        assert_eq!(update(&document, source)["complete"], false, "{source}");
        assert_eq!(update(&document, source)["security"], true, "{source}");
        assert!(update(&document, source)["ids"].as_array().unwrap().is_empty(), "{source}");
    }
    let table = context.plimsoll(&["changes", "image"]).ends_with(0);
    assert!(table.stdout.contains("is not there"), "{table}");
}

/// Nothing in a changelog steers a terminal or the markup of a merge request.
#[test]
fn a_hostile_changelog_is_only_text() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7} \u{9b}31m\u{202e}evil <script>x</script> \
                   ![i](http://x/y) `a` | b @all [l](javascript:1) CVE-2026-0007\n  ```\n  \
                   </details><script>y</script>\n  ~~~\n  ````";
    archive.security([deb("zlib", &[("2", hostile), ("1", "Before.")])]);
    context.layout("image", &bookworm(&["zlib 1"]));
    for args in [
        &["changes", "image", "--full"][..],
        &["changes", "image", "--format", "markdown"],
        &["changes", "image", "--full", "--format", "markdown"],
    ] {
        let answer = context.plimsoll(args).ends_with(0).shows("CVE-2026-0007");
        let is_raw = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{9b}".contains(c);
        assert!(!answer.stdout.contains(is_raw), "{:?}", answer.stdout);
        if args.contains(&"markdown") {
            let markup = outside_of_fences(&answer.stdout);
            for part in ["script", "![i]", "@all", "[l]"] {
                assert!(!markup.contains(part), "{part:?} is in {markup}");
            }
            assert!(markup.contains("</details>"), "{markup}");
        }
    }
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    assert_eq!(update(&document, "zlib")["ids"][0], "CVE-2026-0007");
}

/// Markdown without its blocks of code, whose text is only text (CommonMark, section 4.5).
fn outside_of_fences(markdown: &str) -> String {
    let mut outside = String::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        let word = line.trim_start();
        let fence: String = word.chars().take_while(|c| *c == '`').collect();
        match &open {
            Some(start) if fence.len() >= start.len() && word == fence => open = None,
            Some(_) => {}
            None if fence.len() >= 3 => open = Some(fence),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    outside
}

#[test]
fn an_old_encoding_is_read() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let text = changelog("zlib", &[("2", "Thanks to Jos\u{e9} M\u{fc}ller."), ("1", "Before.")]);
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let deb = deb("zlib", &[("2", "x")]);
    archive.security([deb.file("usr/share/doc/zlib/changelog.Debian.gz", gzip(&latin))]);
    let document = changes_of(&context, &["zlib 1"]);
    let entry = update(&document, "zlib")["entries"][0]["text"].as_str().unwrap();
    assert!(entry.contains("José Müller"), "{entry}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// What was served before is kept by its address, what is asked again is only whether it changed.
#[test]
fn the_second_run_asks_once_a_suite_and_gets_no_body() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([fix("zlib"), fix("curl")]);
    archive.updates([fix("adduser")]);
    let server = FeedServer::start(&archive.root);
    let context = context.var("PLIMSOLL_FEEDS_FROM", &server.url());
    let first = changes_of(&context, &["zlib 1", "curl 1"]);
    assert_eq!(updates(&first), ["curl 1 → 2", "zlib 1 → 2"]);
    // A release and an index of each of three suites, and the packages with the changelogs.
    let requests = server.take_requests();
    let of = |part: &str| requests.iter().filter(|request| request.path.contains(part)).count();
    assert_eq!((of("InRelease"), of("by-hash"), of("pool")), (3, 3, 2), "{requests:#?}");
    assert_eq!(requests.len(), 8);

    let second = context.plimsoll(CHANGES).ends_with(0);
    assert_eq!(second.json(), first);
    let requests = server.take_requests();
    assert_eq!(requests.len(), 3, "{requests:#?}");
    assert!(requests.iter().all(|request| request.status == 304), "{requests:#?}");

    // Offline nobody is asked, with the same answer.
    let offline = context.plimsoll(&[CHANGES, &["--offline"]].concat()).ends_with(0);
    assert_eq!(server.take_requests().len(), 0);
    assert_eq!(offline.json(), first);
    drop(server);
    let fresh = TestContext::new().var("PLIMSOLL_KEYRING", &context.vars["PLIMSOLL_KEYRING"]);
    fresh.layout("image", &bookworm(&["zlib 1"]));
    let unknown = fresh.plimsoll(&[CHANGES, &["--offline"]].concat()).ends_with(11).json();
    assert!(suites(&unknown).iter().all(|suite| suite.ends_with(" unreachable")), "{unknown:#}");
}

/// Between the release and its index the archive changed: it is asked once more.
#[test]
fn an_archive_that_changes_underneath_is_asked_once_more() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let release = archive.file(SECURITY, "dists/bookworm-security/InRelease");
    archive.security([fix("older")]);
    let old = fs::read(&release).unwrap();
    archive.security([fix("zlib")]);
    // The old index is gone under its hash, and the plain name is the new one's.
    let index = archive.file(SECURITY, "dists/bookworm-security/main/binary-amd64");
    fs::remove_dir_all(index.join("by-hash")).unwrap();
    let server = FeedServer::start(&archive.root);
    let upstream = server.url().replace("http://", "");
    let (host, _) = upstream.split_once('/').unwrap();
    let check = |times: usize, status: &str, code: i32| {
        let proxy = FaultProxy::start(host);
        proxy.on("bookworm-security/InRelease", times, Fault::Body(old.clone()));
        let from = format!("http://{}/copy", proxy.host());
        let args = [CHANGES, &["--from", &from, "--no-cache"]].concat();
        let document = context.plimsoll(&args).ends_with(code).json();
        let suites = suites(&document);
        assert!(suites.contains(&format!("bookworm-security {status}")), "{document:#}");
        assert_eq!(proxy.received("bookworm-security/InRelease").len(), 2);
    };
    context.layout("image", &bookworm(&["zlib 1"]));
    check(1, "verified", 0);
    check(9, "inconsistent", 11);
}
