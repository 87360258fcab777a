//! `podman system service` on a socket that nobody else can reach, for as long as it is needed.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::settings::Settings;

/// The running service; dropping it ends it and removes its directory.
#[derive(Debug)]
pub(crate) struct PrivateService {
    child: Child,
    directory: TempDir,
}

/// Starting takes 0.1 s; a first start that migrates its storage takes longer.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to end by itself before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often we look whether it has started or ended.
const POLL: Duration = Duration::from_millis(5);
/// If we are killed and cannot end it, it ends by itself after this many seconds without a request.
const IDLE_SECONDS: &str = "3600";
/// How much of what it prints is kept for an error.
const MAX_OUTPUT_BYTES: u64 = 4096;

impl PrivateService {
    /// Starts the program and waits until it listens.
    pub(crate) fn start(program: &Path, settings: &Settings) -> Result<Self, Error> {
        let directory = private_directory(settings)?;
        let output = directory.path().join("output");
        let child = spawn(program, directory.path(), &output, settings)?;
        let mut service = Self { child, directory };
        service.wait_until_listening(&output)?;
        Ok(service)
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(socket(self.directory.path()))
    }

    fn wait_until_listening(&mut self, output: &Path) -> Result<(), Error> {
        let socket = socket(self.directory.path());
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if UnixStream::connect(&socket).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let why = last_line(output).unwrap_or_else(|| status.to_string());
                return Err(Error::PrivateService { why });
            }
            if Instant::now() >= deadline {
                let why = format!("it did not listen within {} s", START_TIMEOUT.as_secs());
                return Err(Error::PrivateService { why });
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for PrivateService {
    /// Rootless Podman runs itself again in a user namespace and passes signals on; killing only
    /// the outer process would leave the inner one, so it is asked first.
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid
            && matches!(self.child.try_wait(), Ok(None))
        {
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            thread::sleep(POLL);
        }
    }
}

fn spawn(
    program: &Path,
    directory: &Path,
    output: &Path,
    settings: &Settings,
) -> Result<Child, Error> {
    let failed = |what: &str, error: std::io::Error| Error::PrivateService {
        why: format!("{what}: {error}"),
    };
    let output = File::create(output).map_err(|error| failed("cannot write its output", error))?;
    let stderr = output.try_clone().map_err(|error| failed("cannot write its output", error))?;
    Command::new(program)
        .args(["system", "service", "--time", IDLE_SECONDS])
        .arg(format!("unix://{}", socket(directory).display()))
        .env_clear()
        .envs(&settings.vars)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(stderr)
        .spawn()
        .map_err(|error| failed(&program.display().to_string(), error))
}

/// A new directory of ours with mode 0700, so that no other user can connect.
fn private_directory(settings: &Settings) -> Result<TempDir, Error> {
    let mut candidates: Vec<PathBuf> = Vec::new();
    candidates.extend(settings.runtime_dir());
    if settings.euid == 0 {
        candidates.push(settings.root.join("run"));
    }
    candidates.extend(settings.private_dir.clone());
    let mut why = "there is no directory for its socket (XDG_RUNTIME_DIR is not set)".to_owned();
    for parent in candidates {
        let made = tempfile::Builder::new()
            .prefix("plimsoll-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent);
        match made {
            Ok(directory) => return Ok(directory),
            Err(error) => why = format!("cannot make a directory in {}: {error}", parent.display()),
        }
    }
    Err(Error::PrivateService { why })
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("podman.sock")
}

/// What the program said last: its errors are one line.
fn last_line(output: &Path) -> Option<String> {
    let mut content = Vec::new();
    File::open(output).ok()?.take(MAX_OUTPUT_BYTES).read_to_end(&mut content).ok()?;
    let content = String::from_utf8_lossy(&content);
    let line = content.lines().rfind(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}
