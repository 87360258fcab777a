//! `base`, and what `scan` says of the image that an image was built on.

use plimsoll_testkit::{Compression, Layer, Layout};
use serde_json::{Value, json};

use crate::support::{Bases, app_on, bookworm, recognised};

const CONFIRMED: &str = "layers confirmed 1";

/// `ID ORIGIN` of every finding.
fn origins(scan: &Value) -> Vec<String> {
    let findings = scan["findings"].as_array().unwrap().iter();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let mut found: Vec<_> = findings
        .map(|finding| format!("{} {}", word(finding, "id"), word(finding, "origin")))
        .collect();
    found.sort();
    found
}

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<_> =
        value.as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys
}

fn finding_keys(scan: &Value) -> Vec<String> {
    keys(&scan["findings"].as_array().unwrap().iter().map(|f| f["key"].clone()).collect())
}

#[test]
fn a_learned_base_is_confirmed_by_its_layers() {
    let Some(world) = Bases::new() else { return };
    let base = world.app_on_learned_base();
    let name = world.name("library/debian:bookworm-slim");
    let scan = world.scan("app");
    assert_eq!(recognised(&scan["base"]), CONFIRMED);
    assert_eq!(scan["base"]["reference"], name);
    assert_eq!(scan["base"]["digest"], base.digest().to_string());
    assert_eq!(scan["base"]["created"], "2024-01-01T00:00:00Z");
    let layers = scan["image"]["layers"].as_array().unwrap();
    assert_eq!((&layers[0]["origin"], &layers[1]["origin"]), (&"base".into(), &"own".into()));
    assert_eq!(
        origins(&scan),
        ["CVE-2026-0001 base", "CVE-2026-0002 base", "CVE-2026-0003 base", "CVE-2026-0004 own"]
    );
    let only = |origin: &str| {
        let args = ["scan", "app", "--format", "json", "--only", origin];
        origins(&world.context.plimsoll(&args).ends_with(0).json())
    };
    assert_eq!(only("own"), ["CVE-2026-0004 own"]);
    assert_eq!(only("base").len(), 3);
    let gate = |gate: &str, code| {
        world.context.plimsoll(&["scan", "app", "--fail-on", gate]).ends_with(code);
    };
    gate("medium,own", 10);
    gate("medium,base", 10);
    gate("high,own", 0);

    let table =
        world.context.plimsoll(&["base", "app"]).ends_with(0).shows("nothing newer is known");
    let answer = table.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = format!("{name} of 2024-01-01 (1 of 2 layers, confirmed by layers)");
    assert!(answer.starts_with(&expected), "{table}");
    // The base itself stands on nothing that is known, and is itself known.
    world.context.layout("base", &base);
    let own = world.context.plimsoll(&["scan", "base", "--format", "json"]).ends_with(0).json();
    assert_ne!(recognised(&own["base"]), CONFIRMED);
}

/// The simulated effect of the newer base is what a scan of the rebuilt image finds.
#[test]
fn a_tag_that_moved_is_a_remedy_with_its_exact_effect() {
    let Some(world) = Bases::new() else { return };
    world.app_on_learned_base();
    let newer = bookworm(&["zlib 3", "curl 1", "tool 1"]);
    world.push("library/debian:bookworm-slim", &newer);
    let before = world.scan("app");
    let remedies = before["remedies"].as_array().unwrap();
    let upgrade = remedies.iter().find(|remedy| remedy["action"] == "upgrade_base");
    let upgrade = upgrade.unwrap_or_else(|| panic!("{remedies:#?}"));
    assert_eq!(upgrade["target"], world.name("library/debian:bookworm-slim"));
    assert_eq!(
        keys(&upgrade["clears"]),
        ["CVE-2026-0001 debian/zlib@1:amd64", "CVE-2026-0002 debian/zlib@1:amd64"]
    );
    assert_eq!(upgrade["introduces"], json!([]));

    world.context.layout("rebuilt", &app_on(&newer, &["zlib 3", "curl 1", "tool 1"]));
    let mut predicted = finding_keys(&before);
    predicted.retain(|key| !keys(&upgrade["clears"]).contains(key));
    assert_eq!(finding_keys(&world.scan("rebuilt")), predicted);

    let report = world.base("app");
    let moved = &report["newer_bases"][0];
    assert_eq!(
        (&moved["relation"], &moved["digest"]),
        (&"same_tag".into(), &newer.digest().to_string().into())
    );
    assert_eq!(moved["effect"], json!({ "clears": 2, "introduces": 0 }));
    let table = world.context.plimsoll(&["base", "app"]).ends_with(0);
    table.shows("the tag has moved: 2 findings fewer");
    // Offline nobody is asked, and the base is known all the same.
    let offline = ["base", "app", "--offline", "--format", "json"];
    let offline = world.context.plimsoll(&offline).ends_with(0).json();
    assert_eq!(recognised(&offline["base"]), CONFIRMED);
    assert_eq!(offline["newer_bases"], json!([]));
}

#[test]
fn what_a_newer_base_brings_in_is_said() {
    let Some(world) = Bases::new() else { return };
    world.app_on_learned_base();
    world.push("library/debian:bookworm-slim", &bookworm(&["zlib 2", "curl 2", "tool 1"]));
    // Its own layer has curl 1 as well, so only the base's copies of what it left alone change.
    let base = bookworm(&["zlib 1"]);
    world.push("library/small:1", &base);
    world.learn("library/small");
    world.push("library/small:1", &bookworm(&["zlib 3", "curl 1"]));
    world.context.layout("small", &app_on(&base, &["zlib 1", "tool 2"]));
    let report = world.base("small");
    assert_eq!(report["newer_bases"][0]["effect"], json!({ "clears": 2, "introduces": 1 }));
    let scan = world.scan("small");
    let remedies = scan["remedies"].as_array().unwrap().iter();
    let upgrade: Vec<_> = remedies.filter(|r| r["action"] == "upgrade_base").collect();
    assert_eq!(upgrade.len(), 1, "{scan:#}");
    assert_eq!(keys(&upgrade[0]["introduces"]), ["CVE-2026-0003 debian/curl@1:amd64"]);
}

#[test]
fn tags_of_one_chain_are_ties() {
    let Some(world) = Bases::new() else { return };
    let base = bookworm(&["zlib 1", "curl 1"]);
    for tag in ["bookworm-slim", "bookworm-20260601-slim", "12-slim"] {
        world.push(&format!("library/debian:{tag}"), &base);
    }
    world.learn("library/debian");
    world.context.layout("app", &app_on(&base, &["zlib 1"]));
    let found = &world.base("app")["base"];
    let name = |tag: &str| world.name(&format!("library/debian:{tag}"));
    assert_eq!(recognised(found), CONFIRMED);
    let mut names: Vec<_> =
        found["ties"].as_array().unwrap().iter().map(|tie| tie.as_str().unwrap()).collect();
    names.push(found["reference"].as_str().unwrap());
    names.sort_unstable();
    assert_eq!(names, [name("12-slim"), name("bookworm-20260601-slim"), name("bookworm-slim")]);
}

/// Pushing through another registry recompresses; what is inside is the same.
#[test]
fn a_recompressed_base_is_recognised() {
    let Some(world) = Bases::new() else { return };
    let base = world.app_on_learned_base();
    let mut packed = base.clone();
    packed.layers = vec![Layer::from_tar(&base.layers[0].tar().unwrap(), Compression::Zstd)];
    assert_ne!(packed.layers[0].blob.digest, base.layers[0].blob.digest);
    world.context.layout("packed", &app_on(&packed, &["zlib 1", "tool 1"]));
    assert_eq!(recognised(&world.base("packed")["base"]), CONFIRMED);
}

/// One layer of everything: what it looks like is a guess, and called one.
#[test]
fn a_squashed_image_has_no_more_than_a_guess() {
    let Some(world) = Bases::new() else { return };
    world.app_on_learned_base();
    let squashed = bookworm(&["zlib 1", "curl 1", "tool 1"]);
    world.context.layout("squashed", &squashed);
    let answer = world.context.plimsoll(&["base", "squashed", "--format", "json"]).ends_with(0);
    let base = &answer.json()["base"];
    assert_eq!((&base["confidence"], &base["layers"]), (&"guess".into(), &0.into()), "{answer}");
    let scan = world.scan("squashed");
    assert!(origins(&scan).iter().all(|one| one.ends_with(" unknown")), "{scan:#}");
    let actions: Vec<_> =
        scan["remedies"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
    assert!(!actions.contains(&"upgrade_base".into()), "{actions:?}");
}

/// Higher versions of the same variant, and what each would do.
#[test]
fn newer_tags_of_the_family_are_weighed() {
    let Some(world) = Bases::new() else { return };
    let python = |zlib: &str| {
        let mut image = bookworm(&[&format!("zlib {zlib}"), "curl 1"]);
        image.runtime["Env"] = json!([format!("PYTHON_VERSION=3.11.{zlib}")]);
        image
    };
    for (tag, zlib) in [
        ("3.11.4-slim", "1"),
        ("3.11.9-slim", "2"),
        ("3.12.1-slim", "3"),
        ("3.11.9", "9"),
        ("3.11.2-slim", "0"),
        ("4.0.0-rc1-slim", "8"),
        ("latest", "9"),
    ] {
        world.push(&format!("library/python:{tag}"), &python(zlib));
    }
    let learn = ["bases", "learn", &world.name("library/python"), "--tags", "3.11.4-*"];
    world.context.plimsoll(&learn).ends_with(0).shows("1 image learned");
    world.context.layout("app", &app_on(&python("1"), &["zlib 1", "curl 1", "tool 1"]));
    let report = world.base("app");
    let newer: Vec<_> = report["newer_bases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let name = one["reference"].as_str().unwrap().rsplit(':').next().unwrap();
            format!("{name} {} {}", one["relation"].as_str().unwrap(), one["effect"]["clears"])
        })
        .collect();
    assert!(newer.contains(&"3.11.9-slim patch 1".to_owned()), "{newer:?}");
    assert!(newer.contains(&"3.12.1-slim minor 2".to_owned()), "{newer:?}");
    assert!(!newer.iter().any(|one| one.contains("3.11.2") || one.contains("latest")), "{newer:?}");
}

/// For somebody else's image a newer build of this very image is the answer.
#[test]
fn a_newer_build_of_the_image_itself_is_a_remedy() {
    let Some(world) = Bases::new() else { return };
    let old = bookworm(&["zlib 1", "curl 1"]);
    world.push("vendor/server:1", &old);
    world.learn("vendor/server");
    world.context.layout("server", &old);
    world.push("vendor/server:1", &bookworm(&["zlib 3", "curl 2"]));
    let scan = world.scan("server");
    let first = &scan["remedies"][0];
    assert_eq!(first["action"], "upgrade_image", "{scan:#}");
    assert_eq!(first["target"], world.name("vendor/server:1"));
    assert_eq!(first["clears"].as_array().unwrap().len(), 3);
    let report = world.context.plimsoll(&["base", "server", "--format", "json"]).json();
    assert_eq!(report["newer_images"][0]["relation"], "same_tag", "{report:#}");
    assert_eq!(report["newer_images"][0]["effect"], json!({ "clears": 3, "introduces": 0 }));
    let table = world.context.plimsoll(&["scan", "server"]).ends_with(0);
    table.shows(&world.name("vendor/server:1"));
}

/// The index is another one, the image for this platform is not.
#[test]
fn a_tag_that_moved_for_another_platform_only_has_not_moved() {
    let Some(world) = Bases::new() else { return };
    let base = bookworm(&["zlib 1"]);
    let push = |other: &str| {
        let other = bookworm(&[other]).platform("linux/arm64");
        let mut layout = Layout::new();
        layout.add_index("latest", &[base.clone(), other]);
        world.registry.push(&layout, "library/debian:bookworm");
    };
    push("zlib 1");
    world.learn("library/debian").shows("1 image learned");
    world.context.layout("app", &app_on(&base, &["zlib 1", "tool 1"]));
    push("zlib 2");
    let report = world.base("app");
    assert_eq!(recognised(&report["base"]), CONFIRMED);
    assert_eq!(report["base"]["digest"], base.digest().to_string());
    assert_eq!(report["newer_bases"], json!([]));
}
