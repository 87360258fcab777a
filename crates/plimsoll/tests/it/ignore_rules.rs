//! `[[ignore]]` of plimsoll.toml: set aside visibly, and only until the day it says.

use crate::support::{TestContext, alpine_repositories, assert_answer, shop, shop_feeds};

fn with_rules(rules: &str) -> TestContext {
    let mut context = TestContext::new();
    shop_feeds(&context);
    alpine_repositories(&mut context);
    context.layout("shop", &shop());
    context.write("plimsoll.toml", rules);
    context
}

const SCAN: &[&str] = &["scan", "--from", "feeds", "shop"];
const JSON: &[&str] = &["scan", "--from", "feeds", "shop", "--format", "json"];

/// The ids set aside, each with the rule's reason.
fn set_aside(context: &TestContext) -> Vec<String> {
    let document = context.plimsoll(JSON).ends_with(0).json();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 6, "nothing vanishes");
    let ignored = findings.iter().filter(|finding| !finding["suppressed"].is_null());
    ignored
        .map(|finding| {
            format!("{} {}", finding["id"].as_str().unwrap(), finding["suppressed"]["reason"])
        })
        .collect()
}

#[test]
fn a_rule_sets_aside_and_is_counted() {
    let context = with_rules(
        "[[ignore]]\nid = \"CVE-2024-0853\"\nreason = \"no OCSP\"\nuntil = 2026-12-31\n\n\
         [[ignore]]\npackage = \"libssl3\"\nreason = \"only libcrypto is used\"\n",
    );
    assert_eq!(
        set_aside(&context),
        ["CVE-2023-6129 \"only libcrypto is used\"", "CVE-2024-0853 \"no OCSP\""]
    );
    assert_answer!(context.plimsoll(SCAN));
    // What is set aside closes no gate; what is not, does.
    context.plimsoll(&[SCAN, &["--fail-on", "critical"]].concat()).ends_with(0);
    context.plimsoll(&[SCAN, &["--fail-on", "kev"]].concat()).ends_with(0);
    context.plimsoll(&[SCAN, &["--fail-on", "high"]].concat()).ends_with(10);
}

#[test]
fn a_rule_expires() {
    let context = with_rules("[[ignore]]\nid = \"CVE-2024-0853\"\nuntil = 2026-06-01\n");
    assert_eq!(set_aside(&context).len(), 1, "its last day counts");
    let context = context.var("PLIMSOLL_AS_OF", "2026-06-02");
    assert_eq!(set_aside(&context).len(), 0);
    let answer = context.plimsoll(&[SCAN, &["--fail-on", "critical"]].concat()).ends_with(10);
    answer.says("plimsoll.toml [[ignore]] 1 has expired and hides nothing any more");
}

#[test]
fn a_rule_may_use_stars_and_must_match_in_every_field() {
    for (rule, expected) in [
        ("id = \"CVE-2023-*\"", 4),
        ("id = \"*\"", 6),
        ("package = \"openssl\"", 2),
        ("package = \"lib*\"", 2),
        ("path = \"lib/apk/*\"", 6),
        ("id = \"CVE-2023-*\"\npackage = \"busybox\"", 2),
        ("id = \"CVE-2024-0853\"\npackage = \"openssl\"", 0),
        // A rule that names nothing hides nothing.
        ("reason = \"unfinished\"", 0),
    ] {
        let context = with_rules(&format!("[[ignore]]\n{rule}\n"));
        assert_eq!(set_aside(&context).len(), expected, "{rule}");
    }
}

#[test]
fn a_misspelt_rule_is_a_mistake() {
    for rules in ["[[ignore]]\nidd = \"CVE-1\"\n", "[[ignored]]\nid = \"CVE-1\"\n", "[[ignore]\n"] {
        let context = with_rules(rules);
        let answer = context.plimsoll(SCAN).ends_with(2).says("plimsoll.toml");
        assert_eq!(answer.stdout, "");
    }
}
