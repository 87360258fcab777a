//! What simulating remedies takes.
//!
//! `crates/advice/examples/measure.rs` does it and prints what it took; this reads that.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Bench;
use super::measure::numbers;
use super::report::{Row, Value};
use crate::process;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    if !bench.has_shared_data() {
        return Ok(Vec::new());
    }
    bench.release(&["--package", "plimsoll-advice", "--example", "measure"])?;
    rows(&process::read(&mut Command::new(bench.examples().join("measure")))?)
}

/// `simulate 20 bases: 1234 µs median of 50`, below a line that says of what.
fn rows(output: &str) -> Result<Vec<Row>> {
    let of_what = output.lines().find(|line| line.contains(" findings")).unwrap_or_default();
    let rows: Vec<_> = output.lines().filter_map(|line| row(line, of_what)).collect();
    ensure!(!rows.is_empty(), "the example says nothing: {output}");
    Ok(rows)
}

fn row(line: &str, of_what: &str) -> Option<Row> {
    let (what, time) = line.split_once(": ").filter(|(_, time)| time.contains(" µs median"))?;
    let (what, time) = match time.rsplit_once(": ") {
        // The name has a colon too.
        Some((rest, time)) => (format!("{what}: {rest}"), time),
        None => (what.to_owned(), time),
    };
    let time = Duration::from_micros(*numbers(time).first()?);
    let row = Row::new(format!("remedies: {what}"), Value::Time(time)).note(of_what);
    Some(match what.contains("20 bases") {
        true => row.aim(Value::Time(Duration::from_millis(100))),
        false => row,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_s_lines_are_read() {
        let output = "400 packages, 1200 findings, 380 pending\n\
            match the image: 900 µs median of 50\n\
            advise: 20 bases and patched: 120000 µs median of 50\n";
        let shown: Vec<_> = rows(output).unwrap().iter().map(ToString::to_string).collect();
        let of_what = "400 packages, 1200 findings, 380 pending";
        assert_eq!(
            shown,
            [
                format!("| remedies: match the image | 900 µs |  |  | {of_what} |"),
                format!(
                    "| remedies: advise: 20 bases and patched | 120.0 ms | ≤ 100.0 ms | **no** | {of_what} |"
                ),
            ]
        );
        assert!(rows("").is_err());
    }
}
