//! The program in a world of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_testkit::{Image, Layout};
use serde_json::Value;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::findings::text;

/// A directory for state, cache and what it reads, and its whole environment: the machine's own engines, settings and
/// databases are neither seen nor changed.
pub(crate) struct Program {
    directory: TempDir,
    vars: BTreeMap<&'static str, String>,
    /// Stand in every command.
    options: Vec<String>,
}

impl Program {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("plimsoll-reality-").tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        for name in ["home", "tmp", "bin", "runtime", "from"] {
            fs::create_dir(at(name)).unwrap();
        }
        let vars = [
            ("HOME", at("home")),
            ("PATH", at("bin")),
            ("TMPDIR", at("tmp")),
            ("XDG_RUNTIME_DIR", at("runtime")),
            ("XDG_CONFIG_HOME", at("config")),
            ("DOCKER_HOST", format!("unix://{}", at("docker.sock"))),
            ("PLIMSOLL_STATE_DIR", at("state")),
            ("PLIMSOLL_CACHE_DIR", at("cache")),
        ];
        Self { directory, vars: vars.into(), options: Vec::new() }
    }

    /// The same with more options in every command.
    pub(crate) fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// The same, reading everything from its own copy of archives and feeds.
    pub(crate) fn with_copy(self) -> Self {
        let from = self.path("from").display().to_string();
        self.with(&["--from", &from])
    }

    /// A path in its directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the copy has this address; the directories above are made.
    pub(crate) fn copy_of(&self, address: &str) -> PathBuf {
        let path = self.path("from").join(address);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Has the copy answer for an address with what lies elsewhere.
    pub(crate) fn place(&self, address: &str, at: &Path) {
        symlink(at, self.copy_of(address)).unwrap();
    }

    /// OSV's export of an ecosystem in the copy.
    pub(crate) fn place_osv(&self, ecosystem: &str, records: &[Value]) {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for record in records {
            let name = format!("{}.json", record["id"].as_str().unwrap());
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(record.to_string().as_bytes()).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let address = format!("osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip");
        fs::write(self.copy_of(&address), bytes).unwrap();
    }

    /// Writes an image as a layout and gives its reference.
    pub(crate) fn layout(&self, name: &str, image: &Image) -> String {
        let path = self.path(name);
        Layout::of(image).write(&path).unwrap();
        format!("oci:{}", path.display())
    }

    /// What it answers, as JSON.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let text = self.run(&[words, &["--format", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
    }

    /// A scan with the advisories of another.
    #[track_caller]
    pub(crate) fn scan_as(&self, other: &Value, reference: &str) -> Value {
        let generation = text(&other["database"]["generation"]);
        self.json(&["scan", reference, "--generation", &generation])
    }

    /// Its standard output; panics unless it ends well.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(words).args(&self.options).env_clear().envs(&self.vars);
        let output = command.current_dir(self.path("home")).stdin(Stdio::null()).output().unwrap();
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{command:?}: {}\n{stderr}{stdout}", output.status);
        stdout
    }
}
