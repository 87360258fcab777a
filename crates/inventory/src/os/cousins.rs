//! What distributions had before os-release, and some minimal images still have alone.

use super::Identity;
use super::os_release::assignments;

/// Files with one line `Name release 1.2 (Codename)`, most particular first: Oracle's system also
/// has a `redhat-release`, everybody's of that family a `system-release`.
const RELEASE_FILES: [&str; 12] = [
    "etc/oracle-release",
    "etc/enterprise-release",
    "etc/almalinux-release",
    "etc/rocky-release",
    "etc/centos-release",
    "etc/fedora-release",
    "etc/mageia-release",
    "etc/photon-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/redhat-release",
    "etc/system-release",
];

/// How those lines begin, and the `ID` that os-release has for the same system.
const NAMES: [(&str, &str); 14] = [
    ("Red Hat", "rhel"),
    ("CentOS", "centos"),
    ("Oracle Linux", "ol"),
    ("Enterprise Linux", "ol"),
    ("AlmaLinux", "almalinux"),
    ("Rocky Linux", "rocky"),
    ("Fedora", "fedora"),
    ("Amazon Linux", "amzn"),
    ("Mageia", "mageia"),
    ("VMware Photon", "photon"),
    ("Photon", "photon"),
    ("CBL-Mariner", "mariner"),
    ("Microsoft Azure Linux", "azurelinux"),
    ("Azure Linux", "azurelinux"),
];

/// Asks the older files, in an order in which the more particular come first.
pub(super) fn identify(read: &mut dyn FnMut(&str) -> Option<String>) -> Option<Identity> {
    if let Some(version) = read("etc/alpine-release") {
        return Some(named("alpine", first_line(&version)));
    }
    // Ubuntu has Debian's file too.
    if let Some(identity) = read("etc/lsb-release").and_then(|text| lsb_release(&text)) {
        return Some(identity);
    }
    if let Some(version) = read("etc/debian_version") {
        let mut identity = named("debian", "");
        debian_version(&version, &mut identity);
        return Some(identity);
    }
    if let Some(text) = read("etc/SuSE-release") {
        return suse_release(&text);
    }
    RELEASE_FILES.iter().find_map(|path| release_line(first_line(&read(path)?)))
}

/// `12.5`, or `trixie/sid` before a release is out.
pub(super) fn debian_version(text: &str, identity: &mut Identity) {
    let version = first_line(text);
    if let Some((codename, _)) = version.split_once("/sid") {
        identity.unreleased = true;
        identity.codename.get_or_insert_with(|| codename.to_owned());
    } else if version.starts_with(|first: char| first.is_ascii_digit()) {
        identity.version_id = Some(version.to_owned());
    }
}

fn lsb_release(text: &str) -> Option<Identity> {
    let mut identity = Identity::default();
    for (key, value) in assignments(text) {
        match key {
            "DISTRIB_ID" => identity.id = value.to_ascii_lowercase(),
            "DISTRIB_RELEASE" => identity.version_id = Some(value),
            "DISTRIB_CODENAME" => identity.codename = Some(value),
            "DISTRIB_DESCRIPTION" => identity.pretty_name = Some(value),
            _ => {}
        }
    }
    // Others of the LSB name themselves there only roughly; their own file follows.
    (identity.id == "ubuntu").then_some(identity)
}

/// `SUSE Linux Enterprise Server 11 (x86_64)`, then `VERSION = 11` and `PATCHLEVEL = 4`.
fn suse_release(text: &str) -> Option<Identity> {
    let name = first_line(text);
    let value =
        |wanted: &str| assignments(text).find(|(key, _)| *key == wanted).map(|(_, value)| value);
    let version = value("VERSION")?;
    let (id, version) = if name.starts_with("openSUSE") {
        ("opensuse", version)
    } else {
        match value("PATCHLEVEL").filter(|level| level != "0") {
            Some(level) => ("sles", format!("{version}.{level}")),
            None => ("sles", version),
        }
    };
    Some(Identity { pretty_name: Some(name.to_owned()), ..named(id, &version) })
}

/// `CentOS release 6.10 (Final)`.
fn release_line(line: &str) -> Option<Identity> {
    let (_, id) = NAMES.iter().find(|(name, _)| line.starts_with(name))?;
    let version = line
        .split_ascii_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or_default();
    Some(Identity { pretty_name: Some(line.to_owned()), ..named(id, version) })
}

fn named(id: &str, version_id: &str) -> Identity {
    let version_id = (!version_id.is_empty()).then(|| version_id.to_owned());
    Identity { id: id.to_owned(), version_id, ..Identity::default() }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}
