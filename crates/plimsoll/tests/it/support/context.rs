//! One run of the program in a world of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_testkit::{Image, Layout};
use tempfile::TempDir;

use super::Answer;

/// A directory with everything the program may touch, and its whole environment: the machine's own
/// engines, settings and caches are neither seen nor changed.
pub(crate) struct TestContext {
    directory: TempDir,
    /// The environment.
    pub(crate) vars: BTreeMap<String, String>,
}

/// The day for which tests speak where the day matters.
const DAY: &str = "2026-06-01";

impl TestContext {
    /// Without engines: none is in the path, and no socket is where it is looked for. Nor is there a way out of
    /// this machine: a base that is only guessed at is otherwise asked for at Docker Hub.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("plimsoll-it-").tempdir().unwrap();
        let root = directory.path().display().to_string();
        for name in ["home", "tmp", "bin", "runtime", "work"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let vars = [
            ("HOME", format!("{root}/home")),
            ("PATH", format!("{root}/bin")),
            ("TMPDIR", format!("{root}/tmp")),
            ("XDG_RUNTIME_DIR", format!("{root}/runtime")),
            ("XDG_CONFIG_HOME", format!("{root}/config")),
            ("DOCKER_HOST", format!("unix://{root}/docker.sock")),
            ("HTTPS_PROXY", "http://127.0.0.1:9".to_owned()),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
            ("PLIMSOLL_STATE_DIR", format!("{root}/state")),
            ("PLIMSOLL_CACHE_DIR", format!("{root}/cache")),
            ("PLIMSOLL_AS_OF", DAY.to_owned()),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value)).into();
        Self { directory, vars }
    }

    /// The same with a variable set.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sees the engine whose environment this is: its sockets, its path, its configuration.
    pub(crate) fn with_engine(mut self, vars: &BTreeMap<String, String>) -> Self {
        let ours = ["TMPDIR"];
        let theirs = vars.iter().filter(|(name, _)| !ours.contains(&name.as_str()));
        self.vars.extend(theirs.map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// The working directory of the runs; relative paths in tests are below it.
    pub(crate) fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// A path below the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// A path below the whole world: `state`, `cache`, `tmp`.
    pub(crate) fn world(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file below the working directory, and its directories.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes an image as a layout below the working directory.
    pub(crate) fn layout(&self, name: &str, image: &Image) -> PathBuf {
        let path = self.path(name);
        Layout::of(image).write(&path).unwrap();
        path
    }

    /// The program with these arguments.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(args).env_clear().envs(&self.vars).current_dir(self.work());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn plimsoll<A: AsRef<OsStr>>(&self, args: &[A]) -> Answer {
        let output = self.command(args).output().unwrap();
        Answer::new(&output, self.directory.path(), args)
    }

    /// Runs the program with this text on its standard input.
    pub(crate) fn plimsoll_with_input<A: AsRef<OsStr>>(&self, args: &[A], input: &str) -> Answer {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Answer::new(&child.wait_with_output().unwrap(), self.directory.path(), args)
    }

    /// Every path below a directory, sorted; empty where there is none.
    pub(crate) fn files_below(&self, directory: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![directory.to_owned()];
        while let Some(directory) = open.pop() {
            let Ok(entries) = fs::read_dir(directory) else { continue };
            for entry in entries {
                let entry = entry.unwrap();
                match entry.file_type().unwrap().is_dir() {
                    true => open.push(entry.path()),
                    false => found.push(entry.path()),
                }
            }
        }
        found.sort();
        found
    }
}
