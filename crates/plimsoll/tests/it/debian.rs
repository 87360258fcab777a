//! Debian with all its witnesses: the tracker, the lists of DSAs and DLAs, OSV, KEV and EPSS.

use plimsoll_testkit::{Deb, Image, Layer};
use serde_json::{Value, json};

use crate::support::{
    Archive, Dpkg, Feeds, Osv, TestContext, assert_answer, debian_release, dpkg_status, entries_of,
};

const DSA: &str =
    "salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list";

fn image(packages: &[Dpkg<'_>]) -> Image {
    let files = [
        ("etc/os-release", &*debian_release("12", "bookworm")),
        ("var/lib/dpkg/status", &*dpkg_status(packages)),
    ];
    Image::new([Layer::new(&entries_of(&files)).created_by("ADD rootfs.tar.xz / # buildkit")])
}

/// One id of the tracker in bookworm.
fn bookworm(release: &Value) -> Value {
    json!({ "description": "What it is about", "releases": { "bookworm": release } })
}

fn tracker() -> Value {
    let open = |more: &Value| {
        let mut release = json!({ "status": "open", "urgency": "not yet assigned" });
        release.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bookworm(&release)
    };
    json!({
        "openssl": {
            "CVE-2024-5535": bookworm(&json!({
                "status": "resolved", "fixed_version": "3.0.15-1~deb12u1", "urgency": "medium"
            })),
            "CVE-2024-0001": bookworm(&json!({
                "status": "resolved", "fixed_version": "0", "urgency": "high"
            })),
            "CVE-2023-0286": bookworm(&json!({
                "status": "resolved", "fixed_version": "3.0.8-1", "urgency": "high"
            })),
        },
        "zlib": {
            "CVE-2023-45853": open(&json!({ "nodsa": "Minor issue", "nodsa_reason": "ignored" })),
            "CVE-2023-45854": open(&json!({ "nodsa": "Minor issue", "nodsa_reason": "postponed" })),
            "CVE-2023-45855": bookworm(&json!({ "status": "undetermined", "urgency": "not yet assigned" })),
            "CVE-2023-45856": open(&json!({ "urgency": "unimportant" })),
            "CVE-2023-45857": open(&json!({ "urgency": "end-of-life" })),
        },
        "broken": { "CVE-2023-1": { "releases": 7 } },
    })
}

fn context() -> TestContext {
    with_image_and_feeds(TestContext::new())
}

fn with_image_and_feeds(context: TestContext) -> TestContext {
    let osv = Osv {
        id: "DSA-5764-1",
        aliases: &["CVE-2024-5535"],
        ecosystem: "Debian:12",
        package: "openssl",
        fixed: Some("3.0.15-1~deb12u1"),
        vector: Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H"),
    };
    Feeds::new(context.path("feeds"))
        .debian_tracker(&tracker())
        .document(
            DSA,
            "[03 Sep 2024] DSA-5764-1 openssl - security update\n\t{CVE-2024-5535}\n\
             \t[bookworm] - openssl 3.0.15-1~deb12u1\n",
        )
        .osv("Debian", &[osv.record()])
        .kev(&["CVE-2024-5535"])
        .epss(&[("CVE-2024-5535", 0.5)]);
    let packages = [
        Dpkg { name: "libssl3", version: "3.0.14-1~deb12u2", source: Some("openssl") },
        Dpkg { name: "openssl", version: "3.0.14-1~deb12u2", source: None },
        Dpkg { name: "zlib1g", version: "1:1.2.13.dfsg-1", source: Some("zlib") },
    ];
    context.layout("image", &image(&packages));
    context
}

#[test]
fn the_states_of_the_tracker_are_kept() {
    let context = context();
    let scan = ["scan", "--from", "feeds", "--format", "json", "image"];
    let document = context.plimsoll(&scan).ends_with(0).json();
    let findings = document["findings"].as_array().unwrap().iter();
    let states: Vec<_> = findings
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or("-");
            let package = text("package").rsplit('/').next().unwrap();
            let name = package.split('@').next().unwrap();
            format!("{} {name} {} {}", text("id"), text("state"), text("severity"))
        })
        .collect();
    assert_eq!(
        states,
        [
            "CVE-2023-45853 zlib1g will_not_fix unknown",
            "CVE-2023-45854 zlib1g fix_deferred unknown",
            "CVE-2023-45855 zlib1g undetermined unknown",
            "CVE-2023-45856 zlib1g affected negligible",
            "CVE-2023-45857 zlib1g end_of_life unknown",
            "CVE-2024-5535 libssl3 fixed medium",
            "CVE-2024-5535 openssl fixed medium",
        ]
    );
}

#[test]
fn one_id_of_several_feeds_is_one_finding_with_several_witnesses() {
    let mut context = TestContext::new();
    let fixed =
        |name: &str| Deb::new(name, "3.0.15-1~deb12u1").source("openssl").architecture("amd64");
    Archive::new(&mut context).updates([fixed("openssl"), fixed("libssl3")]);
    let context = with_image_and_feeds(context);
    let scan = ["scan", "--from", "feeds", "--format", "json", "image"];
    let document = context.plimsoll(&scan).ends_with(0).json();
    let openssl: Vec<_> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["id"] == "CVE-2024-5535")
        .collect();
    assert_eq!(openssl.len(), 2);
    for finding in openssl {
        let feeds: Vec<_> = finding["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|witness| witness["feed"].as_str().unwrap())
            .collect();
        assert_eq!(feeds, ["debian-tracker", "debian-dsa", "osv-debian"], "the strongest first");
        assert_eq!(finding["severity_source"], "vendor");
        assert_eq!(finding["kev"]["added"], "2024-02-01");
        assert_eq!(finding["epss"]["score"], 0.5);
        assert!(finding["aliases"].to_string().contains("DSA-5764-1"), "{finding}");
    }
    assert_answer!(context.plimsoll(&["scan", "--from", "feeds", "image"]));
}

#[test]
fn a_feed_that_is_missing_is_named_and_the_others_judge() {
    let context = context();
    let scan = ["scan", "--from", "feeds", "image"];
    let answer = context.plimsoll(&scan).ends_with(0);
    for feed in ["debian-dla", "apt-archive"] {
        assert!(answer.stderr.contains(&format!("warning: feed {feed}: ")), "{feed}: {answer}");
    }
    let status = context.plimsoll(&["db", "status", "--problems"]).ends_with(0);
    assert!(status.stdout.contains("CVE-2023-1 broken"), "{status}");
}

#[test]
fn what_a_finding_of_a_vendor_without_decision_means() {
    let context = context();
    // Undetermined closes no gate; will not fix does.
    let gate = |gate: &str, code: i32| {
        let args = ["scan", "--from", "feeds", "image", "--fail-on", gate];
        context.plimsoll(&args).ends_with(code)
    };
    gate("medium", 10);
    gate("high", 0);
    gate("unknown", 10);
    gate("kev", 10);
    let explained = context.plimsoll(&["explain", "--from", "feeds", "image", "CVE-2024-0001"]);
    explained.ends_with(0).shows("is not affected");
    let explained = context.plimsoll(&["explain", "--from", "feeds", "image", "CVE-2023-0286"]);
    explained.ends_with(0).shows("has the fix");
}

#[test]
fn packages_that_are_not_installed_are_not_there() {
    let context = TestContext::new();
    let mut status = dpkg_status(&[Dpkg { name: "bash", version: "5.2-1", source: None }]);
    for (name, state) in [
        ("removed", "deinstall ok config-files"),
        ("half", "install reinstreq half-installed"),
        ("never", "purge ok not-installed"),
    ] {
        status.push_str(&format!(
            "Package: {name}\nStatus: {state}\nArchitecture: amd64\nVersion: 1-1\n\n"
        ));
    }
    let release = debian_release("12", "bookworm");
    let files = [("etc/os-release", &*release), ("var/lib/dpkg/status", &*status)];
    context.layout("image", &Image::new([Layer::new(&entries_of(&files))]));
    let answer = context.plimsoll(&["inventory", "image", "--format", "json"]).ends_with(0);
    let document = answer.json();
    let names: Vec<_> =
        document["packages"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["bash"]);
}

/// The vendor, the advisory's own vector, a vector of the same id in any shard, unknown: in this order.
#[test]
fn the_severity_comes_from_the_nearest_that_has_one() {
    let context = TestContext::new();
    let osv = |id| Osv {
        id,
        aliases: &[],
        ecosystem: "Debian:12",
        package: "busybox",
        fixed: None,
        vector: Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),
    };
    crate::support::shop_feeds(&context)
        .osv("Debian", &[osv("CVE-2023-42363").record(), osv("CVE-2023-6129").record()]);
    context.layout("shop", &crate::support::shop());
    let severities = || {
        let scan = ["scan", "--offline", "--format", "json", "shop"];
        let document = context.plimsoll(&scan).ends_with(0).json();
        let findings = document["findings"].as_array().unwrap().clone();
        let of = |id: &str| {
            let finding = findings.iter().find(|finding| finding["id"] == id).unwrap();
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            (text("severity"), text("severity_source"))
        };
        [of("CVE-2023-42363"), of("CVE-2023-6129")]
    };
    let pair = |severity: &str, source: &str| (severity.to_owned(), source.to_owned());
    context.plimsoll(&["db", "update", "alpine:3.19", "--from", "feeds"]).ends_with(0);
    let own = pair("medium", "advisory_cvss");
    assert_eq!(severities(), [pair("unknown", "unknown"), own.clone()]);
    context.plimsoll(&["db", "update", "debian:12", "--from", "feeds"]).ends_with(0);
    assert_eq!(severities(), [pair("high", "alias_cvss"), own]);
}
