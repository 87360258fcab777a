//! The archives of today, by this machine's mirrors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plimsoll_testkit::{shared_data, skipped};
use serde_json::Value;

use crate::debian::{CODENAMES, Machine, release, updates};
use crate::findings::text;
use crate::program::Program;

/// Its stored ids have one that bullseye's backport of xz-utils had brought already: 5.2.5-2.1 stands below the installed
/// 5.2.5-2.1~deb11u1 in the changelog, though dpkg orders it higher.
const MISREAD: &str = "xz-utils";

fn check(codename: &str) {
    let Some(release) = release(codename) else { return };
    let Some(machine) = Machine::new(release) else { return };
    let (main, security) = (&release.mirrors.main, &release.mirrors.security);
    let sources = |main: &str, security: &str| {
        format!(
            "deb {main} {codename} main\ndeb {main} {codename}-updates main\n\
             deb {security} {codename}-security main\n"
        )
    };
    let official = "http://security.debian.org/debian-security";
    let named = sources("http://ftp.debian.org/debian", official);
    machine.root.write("etc/apt/sources.list", named);
    fs::copy("/etc/resolv.conf", machine.root.path("etc/resolv.conf")).unwrap();
    if let Err(why) = machine.use_sources(&sources(main, security)) {
        return skipped(&format!("needs today's archive of {codename}: {}", why.trim()));
    }
    let main = format!("ftp.debian.org/debian={main}");
    let security = format!("security.debian.org/debian-security={security}");
    let program = Program::new().with(&["--mirror", &main, "--mirror", &security]);

    let pending = machine.dist_upgrade();
    let changes = program.json(&["changes", &machine.reference()]);
    assert_eq!(updates(&changes), machine.sources_of(&pending), "{codename}");
    compare_ids(codename, &changes);
    for suite in changes["distribution_archive"].as_array().unwrap() {
        assert_eq!(suite["status"], "verified", "{suite}");
    }
    if pending.is_empty() {
        let table = program.run(&["changes", &machine.reference()]);
        assert!(table.contains("no pending updates"), "{table}");
    }
}

/// What the changelogs of stored updates were found to fix, where the archive still has these updates.
fn compare_ids(codename: &str, changes: &Value) {
    let Some(shared) = shared_data() else { return };
    let stored = shared.join(format!("expected/apt-delta/debian-{codename}-main-slim.json"));
    let stored: Value = serde_json::from_slice(&fs::read(stored).unwrap()).unwrap();
    let mut expected: BTreeMap<[String; 3], BTreeSet<String>> = BTreeMap::new();
    for package in stored["packages"].as_array().unwrap() {
        let update = ["source", "installed_source", "candidate"].map(|field| text(&package[field]));
        let ids = package["fixes"].as_array().unwrap().iter().map(text);
        expected.entry(update).or_default().extend(ids);
    }
    for update in changes["updates"].as_array().unwrap() {
        let this = ["source", "installed", "candidate"].map(|field| text(&update[field]));
        let ids = update["ids"].as_array().unwrap().iter().map(text);
        // Only these were looked for.
        let found: BTreeSet<_> = ids.filter(|id| id.starts_with("CVE-")).collect();
        if let Some(expected) = expected.get(&this).filter(|_| this[0] != MISREAD) {
            assert_eq!(found, *expected, "{update}");
        }
    }
}

#[test]
fn what_is_pending_today_is_what_apt_says() {
    for codename in CODENAMES {
        check(codename);
    }
}
