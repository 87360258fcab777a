//! Scans: cold, again, and with a new top layer.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_testkit::{Compression, Image, Layer, Layout};

use super::Bench;
use super::images::{self, ALPINE, LARGE, Spec};
use super::measure::{self, empty, median, processor_time, time};
use super::report::{Row, Value};

const AGAIN: Value = Value::Time(Duration::from_millis(30));

/// Cold against only inflating and digesting, memory, temporary files, and once more.
pub(super) fn cold(bench: &Bench, spec: &Spec) -> Result<Vec<Row>> {
    let image = images::build(bench, spec)?;
    let title = spec.title;
    check_packages(bench, &image.layout, spec.packages)?;
    let mut least = Vec::new();
    let mut scans = Vec::new();
    // Files that were just written would be read from the disk.
    time(&mut baseline(bench, &image.layout))?;
    for _ in 0..bench.runs {
        // By turns, so that a busy moment of the machine meets both.
        least.push(time(&mut baseline(bench, &image.layout))?);
        empty(&bench.cache())?;
        scans.push(time(&mut scan(bench, &image.layout))?);
    }
    let (least, scanned) = (median(least), median(scans));
    let ratio = scanned.as_secs_f64() / least.as_secs_f64();
    let least_processor = processor_time(&mut baseline(bench, &image.layout))?;
    empty(&bench.cache())?;
    let scan_processor = processor_time(&mut scan(bench, &image.layout))?;
    let parts = format!(
        "scan {} / only inflating and hashing {}; processor time {} / {}",
        Value::Time(scanned),
        Value::Time(least),
        Value::Time(scan_processor),
        Value::Time(least_processor)
    );
    let mut rows = vec![
        Row::new(format!("{title}: cold scan, ratio"), Value::Ratio(ratio))
            .aim(Value::Ratio(1.25))
            .note(parts),
    ];
    rows.extend(peaks(bench, &image.layout, title, 150 << 10)?);
    rows.push(again(bench, &image.layout, title)?);
    Ok(rows)
}

/// The smallest image that anybody scans.
pub(super) fn alpine(bench: &Bench) -> Result<Vec<Row>> {
    let real = real_alpine(bench)?;
    let layout = match &real {
        Some(layout) => layout.clone(),
        None => images::build(bench, &ALPINE)?.layout,
    };
    let title = if real.is_some() { "Alpine 3.20.3" } else { ALPINE.title };
    let cache = bench.cache();
    let cold = measure::median_time(bench.runs, &mut scan(bench, &layout), || empty(&cache))?;
    let mut rows = vec![Row::new(format!("{title}: cold scan"), Value::Time(cold)).aim(AGAIN)];
    rows.extend(peaks(bench, &layout, title, 30 << 10)?);
    rows.push(again(bench, &layout, title)?);
    Ok(rows)
}

/// Only the top layer is new.
pub(super) fn top_layer(bench: &Bench) -> Result<Vec<Row>> {
    let image = images::build(bench, &LARGE)?;
    let cache = bench.cache();
    let alone = measure::median_time(bench.runs, &mut scan(bench, &image.top), || empty(&cache))?;
    let known = || {
        empty(&cache)?;
        time(&mut scan(bench, &image.layout)).map(drop)
    };
    let changed = measure::median_time(bench.runs, &mut scan(bench, &image.with_top), known)?;
    let ratio = changed.as_secs_f64() / alone.as_secs_f64();
    let parts = format!("{} / that layer alone {}", Value::Time(changed), Value::Time(alone));
    let what = format!(
        "{}: only a top layer of {} is new, ratio",
        LARGE.title,
        Value::Size(images::TOP_BYTES)
    );
    Ok(vec![Row::new(what, Value::Ratio(ratio)).aim(Value::Ratio(1.25)).note(parts)])
}

/// The second scan, when everything is known.
pub(super) fn again(bench: &Bench, layout: &Path, title: &str) -> Result<Row> {
    let mut command = scan(bench, layout);
    time(&mut command)?;
    let again = measure::median_time(bench.runs.max(10), &mut command, || Ok(()))?;
    Ok(Row::new(format!("{title}: second scan"), Value::Time(again)).aim(AGAIN))
}

/// A scan that finds nothing is fast and worth nothing.
fn check_packages(bench: &Bench, layout: &Path, expected: usize) -> Result<()> {
    empty(&bench.cache())?;
    let output = scan(bench, layout).stdout(Stdio::piped()).output()?;
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading a scan's report")?;
    let found = report["packages"].as_array().map_or(0, Vec::len);
    ensure!(found == expected, "the scan found {found} of {expected} packages");
    Ok(())
}

pub(super) fn scan(bench: &Bench, layout: &Path) -> Command {
    let mut command = bench.plimsoll(&bench.cache());
    command.args(["scan", "--offline", "--quiet", "--format", "json"]);
    command.arg(format!("oci:{}", layout.display()));
    command
}

fn baseline(bench: &Bench, layout: &Path) -> Command {
    let mut command = Command::new(bench.examples().join("inflate_and_hash"));
    command.arg(layout).stdout(Stdio::null());
    command
}

/// Peak memory of a cold scan, and what it left in the directory for temporary files.
fn peaks(bench: &Bench, layout: &Path, title: &str, aim: u64) -> Result<Vec<Row>> {
    empty(&bench.cache())?;
    empty(&bench.temporary())?;
    let memory = measure::memory(&mut scan(bench, layout))?;
    ensure!(memory.anonymous > 0, "the memory of a scan of {title} was not seen");
    let left = measure::names(&bench.temporary())?;
    Ok(vec![
        Row::new(format!("{title}: peak RssAnon"), Value::Memory(memory.anonymous))
            .aim(Value::Memory(aim))
            .note(format!("with mapped files {}", Value::Memory(memory.resident))),
        Row::new(format!("{title}: files in the temp directory"), Value::Count(left.len()))
            .aim(Value::Count(0))
            .note(left.join(" ")),
    ])
}

/// Alpine's own root file system, where the shared data is.
fn real_alpine(bench: &Bench) -> Result<Option<PathBuf>> {
    let name = "rootfs/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz";
    let tar = bench.root.join("../shared/data").join(name);
    let layout = bench.directory.join("images/alpine-3.20.3");
    if !tar.exists() {
        return Ok(None);
    }
    if !layout.exists() {
        let plain = crate::process::bytes(Command::new("gzip").arg("-dc").arg(&tar))?;
        Layout::of(&Image::new([Layer::from_tar(&plain, Compression::Gzip)])).write(&layout)?;
    }
    Ok(Some(layout))
}
