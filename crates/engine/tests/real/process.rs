//! Engines under test, ended whatever happens.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plimsoll_engine::Settings;
use plimsoll_testkit::Place;
use rustix::process::{Pid, Signal, kill_process};

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

/// What the client is told: the environment of this place, and no engine of the machine itself.
pub(crate) fn settings(place: &Place) -> Settings {
    let mut settings = Settings::new(place.vars.clone(), None, 0);
    settings.root = place.root().to_owned();
    settings
}
