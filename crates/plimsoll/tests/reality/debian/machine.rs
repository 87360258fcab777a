//! A root file system with its apt.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_testkit::SystemRoot;

use super::Release;

/// A system of a release. Its sources name the distribution's own hosts, as in images; the apt inside is told to use a
/// copy of the frozen archives instead.
pub(crate) struct Machine {
    pub(crate) root: SystemRoot,
    release: &'static Release,
}

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

    /// Gives apt these sources, and has it read what they have.
    pub(crate) fn use_sources(&self, sources: &str) {
        self.root.write("mnt/sources.list", sources);
        self.apt(&["update", "-o", "APT::Update::Error-Mode=any"]);
    }

    /// Gives apt a frozen archive.
    pub(crate) fn use_frozen(&self, version: &str) {
        let _ = std::fs::remove_dir_all(self.root.path("mnt/archive"));
        let from = self.release.frozen(version);
        copy(&from, &self.root.path("mnt/archive"));
        self.root.write("mnt/key.gpg", std::fs::read(self.release.frozen("key.gpg")).unwrap());
        let codename = self.release.codename;
        let suites = ["", "-backports", "-security"].map(|pocket| format!("{codename}{pocket}"));
        let suites = suites.iter().filter(|suite| from.join("dists").join(suite).exists());
        let line = |suite| format!("deb [signed-by=/mnt/key.gpg] file:/mnt/archive {suite} main\n");
        self.use_sources(&suites.map(line).collect::<String>());
    }

    pub(crate) fn apt(&self, words: &[&str]) -> String {
        let options = [
            "apt-get",
            "-y",
            "-oDir::Etc::SourceList=/mnt/sources.list",
            "-oDir::Etc::SourceParts=/mnt/none",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Languages=none",
            "--no-install-recommends",
        ];
        self.root.run(&[&options, words].concat())
    }

    /// What apt would upgrade now.
    pub(crate) fn dist_upgrade(&self) -> Pending {
        let simulated = self.apt(&["-s", "dist-upgrade"]);
        // Inst zlib1g [1:1.2.13-1] (1:1.2.13-2 Debian-Security:12/stable-security [amd64])
        let line = |line: &str| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(" [")?;
            let (from, rest) = rest.split_once("] (")?;
            let to = rest.split(' ').next()?;
            let name = name.split(':').next()?;
            Some([name, from, to].map(str::to_owned).into())
        };
        let lines = simulated.lines().filter(|line| line.starts_with("Inst "));
        lines.map(|it| line(it).unwrap_or_else(|| panic!("{it}"))).collect()
    }

    /// The sources of these updates: name and version, with their binaries.
    pub(crate) fn sources_of(
        &self,
        pending: &Pending,
    ) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut sources: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (name, _, to) in pending {
            let wanted = format!("{name}={to}");
            let stanza = self.root.run(&["apt-cache", "show", &wanted]);
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name));
            let source = field("Source: ").unwrap_or(name);
            let (source, version) = source.split_once(" (").unwrap_or((source, to));
            let source = (source.to_owned(), version.trim_end_matches(')').to_owned());
            sources.entry(source).or_default().insert(name.clone());
        }
        sources
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let status = std::process::Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}
