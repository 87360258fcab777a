//! Real images, root file systems and databases against what is known of them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use plimsoll_model::EolPhase;

use crate::support::{Blob, Layout, names, scan, sha256, shared, write};

#[test]
fn alpine_3_10_docker_archive() {
    let Some(path) = shared("images/docker-archive/alpine-310.tar.gz") else { return };
    let inventory = scan(&format!("docker-archive:{}", path.display()));
    assert_eq!(inventory.packages.len(), 14);
    assert_eq!(inventory.problems, []);
    let os = inventory.os.unwrap();
    assert_eq!((os.id.as_str(), os.version_id.as_deref()), ("alpine", Some("3.10.4")));
    assert_eq!(os.scope.unwrap().to_string(), "alpine:3.10");
    assert_eq!(os.eol.unwrap().phase, EolPhase::Ended);
    let diff_id = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";
    assert_eq!(inventory.image.layers[0].diff_id.as_ref().unwrap().to_string(), diff_id);
    for package in &inventory.packages {
        assert_eq!(package.introduced_in.as_ref().unwrap().to_string(), diff_id);
        assert_eq!(package.locations[0].path, "lib/apk/db/installed");
    }
    let ssl = inventory.packages.iter().find(|package| package.name == "libssl1.1").unwrap();
    assert_eq!(ssl.source.as_ref().unwrap().name, "openssl");
    assert_eq!(
        ssl.purl,
        "pkg:apk/alpine/libssl1.1@1.1.1d-r2?arch=x86_64&distro=alpine-3.10.4&upstream=openssl"
    );
}

#[test]
fn alpine_root_file_systems() {
    let Some(folder) = shared("rootfs/alpine") else { return };
    let expected: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("packages.json")).unwrap()).unwrap();
    let mut checked = 0;
    for (name, packages) in expected.as_object().unwrap() {
        let path = [folder.join(name), folder.join("older").join(name)];
        let Some(path) = path.iter().find(|path| path.exists()) else { continue };
        let program = if name.ends_with(".xz") { "xz" } else { "gzip" };
        let tar = Command::new(program).arg("-dc").arg(path).output().unwrap().stdout;
        let blob = Blob {
            bytes: fs::read(path).unwrap(),
            media_type: "application/vnd.oci.image.layer.v1.tar+gzip",
            diff_id: sha256(&tar),
        };
        let inventory = scan(&Layout::new(&[blob]).reference());
        let found: BTreeSet<String> = inventory
            .packages
            .iter()
            .map(|package| {
                let origin = &package.source.as_ref().unwrap().name;
                format!(
                    "{} {} {} {origin}",
                    package.name,
                    package.version,
                    package.arch.as_ref().unwrap()
                )
            })
            .collect();
        let wanted: BTreeSet<String> = packages
            .as_array()
            .unwrap()
            .iter()
            .map(|package| {
                let field = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
                let origin = Some(field("origin")).filter(|origin| !origin.is_empty());
                let (name, version, arch) = (field("name"), field("version"), field("arch"));
                format!("{name} {version} {arch} {}", origin.unwrap_or_else(|| name.clone()))
            })
            .collect();
        assert_eq!(found, wanted, "{name}");
        assert_eq!(inventory.problems, [], "{name}");
        assert!(inventory.os.unwrap().scope.is_some(), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 8);
}

#[test]
fn every_rpm_database() {
    let Some(folder) = shared("rpmdb") else { return };
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let root = entry.unwrap().path();
        let Ok(expected) = fs::read(root.join("expected.json")) else { continue };
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        let packages = expected.as_array().or_else(|| expected["packages"].as_array()).unwrap();
        let wanted: BTreeSet<String> = packages
            .iter()
            .map(|package| {
                let text = |name: &str| package[name].as_str().unwrap_or("-").to_owned();
                let epoch = package["epoch"].as_u64().filter(|epoch| *epoch > 0);
                let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
                let version = format!("{epoch}{}-{}", text("version"), text("release"));
                let source = text("sourcerpm");
                let source = source.strip_suffix(".src.rpm").unwrap_or("-");
                format!("{} {version} {} {source} {}", text("name"), text("arch"), text("vendor"))
            })
            .collect();
        let inventory = scan(&format!("dir:{}", root.display()));
        let found: BTreeSet<String> = inventory
            .packages
            .iter()
            .map(|package| {
                let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                let source = package.source.as_ref().map_or("-".to_owned(), |source| {
                    let version = source.version.rsplit(':').next().unwrap();
                    format!("{}-{version}", source.name)
                });
                let (arch, vendor) = (or(&package.arch), or(&package.vendor));
                format!("{} {} {arch} {source} {vendor}", package.name, package.version)
            })
            .collect();
        assert_eq!(found, wanted, "{}", root.display());
        assert_eq!(inventory.packages.len(), packages.len(), "{}", root.display());
        assert_eq!(inventory.problems, [], "{}", root.display());
        checked += 1;
    }
    assert_eq!(checked, 5);
}

#[test]
fn dpkg_status_files() {
    let Some(folder) = shared("rootfs/dpkg-status") else { return };
    for (name, count) in [
        ("debian-bookworm-main-slim", 96),
        ("debian-bullseye-main-slim", 96),
        ("debian-trixie-main-slim", 78),
        ("ubuntu-noble-release", 73),
    ] {
        let path = folder.join(format!("{name}.status.xz"));
        let status = Command::new("xz").arg("-dc").arg(path).output().unwrap().stdout;
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "var/lib/dpkg/status", &status).unwrap();
        let inventory = scan(&format!("dir:{}", root.path().display()));
        assert_eq!(inventory.packages.len(), count, "{name}");
        assert_eq!(inventory.problems, [], "{name}");
        assert!(inventory.packages.iter().all(|package| package.source.is_some()));
    }
}

#[test]
fn busybox_images_have_no_packages() {
    for name in ["busybox-glibc", "busybox-musl"] {
        let Some(path) = shared(&format!("images/oci-layout/{name}.tar")) else { return };
        let inventory = scan(&format!("oci-archive:{}", path.display()));
        assert_eq!(names(&inventory), Vec::<String>::new());
        assert_eq!((inventory.os, inventory.problems), (None, vec![]));
    }
}
