//! `db update`: from a directory, from an address, and what a bad feed may not do.

use std::fs;

use serde_json::json;

use crate::support::{FeedServer, Feeds, Osv, TestContext, assert_answer, secdb, shop, shop_feeds};

const UPDATE: &[&str] = &["db", "update", "alpine:3.19", "--from", "feeds"];
const MAIN: &str = "secdb.alpinelinux.org/v3.19/main.json";

/// `n` fixes of `n` packages.
fn many(n: usize) -> String {
    let names: Vec<_> =
        (0..n).map(|i| (format!("package-{i}"), format!("CVE-2024-{i:04}"))).collect();
    let ids: Vec<[&str; 1]> = names.iter().map(|(_, id)| [id.as_str()]).collect();
    let mut fixes = vec![("curl", "8.6.0-r0", &["CVE-2024-0853"][..])];
    fixes.extend(names.iter().zip(&ids).map(|((name, _), ids)| (name.as_str(), "2-r0", &ids[..])));
    secdb(&fixes)
}

#[test]
fn a_directory_laid_out_by_host_and_path_is_a_copy() {
    let context = TestContext::new();
    shop_feeds(&context);
    assert_answer!(context.plimsoll(UPDATE));
    assert_answer!(context.plimsoll(&["db", "status"]));
    let again = context.plimsoll(&["db", "update", "--from", "feeds"]).ends_with(0);
    assert!(again.stdout.contains("alpine:3.19"), "scopes in use are known: {again}");
}

#[test]
fn the_copy_may_be_named_by_a_variable() {
    let context = TestContext::new();
    let feeds = shop_feeds(&context);
    let context = context.var("PLIMSOLL_FEEDS_FROM", feeds.root().to_str().unwrap());
    context.plimsoll(&["db", "update", "alpine:3.19"]).ends_with(0).shows("alpine-secdb");
}

#[test]
fn only_what_changed_is_fetched_again() {
    let context = TestContext::new();
    let feeds = shop_feeds(&context);
    let server = FeedServer::start(feeds.root());
    let url = server.url();
    let update = ["db", "update", "alpine:3.19", "--from", &url];
    context.plimsoll(&update).ends_with(0).shows("6 advisories");
    let first = server.take_requests();
    assert_eq!(first.len(), 5, "{first:?}");
    assert!(first.iter().all(|one| one.known.is_none() && one.status == 200), "{first:?}");

    let again = context.plimsoll(&update).ends_with(0);
    assert_eq!(again.stdout.matches("unchanged").count(), 4, "{again}");
    let second = server.take_requests();
    assert!(second.iter().all(|one| one.known.is_some() && one.status == 304), "{second:?}");
    assert_eq!(second.len(), 5, "{second:?}");

    let feeds = feeds.document(MAIN, secdb(&[("curl", "8.6.0-r0", &["CVE-2024-0853"])]));
    let changed = context.plimsoll(&update).ends_with(0).shows("1 advisory");
    assert_eq!(changed.stdout.matches("unchanged").count(), 3, "{changed}");
    let third = server.take_requests();
    let osv = third.iter().find(|one| one.path.ends_with("Alpine/all.zip")).unwrap();
    assert_eq!(osv.status, 304);

    // What is gone upstream does not take the data with it.
    fs::remove_file(feeds.path(MAIN)).unwrap();
    context.plimsoll(&update).ends_with(0).shows("older data stays in use");
    context.layout("shop", &shop());
    let scan = context.plimsoll(&["scan", "--offline", "--format", "json", "shop"]).ends_with(0);
    assert!(scan.findings().contains(&"CVE-2024-0853 curl".to_owned()), "{scan}");
}

#[test]
fn a_scope_without_any_data_fails() {
    let context = TestContext::new();
    Feeds::new(context.path("feeds"));
    let answer = context.plimsoll(UPDATE).ends_with(1);
    assert!(answer.stdout.contains("failed: "), "{answer}");
    assert!(answer.stdout.contains("main.json"), "the address is named: {answer}");
    let nowhere =
        context.plimsoll(&["db", "update", "alpine:3.19", "--from", "nowhere"]).ends_with(1);
    assert!(nowhere.stderr.contains("nowhere"), "{nowhere}");
    context
        .plimsoll(&["db", "update", "fedora:40", "--from", "feeds"])
        .ends_with(1)
        .says("fedora:40");
    let feed = ["db", "update", "alpine:3.19", "--feed", "nonsense", "--from", "feeds"];
    context.plimsoll(&feed).ends_with(1).says("nonsense");
}

#[test]
fn an_absurdly_shrunken_feed_keeps_its_older_data_and_says_so() {
    let context = TestContext::new();
    let feeds = shop_feeds(&context).document(MAIN, many(300));
    context.plimsoll(UPDATE).ends_with(0).shows("301 advisories");
    let _feeds = feeds.document(MAIN, many(20));
    let answer = context.plimsoll(UPDATE).ends_with(0).shows("older data stays in use");
    let status = context.plimsoll(&["db", "status"]).ends_with(0).shows("301");
    assert!(status.stdout.contains("older: "), "{status} after {answer}");
    context.layout("shop", &shop());
    let scan = context.plimsoll(&["scan", "--offline", "--format", "json", "shop"]).ends_with(0);
    assert!(scan.findings().contains(&"CVE-2024-0853 curl".to_owned()), "{scan}");
}

#[test]
fn a_broken_feed_keeps_its_older_data_and_the_others_are_updated() {
    let context = TestContext::new();
    let mut feeds = shop_feeds(&context);
    context.plimsoll(UPDATE).ends_with(0);
    let main = secdb(&[("curl", "8.6.0-r0", &["CVE-2024-0853"])]);
    for broken in ["", "<html>Bad gateway</html>", "{\"packages\":", &main[..main.len() - 10]] {
        feeds = feeds.document(MAIN, broken);
        let answer = context.plimsoll(UPDATE).ends_with(0).shows("older data stays in use");
        assert!(answer.stdout.contains("main.json"), "{answer}");
        assert!(answer.stdout.contains("osv-alpine     3 advisories"), "{answer}");
    }
    let _feeds = feeds
        .document("osv-vulnerabilities.storage.googleapis.com/Alpine/all.zip", "PK\x03\x04 no zip");
    let answer = context.plimsoll(UPDATE).ends_with(0);
    assert_eq!(answer.stdout.matches("older data stays").count(), 2, "{answer}");
    context.layout("shop", &shop());
    let scan = context.plimsoll(&["scan", "--offline", "--format", "json", "shop"]).ends_with(0);
    assert_eq!(scan.findings().len(), 6, "{scan}");
}

#[test]
fn a_bad_record_is_a_problem_and_the_rest_works() {
    let context = TestContext::new();
    let secdb = json!({ "packages": [
        { "pkg": { "name": "curl", "secfixes": { "8.6.0-r0": ["CVE-2024-0853"] } } },
        { "pkg": { "name": 7, "secfixes": { "1-r0": ["CVE-2024-0001"] } } },
        { "pkg": { "name": "openssl", "secfixes": "none" } },
        { "nothing": true },
        "text",
    ]});
    let good = Osv {
        id: "CVE-2023-6129",
        aliases: &[],
        ecosystem: "Alpine:v3.19",
        package: "openssl",
        fixed: Some("3.1.4-r3"),
        vector: None,
    };
    let mut wrong_type = good.record();
    wrong_type["id"] = json!(["CVE-2023-6130"]);
    let mut bad_vector = good.record();
    bad_vector["id"] = json!("CVE-2023-6131");
    bad_vector["severity"] = json!([{ "type": "CVSS_V3", "score": "high" }]);
    shop_feeds(&context)
        .document(MAIN, secdb.to_string())
        .osv("Alpine", &[good.record(), wrong_type, bad_vector, json!({ "id": "CVE-2023-6132" })]);
    let answer = context.plimsoll(UPDATE).ends_with(0).shows("records could not be used");
    let status = context.plimsoll(&["db", "status", "--problems"]).ends_with(0);
    assert!(status.stdout.contains("alpine-secdb: "), "{status} after {answer}");
    assert!(status.stdout.contains("osv-alpine: "), "{status}");

    context.layout("shop", &shop());
    let scan = context.plimsoll(&["scan", "--offline", "--format", "json", "shop"]).ends_with(0);
    let findings = scan.findings();
    for expected in ["CVE-2024-0853 curl", "CVE-2023-6129 libssl3", "CVE-2023-6131 libssl3"] {
        assert!(findings.contains(&expected.to_owned()), "{expected} is not in {findings:?}");
    }
}

#[test]
fn the_same_feeds_make_the_same_generation() {
    let generation = |context: &TestContext| {
        let status = context.plimsoll(&["db", "status"]).ends_with(0);
        status.stdout.split_whitespace().nth(1).unwrap().to_owned()
    };
    let context = TestContext::new();
    let feeds = shop_feeds(&context);
    context.plimsoll(UPDATE).ends_with(0);
    let first = generation(&context);
    let shards = |context: &TestContext| {
        let mut names: Vec<_> = context
            .files_below(&context.world("state"))
            .into_iter()
            .filter(|path| path.components().any(|part| part.as_os_str() == "shards"))
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let first_shards = shards(&context);
    context.plimsoll(UPDATE).ends_with(0);
    assert!(!first_shards.is_empty());
    assert_eq!(shards(&context), first_shards);

    // Anywhere else as well.
    let other = TestContext::new();
    let root = feeds.root().to_str().unwrap();
    other.plimsoll(&["db", "update", "alpine:3.19", "--from", root]).ends_with(0);
    assert_eq!(shards(&other), first_shards);
    assert!(!first.is_empty());
}

#[test]
fn a_scan_updates_by_itself_what_is_missing_or_old() {
    let context = TestContext::new();
    let feeds = shop_feeds(&context);
    let server = FeedServer::start(feeds.root());
    let url = server.url();
    context.layout("shop", &shop());
    let scan = ["scan", "shop", "--from", &url];
    // Five documents of feeds, and the two repositories of Alpine, which this copy lacks.
    let asked = |server: &FeedServer| {
        let requests = server.take_requests();
        let (found, missing): (Vec<_>, Vec<_>) = requests.iter().partition(|r| r.status != 404);
        assert!(missing.iter().all(|r| r.path.ends_with("APKINDEX.tar.gz")), "{missing:?}");
        (found.len(), missing.len())
    };
    context.plimsoll(&scan).ends_with(0);
    assert_eq!(asked(&server), (5, 2));
    context.plimsoll(&scan).ends_with(0);
    assert_eq!(asked(&server), (0, 0), "what is fresh, or lacking a moment ago, is not asked for");
    let context = context.var("PLIMSOLL_REFRESH_AFTER", "0s");
    context.plimsoll(&scan).ends_with(0);
    assert_eq!(asked(&server), (5, 2));
    context.plimsoll(&[&scan[..], &["--offline"]].concat()).ends_with(0);
    assert_eq!(server.take_requests().len(), 0, "offline asks nothing");
    drop(server);
    // Nobody answers: what is at hand is used, and that is said.
    context.plimsoll(&scan).ends_with(0).says("warning: feed alpine-secdb: ");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let context = TestContext::new();
    // Connections are taken by the system, and nobody reads them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let start = std::time::Instant::now();
    let args = ["db", "update", "alpine:3.19", "--from", &url, "--timeout", "1s"];
    let answer = context.plimsoll(&args).ends_with(1).shows("failed:");
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{answer}");
}

/// The distribution archive is read at a mirror, and believed for its signature alone.
#[test]
fn a_mirror_of_the_archive_is_believed_for_its_signature() {
    let Some(archive) = crate::support::shared("archive/debian-security/bullseye-security") else {
        return;
    };
    if !cfg!(target_arch = "x86_64") {
        return plimsoll_testkit::skipped("needs x86_64: the stored indexes are amd64");
    }
    let context = TestContext::new().var("PLIMSOLL_AS_OF", "2026-11-24");
    let copy = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(archive.join(file)).unwrap();
        change(&mut bytes);
        context.write(&format!("mirror/dists/bullseye-security/{file}"), bytes);
    };
    let index = "main/binary-amd64/Packages.xz";
    copy("InRelease", &|_| ());
    copy(index, &|_| ());
    let server = FeedServer::start(&context.path("mirror"));
    let mirror = format!("security.debian.org/debian-security={}", server.url());
    let update = ["db", "update", "debian:11", "--feed", "apt-archive", "--mirror", &mirror];
    context.plimsoll(&update).ends_with(0).shows("advisories");
    let status = context.plimsoll(&["db", "status"]).ends_with(0).shows("signed");
    assert!(status.stdout.contains("2026-09-12"), "the date of the suite: {status}");

    for (file, at) in [("InRelease", 2000), (index, 2000)] {
        let damaged = TestContext::new().var("PLIMSOLL_AS_OF", "2026-11-24");
        copy(file, &|bytes| bytes[at] ^= 1);
        let answer = damaged.plimsoll(&update).ends_with(1);
        assert!(answer.stdout.contains("failed:"), "{file}: {answer}");
        // Where data was accepted before, it stays; an index that is here already is not asked for again.
        let again = [&update[..], &["--no-cache"]].concat();
        context.plimsoll(&again).ends_with(0).shows("older data stays in use");
        copy(file, &|_| ());
    }
}
