//! `inventory` in its four formats, and what it refuses.

use plimsoll_testkit::{Entry, Image, Layer, Layout};
use serde_json::Value;

use crate::support::{
    Apk, Dpkg, TestContext, apk_database, assert_answer, debian_release, dpkg_status, entries_of,
    shop,
};

#[test]
fn a_table_names_layer_and_source() {
    let context = TestContext::new();
    context.layout("shop", &shop());
    assert_answer!(context.plimsoll(&["inventory", "shop"]));
}

#[test]
fn bills_of_materials_name_every_package() {
    let context = TestContext::new();
    context.layout("shop", &shop());
    let args = ["inventory", "shop", "--format", "cyclonedx=bom.json", "--format", "spdx"];
    let spdx = context.plimsoll(&args).ends_with(0).json();
    let bom: Value =
        serde_json::from_slice(&std::fs::read(context.path("bom.json")).unwrap()).unwrap();
    assert_eq!(bom["bomFormat"], "CycloneDX");
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    for name in ["musl", "busybox", "ssl_client", "libcrypto3", "libssl3", "curl"] {
        let purl = |value: &Value| value.to_string().contains(&format!("pkg:apk/alpine/{name}@"));
        assert!(purl(&bom) && purl(&spdx), "{name}");
    }
    let again = context.plimsoll(&args).ends_with(0);
    assert_eq!(again.json(), spdx, "the same image has the same bill");
}

#[test]
fn a_bill_speaks_of_one_platform() {
    let context = TestContext::new();
    let mut layout = Layout::new();
    layout.add_index("latest", &[shop(), shop().platform("linux/arm64")]);
    layout.write(&context.path("multi")).unwrap();
    for format in ["spdx", "cyclonedx"] {
        let args = ["inventory", "multi", "--platform", "all", "--format", format];
        context.plimsoll(&args).ends_with(2).says("--platform");
    }
    let args = ["inventory", "multi", "--platform", "all", "--format", "json"];
    assert!(context.plimsoll(&args).ends_with(0).stdout.contains("arm64"));
}

/// A base with dpkg, a layer that upgrades, one that removes, one that replaces the database.
#[test]
fn layers_are_merged_and_each_package_keeps_the_layer_that_brought_it() {
    let package = |name, version| Dpkg { name, version, source: None };
    let status =
        |packages: &[Dpkg<'_>]| entries_of(&[("var/lib/dpkg/status", &dpkg_status(packages))]);
    let release = debian_release("12", "bookworm");
    let base = [package("bash", "5.2-1"), package("curl", "7.88-1"), package("vim", "9-1")];
    let mut first = entries_of(&[("etc/os-release", &release)]);
    first.extend(status(&base));
    let upgraded = [package("bash", "5.2-1"), package("curl", "7.88-2"), package("vim", "9-1")];
    let removed = [package("bash", "5.2-1"), package("curl", "7.88-2")];
    let image = Image::new([
        Layer::new(&first).created_by("ADD rootfs"),
        Layer::new(&status(&upgraded)).created_by("RUN apt-get upgrade"),
        Layer::new(&status(&removed)).created_by("RUN apt-get remove vim"),
        Layer::new(&[]).created_by("nothing"),
    ]);
    let context = TestContext::new();
    context.layout("image", &image);
    let document =
        context.plimsoll(&["inventory", "image", "--format", "json"]).ends_with(0).json();
    let layers: Vec<String> =
        image.layers.iter().map(|layer| layer.blob.diff_id.to_string()).collect();
    let found: Vec<_> = document["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            let layer = layers.iter().position(|layer| *layer == text("introduced_in"));
            (text("name"), text("version"), layer.unwrap())
        })
        .collect();
    let expected = [("bash", "5.2-1", 0), ("curl", "7.88-2", 1)];
    assert_eq!(found, expected.map(|(name, version, at)| (name.into(), version.into(), at)));
    let created_by = &document["image"]["layers"][1]["created_by"];
    assert_eq!(created_by, "RUN apt-get upgrade");
}

#[test]
fn a_removed_database_is_gone_and_an_opaque_directory_hides_it() {
    let database = apk_database(&[Apk { name: "musl", version: "1.2-r0", origin: "musl" }]);
    let base = || Layer::new(&entries_of(&[("lib/apk/db/installed", &database)]));
    let context = TestContext::new();
    for (name, entry) in [
        ("whiteout", Entry::whiteout("lib/apk/db/installed")),
        ("whiteout-above", Entry::whiteout("lib/apk")),
        ("opaque", Entry::opaque("lib/apk/db")),
        ("file-over-directory", Entry::file("lib/apk", "a file")),
    ] {
        context.layout(name, &Image::new([base(), Layer::new(&[entry])]));
        context.plimsoll(&["inventory", name]).ends_with(11).says("no package database was found");
        context.plimsoll(&["inventory", name, "--allow-unknown"]).ends_with(0);
    }
}

#[test]
fn names_from_an_image_cannot_steer_a_terminal() {
    let database = "P:evil\u{1b}[2J\u{7}\u{202e}txt\nV:1.0-r0\nA:x86_64\no:evil\n\n";
    let release = "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"\u{1b}]0;owned\u{7}Alpine\"\n";
    let files = [("etc/os-release", release), ("lib/apk/db/installed", database)];
    let context = TestContext::new();
    context.layout(
        "evil",
        &Image::new([Layer::new(&entries_of(&files)).created_by("RUN \u{1b}[31m")]),
    );
    for args in [
        &["inventory", "evil"][..],
        &["scan", "--offline", "evil"],
        &["scan", "--offline", "evil", "--by", "layer"],
        &["scan", "--offline", "evil", "--by", "package"],
    ] {
        let answer = context.plimsoll(args);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        let steers = said.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(steers, None, "{answer:?}");
    }
}
