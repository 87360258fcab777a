//! What is made once for a release: its root file system and the frozen archives.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_testkit::{DebianMirrors, FrozenArchive, needs_programs, skipped};

use super::CODENAMES;

/// A release, as it is on this machine.
pub(crate) struct Release {
    pub(crate) codename: &'static str,
    pub(crate) mirrors: DebianMirrors,
    /// Below the build directory: what was downloaded is used by the next run too.
    pub(crate) directory: PathBuf,
    /// Held until the process ends: another one must not replace the archives meanwhile.
    _lock: File,
}

impl Release {
    /// The tar of the root file system.
    pub(crate) fn tarball(&self) -> PathBuf {
        self.directory.join("root.tar")
    }

    /// The archives that [`FrozenArchive`] makes.
    pub(crate) fn frozen(&self, name: &str) -> PathBuf {
        self.directory.join("frozen").join(name)
    }

    /// `12`.
    pub(crate) fn version(&self) -> &'static str {
        match self.codename {
            "bullseye" => "11",
            "bookworm" => "12",
            _ => "13",
        }
    }

    fn make(codename: &'static str, mirrors: DebianMirrors) -> Result<Self, String> {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reality").join(codename);
        fs::create_dir_all(&directory).unwrap();
        let lock = File::create(directory.join("lock")).unwrap();
        lock.lock().unwrap();
        let release = Self { codename, mirrors, directory, _lock: lock };
        if !release.tarball().exists() {
            release.bootstrap()?;
        }
        for version in ["v1", "v2"] {
            let _ = fs::remove_dir_all(release.frozen(version));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let frozen = FrozenArchive {
            directory: &release.frozen(""),
            codename,
            mirror: &release.mirrors.main,
            architecture: "amd64",
        };
        fs::create_dir_all(frozen.directory).unwrap();
        frozen.make(now.try_into().unwrap()).map_err(|error| error.to_string())?;
        Ok(release)
    }

    /// A minimal system, slim as images are: as it was released, without what security updates came since.
    fn bootstrap(&self) -> Result<(), String> {
        let unfinished = self.directory.join("root.part.tar");
        let mut mmdebstrap = Command::new("mmdebstrap");
        mmdebstrap.args(["--quiet", "--variant=minbase", "--include=tzdata"]);
        for directory in ["doc", "locale", "man"] {
            mmdebstrap.arg(format!("--dpkgopt=path-exclude=/usr/share/{directory}/*"));
        }
        mmdebstrap.arg(self.codename).arg(&unfinished);
        mmdebstrap.arg(format!("deb {} {} main", self.mirrors.main, self.codename));
        let output = mmdebstrap.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        fs::rename(unfinished, self.tarball()).map_err(|error| error.to_string())
    }
}

/// A release; says that the test is skipped where it cannot be made here.
pub(crate) fn release(codename: &str) -> Option<&'static Release> {
    static RELEASES: [OnceLock<Result<Release, String>>; CODENAMES.len()] =
        [const { OnceLock::new() }; CODENAMES.len()];
    if !cfg!(target_arch = "x86_64") {
        skipped("needs a machine that runs x86_64");
        return None;
    }
    if !rustix::process::geteuid().is_root() {
        skipped("needs root for chroot");
        return None;
    }
    if !needs_programs(&["mmdebstrap", "apt-get", "tar", "chroot"]) {
        return None;
    }
    let mirrors = DebianMirrors::find()?;
    let at = CODENAMES.iter().position(|known| *known == codename).unwrap();
    match RELEASES[at].get_or_init(|| Release::make(CODENAMES[at], mirrors)) {
        Ok(release) => Some(release),
        Err(why) => {
            skipped(&format!("needs the archive of Debian {codename}: {}", why.trim()));
            None
        }
    }
}
