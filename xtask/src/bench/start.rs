//! What the program weighs before it does anything.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use super::Bench;
use super::measure;
use super::report::{Row, Value};

/// Starts are short, so there are many.
const RUNS: usize = 50;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut command = bench.plimsoll(&bench.cache());
    command.arg("--version");
    let time = measure::median_time(RUNS, &mut command, || Ok(()))?;
    let size = fs::metadata(bench.binary())?.len();
    Ok(vec![
        Row::new("`plimsoll --version`", Value::Time(time))
            .aim(Value::Time(Duration::from_millis(5)))
            .note(format!("{RUNS} starts")),
        Row::new("release binary, stripped", Value::Size(size)).aim(Value::Size(25_000_000)),
    ])
}
