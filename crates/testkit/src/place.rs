//! Directories, configuration and environment of one engine under test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A home of its own: nothing of the machine's own engines is seen or touched.
#[derive(Debug)]
pub struct Place {
    directory: TempDir,
    /// The whole environment of programs that run here.
    pub vars: BTreeMap<String, String>,
}

impl Place {
    /// A new, empty place with Podman's configuration for machines without systemd and without the
    /// right to raise limits.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap();
        let root = directory.path().display().to_string();
        for name in ["runtime", "tmp"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{root}/graph\"\nrunroot = \"{root}/run\"\n"
        );
        fs::write(directory.path().join("storage.conf"), storage).unwrap();
        let containers = format!(
            "[containers]\n\
             default_ulimits = [\"nofile=1024:20000\", \"nproc=10000:10000\"]\n\
             [engine]\n\
             runtime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n\
             lock_type = \"file\"\ntmp_dir = \"{root}/tmp\"\n"
        );
        fs::write(directory.path().join("containers.conf"), containers).unwrap();
        let vars = BTreeMap::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".to_owned(), root.clone()),
            ("XDG_RUNTIME_DIR".to_owned(), format!("{root}/runtime")),
            ("TMPDIR".to_owned(), root.clone()),
            ("CONTAINERS_CONF".to_owned(), format!("{root}/containers.conf")),
            ("CONTAINERS_STORAGE_CONF".to_owned(), format!("{root}/storage.conf")),
        ]);
        Self { directory, vars }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A path inside it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A program in this environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.vars).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end and returns what it printed; panics where it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}
