//! Real root file systems against the real secdb of 2020: exactly the expected findings.

use plimsoll_model::{Ecosystem, Package};
use plimsoll_vulndb::{Compiler, feeds};
use serde_json::Value;

use crate::build::{Database, os, package, scope};
use crate::shared;

/// The packages of a root file system, from `rootfs/alpine/packages.json`.
fn packages(rootfs: &str) -> Vec<Package> {
    let all: Value =
        serde_json::from_slice(&shared::read("rootfs/alpine/packages.json").unwrap()).unwrap();
    let text = |package: &Value, field: &str| package[field].as_str().unwrap_or("").to_owned();
    all[rootfs]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            package(Ecosystem::Alpine, &text(p, "name"), &text(p, "version"), &text(p, "origin"))
        })
        .collect()
}

fn secdb(release: &str) -> Option<Database> {
    let files = shared::unpack("advisories/alpine-secdb-2020/data.tar.zst")?;
    let scope = scope(&format!("alpine:{release}"));
    let feed = feeds::find("alpine-secdb").unwrap();
    let mut compiler = Compiler::new(feed, [scope.clone()]);
    for source in feed.sources(Some(&scope)) {
        // `…/v3.4/main.json` upstream, `v3.4/main.yaml` in this copy.
        let name = source.address.trim_start_matches("https://secdb.alpinelinux.org/");
        let name = name.replace(".json", ".yaml");
        let (_, bytes) = files.iter().find(|(path, _)| path.ends_with(&name)).unwrap();
        compiler.read(&source, &bytes[..]).unwrap();
    }
    Some(Database::of(compiler.finish().unwrap()))
}

fn check(rootfs: &str, expected: &str, findings: usize) {
    let Some(bytes) = shared::read(&format!("expected/alpine-secdb2020/{expected}.json")) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&bytes).unwrap();
    let release = expected["secdb"].as_str().unwrap().trim_start_matches('v').to_owned();
    let Some(database) = secdb(&release) else { return };

    let packages = packages(rootfs);
    let matched = database.judge(&os(&format!("alpine:{release}")), &packages);
    // One finding for each id and package; a CVE that was fixed twice has a witness for each fix.
    let mut found: Vec<[String; 5]> = Vec::new();
    for finding in &matched.findings {
        let package = packages.iter().find(|p| p.id == finding.package).unwrap();
        for evidence in &finding.evidence {
            found.push([
                package.name.clone(),
                package.source.as_ref().unwrap().name.clone(),
                package.version.clone(),
                evidence.compared.against.clone().unwrap(),
                finding.id.clone(),
            ]);
        }
    }
    found.sort();
    let mut wanted: Vec<[String; 5]> = expected["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            ["package", "origin", "installed", "fixed", "id"]
                .map(|field| finding[field].as_str().unwrap().to_owned())
        })
        .collect();
    wanted.sort();
    assert_eq!(found, wanted, "{rootfs}");
    assert_eq!(matched.findings.len(), findings);
    assert_eq!(matched.problems, []);
}

#[test]
fn alpine_3_4_0_has_57_findings_with_59_witnesses() {
    check("alpine-rootfs-3.4.0-x86_64.tar.gz", "alpine-rootfs-3.4.0-x86_64", 57);
}

#[test]
fn alpine_3_4_6_has_14_findings() {
    check("alpine-rootfs-3.4.6-x86_64.tar.xz", "alpine-rootfs-3.4.6-x86_64", 14);
}

#[test]
fn alpine_3_9_6_and_3_10_3_are_clean() {
    check("alpine-minirootfs-3.9.6-x86_64.tar.gz", "alpine-minirootfs-3.9.6-x86_64", 0);
    check("alpine-minirootfs-3.10.3-x86_64.tar.gz", "alpine-minirootfs-3.10.3-x86_64", 0);
}
