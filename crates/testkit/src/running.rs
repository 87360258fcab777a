//! A program that ends with the test.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take until it listens, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program with its output in `log`, and waits until `listens`; panics with the log
    /// where it does not.
    pub(crate) fn start(mut command: Command, log: &Path, listens: impl Fn() -> bool) -> Self {
        let output = fs::File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut running =
            Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let deadline = Instant::now() + PATIENCE;
        while !listens() {
            let alive = matches!(running.0.try_wait(), Ok(None)) && Instant::now() < deadline;
            assert!(
                alive,
                "{command:?} does not listen: {}",
                fs::read_to_string(log).unwrap_or_default()
            );
            thread::sleep(INTERVAL);
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Engines tidy up when asked; a killed one leaves mounts behind.
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(INTERVAL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
