//! Recognising a base among many.
//!
//! `crates/lineage/examples/recognise.rs` makes the catalogue, and prints what it measured.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Bench;
use super::measure::numbers;
use super::report::{Row, Value};
use crate::process;

/// Raised when the catalogue is made otherwise, so that an old one is not reused.
const VERSION: u32 = 1;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    bench.release(&["--package", "plimsoll-lineage", "--example", "recognise"])?;
    let catalogue = bench.directory.join(format!("bases-{VERSION}"));
    let mut example = Command::new(bench.examples().join("recognise"));
    rows(&process::read(example.arg(catalogue))?)
}

/// `recognise a base: median 17 µs, worst 4363 µs`
fn rows(output: &str) -> Result<Vec<Row>> {
    let rows: Vec<_> = output.lines().filter_map(row).collect();
    ensure!(!rows.is_empty(), "the example says nothing: {output}");
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let (what, times) = line.split_once(": ")?;
    let [median, worst] = numbers(times)[..] else { return None };
    let [median, worst] = [median, worst].map(|time| Value::Time(Duration::from_micros(time)));
    let row = Row::new(format!("1,000,000 chains: {what}"), median);
    let note = format!("worst of 500 {worst}");
    Some(row.aim(Value::Time(Duration::from_millis(1))).note(note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_s_lines_are_read() {
        let shown: Vec<_> = rows("recognise a base: median 17 µs, worst 4363 µs\n")
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected =
            "| 1,000,000 chains: recognise a base | 17 µs | ≤ 1.0 ms | yes | worst of 500 4.4 ms |";
        assert_eq!(shown, [expected]);
        assert!(rows("").is_err());
    }
}
