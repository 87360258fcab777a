//! A Podman of one test.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::place::Place;
use crate::running::Running;
use crate::skip::{needs_programs, skipped};

/// Podman with its own storage; it is no process until its service is started.
#[derive(Debug)]
pub struct Podman {
    service: Option<Running>,
    place: Place,
}

impl Podman {
    /// Sets it up; says that the test is skipped where it cannot be had.
    pub fn new() -> Option<Self> {
        if !needs_programs(&["podman", "runc"]) {
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped("needs root for podman");
            return None;
        }
        Some(Self { service: None, place: Place::new() })
    }

    /// Starts the API on [`socket`](Self::socket).
    pub fn serve(&mut self) {
        let socket = self.socket();
        let mut command = self.place.command("podman");
        command.args(["system", "service", "--time", "0"]);
        command.arg(format!("unix://{}", socket.display()));
        let log = self.place.path("podman.log");
        let service = Running::start(command, &log, || UnixStream::connect(&socket).is_ok());
        self.service = Some(service);
    }

    /// Where the API is, once served.
    pub fn socket(&self) -> PathBuf {
        self.place.path("podman.sock")
    }

    /// Its directories and the environment in which `podman` uses them.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Runs the `podman` command.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.place.run("podman", arguments)
    }
}
