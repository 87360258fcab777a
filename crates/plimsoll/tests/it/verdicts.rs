//! The exit code of a scan: gates, unknown systems, old data, and which one wins.

use plimsoll_testkit::{Image, Layer};
use serde_json::json;

use crate::support::{
    Apk, Dpkg, TestContext, alpine_release, apk_database, dpkg_status, entries_of, shop, shop_feeds,
};

fn with_shop() -> TestContext {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    context
}

/// Runs `scan --from feeds` with these arguments and compares the exit code.
#[track_caller]
fn check(context: &TestContext, args: &[&str], code: i32) {
    context.plimsoll(&[&["scan", "--from", "feeds"], args].concat()).ends_with(code);
}

fn layout_of(context: &TestContext, name: &str, files: &[(&str, &str)]) {
    context.layout(name, &Image::new([Layer::new(&entries_of(files))]));
}

#[test]
fn findings_alone_are_no_failure() {
    check(&with_shop(), &["shop"], 0);
}

#[test]
fn gates_close_at_their_threshold() {
    let context = with_shop();
    for (gate, code) in [
        ("critical", 10),
        ("high", 10),
        ("low", 10),
        ("negligible", 10),
        ("kev", 10),
        ("unknown", 10),
        ("kev,fixable", 10),
        ("critical,fixable", 10),
        ("unknown,fixable", 10),
        // No base is known, so everything is the image's own.
        ("low,own", 10),
        ("low,base", 0),
        ("kev,base", 0),
    ] {
        check(&context, &["shop", "--fail-on", gate], code);
    }
    let gate_of_the_environment = with_shop().var("PLIMSOLL_FAIL_ON", "high");
    check(&gate_of_the_environment, &["shop"], 10);
}

#[test]
fn a_gate_sees_only_what_is_there() {
    let context = TestContext::new();
    shop_feeds(&context);
    // musl: high, without a fix, not exploited.
    let database = apk_database(&[Apk { name: "musl", version: "1.2.4-r2", origin: "musl" }]);
    let release = alpine_release("3.19.1");
    layout_of(
        &context,
        "musl",
        &[("etc/os-release", &release), ("lib/apk/db/installed", &database)],
    );
    for (gate, code) in [
        ("critical", 0),
        ("high", 10),
        ("medium", 10),
        ("high,fixable", 0),
        ("kev", 0),
        ("unknown", 0),
    ] {
        check(&context, &["musl", "--fail-on", gate], code);
    }
}

#[test]
fn filters_hide_but_the_gate_sees() {
    let context = with_shop();
    let shown = |args: &[&str]| {
        let args = [&["scan", "--from", "feeds", "--format", "json", "shop"], args].concat();
        context.plimsoll(&args).ends_with(0).findings().len()
    };
    for (args, expected) in [
        (&[][..], 6),
        (&["--severity", "critical"], 1),
        (&["--severity", "critical,unknown"], 3),
        (&["--severity", "high+"], 2),
        (&["--severity", "unknown"], 2),
        (&["--only-fixable"], 5),
        (&["--only", "own"], 6),
        (&["--only", "base"], 0),
        (&["--only-fixable", "--severity", "high+"], 1),
    ] {
        assert_eq!(shown(args), expected, "{args:?}");
    }
    check(&context, &["shop", "--severity", "low", "--fail-on", "critical"], 10);
}

#[test]
fn remedies_are_those_of_the_findings_shown() {
    let context = with_shop();
    let args = ["scan", "--from", "feeds", "--format", "json", "shop", "--severity", "critical"];
    let document = context.plimsoll(&args).ends_with(0).json();
    let remedies = document["remedies"].as_array().unwrap();
    assert_eq!(remedies.len(), 1, "{remedies:?}");
    assert_eq!(remedies[0]["target"], "curl 8.6.0-r0");
    assert_eq!(remedies[0]["clears"][0], document["findings"][0]["key"]);
}

#[test]
fn only_what_is_new_since_an_earlier_report_is_shown() {
    let context = with_shop();
    let report = ["scan", "--from", "feeds", "shop", "--format", "json=earlier.json"];
    context.plimsoll(&report).ends_with(0);
    let new =
        ["scan", "--from", "feeds", "shop", "--format", "json", "--new-since", "earlier.json"];
    assert_eq!(context.plimsoll(&new).ends_with(0).findings(), [] as [String; 0]);

    // An earlier report that lacks a finding, and one of several images.
    let mut earlier: serde_json::Value =
        serde_json::from_slice(&std::fs::read(context.path("earlier.json")).unwrap()).unwrap();
    let findings = earlier["findings"].as_array_mut().unwrap();
    findings.retain(|finding| finding["id"] != "CVE-2024-0853");
    context.write("earlier.json", earlier.to_string());
    assert_eq!(context.plimsoll(&new).ends_with(0).findings(), ["CVE-2024-0853 curl"]);
    let several = serde_json::json!({ "schema": "plimsoll.scans/1", "scans": [earlier] });
    context.write("earlier.json", several.to_string());
    assert_eq!(context.plimsoll(&new).ends_with(0).findings(), ["CVE-2024-0853 curl"]);

    context.write("earlier.json", "{}");
    context.plimsoll(&new).ends_with(1).says("earlier.json");
    let missing = ["scan", "--offline", "shop", "--new-since", "nothing.json"];
    context.plimsoll(&missing).ends_with(1).says("nothing.json");
}

#[test]
fn a_system_that_no_feed_covers_is_unknown_and_never_clean() {
    let context = TestContext::new();
    shop_feeds(&context);
    let database = apk_database(&[Apk { name: "musl", version: "1.2.4-r2", origin: "musl" }]);
    let unknown = "ID=frobnix\nVERSION_ID=7\nPRETTY_NAME=\"Frobnix 7\"\n";
    for (name, files) in [
        ("frobnix", &[("etc/os-release", unknown), ("lib/apk/db/installed", &database)][..]),
        ("nothing-known", &[("lib/apk/db/installed", &database)]),
        ("no-packages", &[("etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n")]),
        (
            "empty-database",
            &[("etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n"), ("lib/apk/db/installed", "")],
        ),
        ("only-a-file", &[("app/server", "#!/bin/sh\n")]),
    ] {
        layout_of(&context, name, files);
        let answer = context.plimsoll(&["scan", "--from", "feeds", name]).ends_with(11);
        let said = format!("{}{}", answer.stdout, answer.stderr).to_lowercase();
        assert!(said.contains("cannot know") || said.contains("not evaluated"), "{answer}");
        check(&context, &[name, "--allow-unknown"], 0);
        let json = ["scan", "--from", "feeds", name, "--format", "json"];
        let document = context.plimsoll(&json).ends_with(11).json();
        let coverage = document["coverage"].as_array().unwrap();
        assert!(coverage.iter().all(|part| part["status"] != "evaluated"), "{name}: {coverage:?}");
    }
}

#[test]
fn a_release_without_data_is_unknown() {
    let context = TestContext::new();
    shop_feeds(&context);
    let database = apk_database(&[Apk { name: "musl", version: "1.2.4-r2", origin: "musl" }]);
    let release = alpine_release("3.18.1");
    layout_of(
        &context,
        "older",
        &[("etc/os-release", &release), ("lib/apk/db/installed", &database)],
    );
    let answer =
        context.plimsoll(&["scan", "--offline", "older", "--format", "json"]).ends_with(11);
    assert_eq!(answer.json()["coverage"][0]["status"], "no_data");
    assert!(answer.json()["database"]["generation"].is_null());
}

/// Feeds of a whole distribution serve every release, also those that they never heard of.
#[test]
fn a_release_that_no_feed_knows_is_unknown() {
    let context = TestContext::new();
    let release = |status: &str| {
        json!({ "CVE-2024-5535": { "releases": { "bookworm": {
            "status": status, "fixed_version": "3.0.15-1", "urgency": "medium" } } } })
    };
    shop_feeds(&context).debian_tracker(&json!({ "openssl": release("resolved") }));
    let status = dpkg_status(&[Dpkg { name: "openssl", version: "3.0.14-1", source: None }]);
    let apk = apk_database(&[Apk { name: "openssl", version: "3.0.14-r0", origin: "openssl" }]);
    let debian = |version: &str| format!("ID=debian\nVERSION_ID=\"{version}\"\n");
    let dpkg = ("var/lib/dpkg/status", &*status);
    for (name, os_release, database, code) in [
        ("known", debian("12"), dpkg, 0),
        ("later", debian("99"), dpkg, 11),
        ("rolling", "ID=debian\nVERSION_CODENAME=sid\n".to_owned(), dpkg, 11),
        // Debian by its name, and nothing of Debian in it.
        ("disguised", debian("12"), ("lib/apk/db/installed", &*apk), 11),
    ] {
        layout_of(&context, name, &[("etc/os-release", &*os_release), database]);
        check(&context, &[name], code);
        check(&context, &[name, "--offline"], code);
        check(&context, &[name, "--allow-unknown"], 0);
    }
}

#[test]
fn data_that_is_too_old_judges_nothing() {
    let context = with_shop();
    check(&context, &["shop"], 0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let stale = ["shop", "--offline", "--max-db-age", "1s"];
    check(&context, &stale, 11);
    check(&context, &["shop", "--offline", "--max-db-age", "1d"], 0);
    check(&context, &[&stale[..], &["--allow-unknown"]].concat(), 0);
    let args = [&["scan", "--format", "json"], &stale[..]].concat();
    let document = context.plimsoll(&args).ends_with(11).json();
    for part in document["coverage"].as_array().unwrap() {
        assert_eq!(part["status"], "stale");
    }
}

#[test]
fn failed_wins_over_gate_and_gate_over_unknown() {
    let context = with_shop();
    layout_of(&context, "unknown", &[("etc/os-release", "ID=frobnix\n")]);
    let shop_and = |other: &str, code| {
        check(&context, &["shop", other, "--fail-on", "high"], code);
        check(&context, &[other, "shop", "--fail-on", "high"], code);
    };
    check(&context, &["shop", "--fail-on", "high"], 10);
    check(&context, &["unknown", "--fail-on", "high"], 11);
    shop_and("unknown", 10);
    shop_and("./nowhere", 1);
    check(&context, &["shop", "unknown"], 11);
    check(&context, &["unknown", "./nowhere"], 1);
    // Stale data still closes the gate: what was found there is wrong in any case.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let stale = ["shop", "--offline", "--max-db-age", "1s", "--fail-on", "high"];
    check(&context, &stale, 10);
}

#[test]
fn an_image_that_cannot_be_read_keeps_none_of_the_others_from_being_judged() {
    let context = with_shop();
    let scan = ["scan", "--from", "feeds", "--format", "json", "./nowhere", "shop", "./nothing"];
    let answer = context.plimsoll(&scan).ends_with(1).says("./nowhere").says("./nothing");
    let document = answer.json();
    assert_eq!(document["schema"], "plimsoll.scans/1", "several were asked for");
    assert_eq!(document["scans"].as_array().unwrap().len(), 1);
    assert_eq!(document["scans"][0]["findings"].as_array().unwrap().len(), 6);
}
