//! Running one suite: live output, read at the same time.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::libtest::Reader;
use super::summary::Row;
use crate::workspace::cargo;

/// A test binary.
pub(super) struct Suite {
    pub(super) name: String,
    /// Its package's directory, where cargo starts test binaries too.
    pub(super) directory: PathBuf,
    pub(super) executable: PathBuf,
    /// Only libraries have examples in their documentation that can be tested.
    pub(super) is_library: bool,
}

impl Suite {
    /// How cargo would start it, with the output of tests that pass.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.arg("--show-output").current_dir(&self.directory);
        command.env("CARGO_MANIFEST_DIR", &self.directory);
        command.env("CARGO", cargo(&self.directory).get_program());
        command
    }
}

/// Runs a suite of libtest.
pub(super) fn run(name: &str, command: &mut Command) -> Result<Row> {
    println!("── {name}");
    let start = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting suite {name}"))?;
    let mut reader = Reader::default();
    let output = child.stdout.take().context("standard output is piped")?;
    let mut output = BufReader::new(output);
    // Tests may print bytes that are not UTF-8.
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches('\n');
        if reader.line(text) {
            println!("{text}");
        }
        line.clear();
    }
    let status = child.wait()?;
    let outcome = reader.finish(status.success());
    if !status.success() {
        println!("{name} ended with {status}");
    }
    Ok(Row { name: name.to_owned(), outcome, took: start.elapsed() })
}
