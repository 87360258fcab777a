//! All that finding an engine depends on, handed in by the caller.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The surroundings in which engines are looked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment: variables are looked up here, and the `podman` program gets exactly these.
    pub vars: BTreeMap<String, String>,
    /// The user's home, below which Docker keeps its contexts.
    pub home: Option<PathBuf>,
    /// Where the well-known sockets are relative to: `/` but in tests.
    pub root: PathBuf,
    /// The effective user id: decides between the rootful and the rootless sockets.
    pub euid: u32,
    /// Holds Podman's private socket where there is no `XDG_RUNTIME_DIR`: a directory of the state.
    pub private_dir: Option<PathBuf>,
    /// How long connecting, and waiting for the next bytes of a small answer, may take.
    pub timeout: Duration,
}

/// Engines answer in milliseconds; a machine that is swapping may need seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Settings {
    /// Settings for a process with this environment, user and home, and the default timeout.
    pub fn new(vars: BTreeMap<String, String>, home: Option<PathBuf>, euid: u32) -> Self {
        Self { vars, home, root: PathBuf::from("/"), euid, private_dir: None, timeout: TIMEOUT }
    }

    /// A variable that is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The user's runtime directory, as the base directory specification and systemd have it.
    pub(crate) fn runtime_dir(&self) -> Option<PathBuf> {
        match self.var("XDG_RUNTIME_DIR") {
            Some(dir) => Some(PathBuf::from(dir)),
            None if self.euid == 0 => None,
            None => Some(self.root.join(format!("run/user/{}", self.euid))),
        }
    }
}
