//! A root file system with an rpm database, and dnf working on it.

use std::fs;
use std::path::{Path, PathBuf};

use super::package::Rpm;
use super::run;
use crate::place::Place;
use crate::skip::{needs_programs, skipped};

/// dnf says by this that there are updates; 0 says that there are none.
const HAS_UPDATES: i32 = 100;

/// Without this plugin dnf does not look at locks.
const VERSIONLOCK: &str = "/usr/lib/python3/dist-packages/dnf-plugins/versionlock.py";

/// A system whose packages rpm itself installed.
#[derive(Debug)]
pub struct RpmSystem {
    place: Place,
}

impl RpmSystem {
    /// An empty system; says that the test is skipped where it cannot be had.
    pub fn new() -> Option<Self> {
        if !needs_programs(&["rpm", "rpmbuild", "createrepo_c", "modifyrepo_c", "dnf"]) {
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped("needs root for rpm --root");
            return None;
        }
        if !Path::new(VERSIONLOCK).exists() {
            skipped("needs dnf's plugin versionlock");
            return None;
        }
        let place = Place::new();
        // Debian's rpm keeps its database in the home directory, and does not like to install.
        fs::write(place.path(".rpmmacros"), "%_dbpath /var/lib/rpm\n").unwrap();
        for directory in ["root/etc/yum.repos.d", "root/etc/dnf", "root/var/lib/rpm"] {
            fs::create_dir_all(place.path(directory)).unwrap();
        }
        let system = Self { place };
        let list = system.root().join("etc/dnf/plugins/versionlock.list");
        let settings = format!("[main]\nenabled=1\nlocklist={}\n", list.display());
        system.write("etc/dnf/plugins/versionlock.conf", &settings);
        system.write("etc/dnf/plugins/versionlock.list", "");
        Some(system)
    }

    /// Where repositories of the test are made.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The root file system.
    pub fn root(&self) -> PathBuf {
        self.place.path("root")
    }

    /// Writes a file of the root file system.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The rpm database.
    pub fn database(&self) -> PathBuf {
        self.root().join("var/lib/rpm/rpmdb.sqlite")
    }

    /// Builds packages and installs them, beside older versions where there are any.
    pub fn install(&self, packages: &[Rpm]) {
        let directory = tempfile::tempdir_in(self.place.root()).unwrap();
        for package in packages {
            package.build(&self.place, directory.path());
        }
        let mut command = self.place.command("rpm");
        command.arg("--root").arg(self.root()).args(["--install", "--nodeps", "--nosignature"]);
        command.args(files_below(directory.path()));
        run(command);
    }

    /// Runs dnf on the system, with its own repositories, and returns what it prints.
    pub fn dnf(&self, arguments: &[&str]) -> String {
        let cache = self.place.path("cache").display().to_string();
        let plugins = self.root().join("etc/dnf/plugins").display().to_string();
        let mut command = self.place.command("dnf");
        command.arg("--quiet").arg("--installroot").arg(self.root());
        command.args(["--releasever=9", "--setopt=module_platform_id=platform:el9"]);
        command.arg(format!("--setopt=cachedir={cache}"));
        command.arg(format!("--setopt=pluginconfpath={plugins}"));
        let output = command.args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_done = output.status.success() || output.status.code() == Some(HAS_UPDATES);
        assert!(is_done, "dnf {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
