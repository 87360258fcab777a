//! `diff`: what changed between two images, or for one image between two generations.

use serde_json::{Value, json};

use crate::support::{Archive, Feeds, TestContext, assert_answer, bookworm, tracker};

/// The ids of a list of findings.
fn ids(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

fn world() -> TestContext {
    let mut context = TestContext::new();
    Archive::new(&mut context);
    let zlib = tracker("zlib", &[("CVE-2026-0001", "2"), ("CVE-2026-0002", "4")]);
    Feeds::new(context.path("feeds")).debian_tracker(&zlib);
    context
}

#[test]
fn packages_and_findings_come_and_go() {
    let context = world();
    context.layout("old", &bookworm(&["zlib 1", "gone 1", "same 1"]));
    context.layout("new", &bookworm(&["zlib 3", "come 1", "same 1"]));
    let answer = context.plimsoll(&["diff", "old", "new", "--format", "json"]).ends_with(0);
    let diff = answer.json();
    assert_eq!(diff["schema"], "plimsoll.diff/1");
    let changes: Vec<_> = diff["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| json!([change["name"], change["from"], change["to"]]))
        .collect();
    assert_eq!(
        changes,
        [json!(["come", null, "1"]), json!(["gone", "1", null]), json!(["zlib", "1", "3"])]
    );
    assert_eq!(ids(&diff["lost"]), ["CVE-2026-0001"]);
    assert!(ids(&diff["gained"]).is_empty());
    assert_eq!(diff["kept"], 1, "the same id of the same package, whatever its version");
    assert_answer!(context.plimsoll(&["diff", "old", "new", "--offline"]).ends_with(0));

    let back = context.plimsoll(&["diff", "new", "old", "--format", "json"]).ends_with(0).json();
    assert_eq!(ids(&back["gained"]), ["CVE-2026-0001"]);
    let same = context.plimsoll(&["diff", "new", "new"]).ends_with(0);
    same.shows("0 gained; 0 lost; 1 kept; no package changed");
}

#[test]
fn a_database_that_grew_is_seen_on_the_same_image() {
    let context = world();
    context.layout("image", &bookworm(&["zlib 1"]));
    let scan = ["scan", "image", "--format", "json"];
    let first = context.plimsoll(&scan).ends_with(0).json();
    let only = context.plimsoll(&["diff", "image", "--generations"]).ends_with(1);
    assert!(only.stderr.contains("generation"), "{only}");

    let more = [("CVE-2026-0001", "2"), ("CVE-2026-0003", "2")];
    Feeds::new(context.path("feeds")).debian_tracker(&tracker("zlib", &more));
    let context = context.var("PLIMSOLL_REFRESH_AFTER", "0s");
    let second = context.plimsoll(&scan).ends_with(0).json();
    let id = |scan: &Value| scan["database"]["generation"].as_str().unwrap().to_owned();
    let (old, new) = (id(&first), id(&second));
    assert_ne!(old, new);

    let check = |names: &[&str]| {
        let args = [&["diff", "image", "--format", "json", "--generations"], names].concat();
        let diff = context.plimsoll(&args).ends_with(0).json();
        assert_eq!(ids(&diff["gained"]), ["CVE-2026-0003"], "{names:?}");
        assert_eq!(ids(&diff["lost"]), ["CVE-2026-0002"], "{names:?}");
        assert_eq!((&diff["kept"], &diff["packages"]), (&1.into(), &json!([])));
        assert_eq!(diff["from"]["database"]["generation"], *old);
        assert_eq!(diff["to"]["database"]["generation"], *new);
    };
    check(&[]);
    check(&["previous", "current"]);
    check(&[&old[..8], &new[..8]]);
    let table = context.plimsoll(&["diff", "image", "--generations"]).ends_with(0);
    table.shows(&format!("generation {old}")).shows("1 gained");

    // What is in force is not brought up to date by a comparison.
    let third = [("CVE-2026-0009", "2")];
    Feeds::new(context.path("feeds")).debian_tracker(&tracker("zlib", &third));
    check(&[]);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let context = world();
    context.layout("image", &bookworm(&["zlib 1"]));
    context.plimsoll(&["diff", "image"]).ends_with(2);
    context.plimsoll(&["diff", "image", "missing"]).ends_with(1).says("missing");
    context.plimsoll(&["diff", "image", "image", "--generations"]).ends_with(2);
    context.plimsoll(&["diff", "image", "--generations", "previous"]).ends_with(2);
    context.plimsoll(&["scan", "image"]).ends_with(0);
    let unknown = ["diff", "image", "--generations", "ffffffff", "current"];
    context.plimsoll(&unknown).ends_with(1).says("ffffffff");
    // What was not evaluated is said on its side.
    context.layout("other", &crate::support::shop());
    let answer = context.plimsoll(&["diff", "image", "other", "--offline"]).ends_with(0);
    answer.shows("after: ");
}
