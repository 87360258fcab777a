//! Engines under test: their own directories, ended and removed whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plimsoll_engine::Settings;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A program that is ended when the test ends.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it and waits for its socket.
    pub(crate) fn start(mut command: Command, socket: &Path, log: &Path) -> Self {
        let output = fs::File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut running = Self(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            let ended = running.0.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{command:?} does not listen: {}",
                fs::read_to_string(log).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        let _ = kill_process(pid, Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a program is there, and may be used: engines need root here.
pub(crate) fn has(program: &str) -> bool {
    let found = std::env::var("PATH")
        .unwrap_or_default()
        .split(':')
        .any(|dir| Path::new(dir).join(program).is_file());
    found && rustix::process::geteuid().is_root()
}

/// A Docker daemon of its own, that leaves the machine's network alone.
pub(crate) fn dockerd(place: &Place, host: &str) -> Command {
    let mut command = place.command("dockerd");
    command.arg("--data-root").arg(place.path("data"));
    command.arg("--exec-root").arg(place.path("exec"));
    command.arg("--pidfile").arg(place.path("docker.pid"));
    command.args(["--host", host, "--storage-driver", "vfs", "--bridge", "none"]);
    command.args(["--iptables=false", "--ip6tables=false", "--ip-masq=false"]);
    command
}

/// Directories, configuration and environment of one test's engine.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) vars: BTreeMap<String, String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap();
        let root = dir.path().display();
        fs::create_dir(dir.path().join("runtime")).unwrap();
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{root}/graph\"\nrunroot = \"{root}/run\"\n"
        );
        fs::write(dir.path().join("storage.conf"), storage).unwrap();
        let containers = format!(
            "[containers]\n\
             default_ulimits = [\"nofile=1024:20000\", \"nproc=10000:10000\"]\n\
             [engine]\n\
             runtime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n\
             lock_type = \"file\"\ntmp_dir = \"{root}/tmp\"\n"
        );
        fs::write(dir.path().join("containers.conf"), containers).unwrap();
        let vars = BTreeMap::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), root.to_string()),
            ("XDG_RUNTIME_DIR".to_owned(), format!("{root}/runtime")),
            ("TMPDIR".to_owned(), root.to_string()),
            ("CONTAINERS_CONF".to_owned(), format!("{root}/containers.conf")),
            ("CONTAINERS_STORAGE_CONF".to_owned(), format!("{root}/storage.conf")),
        ]);
        Self { dir, vars }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What the client is told: this environment, and no engine of the machine itself.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.vars.clone(), None, 0);
        settings.root = self.dir.path().to_owned();
        settings
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.vars).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
