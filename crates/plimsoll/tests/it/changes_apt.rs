//! `changes` of images of Debian: what is pending, in the distribution's own words.

use plimsoll_testkit::{AptSuite, Deb, Image, Layer, Random};
use serde_json::json;

use crate::support::{
    Archive, MAIN, TestContext, assert_answer, bookworm, bookworm_with, changelog, deb,
    debian_release, entries_of, status_of, update, updates,
};

const CHANGES: &[&str] = &["changes", "image", "--format", "json"];

/// A security update with an id, and one of a point release.
fn two_updates(archive: &Archive) {
    let zlib = [("1.3-2", "Fix CVE-2026-0001: a heap overflow."), ("1.3-1", "New release.")];
    archive.security([deb("zlib", &zlib)]);
    archive.updates([deb("adduser", &[("3.135", "Point release."), ("3.134", "Before.")])]);
}

#[test]
fn security_updates_come_first_with_ids_and_entries() {
    let mut context = TestContext::new();
    two_updates(&Archive::new(&mut context));
    context.layout("image", &bookworm(&["adduser 3.134", "zlib 1.3-1"]));
    assert_answer!(context.plimsoll(CHANGES).ends_with(0));
    assert_answer!(context.plimsoll(&["changes", "image"]).ends_with(0));
    assert_answer!(context.plimsoll(&["changes", "image", "--format", "markdown"]).ends_with(0));

    let only = context.plimsoll(&[CHANGES, &["--only-security"]].concat()).ends_with(0).json();
    assert_eq!(updates(&only), ["zlib 1.3-1 → 1.3-2"]);
}

#[test]
fn that_nothing_is_pending_is_an_answer() {
    let mut context = TestContext::new();
    two_updates(&Archive::new(&mut context));
    context.layout("image", &bookworm(&["adduser 3.135", "zlib 1.3-2", "other 1"]));
    context.plimsoll(&["changes", "image"]).ends_with(0).shows("no pending updates");
    assert!(updates(&context.plimsoll(CHANGES).ends_with(0).json()).is_empty());
}

#[test]
fn several_images_ask_each_suite_once() {
    let mut context = TestContext::new();
    two_updates(&Archive::new(&mut context));
    context.layout("image", &bookworm(&["adduser 3.134"]));
    context.layout("other", &bookworm(&["zlib 1.3-1"]));
    let document = context.plimsoll(&[CHANGES, &["other"]].concat()).ends_with(0).json();
    assert_eq!(document["schema"], "plimsoll.all-changes/1");
    assert_eq!(updates(&document["changes"][0]), ["adduser 3.134 → 3.135"]);
    assert_eq!(updates(&document["changes"][1]), ["zlib 1.3-1 → 1.3-2"]);
}

/// What apt would not install now is shown, with the reason.
#[test]
fn holds_pins_and_phases_are_named() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let new = |name: &str| deb(name, &[("2", "New."), ("1", "Old.")]);
    let phased = new("phased").field("Phased-Update-Percentage", "0");
    archive.updates([new("held"), new("pinned"), new("free"), phased]);
    let release = debian_release("12", "bookworm");
    let status = status_of(&["held 1", "pinned 1", "free 1", "phased 1"]);
    let status = status.replacen("install ok installed", "hold ok installed", 1);
    let pin = "Package: pinned\nPin: version 1\nPin-Priority: 1001\n";
    let files = [
        ("etc/os-release", &*release),
        ("var/lib/dpkg/status", &*status),
        ("etc/apt/preferences.d/pinned", pin),
        ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
    ];
    context.layout("image", &Image::new([Layer::new(&entries_of(&files))]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    let held_back = |source: &str| update(&document, source)["held_back"].clone();
    assert_eq!(held_back("held"), "hold");
    assert_eq!(held_back("pinned"), "pinned");
    assert_eq!(held_back("phased"), "phased");
    assert!(held_back("free").is_null());
}

/// NotAutomatic with ButAutomaticUpgrades: only what came from there is updated from there.
#[test]
fn backports_are_taken_only_where_they_were_taken_before() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let backport = |name: &str| deb(name, &[("2-1~bpo12+1", "Backport."), ("1-1", "Old.")]);
    let main = AptSuite::new("bookworm").package(deb("plain", &[("1-1", "Old.")]));
    let backports = AptSuite::new("bookworm-backports").not_automatic();
    let backports = backports.packages([backport("plain"), backport("taken")]);
    archive.write(MAIN, [main, backports]);
    let sources = "deb http://ftp.debian.org/debian bookworm main\n\
                   deb http://ftp.debian.org/debian bookworm-backports main\n";
    let packages = ["plain 1-1", "taken 1.5-1~bpo12+1"];
    context.layout("image", &bookworm_with(&packages, &[("etc/apt/sources.list", sources)]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    assert_eq!(updates(&document), ["taken 1.5-1~bpo12+1 → 2-1~bpo12+1"]);
    assert_eq!(update(&document, "taken")["suite"], "bookworm-backports");
}

#[test]
fn news_are_shown_before_updating() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let news = changelog("openssh", &[("9.2-2", "PASSWORDS ARE OFF."), ("9.1-1", "Older news.")]);
    let update_ = deb("openssh", &[("9.2-2", "New defaults."), ("9.2-1", "Before.")]);
    archive.security([update_.news(&news)]);
    context.layout("image", &bookworm(&["openssh 9.2-1"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    let shown = update(&document, "openssh")["news"].as_str().unwrap();
    assert!(shown.contains("PASSWORDS ARE OFF.") && !shown.contains("Older news."), "{shown}");
    context.plimsoll(&["changes", "image"]).ends_with(0).shows("PASSWORDS ARE OFF.");
}

/// Ubuntu keeps about ten entries: whether older ones name more ids is not known.
#[test]
fn a_changelog_that_does_not_reach_the_installed_version_is_incomplete() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([deb("zlib", &[("1.3-9", "Fix CVE-2026-0009."), ("1.3-8", "CVE-2026-0008")])]);
    context.layout("image", &bookworm(&["zlib 1.3-1"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    let zlib = update(&document, "zlib");
    assert_eq!(zlib["complete"], false);
    assert_eq!(zlib["ids"].as_array().unwrap().len(), 2);
    context.plimsoll(&["changes", "image"]).ends_with(0).shows("incomplete");
}

#[test]
fn documentation_that_is_a_link_is_followed_to_the_sibling() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let text = changelog("openssl", &[("3.0-2", "Fix CVE-2026-0002."), ("3.0-1", "Old.")]);
    let of_openssl = |name: &str| Deb::new(name, "3.0-2").source("openssl").architecture("amd64");
    let large: Vec<u8> = Random::seeded(1).bytes(50_000);
    archive.security([
        // The smallest has no documentation of its own, a middle one none at all.
        of_openssl("libssl3").docs_of("openssl-common"),
        of_openssl("middle").file("usr/lib/middle", &large[..20_000]),
        of_openssl("openssl-common").file("usr/lib/large", large).changelog(&text),
    ]);
    context.layout("image", &bookworm(&["libssl3 3.0-1 openssl"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    let openssl = update(&document, "openssl");
    assert_eq!(openssl["ids"][0], "CVE-2026-0002");
    assert_eq!(openssl["binaries"], json!(["libssl3"]));
    assert_eq!((&openssl["complete"], &openssl["problem"]), (&true.into(), &().into()));
}

/// What is compared is the source: binaries may have epochs and rebuilds that it lacks.
#[test]
fn versions_are_those_of_the_source() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let text = changelog("util-linux", &[("2.38-2", "Fix CVE-2026-0003."), ("2.38-1", "Old.")]);
    archive.security([
        Deb::new("bsdutils", "1:2.38-2").source("util-linux (2.38-2)").architecture("amd64"),
        Deb::new("mount", "2.38-2+b3")
            .source("util-linux (2.38-2)")
            .architecture("amd64")
            .changelog(&text),
    ]);
    let packages = ["bsdutils 1:2.38-1+b1 util-linux (2.38-1)", "mount 2.38-1 util-linux"];
    context.layout("image", &bookworm(&packages));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    assert_eq!(updates(&document), ["util-linux 2.38-1 → 2.38-2"]);
    let update = update(&document, "util-linux");
    assert_eq!(update["binaries"], json!(["bsdutils", "mount"]));
    assert_eq!(update["complete"], true);
}

/// A rebuild of the same source changes nothing that a changelog speaks of.
#[test]
fn a_rebuild_alone_is_an_update_without_entries() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    let text = changelog("zlib", &[("1.3-1", "Fix CVE-2026-0001.")]);
    let rebuilt = Deb::new("zlib", "1.3-1+b2").source("zlib (1.3-1)").architecture("amd64");
    archive.updates([rebuilt.changelog(&text)]);
    context.layout("image", &bookworm(&["zlib 1.3-1+b1 zlib (1.3-1)"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    assert_eq!(updates(&document), ["zlib 1.3-1 → 1.3-1"]);
    let zlib = update(&document, "zlib");
    assert_eq!((&zlib["ids"], &zlib["entries"]), (&json!([]), &json!([])), "{zlib:#}");
    assert_eq!((&zlib["security"], &zlib["complete"]), (&false.into(), &true.into()));
    context.layout("image", &bookworm(&["zlib 1.3-1+b2 zlib (1.3-1)"]));
    context.plimsoll(&["changes", "image"]).ends_with(0).shows("no pending updates");
}

/// A new upstream version drags history in that the installed version has as well.
#[test]
fn ids_that_the_installed_version_has_fixed_are_not_counted_again() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([deb(
        "curl",
        &[
            ("8.0-1", "New upstream release: CVE-2026-0004, CVE-2025-0009."),
            ("7.9~exp1-1", "Experimental: CVE-2025-0009, CVE-2025-0008."),
            ("7.8-1+deb12u1", "Fix CVE-2025-0009, CVE-2025-0008."),
            ("7.8-1", "Release."),
        ],
    )]);
    context.layout("image", &bookworm(&["curl 7.8-1+deb12u1"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    let curl = update(&document, "curl");
    assert_eq!(curl["ids"], json!(["CVE-2026-0004"]));
    assert_eq!(curl["entries"].as_array().unwrap().len(), 2);
}
