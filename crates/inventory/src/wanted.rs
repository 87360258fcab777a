//! The files that say what is installed and what the system is: which paths are asked for in the
//! merged image, and which files of a layer are kept because a link may make them one of those.

pub(crate) mod manager;

use crate::dpkg::Flavour;
use crate::{lines, spool};

/// How a file's content is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FileKind {
    /// dpkg's `status`.
    DpkgStatus,
    /// A file of dpkg's `status.d`.
    DpkgStatusEntry,
    /// apk's `installed`.
    Apk,
    /// An rpm database of any format.
    Rpm,
    /// The write-ahead log of an rpm database in sqlite format.
    RpmWal,
    /// A small text: os-release and its cousins, apk's repositories.
    Text,
    /// A small file of a package manager: sources, preferences, keys.
    Manager,
    /// apt's list of what was installed automatically.
    ExtendedStates,
}

impl FileKind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::DpkgStatus => 0,
            Self::DpkgStatusEntry => 1,
            Self::Apk => 2,
            Self::Rpm => 3,
            Self::RpmWal => 4,
            Self::Text => 5,
            Self::Manager => 6,
            Self::ExtendedStates => 7,
        }
    }

    pub(crate) fn of_code(code: u8) -> Option<Self> {
        const ALL: [FileKind; 8] = [
            FileKind::DpkgStatus,
            FileKind::DpkgStatusEntry,
            FileKind::Apk,
            FileKind::Rpm,
            FileKind::RpmWal,
            FileKind::Text,
            FileKind::Manager,
            FileKind::ExtendedStates,
        ];
        ALL.get(usize::from(code)).copied()
    }

    pub(crate) fn flavour(self) -> Option<Flavour> {
        match self {
            Self::DpkgStatus => Some(Flavour::Status),
            Self::DpkgStatusEntry => Some(Flavour::StatusEntry),
            _ => None,
        }
    }

    /// How large a file may be to be read.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::Text => MAX_TEXT,
            Self::Manager => manager::MAX_FILE,
            Self::ExtendedStates => manager::MAX_EXTENDED_STATES,
            Self::Rpm | Self::RpmWal => spool::MAX_LARGE,
            Self::DpkgStatus | Self::DpkgStatusEntry | Self::Apk => lines::MAX_FILE,
        }
    }

    /// Whether it is only wanted for upgrading what is installed.
    pub(crate) fn is_for_upgrades(self) -> bool {
        matches!(self, Self::Manager | Self::ExtendedStates)
    }
}

/// Where dpkg records what is installed.
pub(crate) const DPKG_STATUS: &str = "var/lib/dpkg/status";
/// Where distroless images do, one file a package.
pub(crate) const DPKG_STATUS_DIRECTORY: &str = "var/lib/dpkg/status.d";
/// Where apk does: before and since the merge of `/usr`.
pub(crate) const APK_DATABASES: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// Where rpm does: the old place, the one of SUSE and Fedora since 36, the one of ostree.
pub(crate) const RPM_DIRECTORIES: [&str; 3] =
    ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];
/// The database files of rpm, newest format first: what a conversion left behind beside a newer one
/// is not read.
pub(crate) const RPM_DATABASES: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];
/// Where apk is told its repositories, which also name the branch of Alpine.
pub(crate) const APK_REPOSITORIES: &str = "etc/apk/repositories";
/// What sqlite appends to the name of its database.
pub(crate) const WAL_SUFFIX: &str = "-wal";

/// The texts that name a system are a page long; what is longer is not one of them.
pub(crate) const MAX_TEXT: u64 = 64 * 1024;

/// Files whose last component is enough to keep them: they are small.
const TEXTS: [&str; 17] = [
    "os-release",
    "alpine-release",
    "debian_version",
    "lsb-release",
    "redhat-release",
    "centos-release",
    "system-release",
    "oracle-release",
    "enterprise-release",
    "fedora-release",
    "rocky-release",
    "almalinux-release",
    "mageia-release",
    "photon-release",
    "mariner-release",
    "azurelinux-release",
    "SuSE-release",
];

/// The paths that may be in force, but for those of [`DPKG_STATUS_DIRECTORY`]: what is opened in a
/// directory.
pub(crate) fn paths() -> Vec<(String, FileKind)> {
    let mut paths = vec![
        (DPKG_STATUS.to_owned(), FileKind::DpkgStatus),
        ("usr/lib/os-release".to_owned(), FileKind::Text),
        (APK_REPOSITORIES.to_owned(), FileKind::Text),
    ];
    paths.extend(APK_DATABASES.map(|path| (path.to_owned(), FileKind::Apk)));
    paths.extend(TEXTS.map(|name| (format!("etc/{name}"), FileKind::Text)));
    for directory in RPM_DIRECTORIES {
        for name in RPM_DATABASES {
            paths.push((format!("{directory}/{name}"), FileKind::Rpm));
        }
        let [sqlite, ..] = RPM_DATABASES;
        paths.push((format!("{directory}/{sqlite}{WAL_SUFFIX}"), FileKind::RpmWal));
    }
    paths
}

/// Whether a file of a layer is kept, judged by the end of its path, and how it is read. Only whole
/// components count, so that `vcpkg/status` is not `dpkg/status`; whether a kept file is in force
/// is decided when the layers are merged, by its exact path.
pub(crate) fn kept(path: &[u8]) -> Option<FileKind> {
    let mut parts = path.rsplit(|byte| *byte == b'/');
    let name = parts.next()?;
    let parent = parts.next().unwrap_or_default();
    let grandparent = parts.next().unwrap_or_default();
    match (grandparent, parent, name) {
        (_, b"dpkg", b"status") => Some(FileKind::DpkgStatus),
        (b"dpkg", b"status.d", name) => is_status_entry(name).then_some(FileKind::DpkgStatusEntry),
        (b"apk", b"db", b"installed") => Some(FileKind::Apk),
        (_, b"rpm", b"rpmdb.sqlite" | b"Packages.db" | b"Packages") => Some(FileKind::Rpm),
        (_, b"rpm", b"rpmdb.sqlite-wal") => Some(FileKind::RpmWal),
        (_, b"apk", b"repositories") => Some(FileKind::Text),
        (_, _, name) if TEXTS.iter().any(|text| text.as_bytes() == name) => Some(FileKind::Text),
        _ => manager::kept(grandparent, parent, name),
    }
}

/// Whether a file of `status.d` is a package: beside each lies a list of checksums.
pub(crate) fn is_status_entry(name: &[u8]) -> bool {
    !name.ends_with(b".md5sums")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<FileKind>) {
        assert_eq!(kept(path.as_bytes()), expected, "{path}");
    }

    #[test]
    fn files_are_kept_by_whole_components() {
        check("var/lib/dpkg/status", Some(FileKind::DpkgStatus));
        check("data/dpkg/status", Some(FileKind::DpkgStatus));
        check("opt/vcpkg/installed/vcpkg/status", None);
        check("var/lib/dpkg/status-old", None);
        check("status", None);
        check("var/lib/dpkg/status.d/libc6", Some(FileKind::DpkgStatusEntry));
        check("var/lib/dpkg/status.d/libc6.md5sums", None);
        check("var/lib/dpkg/status.d/status", Some(FileKind::DpkgStatusEntry));
        check("lib/apk/db/installed", Some(FileKind::Apk));
        check("usr/lib/apk/db/installed", Some(FileKind::Apk));
        check("lib/apk/installed", None);
        check("var/lib/rpm/Packages", Some(FileKind::Rpm));
        check("usr/lib/sysimage/rpm/Packages.db", Some(FileKind::Rpm));
        check("var/lib/rpm/rpmdb.sqlite-wal", Some(FileKind::RpmWal));
        check("var/lib/rpm/rpmdb.sqlite-shm", None);
        check("usr/lib/os-release", Some(FileKind::Text));
        check("etc/apk/repositories", Some(FileKind::Text));
        check("etc/repositories", None);
        check("etc/apt/sources.list", Some(FileKind::Manager));
        check("", None);
    }

    #[test]
    fn every_wanted_path_is_kept() {
        for (path, kind) in paths() {
            check(&path, Some(kind));
        }
    }

    #[test]
    fn codes_lead_back() {
        for code in 0..8 {
            assert_eq!(FileKind::of_code(code).unwrap().code(), code);
        }
        assert_eq!(FileKind::of_code(8), None);
    }
}
