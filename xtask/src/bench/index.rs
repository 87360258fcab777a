//! From the packed index of a main suite to what is newer there.
//!
//! `crates/distro/examples/index.rs` does it, and also only inflates.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::Bench;
use super::measure::{self, median, processor_time, time};
use super::report::{Row, Value};
use crate::process;

const TITLE: &str = "63,440 packages to candidates";
/// Debian 12, of the day of the shared data.
const PACKAGES: &str = "archive/debian/bookworm/main/binary-amd64/Packages.xz";
/// Of Debian 11: nearly everything is newer in 12.
const STATUS: &str = "rootfs/dpkg-status/debian-bullseye-main-slim.status.xz";

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    if !bench.has_shared_data() {
        return Ok(Vec::new());
    }
    bench.release(&["--package", "plimsoll-distro", "--example", "index"])?;
    let data = bench.shared_data();
    let (packages, status) = (data.join(PACKAGES), data.join(STATUS));
    let place = bench.directory.join("index");
    let inflate = || example(bench, &[&packages]);
    let whole = || example(bench, &[&packages, &status, &place]);
    let found = process::read(whole().stdout(Stdio::piped()))?;
    ensure!(measure::numbers(&found).first().is_some_and(|found| *found > 50), "only {found}");

    let (mut least, mut wholes) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        // By turns, so that a busy moment of the machine meets both.
        least.push(time(&mut inflate())?);
        wholes.push(time(&mut whole())?);
    }
    let (least, compiled) = (median(least), median(wholes));
    let note = format!(
        "{} / only inflating {}; processor time {} / {}",
        Value::Time(compiled),
        Value::Time(least),
        Value::Time(processor_time(&mut whole())?),
        Value::Time(processor_time(&mut inflate())?)
    );
    let memory = measure::memory(&mut whole())?;
    Ok(vec![
        Row::new(
            format!("{TITLE}: ratio"),
            Value::Ratio(compiled.as_secs_f64() / least.as_secs_f64()),
        )
        .aim(Value::Ratio(1.2))
        .note(note),
        Row::new(format!("{TITLE}: peak RssAnon"), Value::Memory(memory.anonymous))
            .aim(Value::Memory(64 << 10))
            .note(format!("with mapped files {}", Value::Memory(memory.resident))),
    ])
}

fn example(bench: &Bench, files: &[&Path]) -> Command {
    let mut command = Command::new(bench.examples().join("index"));
    command.args(files).stdout(Stdio::null());
    command
}
