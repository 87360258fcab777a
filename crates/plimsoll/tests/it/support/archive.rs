//! Debian 12 in miniature, and its signed archive.

use std::path::PathBuf;

use plimsoll_testkit::{AptArchive, AptKey, AptSuite, Deb, Entry, Image, Layer, changelog_entry};
use serde_json::{Value, json};

use super::{Feeds, TestContext, debian_release, entries_of};

/// Noon of the day for which tests speak, 2026-06-01, in seconds since the epoch.
pub(crate) const NOON: i64 = 1_780_315_200;
pub(crate) const DAY: i64 = 86_400;

pub(crate) const MAIN: &str = "ftp.debian.org/debian";
pub(crate) const SECURITY: &str = "security.debian.org/debian-security";

/// The archive of a test: a directory laid out by host and path, with the feeds beside it.
pub(crate) struct Archive {
    /// What to give as `--from`.
    pub(crate) root: PathBuf,
    /// What signs it.
    pub(crate) key: AptKey,
}

impl Archive {
    /// Empty suites of Debian 12 in `feeds`, whose key the operator gave: runs need no argument for either.
    pub(crate) fn new(context: &mut TestContext) -> Self {
        let root = Feeds::new(context.path("feeds")).root().to_owned();
        let key = AptKey::new(1);
        let keyring = context.write("key.gpg", key.keyring());
        let mut var = |name: &str, path: &std::path::Path| {
            context.vars.insert(name.to_owned(), path.display().to_string());
        };
        var("PLIMSOLL_FEEDS_FROM", &root);
        var("PLIMSOLL_KEYRING", &keyring);
        let archive = Self { root, key };
        archive.write(MAIN, [AptSuite::new("bookworm"), AptSuite::new("bookworm-updates")]);
        archive.security([]);
        archive
    }

    /// The security suite with these packages, fresh for a week.
    pub(crate) fn security(&self, packages: impl IntoIterator<Item = Deb>) {
        self.write(SECURITY, [security_suite().packages(packages)]);
    }

    /// The suite of updates with these packages.
    pub(crate) fn updates(&self, packages: impl IntoIterator<Item = Deb>) {
        self.write(MAIN, [AptSuite::new("bookworm-updates").packages(packages)]);
    }

    /// Writes suites, made at noon.
    pub(crate) fn write(&self, place: &str, suites: impl IntoIterator<Item = AptSuite>) {
        self.write_with(place, suites, &self.key, NOON);
    }

    /// Writes suites, made then and signed by this key.
    pub(crate) fn write_with(
        &self,
        place: &str,
        suites: impl IntoIterator<Item = AptSuite>,
        key: &AptKey,
        at: i64,
    ) {
        let archive = AptArchive::new(self.root.join(place), key);
        suites.into_iter().fold(archive, AptArchive::suite).write(at).unwrap();
    }

    /// A file of it: `security.debian.org/debian-security/dists/bookworm-security/InRelease`.
    pub(crate) fn file(&self, place: &str, path: &str) -> PathBuf {
        self.root.join(place).join(path)
    }
}

/// The security suite of Debian 12, without packages.
pub(crate) fn security_suite() -> AptSuite {
    AptSuite::new("bookworm-security").security("bookworm").valid_until(NOON + 7 * DAY)
}

/// A binary package that is its own source, with a changelog of these versions and bullets, newest first.
pub(crate) fn deb(name: &str, entries: &[(&str, &str)]) -> Deb {
    let (version, _) = entries[0];
    Deb::new(name, version).architecture("amd64").changelog(&changelog(name, entries))
}

/// A changelog of these versions and bullets, newest first, for the suite `bookworm`.
pub(crate) fn changelog(source: &str, entries: &[(&str, &str)]) -> String {
    let entry = |(version, text): &(&str, &str)| {
        changelog_entry(source, version, "bookworm", &format!("  * {text}"))
    };
    entries.iter().map(entry).collect::<Vec<_>>().join("\n")
}

/// Debian 12 with these packages, `NAME VERSION` or `NAME VERSION SOURCE`, and more files.
pub(crate) fn bookworm_with(packages: &[&str], files: &[(&str, &str)]) -> Image {
    Image::new([Layer::new(&bookworm_entries(packages, files))])
}

/// The same without more files.
pub(crate) fn bookworm(packages: &[&str]) -> Image {
    bookworm_with(packages, &[])
}

/// The members of a layer that is Debian 12.
pub(crate) fn bookworm_entries(packages: &[&str], files: &[(&str, &str)]) -> Vec<Entry> {
    let release = debian_release("12", "bookworm");
    let status = status_of(packages);
    let own = [("etc/os-release", &*release), ("var/lib/dpkg/status", &*status)];
    entries_of(&[&own[..], files].concat())
}

/// dpkg's database of packages as `NAME VERSION` or `NAME VERSION SOURCE`.
pub(crate) fn status_of(packages: &[&str]) -> String {
    let record = |package: &&str| {
        let mut words = package.splitn(3, ' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let source = words.next().map(|source| format!("Source: {source}\n"));
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n{}\
             Version: {version}\nMaintainer: T <t@example.org>\nDescription: {name}\n\n",
            source.unwrap_or_default()
        )
    };
    packages.iter().map(record).collect()
}

/// `SUITE STATUS` of every suite that a document of changes speaks of.
pub(crate) fn suites(changes: &Value) -> Vec<String> {
    let suites = changes["distribution_archive"].as_array().unwrap().iter();
    let word = |suite: &Value, key: &str| suite[key].as_str().unwrap().to_owned();
    suites.map(|suite| format!("{} {}", word(suite, "suite"), word(suite, "status"))).collect()
}

/// The update of a source in a document of changes.
#[track_caller]
pub(crate) fn update<'a>(changes: &'a Value, source: &str) -> &'a Value {
    let mut updates = changes["updates"].as_array().unwrap().iter();
    updates.find(|update| update["source"] == source).unwrap_or_else(|| panic!("{changes:#}"))
}

/// `SOURCE INSTALLED → CANDIDATE` of every update, in their order.
pub(crate) fn updates(changes: &Value) -> Vec<String> {
    let updates = changes["updates"].as_array().unwrap().iter();
    updates
        .map(|update| {
            let word = |key: &str| update[key].as_str().unwrap();
            format!("{} {} → {}", word("source"), word("installed"), word("candidate"))
        })
        .collect()
}

/// What Debian's tracker says of a source: id, fixed version.
pub(crate) fn tracker(source: &str, fixes: &[(&str, &str)]) -> Value {
    let of = |(id, fixed): &(&str, &str)| {
        let release = json!({ "status": "resolved", "fixed_version": fixed, "urgency": "medium" });
        ((*id).to_owned(), json!({ "releases": { "bookworm": release } }))
    };
    json!({ source: fixes.iter().map(of).collect::<serde_json::Map<_, _>>() })
}
