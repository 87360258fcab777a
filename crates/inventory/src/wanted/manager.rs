//! The small files that say where packages are upgraded from, by which keys that is believed, and
//! what shall not be upgraded.
//!
//! apt: sources.list(5), apt_preferences(5), apt.conf(5), apt-key(8), apt-mark(8). apk:
//! apk-repositories(5), apk-world(5), apk-keys(5). rpm: dnf.conf(5), yum.conf(5), zypper(8).

use super::FileKind;

/// The largest keyring of a distribution's archive has 200 KiB, a `redhat.repo` of many
/// subscriptions as much. Keyrings of all developers of a distribution are larger, and sign no
/// archive.
pub(crate) const MAX_FILE: u64 = 256 << 10;

/// A stanza of `extended_states` has about 60 bytes: 17,000 packages.
pub(crate) const MAX_EXTENDED_STATES: u64 = 1 << 20;

/// All files of one layer, or of one image, in bytes: a hundred times what a real image has.
pub(crate) const MAX_KEPT: usize = 16 << 20;

/// Files of the merged image, in all directories: real images have about thirty.
pub(crate) const MAX_FILES: usize = 1000;

/// Single files.
pub(crate) const FILES: [&str; 15] = [
    "etc/apk/arch",
    super::APK_REPOSITORIES,
    "etc/apk/world",
    "etc/apt/apt.conf",
    "etc/apt/preferences",
    "etc/apt/sources.list",
    "etc/apt/trusted.gpg",
    "etc/dnf/dnf.conf",
    "etc/dnf/plugins/versionlock.list",
    "etc/machine-id",
    "etc/yum.conf",
    "etc/yum/pluginconf.d/versionlock.list",
    "etc/zypp/locks",
    "var/lib/apt/extended_states",
    "var/lib/dpkg/arch",
];

/// Directories; which of their files count is [`kept`]'s to say.
pub(crate) const DIRECTORIES: [&str; 16] = [
    "etc/apk/keys",
    "etc/apk/repositories.d",
    "etc/apt/apt.conf.d",
    "etc/apt/keyrings",
    "etc/apt/preferences.d",
    "etc/apt/sources.list.d",
    "etc/apt/trusted.gpg.d",
    "etc/dnf/modules.d",
    "etc/dnf/vars",
    "etc/pki/rpm-gpg",
    "etc/yum.repos.d",
    "etc/yum/vars",
    "etc/zypp/repos.d",
    "etc/zypp/vars.d",
    "usr/share/apk/keys",
    "usr/share/keyrings",
];

/// Whether a file is one of these, judged by the last components of its path, and how it is read.
pub(super) fn kept(grandparent: &[u8], parent: &[u8], name: &[u8]) -> Option<FileKind> {
    let is_kept = match (grandparent, parent) {
        (_, b"apt") => match name {
            b"extended_states" => return Some(FileKind::ExtendedStates),
            _ => matches!(name, b"sources.list" | b"preferences" | b"apt.conf" | b"trusted.gpg"),
        },
        (b"apt", b"sources.list.d") => name.ends_with(b".list") || name.ends_with(b".sources"),
        (b"apt", b"preferences.d" | b"apt.conf.d" | b"trusted.gpg.d" | b"keyrings") => true,
        (b"share", b"keyrings") => true,
        (_, b"dpkg") => name == b"arch",
        (_, b"apk") => matches!(name, b"arch" | b"world"),
        (b"apk", b"keys" | b"repositories.d") => true,
        (_, b"yum.repos.d") | (b"zypp", b"repos.d") => name.ends_with(b".repo"),
        (_, b"dnf") => name == b"dnf.conf",
        (b"dnf" | b"yum", b"vars") | (b"zypp", b"vars.d") | (b"pki", b"rpm-gpg") => true,
        (b"dnf", b"modules.d") => name.ends_with(b".module"),
        (b"dnf", b"plugins") | (b"yum", b"pluginconf.d") => name == b"versionlock.list",
        (_, b"zypp") => name == b"locks",
        (_, b"etc") => matches!(name, b"machine-id" | b"yum.conf"),
        _ => false,
    };
    is_kept.then_some(FileKind::Manager)
}

#[cfg(test)]
mod tests {
    use crate::wanted::{FileKind, kept};

    fn check(path: &str, expected: Option<FileKind>) {
        assert_eq!(kept(path.as_bytes()), expected, "{path}");
    }

    #[test]
    fn every_wanted_file_is_kept() {
        for path in super::FILES {
            assert!(kept(path.as_bytes()).is_some(), "{path}");
        }
        for directory in super::DIRECTORIES {
            let suffixes = ["", ".sources", ".repo", ".module"];
            let paths = suffixes.map(|suffix| format!("{directory}/x{suffix}"));
            assert!(paths.iter().any(|path| kept(path.as_bytes()).is_some()), "{directory}");
        }
    }

    #[test]
    fn only_what_a_manager_reads_there_is_kept() {
        let manager = Some(FileKind::Manager);
        check("etc/apt/sources.list.d/debian.sources", manager);
        check("etc/apt/sources.list.d/a.list", manager);
        check("etc/apt/sources.list.d/a.list.save", None);
        check("etc/apt/sources.list~", None);
        check("etc/apt/auth.conf", None);
        check("etc/apt/auth.conf.d/a", None);
        check("var/lib/apt/extended_states", Some(FileKind::ExtendedStates));
        check("etc/yum.repos.d/fedora.repo", manager);
        check("etc/yum.repos.d/README", None);
        check("etc/dnf/modules.d/nodejs.module", manager);
        check("root/.local/share/keyrings/login.keyring", manager);
        check("usr/share/doc/keys/a", None);
        check("etc/apk/repositories", Some(FileKind::Text));
        check("srv/world", None);
    }
}
