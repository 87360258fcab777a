//! A root file system with its apt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use plimsoll_testkit::SystemRoot;

use super::Release;

/// A system of a release. Its sources name the distribution's own hosts, as in images; the apt inside is told to use a
/// copy of the frozen archives instead.
pub(crate) struct Machine {
    pub(crate) root: SystemRoot,
    release: &'static Release,
}

/// Only what tests gave is a source.
const OPTIONS: &[&str] = &[
    "-oDir::Etc::SourceList=/mnt/sources.list",
    "-oDir::Etc::SourceParts=/mnt/none",
    "-oAPT::Sandbox::User=root",
    "-oAcquire::Languages=none",
];

/// A pending update as apt names it: the package, and its version before and after.
pub(crate) type Pending = BTreeSet<(String, String, String)>;

impl Machine {
    pub(crate) fn new(release: &'static Release) -> Option<Self> {
        let root = SystemRoot::unpack(&release.tarball())?;
        let codename = release.codename;
        let sources = format!(
            "deb http://ftp.debian.org/debian {codename} main\n\
             deb http://ftp.debian.org/debian {codename}-backports main\n\
             deb http://security.debian.org/debian-security {codename}-security main\n"
        );
        root.write("etc/apt/sources.list", sources);
        Some(Self { root, release })
    }

    /// The same in a directory of its own.
    pub(crate) fn copy(&self) -> Self {
        Self { root: self.root.copy(), release: self.release }
    }

    /// How the program is told to look at it.
    pub(crate) fn reference(&self) -> String {
        format!("dir:{}", self.root.root().display())
    }

    /// Gives apt these sources, and has it read what they have; the error is what it says where it cannot.
    pub(crate) fn use_sources(&self, sources: &str) -> Result<(), String> {
        self.root.write("mnt/sources.list", sources);
        let words = ["apt-get", "update", "-oAPT::Update::Error-Mode=any"];
        self.root.attempt(&[&words, OPTIONS].concat()).map(drop)
    }

    /// Gives apt a frozen archive.
    pub(crate) fn use_frozen(&self, version: &str) {
        let _ = fs::remove_dir_all(self.root.path("mnt/archive"));
        let from = self.release.frozen(version);
        copy(&from, &self.root.path("mnt/archive"));
        self.root.write("mnt/key.gpg", fs::read(self.release.frozen("key.gpg")).unwrap());
        let codename = self.release.codename;
        let suites = ["", "-backports", "-security"].map(|pocket| format!("{codename}{pocket}"));
        let suites = suites.iter().filter(|suite| from.join("dists").join(suite).exists());
        let line = |suite| format!("deb [signed-by=/mnt/key.gpg] file:/mnt/archive {suite} main\n");
        self.use_sources(&suites.map(line).collect::<String>()).unwrap();
    }

    pub(crate) fn apt(&self, words: &[&str]) -> String {
        let program = &["apt-get", "-y", "--no-install-recommends"];
        self.root.run(&[program, OPTIONS, words].concat())
    }

    /// What apt would upgrade now.
    pub(crate) fn dist_upgrade(&self) -> Pending {
        let simulated = self.apt(&["-s", "dist-upgrade"]);
        // Inst zlib1g [1:1.2.13-1] (1:1.2.13-2 Debian-Security:12/stable-security [amd64])
        // Without the first brackets it is a package that others need now.
        let line = |line: &str| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
            let rest = rest.strip_prefix('[')?;
            let (from, rest) = rest.split_once("] (")?;
            let to = rest.split(' ').next()?;
            let name = name.split(':').next()?;
            Some([name, from, to].map(str::to_owned).into())
        };
        simulated.lines().filter_map(line).collect()
    }

    /// The sources of these updates: name and version, with their binaries.
    pub(crate) fn sources_of(
        &self,
        pending: &Pending,
    ) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut sources: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        if pending.is_empty() {
            return sources;
        }
        let wanted: Vec<_> = pending.iter().map(|(name, _, to)| format!("{name}={to}")).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let shown = self.root.run(&[&["apt-cache", "show"], OPTIONS, &wanted].concat());
        for stanza in shown.split("\n\n").filter(|stanza| stanza.starts_with("Package: ")) {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name));
            let (name, version) = (field("Package: ").unwrap(), field("Version: ").unwrap());
            let source = field("Source: ").unwrap_or(name);
            let (source, version) = source.split_once(" (").unwrap_or((source, version));
            let source = (source.to_owned(), version.trim_end_matches(')').to_owned());
            sources.entry(source).or_default().insert(name.to_owned());
        }
        sources
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let status = Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}
