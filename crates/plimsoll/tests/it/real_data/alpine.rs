//! Real Alpine systems against Alpine's database of 2020.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use plimsoll_testkit::{Compression, Image, Layer};

use super::json;
use crate::support::{Feeds, TestContext, extract, shared};

/// Alpine's database of 2020 where `--from` looks for it.
fn alpine_feeds(context: &TestContext) -> Option<()> {
    let archive = shared("advisories/alpine-secdb-2020/data.tar.zst")?;
    Feeds::new(context.path("feeds"));
    extract(&archive, &context.path("feeds/secdb.alpinelinux.org"));
    Some(())
}

/// A root file system's tarball as an image of one layer.
fn image_of_tarball(path: &Path) -> Image {
    let mut tar = Vec::new();
    let file = File::open(path).unwrap();
    match path.extension().unwrap().to_str().unwrap() {
        "xz" => liblzma::read::XzDecoder::new(file).read_to_end(&mut tar).unwrap(),
        _ => flate2::read::GzDecoder::new(file).read_to_end(&mut tar).unwrap(),
    };
    Image::new([Layer::from_tar(&tar, Compression::Zstd)])
}

#[test]
fn a_saved_alpine_has_fourteen_packages_and_is_judged() {
    let context = TestContext::new();
    let Some(archive) = shared("images/docker-archive/alpine-310.tar.gz") else { return };
    alpine_feeds(&context).unwrap();
    let archive = archive.display().to_string();
    for reference in [archive.clone(), format!("docker-archive:{archive}")] {
        let scan = ["scan", "--from", "feeds", "--format", "json", &reference];
        let document = context.plimsoll(&scan).ends_with(0).json();
        assert_eq!(document["packages"].as_array().unwrap().len(), 14);
        let layers = document["image"]["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 1);
        let diff_id = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";
        assert_eq!(layers[0]["diff_id"], diff_id);
        assert_eq!(document["coverage"][0]["scope"], "alpine:3.10");
        assert_eq!(document["coverage"][0]["status"], "evaluated");
    }
}

#[test]
fn alpine_root_file_systems_have_the_expected_findings() {
    let context = TestContext::new();
    if alpine_feeds(&context).is_none() {
        return;
    }
    let root = shared("rootfs/alpine").unwrap();
    for (tarball, expected) in [
        ("alpine-minirootfs-3.9.6-x86_64.tar.gz", 0),
        ("alpine-minirootfs-3.10.3-x86_64.tar.gz", 0),
        ("older/alpine-rootfs-3.4.0-x86_64.tar.gz", 59),
        ("older/alpine-rootfs-3.4.6-x86_64.tar.xz", 14),
    ] {
        let name = tarball.rsplit('/').next().unwrap();
        let stem = name.split(".tar").next().unwrap();
        let answers = json(&shared(&format!("expected/alpine-secdb2020/{stem}.json")).unwrap());
        let wanted: BTreeSet<_> = answers["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| ["id", "package", "installed", "fixed"].map(|key| one[key].to_string()))
            .collect();
        assert_eq!(wanted.len(), expected);
        context.layout(stem, &image_of_tarball(&root.join(tarball)));
        let scan = ["scan", "--from", "feeds", "--format", "json", stem];
        let document = context.plimsoll(&scan).ends_with(0).json();
        let packages = document["packages"].as_array().unwrap();
        assert_eq!(packages.len() as u64, answers["packages"].as_u64().unwrap(), "{stem}");
        let mut found = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for finding in document["findings"].as_array().unwrap() {
            let package = packages.iter().find(|one| one["id"] == finding["package"]).unwrap();
            let evidence = finding["evidence"].as_array().unwrap();
            // An id that was fixed twice is one finding with two witnesses.
            for witness in evidence {
                let compared = &witness["compared"];
                found.insert(
                    [
                        &finding["id"],
                        &package["name"],
                        &compared["installed"],
                        &compared["against"],
                    ]
                    .map(ToString::to_string),
                );
            }
            assert!(evidence.iter().any(|w| w["compared"]["against"] == finding["fixed_version"]));
            assert!(keys.insert(finding["key"].to_string()), "twice: {}", finding["key"]);
        }
        assert_eq!(found, wanted, "{stem}");
    }
}

/// The same root file system as an image and as a directory.
#[test]
fn a_directory_says_what_its_image_says() {
    let context = TestContext::new();
    if alpine_feeds(&context).is_none() {
        return;
    }
    let tarball = shared("rootfs/alpine/older/alpine-rootfs-3.4.0-x86_64.tar.gz").unwrap();
    let unpacked = flate2::read::GzDecoder::new(File::open(&tarball).unwrap());
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        // Devices need rights that no test should have.
        if entry.header().entry_type().is_file() || entry.header().entry_type().is_symlink() {
            fs::create_dir_all(context.path("rootfs")).unwrap();
            entry.unpack_in(context.path("rootfs")).unwrap();
        }
    }
    let scan = ["scan", "--from", "feeds", "--format", "json", "dir:rootfs"];
    let mut ids = context.plimsoll(&scan).ends_with(0).findings();
    ids.dedup();
    assert_eq!(ids.len(), 57);
}
