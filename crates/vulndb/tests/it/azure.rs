//! A real CBL-Mariner image against Mariner's OVAL, which names packages by source and by binary name.

use plimsoll_model::{Ecosystem, Package};
use plimsoll_vulndb::{Compiler, feeds};
use serde_json::Value;

use crate::build::{Database, os, package, scope};
use crate::shared;

fn packages() -> Vec<Package> {
    let bytes = shared::read("rpmdb/cbl-mariner-2.0/expected.json").unwrap();
    let all: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    all.iter()
        .map(|rpm| {
            let text = |field: &str| rpm[field].as_str().unwrap_or("");
            let epoch = rpm["epoch"].as_u64().map(|epoch| format!("{epoch}:")).unwrap_or_default();
            let version = format!("{epoch}{}-{}", text("version"), text("release"));
            // `audit-3.0.6-1.cm2.src.rpm`
            let source = text("sourcerpm").trim_end_matches(".src.rpm");
            let mut parts = source.rsplitn(3, '-');
            let (release, number, name) = (
                parts.next().unwrap_or(""),
                parts.next().unwrap_or(""),
                parts.next().unwrap_or(""),
            );
            let source =
                if name.is_empty() { String::new() } else { format!("{name}={number}-{release}") };
            package(Ecosystem::AzureLinux, text("name"), &version, &source)
        })
        .collect()
}

#[test]
fn a_third_of_the_findings_of_mariner_match_only_through_the_source() {
    let Some(oval) =
        shared::read("advisories/azurelinux-oval/cbl-mariner-2.0-oval.2024-01-22.xml.zst")
    else {
        return;
    };
    let scope = scope("azurelinux:2.0");
    let feed = feeds::find("azurelinux-oval").unwrap();
    let mut compiler = Compiler::new(feed, [scope.clone()]);
    compiler.read(&feed.sources(Some(&scope))[0], &oval[..]).unwrap();
    assert_eq!(compiler.reading().records, 2436);
    let compiled = compiler.finish().unwrap();
    let problems: Vec<_> = compiled[0].problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(problems, ["\"0:null.cm2\" is no version"; 2]);

    let database = Database::of(compiled);
    let packages = packages();
    let matched = database.judge(&os("azurelinux:2.0"), &packages);
    let by_source = matched
        .findings
        .iter()
        .filter(|f| f.evidence.iter().all(|e| e.rule.starts_with("source")))
        .count();
    // Counted independently by a script over the same two files.
    let unfixed = matched.findings.iter().filter(|f| f.fixed_version.is_none()).count();
    assert_eq!((matched.findings.len(), by_source, unfixed), (372, 113, 5));
    assert_eq!(matched.problems, []);
}
