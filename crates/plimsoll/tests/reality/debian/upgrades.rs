//! What upgrades of packages clear and bring in.

use serde_json::{Value, json};

use super::changes::program;
use super::{CODENAMES, Machine, Release, release};
use crate::findings::{Effect, remedy, text};
use crate::program::Program;

/// The source's version of an installed package's update, from what the program says.
fn candidate(program: &Program, machine: &Machine, source: &str) -> String {
    let changes = program.json(&["changes", &machine.reference()]);
    let updates = changes["updates"].as_array().unwrap();
    let update = updates.iter().find(|update| update["source"] == source);
    text(&update.unwrap_or_else(|| panic!("{source}: {updates:?}"))["candidate"])
}

/// More than the archive knows: what no update clears, what one clears though its changelog names nothing, and what one
/// brings in.
pub(super) fn feeds(program: &Program, release: &Release, machine: &Machine) {
    let fixed = |version: &str| json!({ "status": "resolved", "fixed_version": version });
    let codename = release.codename;
    let entry = |about: Value| json!({ "releases": { codename: about } });
    let tzdata = candidate(program, machine, "tzdata");
    let debconf = candidate(program, machine, "debconf");
    let tracker = json!({
        "dpkg": { "CVE-2026-910001": entry(json!({ "status": "open" })) },
        "e2fsprogs": { "CVE-2026-910007": entry(json!({ "status": "open" })) },
        "expat": { "CVE-2026-910002": entry(json!({ "status": "open" })) },
        "less": { "CVE-2026-910003": entry(json!({ "status": "open" })) },
        "tzdata": { "CVE-2026-910004": entry(fixed(&tzdata)) },
        "zlib": { "CVE-2026-910005": entry(json!({ "status": "open" })) },
    });
    let at = program.copy_of("security-tracker.debian.org/tracker/data/json");
    std::fs::write(at, tracker.to_string()).unwrap();
    program.place_osv(
        "Debian",
        &[json!({
            "id": "CVE-2026-910006",
            "modified": "2026-05-01T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": format!("Debian:{}", release.version()), "name": "debconf" },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": debconf }] }],
            }],
        })],
    );
}

fn check(codename: &str) {
    let Some(release) = release(codename) else { return };
    let Some(machine) = Machine::new(release) else { return };
    let program = program(release);
    feeds(&program, release, &machine);
    let before = program.json(&["scan", &machine.reference()]);
    machine.use_frozen("v2");

    let compare = |target: &str, counts: [usize; 3], words: &[&str]| {
        let upgraded = machine.copy();
        upgraded.apt(words);
        let after = program.scan_as(&before, &upgraded.reference());
        let really = Effect::between(&before, &after);
        assert_eq!(really.counts(), counts, "{codename} {target}: {really:?}");
        let promised = Effect::promised(remedy(&before, "upgrade_packages", target));
        assert_eq!(promised, really, "{codename} {target}");
    };
    // bsdutils twice, debconf, gcc's three, zlib; and what names no id.
    compare("all pending updates", [8, 1, 7], &["dist-upgrade"]);
    let gcc = before["packages"].as_array().unwrap().iter().find(|it| it["name"] == "libgcc-s1");
    let gcc = text(&gcc.unwrap()["source"]["name"]);
    let base = format!("{gcc}-base");
    let of_gcc = ["libgcc-s1", "libstdc++6", &base];
    let only = ["install", "--only-upgrade"];
    let security = [&only[..], &["bsdutils", "debconf", "zlib1g"], &of_gcc].concat();
    compare("all security updates", [7, 1, 6], &security);
    let target = format!("{gcc} {}", candidate(&program, &machine, &gcc));
    compare(&target, [3, 0, 3], &[&only[..], &of_gcc].concat());
}

#[test]
fn upgrades_in_bullseye_do_what_was_promised() {
    check(CODENAMES[0]);
}

#[test]
fn upgrades_in_bookworm_do_what_was_promised() {
    check(CODENAMES[1]);
}

#[test]
fn upgrades_in_trixie_do_what_was_promised() {
    check(CODENAMES[2]);
}
