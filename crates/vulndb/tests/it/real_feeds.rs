//! Whole feeds and excerpts of the shared data: every record is read, or is a problem with a name.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Advisory, Scope, Severity, State};
use plimsoll_vulndb::feeds::{self, OvalProfile, Reading};
use plimsoll_vulndb::{Compiled, Compiler};

use crate::build::scope;
use crate::shared;

/// Reads all JSON files of an archive as OSV records.
fn osv(feed: &str, path: &str, under: &str) -> Option<(Vec<Advisory>, Reading)> {
    let mut advisories = Vec::new();
    let mut reading = Reading::default();
    let files = shared::unpack(path)?;
    for (name, bytes) in
        files.iter().filter(|(name, _)| name.contains(under) && name.ends_with(".json"))
    {
        feeds::read_osv_record(feed, name, bytes, &mut reading, &mut |a| advisories.push(a));
    }
    Some((advisories, reading))
}

fn messages(reading: &Reading) -> Vec<String> {
    reading
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

fn compiled(feed: &str, scopes: &[&str], advisories: &[Advisory]) -> Vec<Compiled> {
    let scopes: Vec<Scope> = scopes.iter().map(|text| scope(text)).collect();
    let mut compiler = Compiler::new(feeds::find(feed).unwrap(), scopes);
    advisories.iter().for_each(|advisory| compiler.add(advisory));
    compiler.finish().unwrap()
}

#[test]
fn almalinux_is_read_completely() {
    let Some((advisories, reading)) =
        osv("osv-almalinux", "advisories/almalinux-osv/data.tar.zst", "advisories/")
    else {
        return;
    };
    assert_eq!(messages(&reading), [""; 0]);
    // 978 ALBA and 222 ALEA are about bugs and enhancements; three of them name a CVE all the same.
    assert_eq!((reading.records, reading.ignored), (5680, 978 + 222 - 3));
    // Some bulletins of two releases have one name.
    let mut records: Vec<_> = advisories.iter().map(|a| (&a.record, &a.scope)).collect();
    records.sort();
    records.dedup();
    assert_eq!(records.len(), 4480 + 3);
    let unrated: BTreeSet<_> =
        advisories.iter().filter(|a| a.severity.is_none()).map(|a| a.record.as_str()).collect();
    assert_eq!(unrated.len(), 4, "{unrated:?}");
    let modular = advisories.iter().filter(|a| a.package.module.is_some()).count();
    let modular_nowhere = advisories
        .iter()
        .filter(|a| a.package.module.is_none())
        .filter(|a| format!("{:?}", a.ranges).contains(".module"))
        .count();
    // 153 fixes were built in a module that the bulletin's title does not name.
    assert_eq!((advisories.len(), modular, modular_nowhere), (62_068, 16_611, 153));

    let shards =
        compiled("osv-almalinux", &["almalinux:8", "almalinux:9", "almalinux:10"], &advisories);
    let problems: Vec<_> = shards.iter().map(|shard| shard.problems.len()).collect();
    assert_eq!(problems, [0, 0, 0]);
}

#[test]
fn bitnami_is_read_completely() {
    let Some((advisories, reading)) =
        osv("osv-bitnami", "advisories/bitnami-osv/data.tar.zst", "data/")
    else {
        return;
    };
    assert_eq!(messages(&reading), [""; 0]);
    assert_eq!(reading.records, 7444);
    let shard = &compiled("osv-bitnami", &["bitnami"], &advisories)[0];
    let problems: Vec<_> = shard.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(problems, ["BIT-mastodon-2026-47777 mastodon"]);
    assert!(shard.problems[0].message.contains("nightly"), "{:?}", shard.problems);
}

#[test]
fn harvested_records_are_read_or_are_problems() {
    let Some(bytes) = shared::read("advisories/osv-harvest/records.jsonl.zst") else { return };
    let mut advisories = Vec::new();
    let mut reading = Reading::default();
    for (number, line) in
        bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).enumerate()
    {
        let name = format!("line {}", number + 1);
        feeds::read_osv_record("osv-almalinux", &name, line, &mut reading, &mut |a| {
            advisories.push(a);
        });
    }
    assert_eq!(
        messages(&reading),
        [
            "CVE-2023-2727: affected 0: missing field `type` at line 1 column 240",
            "GHSA-f5pg-7wfw-84q9: \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C/\" is no CVSS vector",
        ]
    );
    // Most are about Maven and other ecosystems that have no scope yet.
    assert_eq!((reading.records, reading.ignored, advisories.len()), (507, 487, 62));
}

#[test]
fn debian_lists_are_read_completely() {
    let Some(files) = shared::unpack("advisories/debian-dsa-dla-2023/data.tar.zst") else { return };
    for (feed, path, records, announcements) in
        [("debian-dsa", "data/DSA/list", 5406, 23), ("debian-dla", "data/DLA/list", 3534, 4)]
    {
        let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(path)).unwrap();
        let mut advisories = Vec::new();
        let reading =
            feeds::read_debian_list(feed, &bytes[..], &mut |a| advisories.push(a)).unwrap();
        assert_eq!(messages(&reading), [""; 0]);
        // Announcements (a key, the end of a release) name no package.
        assert_eq!((reading.records, reading.ignored), (records, announcements), "{feed}");
        assert!(advisories.iter().all(|a| a.published.is_some() && !a.ids.is_empty()));
    }
}

#[test]
fn kev_and_epss_are_read_completely() {
    let Some(files) = shared::unpack("advisories/kev/data.tar.zst") else { return };
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("vulnerabilities.json")).unwrap();
    let mut ransomware = 0;
    let reading =
        feeds::read_kev(&bytes[..], &mut |_, kev| ransomware += u32::from(kev.ransomware)).unwrap();
    assert_eq!((reading.records, reading.bad), (1404, 0));
    assert!(ransomware > 200);
    assert_eq!(reading.date.unwrap().to_string(), "2025-08-25T17:04:19.9796Z");

    let files = shared::unpack("advisories/epss/data.tar.zst").unwrap();
    let mut scores = 0;
    for (_, bytes) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        let reading = feeds::read_epss(&bytes[..], &mut |_, _| scores += 1).unwrap();
        assert_eq!(reading.bad, 0);
    }
    assert_eq!(scores, 360_142);
}

#[test]
fn azure_linux_oval_is_read_completely() {
    let Some(files) = shared::unpack("advisories/azurelinux-oval/data.tar.zst") else { return };
    for (name, release, definitions) in
        [("azurelinux-3.0-oval.xml", "3.0", 1222), ("cbl-mariner-1.0-oval.xml", "1.0", 2252)]
    {
        let (_, bytes) = files.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        let scope = scope(&format!("azurelinux:{release}"));
        let mut advisories = Vec::new();
        let reading = feeds::read_oval(
            "azurelinux-oval",
            &scope,
            OvalProfile::AZURE_LINUX,
            &bytes[..],
            &mut |a| {
                advisories.push(a);
            },
        )
        .unwrap();
        assert_eq!(messages(&reading), [""; 0]);
        assert_eq!((reading.records, advisories.len()), (definitions, definitions as usize));
        assert!(advisories.iter().all(|a| a.severity.is_some() && a.ids[0].starts_with("CVE-")));
        assert!(reading.date.is_some());
    }
}

/// A file of the format excerpts.
fn excerpt(project: &str, path: &str) -> Option<Vec<u8>> {
    let files = shared::unpack(&format!("advisories/_formats/{project}/data.tar.zst"))?;
    let found = files.into_iter().find(|(name, _)| name.ends_with(path));
    Some(found.unwrap_or_else(|| panic!("no {path} in {project}")).1)
}

#[test]
fn oval_of_other_distributions_is_understood() {
    let Some(photon) = excerpt("claircore", "photon/testdata/com.vmware.phsa-photon3.xml") else {
        return;
    };
    let test_data = "vulnerabilities/tests/test_data";
    let suse =
        excerpt("vulnerablecode", &format!("{test_data}/suse_oval/org.opensuse.CVE-2008-5679.xml"));
    let ubuntu = excerpt("vulnerablecode", &format!("{test_data}/ubuntu_oval_data.xml"));
    for (scope_text, document, definitions, first) in [
        ("photon:3.0", photon, 222, "sqlite CVE-2019-16168"),
        ("opensuse:11.1", suse.unwrap(), 1, "opera CVE-2008-5679"),
        ("ubuntu:18.04", ubuntu.unwrap(), 2, "potrace CVE-2016-8703"),
    ] {
        let mut seen = Vec::new();
        let reading = feeds::read_oval(
            "oval",
            &scope(scope_text),
            OvalProfile::BINARY,
            &document[..],
            &mut |a| seen.push(format!("{} {}", a.package.name, a.ids.join(" "))),
        )
        .unwrap();
        assert_eq!(messages(&reading), [""; 0], "{scope_text}");
        assert_eq!(reading.records, definitions, "{scope_text}");
        assert!(seen.iter().any(|line| line == first), "{scope_text}: {seen:?}");
    }
}

#[test]
fn debian_tracker_excerpts_are_read() {
    let Some(document) = excerpt("vunnel", "providers/debian/test-fixtures/input/debian.json")
    else {
        return;
    };
    let mut states = BTreeMap::new();
    let reading = feeds::read_debian_tracker(&document[..], &mut |a| {
        *states.entry(a.state).or_insert(0) += 1;
    })
    .unwrap();
    assert_eq!(states, BTreeMap::from([(State::Fixed, 23), (State::EndOfLife, 2)]));
    // Made wrong on purpose by its origin.
    assert_eq!(
        messages(&reading),
        [
            "CVE-2022-0358 chromium-browser: invalid type: sequence, expected a map at line 2 column 18"
        ]
    );
}

#[test]
fn osv_of_other_distributions_is_understood() {
    let Some(files) = shared::unpack("advisories/_formats/vunnel/data.tar.zst") else { return };
    let read = |path: &str| {
        let (name, bytes) = files.iter().find(|(name, _)| name.ends_with(path)).unwrap();
        let mut advisories = Vec::new();
        let mut reading = Reading::default();
        feeds::read_osv_record("osv-ubuntu", name, bytes, &mut reading, &mut |a| {
            advisories.push(a);
        });
        assert_eq!(messages(&reading), [""; 0], "{path}");
        advisories
    };

    let rocky = read("rocky/test-fixtures/osv/RLSA-2023_3220.json");
    assert_eq!(rocky[0].scope, scope("rocky:8"));
    assert_eq!(rocky[0].ids.len(), 7);
    assert_eq!(rocky[0].severity, Some(Severity::High));
    let module = read("rocky/test-fixtures/osv/RLSA-2024_3671.json");
    assert_eq!(module[0].package.module.as_deref(), Some("ruby:3.3"));

    let ubuntu = read("ubuntu/test-fixtures/osv/cve/2021/UBUNTU-CVE-2021-3782.json");
    let of = |wanted: &str| ubuntu.iter().find(|a| a.scope == scope(wanted)).unwrap();
    assert_eq!(of("ubuntu:18.04").ids, ["CVE-2021-3782"]);
    assert_eq!(of("ubuntu:18.04").severity, Some(Severity::Medium));
    assert_eq!(of("ubuntu:18.04").cvss.len(), 1);
    assert!(format!("{:?}", of("ubuntu:16.04_pro").ranges).contains("+esm1"));
    let notice = read("ubuntu/test-fixtures/osv/usn/USN-5614-1.json");
    assert_eq!(
        (notice[0].ids[0].as_str(), notice[0].aliases[0].as_str()),
        ("CVE-2021-3782", "USN-5614-1")
    );

    let chainguard = read("chainguard/test-fixtures/input/osv/CGA-xcpc-gm23-prj9.json");
    let states: Vec<_> = chainguard.iter().map(|a| (a.scope.to_string(), a.ranges.len())).collect();
    let chainguard_scope = "chainguard".to_owned();
    assert_eq!(
        states,
        [
            (chainguard_scope.clone(), 1),
            (chainguard_scope.clone(), 1),
            // `fixed: "0"`: not affected.
            (chainguard_scope, 0),
            ("wolfi".to_owned(), 1),
        ]
    );
}

#[test]
fn secdb_of_wolfi_is_understood() {
    let Some(files) = shared::unpack("advisories/_formats/vunnel/data.tar.zst") else { return };
    let (_, bytes) = files
        .iter()
        .find(|(name, _)| name.contains("providers/wolfi/") && name.ends_with("security.json"))
        .unwrap();
    let mut never = 0;
    let reading = feeds::read_secdb("wolfi-secdb", &scope("wolfi"), &bytes[..], &mut |a| {
        never += u32::from(a.ranges.is_empty());
    })
    .unwrap();
    assert_eq!(messages(&reading), [""; 0]);
    assert!(reading.records > 20 && never > 0);
}
