//! What becomes of an image on a newer base.

use plimsoll_testkit::{Image, Layout, Registry, Setup};

use super::changes::program;
use super::upgrades::feeds;
use super::{CODENAMES, Machine, release};
use crate::findings::{Effect, remedy, text};

/// What the image's own layer does: more packages, fewer, and one from elsewhere.
fn build(machine: &Machine, codename: &str) {
    machine.use_frozen("v1");
    machine.apt(&["install", "less"]);
    machine.apt(&["remove", "tzdata"]);
    machine.use_frozen("v2");
    machine.apt(&["install", "-t", &format!("{codename}-backports"), "zlib1g"]);
}

fn check(codename: &str) {
    let Some(release) = release(codename) else { return };
    let Some(registry) = Registry::start(&Setup::default()) else { return };
    let Some(old_base) = Machine::new(release) else { return };
    let host = registry.host();
    let name = format!("{host}/debian:{codename}");
    let program = program(release).with(&["--insecure", &host]);
    feeds(&program, release, &old_base);

    let old_layer = old_base.root.layer();
    let old_image = Image::new([old_layer.clone()]);
    registry.push(&Layout::of(&old_image), &format!("debian:{codename}"));
    program.run(&["bases", "learn", &format!("{host}/debian")]);
    let app = old_base.copy();
    build(&app, codename);
    let image = Image::new([old_layer, app.root.layer_on(&old_base.root)]);
    let image = program.layout("app", &image);

    // The base is built again: with every update, one package more, and one less.
    let new_base = old_base.copy();
    new_base.use_frozen("v2");
    new_base.apt(&["dist-upgrade"]);
    new_base.apt(&["install", "libexpat1"]);
    new_base.apt(&["remove", "--allow-remove-essential", "e2fsprogs"]);
    let new_layer = new_base.root.layer();
    registry.push(&Layout::of(&Image::new([new_layer.clone()])), &format!("debian:{codename}"));
    let before = program.json(&["scan", &image]);
    assert_eq!(before["base"]["confidence"], "confirmed", "{}", before["base"]);
    assert_eq!(before["base"]["layers"], 1);

    let rebuilt = new_base.copy();
    build(&rebuilt, codename);
    let compare = |layout: &str, action: &str, counts: [usize; 3]| {
        let own = rebuilt.root.layer_on(&new_base.root);
        let image = program.layout(layout, &Image::new([new_layer.clone(), own]));
        let after = program.scan_as(&before, &image);
        let really = Effect::between(&before, &after);
        assert_eq!(really.counts(), counts, "{codename} {action}: {really:?}");
        let promised = Effect::promised(remedy(&before, action, &name));
        assert_eq!(promised, really, "{codename} {action}");
    };
    let bases = program.json(&["base", &image]);
    let effect = &bases["newer_bases"][0]["effect"];
    assert_eq!(*effect, serde_json::json!({ "clears": 7, "introduces": 2 }), "{bases}");
    // What the own layer took from elsewhere or removed stays as it is.
    compare("rebuilt", "upgrade_base", [7, 2, 7]);
    rebuilt.apt(&["install", "--only-upgrade", "less"]);
    compare("patched", "rebase_and_patch", [8, 2, 8]);

    // Who runs the base itself takes its newer build.
    let before = program.json(&["scan", &format!("registry:{name}@{}", old_image.digest())]);
    let after = program.scan_as(&before, &format!("registry:{name}"));
    let really = Effect::between(&before, &after);
    assert_eq!(really.counts(), [9, 2, 9], "{codename}: {really:?}");
    assert_eq!(Effect::promised(remedy(&before, "upgrade_image", &name)), really, "{codename}");
    let generation = text(&before["database"]["generation"]);
    let [from, to] = [&before, &after].map(|scan| text(&scan["image"]["reference"]));
    let diff = program.json(&["diff", &from, &to, "--generation", &generation]);
    assert_eq!(Effect::told(&diff), really, "{codename}");
}

#[test]
fn a_newer_bullseye_below_an_image_does_what_was_promised() {
    check(CODENAMES[0]);
}

#[test]
fn a_newer_bookworm_below_an_image_does_what_was_promised() {
    check(CODENAMES[1]);
}
