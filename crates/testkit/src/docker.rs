//! A Docker Engine of one test.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::place::Place;
use crate::running::Running;
use crate::skip::{needs_programs, skipped};

/// A `dockerd` with its own data, without networks.
#[derive(Debug)]
pub struct Docker {
    // Before the place, so that it ends while its directories are there.
    _running: Running,
    place: Place,
}

impl Docker {
    /// Starts it; says that the test is skipped where it cannot be had.
    pub fn start() -> Option<Self> {
        if !needs_programs(&["dockerd", "docker"]) {
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped("needs root for dockerd");
            return None;
        }
        let mut place = Place::new();
        let socket = place.path("docker.sock");
        let host = format!("unix://{}", socket.display());
        let mut command = place.command("dockerd");
        command.arg("--data-root").arg(place.path("data"));
        command.arg("--exec-root").arg(place.path("exec"));
        command.arg("--pidfile").arg(place.path("docker.pid"));
        command.args(["--host", &host, "--storage-driver", "vfs", "--bridge", "none"]);
        command.args(["--iptables=false", "--ip6tables=false", "--ip-masq=false"]);
        let log = place.path("docker.log");
        let running = Running::start(command, &log, || UnixStream::connect(&socket).is_ok());
        place.vars.insert("DOCKER_HOST".to_owned(), host);
        Some(Self { _running: running, place })
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.place.path("docker.sock")
    }

    /// Its directories and the environment in which `docker` speaks to it.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Runs the `docker` command.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.place.run("docker", arguments)
    }
}
