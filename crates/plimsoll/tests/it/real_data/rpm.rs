//! Real databases of rpm, whole and damaged, against the feeds of their families.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;

use serde_json::Value;
use zip::write::SimpleFileOptions;

use super::json;
use crate::support::{Feeds, TestContext, shared, write_rootfs};

fn mariner(context: &TestContext) -> Option<()> {
    let database = shared("rpmdb/cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite")?;
    let release = "NAME=\"Common Base Linux Mariner\"\nID=mariner\nVERSION_ID=\"2.0\"\n\
                   PRETTY_NAME=\"CBL-Mariner/Linux\"\n";
    let root = context.path("rootfs");
    write_rootfs(&root, &[("etc/os-release", release), ("var/lib/rpm/.keep", "")]);
    fs::copy(database, root.join("var/lib/rpm/rpmdb.sqlite")).unwrap();
    let oval =
        shared("advisories/azurelinux-oval/cbl-mariner-2.0-oval.2024-01-22.xml.zst").unwrap();
    let oval = zstd::decode_all(File::open(oval).unwrap()).unwrap();
    let address = "raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/\
                   cbl-mariner-2.0-oval.xml";
    Feeds::new(context.path("feeds")).document(address, oval);
    Some(())
}

#[test]
fn mariner_is_judged_by_source_as_well_as_by_binary() {
    let context = TestContext::new();
    if mariner(&context).is_none() {
        return;
    }
    let scan = ["scan", "--from", "feeds", "--format", "json", "dir:rootfs"];
    let answer = context.plimsoll(&scan).ends_with(0);
    let document = answer.json();
    assert_eq!(document["packages"].as_array().unwrap().len(), 129);
    let findings = document["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    // Of a source whose name no binary has: what only the source's name finds.
    let only_by_source = findings.iter().filter(|finding| {
        let rule = finding["evidence"][0]["rule"].as_str().unwrap();
        let id = finding["package"].as_str().unwrap();
        let package = id.rsplit('/').next().unwrap().split('@').next().unwrap();
        rule.rsplit(' ').next().unwrap() != package
    });
    let only_by_source = only_by_source.count();
    assert!(
        only_by_source * 5 > findings.len() && only_by_source < findings.len(),
        "{only_by_source} of {}",
        findings.len()
    );
    let distinct: BTreeSet<_> = findings.iter().map(|finding| finding["key"].to_string()).collect();
    assert_eq!(distinct.len(), findings.len(), "never an id twice for one package");
}

/// Pages of a real rpm database damaged one after the other: an error or a problem, never clean.
#[test]
fn a_damaged_rpm_database_is_never_clean() {
    let context = TestContext::new();
    if mariner(&context).is_none() {
        return;
    }
    let scan = ["scan", "--from", "feeds", "--format", "json", "dir:rootfs"];
    let whole = context.plimsoll(&scan).ends_with(0);
    let (packages, findings) = counts(&whole.json());
    let path = context.path("rootfs/var/lib/rpm/rpmdb.sqlite");
    let good = fs::read(&path).unwrap();
    let pages = good.len() / 4096;
    for part in 0..12 {
        let page = part * pages / 12;
        let mut bad = good.clone();
        bad[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, &bad).unwrap();
        let answer = context.plimsoll(&scan);
        if answer.code == 0 {
            let document = answer.json();
            let now = counts(&document);
            let said = !document["problems"].as_array().unwrap().is_empty();
            assert!(said || now == (packages, findings), "page {page} is silently lost: {now:?}");
        } else {
            assert!([1, 11].contains(&answer.code), "page {page}: {answer}");
        }
    }
    fs::write(&path, &good[..good.len() / 3]).unwrap();
    let answer = context.plimsoll(&scan);
    let said = answer.code != 0 || !answer.json()["problems"].as_array().unwrap().is_empty();
    assert!(said, "{answer}");
    fs::write(&path, "no database").unwrap();
    let answer = context.plimsoll(&scan);
    assert!([1, 11].contains(&answer.code), "{answer}");
}

fn counts(document: &Value) -> (usize, usize) {
    let count = |key: &str| document[key].as_array().unwrap().len();
    (count("packages"), count("findings"))
}

/// Every real database of rpm: the packages that rpm itself lists.
#[test]
fn rpm_databases_have_the_packages_that_rpm_lists() {
    for (name, path) in [
        ("amazonlinux2023-plain", "var/lib/rpm/rpmdb.sqlite"),
        ("derived-amazonlinux2023-bdb", "var/lib/rpm/Packages"),
        ("sle15-bci-a", "usr/lib/sysimage/rpm/Packages.db"),
        ("osvscanner-sqlite", "var/lib/rpm/rpmdb.sqlite"),
    ] {
        let Some(database) = shared(&format!("rpmdb/{name}/{path}")) else { return };
        let context = TestContext::new();
        write_rootfs(
            &context.path("rootfs"),
            &[("etc/os-release", "ID=almalinux\nVERSION_ID=9.4\n"), (path, "")],
        );
        fs::copy(database, context.path("rootfs").join(path)).unwrap();
        let inventory = ["inventory", "--format", "json", "dir:rootfs"];
        let document = context.plimsoll(&inventory).ends_with(0).json();
        let found: BTreeSet<_> = document["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect();
        let expected = json(&shared(&format!("rpmdb/{name}/expected.json")).unwrap());
        let list = expected["packages"].as_array().or(expected.as_array()).unwrap();
        let wanted: BTreeSet<_> =
            list.iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, wanted, "{name}");
    }
}

/// The complete AlmaLinux feed on a database of the same family.
#[test]
fn almalinux_is_judged_with_its_whole_feed() {
    let Some(archive) = shared("advisories/almalinux-osv/data.tar.zst") else { return };
    let database = shared("rpmdb/amazonlinux2023-plain/var/lib/rpm/rpmdb.sqlite").unwrap();
    let context = TestContext::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = zstd::Decoder::new(File::open(archive).unwrap()).unwrap();
    for entry in tar::Archive::new(packed).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_str().unwrap();
            // Releases share ids of records, so the release is part of the name.
            let release = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
            let options =
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            zip.start_file(format!("{release}-{name}"), options).unwrap();
            std::io::copy(&mut entry, &mut zip).unwrap();
        }
    }
    zip.flush().unwrap();
    Feeds::new(context.path("feeds")).document(
        "osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip",
        zip.finish().unwrap().into_inner(),
    );
    let release = "ID=almalinux\nVERSION_ID=9.4\nPRETTY_NAME=\"AlmaLinux 9.4\"\n";
    let root = context.path("rootfs");
    write_rootfs(&root, &[("etc/os-release", release), ("var/lib/rpm/.keep", "")]);
    fs::copy(database, root.join("var/lib/rpm/rpmdb.sqlite")).unwrap();
    let scan = ["scan", "--from", "feeds", "--format", "json", "dir:rootfs"];
    let answer = context.plimsoll(&scan).ends_with(0);
    let document = answer.json();
    assert_eq!(document["coverage"][0]["scope"], "almalinux:9");
    assert_eq!(document["coverage"][0]["status"], "evaluated");
    assert_eq!(document["packages"].as_array().unwrap().len(), 103);
    for finding in document["findings"].as_array().unwrap() {
        let compared = &finding["evidence"][0]["compared"];
        assert_eq!(compared["relation"], "<", "{finding}");
    }
    let status = context.plimsoll(&["db", "status"]).ends_with(0);
    assert!(status.stdout.contains("osv-almalinux"), "{status}");
}
