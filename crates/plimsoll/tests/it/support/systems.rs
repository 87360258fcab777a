//! Operating systems in miniature, and the image that most tests scan.

use std::fs;
use std::path::Path;

use plimsoll_testkit::{ApkHash, ApkIndexWriter, ApkKey, ApkPackage, Entry, Image, Layer};

use super::{Feeds, Osv, TestContext};

/// An installed apk package.
pub(crate) struct Apk<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) origin: &'a str,
}

/// An installed dpkg package; the source's version is the binary's unless given.
pub(crate) struct Dpkg<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) source: Option<&'a str>,
}

pub(crate) fn apk_database(packages: &[Apk<'_>]) -> String {
    let record = |Apk { name, version, origin }: &Apk<'_>| {
        format!("P:{name}\nV:{version}\nA:x86_64\nT:{name}\nL:MIT\no:{origin}\n\n")
    };
    packages.iter().map(record).collect()
}

pub(crate) fn dpkg_status(packages: &[Dpkg<'_>]) -> String {
    let record = |Dpkg { name, version, source }: &Dpkg<'_>| {
        let source = source.map(|source| format!("Source: {source}\n")).unwrap_or_default();
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n{source}\
             Version: {version}\nMaintainer: T <t@example.org>\nDescription: {name}\n\n"
        )
    };
    packages.iter().map(record).collect()
}

pub(crate) fn alpine_release(version: &str) -> String {
    let branch = version.rsplit_once('.').map_or(version, |(branch, _)| branch);
    format!(
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\n\
         PRETTY_NAME=\"Alpine Linux v{branch}\"\n"
    )
}

pub(crate) fn debian_release(version: &str, codename: &str) -> String {
    format!(
        "PRETTY_NAME=\"Debian GNU/Linux {version} ({codename})\"\nNAME=\"Debian GNU/Linux\"\n\
         VERSION_ID=\"{version}\"\nVERSION_CODENAME={codename}\nID=debian\n"
    )
}

pub(crate) const BASE: &[Apk<'_>] = &[
    Apk { name: "musl", version: "1.2.4_git20230717-r4", origin: "musl" },
    Apk { name: "busybox", version: "1.36.1-r15", origin: "busybox" },
    Apk { name: "ssl_client", version: "1.36.1-r15", origin: "busybox" },
    Apk { name: "libcrypto3", version: "3.1.4-r2", origin: "openssl" },
    Apk { name: "libssl3", version: "3.1.4-r2", origin: "openssl" },
];

/// Alpine 3.19 with curl in a layer of its own.
pub(crate) fn shop() -> Image {
    let database = apk_database(BASE);
    let curl = [Apk { name: "curl", version: "8.5.0-r0", origin: "curl" }];
    let with_curl = database.clone() + &apk_database(&curl);
    Image::new([
        Layer::new(&entries_of(&[
            ("etc/os-release", &alpine_release("3.19.1")),
            ("lib/apk/db/installed", &database),
        ]))
        .created_by("ADD alpine-minirootfs-3.19.1-x86_64.tar.gz / # buildkit"),
        Layer::new(&entries_of(&[("lib/apk/db/installed", &with_curl)]))
            .created_by("RUN apk add --no-cache curl"),
    ])
}

/// What the feeds say of [`shop`]: five ids, one of them exploited, one without severity, one fixed in what
/// is installed, one of a package that is not installed, one without a fix.
pub(crate) fn shop_feeds(context: &TestContext) -> Feeds {
    let osv = |id, package, fixed, vector| {
        let ecosystem = "Alpine:v3.19";
        Osv { id, aliases: &[], ecosystem, package, fixed, vector: Some(vector) }.record()
    };
    Feeds::new(context.path("feeds"))
        .alpine(
            "v3.19",
            &[
                ("openssl", "3.1.4-r3", &["CVE-2023-6129"]),
                ("openssl", "3.1.4-r1", &["CVE-2023-5363"]),
                ("busybox", "1.36.1-r16", &["CVE-2023-42363"]),
                ("curl", "8.6.0-r0", &["CVE-2024-0853"]),
                ("curl", "0", &["CVE-2024-2379"]),
                ("nginx", "1.24.0-r8", &["CVE-2023-44487"]),
            ],
        )
        .osv(
            "Alpine",
            &[
                osv("CVE-2023-6129", "openssl", Some("3.1.4-r3"), MEDIUM),
                osv("CVE-2024-0853", "curl", Some("8.6.0-r0"), CRITICAL),
                osv("CVE-2025-26519", "musl", None, HIGH),
            ],
        )
        .kev(&["CVE-2024-0853"])
        .epss(&[("CVE-2024-0853", 0.75), ("CVE-2023-6129", 0.01)])
}

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:L/A:H";

/// The repositories of Alpine 3.19 beside the feeds, signed by the operator's key: they have what the feeds of
/// [`shop`] say is fixed.
pub(crate) fn alpine_repositories(context: &mut TestContext) {
    let key = ApkKey::new("test.rsa.pub");
    let path = context.write(key.name(), key.public_pem());
    context.vars.insert("PLIMSOLL_KEYRING".to_owned(), path.display().to_string());
    let fixed = [
        ("busybox", "1.36.1-r16", "busybox"),
        ("ssl_client", "1.36.1-r16", "busybox"),
        ("libcrypto3", "3.1.4-r3", "openssl"),
        ("libssl3", "3.1.4-r3", "openssl"),
        ("curl", "8.6.0-r0", "curl"),
    ];
    let fixed = fixed.map(|(name, version, origin)| ApkPackage::new(name, version).origin(origin));
    let index = ApkIndexWriter::new(&fixed).made(1_780_000_000);
    for repository in ["main", "community"] {
        let root = format!("feeds/dl-cdn.alpinelinux.org/alpine/v3.19/{repository}");
        index.write_repository(&context.path(&root), "x86_64", &key, ApkHash::Sha256);
    }
}

/// Files with the directories above them.
pub(crate) fn entries_of(files: &[(&str, &str)]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut made: Vec<String> = Vec::new();
    for (path, content) in files {
        for (end, _) in path.match_indices('/') {
            let directory = path[..end].to_owned();
            if !made.contains(&directory) {
                entries.push(Entry::directory(&directory));
                made.push(directory);
            }
        }
        entries.push(Entry::file(path, *content));
    }
    entries
}

/// Writes a root file system.
pub(crate) fn write_rootfs(root: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
