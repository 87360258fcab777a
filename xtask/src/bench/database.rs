//! The advisory database: compiling every feed of the shared data, opening it, matching.
//!
//! `crates/vulndb/examples/measure.rs` does it and prints what it took; this reads that.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::Bench;
use super::images::{self, PACKAGED};
use super::measure::numbers;
use super::report::{Row, Value};
use super::scan;
use crate::process;

/// Matching alone, and a whole second scan of an image with as many packages: start, open the
/// database, read the cached facts, match, print.
pub(super) fn matching(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = measure(bench)?.map_or_else(Vec::new, |output| matched(&output));
    let image = images::build(bench, &PACKAGED)?;
    rows.push(scan::again(bench, &image.layout, PACKAGED.title)?);
    Ok(rows)
}

pub(super) fn feeds(bench: &Bench) -> Result<Vec<Row>> {
    measure(bench)?.map_or_else(|| Ok(Vec::new()), |output| compiled(&output))
}

fn measure(bench: &Bench) -> Result<Option<String>> {
    if !bench.has_shared_data() {
        return Ok(None);
    }
    bench.release(&["--package", "plimsoll-vulndb", "--example", "measure"])?;
    let program = bench.examples().join("measure");
    process::read(&mut Command::new(program)).map(Some)
}

/// `compiled everything in 2875 ms, peak 180 MB`
fn compiled(output: &str) -> Result<Vec<Row>> {
    let line = output.lines().find_map(|line| line.strip_prefix("compiled everything in "));
    let numbers = line.map(numbers);
    let (time, peak) = match numbers.as_deref() {
        Some([time, peak]) => (*time, *peak),
        _ => bail!("the example says nothing of compiling: {output}"),
    };
    let detail = output.lines().filter(|line| line.contains(" advisories "));
    let feeds = detail.filter_map(|line| line.split_whitespace().next()).collect::<Vec<_>>();
    Ok(vec![
        Row::new("all feeds of shared/data: compile", Value::Time(Duration::from_millis(time)))
            .aim(Value::Time(Duration::from_secs(15)))
            .note(feeds.join(", ")),
        Row::new("all feeds of shared/data: peak memory", Value::Size(peak * 1_000_000))
            .aim(Value::Size(300_000_000)),
    ])
}

/// `debian:11: 2200 packages, 9 findings: open 31 µs, open and match 2200 µs (median …), worst …`
fn matched(output: &str) -> Vec<Row> {
    let lines = output.lines().filter_map(|line| line.split_once(": open "));
    let rows = lines.filter_map(|(what, times)| match numbers(times)[..] {
        [open, both, ..] => Some(vec![
            Row::new(
                format!("{what}: open the database"),
                Value::Time(Duration::from_micros(open)),
            ),
            Row::new(format!("{what}: open and match"), Value::Time(Duration::from_micros(both)))
                .aim(Value::Time(Duration::from_millis(5))),
        ]),
        _ => None,
    });
    rows.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_s_lines_are_read() {
        let output = "\
            osv-bitnami        1 shards    7444 advisories     1000 kB    312 ms, peak 40 MB\n\
            compiled everything in 2875 ms, peak 180 MB\n\
            debian:11: 2200 packages, 9 findings: open 31 µs, open and match 2200 µs (median of 200), worst 3100 µs\n";
        let shown = |rows: Vec<Row>| rows.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            shown(compiled(output).unwrap()),
            [
                "| all feeds of shared/data: compile | 2.88 s | ≤ 15.00 s | yes | osv-bitnami |",
                "| all feeds of shared/data: peak memory | 180.0 MB | ≤ 300.0 MB | yes |  |",
            ]
        );
        assert_eq!(
            shown(matched(output)),
            [
                "| debian:11: 2200 packages, 9 findings: open the database | 31 µs |  |  |  |",
                "| debian:11: 2200 packages, 9 findings: open and match | 2.2 ms | ≤ 5.0 ms | yes |  |",
            ]
        );
        assert!(compiled("nothing").is_err());
    }
}
