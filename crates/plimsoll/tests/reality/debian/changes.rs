//! Which updates are pending.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{CODENAMES, Machine, Release, release};
use crate::findings::text;
use crate::program::Program;

/// The program with the frozen archive in the place of Debian's.
pub(super) fn program(release: &Release) -> Program {
    let key = release.frozen("key.gpg").display().to_string();
    let program = Program::new().with_copy().with(&["--keyring", &key]);
    for address in ["ftp.debian.org/debian", "security.debian.org/debian-security"] {
        program.place(address, &release.frozen("v2"));
    }
    program
}

/// The updates that the program would install: source and version, with the binaries.
pub(crate) fn updates(changes: &Value) -> BTreeMap<(String, String), BTreeSet<String>> {
    let updates = changes["updates"].as_array().unwrap().iter();
    updates
        .filter(|update| update["held_back"].is_null())
        .map(|update| {
            let binaries = update["binaries"].as_array().unwrap().iter().map(text).collect();
            ((text(&update["source"]), text(&update["candidate"])), binaries)
        })
        .collect()
}

/// What each update is said to fix, and whether it is a security update.
fn ids(changes: &Value) -> BTreeMap<String, (bool, Vec<String>)> {
    let updates = changes["updates"].as_array().unwrap().iter();
    let ids = |update: &Value| update["ids"].as_array().unwrap().iter().map(text).collect();
    updates
        .map(|update| {
            assert!(update["problem"].is_null(), "{update}");
            let source = text(&update["source"]);
            // gcc-12
            let source = source.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            (source, (update["security"].as_bool().unwrap(), ids(update)))
        })
        .collect()
}

/// An image that nobody touched, and images whose administrators told apt something.
fn check(codename: &str) {
    let Some(release) = release(codename) else { return };
    let Some(machine) = Machine::new(release) else { return };
    let program = program(release);
    machine.use_frozen("v2");
    let compare = |case: &str, count: usize| {
        let pending = machine.dist_upgrade();
        assert_eq!(pending.len(), count, "{codename} {case}: {pending:?}");
        let changes = program.json(&["changes", &machine.reference()]);
        assert_eq!(updates(&changes), machine.sources_of(&pending), "{codename} {case}");
        changes
    };

    let changes = compare("as it is", 7);
    let fixes = |ids: &[&str]| (true, ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    let expected = [
        ("debconf", fixes(&["GHSA-plim-soll-0001"])),
        ("gcc-", fixes(&["CVE-2026-900003"])),
        ("tzdata", (false, Vec::new())),
        ("util-linux", fixes(&["CVE-2026-900001", "CVE-2026-900002"])),
        ("zlib", fixes(&["CVE-2026-900004"])),
    ];
    assert_eq!(ids(&changes), expected.map(|(source, is)| (source.to_owned(), is)).into());

    machine.root.run(&["apt-mark", "hold", "zlib1g"]);
    let changes = compare("on hold", 6);
    let held = changes["updates"].as_array().unwrap().iter().find(|it| it["source"] == "zlib");
    assert_eq!(held.unwrap()["held_back"], "hold");
    machine.root.run(&["apt-mark", "unhold", "zlib1g"]);

    let configured = |path: &str, text: &str, case: &str, count: usize| {
        machine.root.write(path, text);
        let changes = compare(case, count);
        fs::remove_file(machine.root.path(path)).unwrap();
        changes
    };
    let pinned = |packages: &str, pin: &str, priority: i32, count: usize| {
        let text = format!("Package: {packages}\nPin: {pin}\nPin-Priority: {priority}\n");
        configured("etc/apt/preferences.d/test", &text, &text, count)
    };
    let backports = format!("release n={codename}-backports");
    let changes = pinned("zlib1g", &backports, 990, 7);
    assert!(updates(&changes).keys().any(|(_, version)| version.ends_with("+plimsoll2~bpo1")));
    pinned("*", "release l=Debian-Security", -1, 1);
    pinned("gcc-*-base lib*", "version *", -1, 4);
    pinned("/^(zlib1g|debconf)$/", "release o=Debian", -1, 5);
    pinned("src:zlib", &format!("release a={codename}-security"), -1, 6);
    let debconf = machine.root.run(&["dpkg-query", "-Wf${Version}", "debconf"]);
    pinned("debconf", &format!("version {debconf}"), 1001, 6);
    let not_read = "Package: *\nPin: release *\nPin-Priority: -1\n";
    configured("etc/apt/preferences.d/test.bak", not_read, "not a name of preferences", 7);
    let default = format!("APT::Default-Release \"{codename}\";\n");
    let changes = configured("etc/apt/apt.conf.d/test", &default, "a default release", 1);
    let zlib = changes["updates"].as_array().unwrap().iter().find(|it| it["source"] == "zlib");
    assert_eq!(zlib.unwrap()["held_back"], "pinned");
    let default = format!("APT {{ Default-Release \"/^{codename}(|-security)$/\"; }};\n");
    configured("etc/apt/apt.conf", &default, "a default release with its security updates", 7);

    machine.apt(&["dist-upgrade"]);
    let changes = compare("up to date", 0);
    assert_eq!(changes["updates"], serde_json::json!([]));
}

#[test]
fn what_is_pending_in_bullseye_is_what_apt_says() {
    check(CODENAMES[0]);
}

#[test]
fn what_is_pending_in_bookworm_is_what_apt_says() {
    check(CODENAMES[1]);
}

#[test]
fn what_is_pending_in_trixie_is_what_apt_says() {
    check(CODENAMES[2]);
}
