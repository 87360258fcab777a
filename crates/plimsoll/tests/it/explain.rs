//! `explain`: why an id is reported, or why it is not.

use crate::support::{TestContext, assert_answer, shop, shop_feeds};

fn with_shop() -> TestContext {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    context
}

/// The answer's lines, asked for this id.
fn lines(context: &TestContext, id: &str) -> Vec<String> {
    let answer = context.plimsoll(&["explain", "--from", "feeds", "shop", id]).ends_with(0);
    answer.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn an_affected_package_is_explained_by_every_witness() {
    let context = with_shop();
    assert_answer!(context.plimsoll(&["explain", "--from", "feeds", "shop", "CVE-2023-6129"]));
}

#[test]
fn an_absence_is_explained_too() {
    let context = with_shop();
    for (id, expected) in [
        ("CVE-2023-5363", "has the fix"),
        ("CVE-2024-2379", "is not affected"),
        ("CVE-2023-44487", "nginx is not installed"),
        ("CVE-1999-9999", "alpine:3.19"),
    ] {
        let lines = lines(&context, id);
        assert!(!lines.is_empty(), "{id}");
        assert!(lines.iter().all(|line| line.contains(expected)), "{id}: {lines:?}");
    }
    let musl = lines(&context, "CVE-2025-26519");
    assert_eq!(musl.len(), 1, "{musl:?}");
    assert!(musl[0].contains("is affected") && musl[0].contains("every version"), "{musl:?}");
}

#[test]
fn without_data_that_is_the_answer() {
    let context = with_shop();
    let answer = context.plimsoll(&["explain", "--offline", "shop", "CVE-2023-6129"]);
    assert!(answer.stdout.contains("there is no data for alpine:3.19"), "{answer}");
}

#[test]
fn what_explain_says_is_what_scan_finds() {
    let context = with_shop();
    let args = ["scan", "--from", "feeds", "--format", "json", "shop"];
    let scan = context.plimsoll(&args).ends_with(0).json();
    for finding in scan["findings"].as_array().unwrap() {
        let lines = lines(&context, finding["id"].as_str().unwrap());
        let affected = format!("{} is affected", finding["package"].as_str().unwrap());
        assert!(lines.iter().any(|line| line.starts_with(&affected)), "{affected}: {lines:?}");
    }
}
