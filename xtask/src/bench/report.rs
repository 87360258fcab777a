//! The table, in Markdown.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

/// One number with what it should be.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) value: Value,
    pub(super) aim: Option<Value>,
    /// What the number is made of.
    pub(super) note: String,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Value {
    Time(Duration),
    /// KiB
    Memory(u64),
    /// Bytes
    Size(u64),
    Ratio(f64),
    Count(usize),
}

impl Row {
    pub(super) fn new(what: impl Into<String>, value: Value) -> Self {
        Self { what: what.into(), value, aim: None, note: String::new() }
    }

    /// The same with what the issue asks for, at most.
    pub(super) fn aim(self, aim: Value) -> Self {
        Self { aim: Some(aim), ..self }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// `yes`, `no`, or nothing where there is no aim.
    fn met(&self) -> &'static str {
        match self.aim {
            Some(aim) if self.value <= aim => "yes",
            Some(_) => "**no**",
            None => "",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Time(time) if time < Duration::from_millis(1) => {
                write!(f, "{} µs", time.as_micros())
            }
            Self::Time(time) if time < Duration::from_secs(1) => {
                write!(f, "{:.1} ms", time.as_secs_f64() * 1e3)
            }
            Self::Time(time) => write!(f, "{:.2} s", time.as_secs_f64()),
            Self::Memory(kib) => write!(f, "{:.1} MiB", kib as f64 / 1024.0),
            Self::Size(bytes) => write!(f, "{:.1} MB", bytes as f64 / 1e6),
            Self::Ratio(ratio) => write!(f, "{ratio:.2}"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aim = self.aim.map_or_else(String::new, |aim| format!("≤ {aim}"));
        let Self { what, value, note, .. } = self;
        write!(f, "| {what} | {value} | {aim} | {} | {note} |", self.met())
    }
}

/// The table with the machine and the day above it.
pub(super) fn table(rows: &[Row], runs: usize, load: &str) -> Result<String> {
    let rows: Vec<_> = rows.iter().map(ToString::to_string).collect();
    let head = "| what | measured | aim | met | made of |\n|---|---|---|---|---|";
    let machine = machine()?;
    let rows = rows.join("\n");
    Ok(format!("{machine}; load before it {load}; medians of {runs} runs.\n\n{head}\n{rows}\n"))
}

const BEGIN: &str = "<!-- measured by cargo xtask bench -->\n";
const END: &str = "<!-- end of what was measured -->\n";

/// Replaces the measured part of a document, or adds it.
pub(super) fn write(path: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(path).unwrap_or_else(|_| "# Benchmarks\n\n".to_owned());
    fs::write(path, replaced(&text, table)).with_context(|| path.display().to_string())
}

fn replaced(text: &str, table: &str) -> String {
    let measured = format!("{BEGIN}{table}{END}");
    match (text.split_once(BEGIN), text.split_once(END)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{measured}{after}"),
        _ => format!("{text}{measured}"),
    }
}

/// How busy the machine is: above nearly nothing, times are not to be trusted.
pub(super) fn load() -> Result<String> {
    let load = fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or_default().to_owned())
}

fn machine() -> Result<String> {
    let read = |path: &str| fs::read_to_string(path).with_context(|| path.to_owned());
    let cpuinfo = read("/proc/cpuinfo")?;
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processors = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let memory = read("/proc/meminfo")?;
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0);
    let output = |program: &str, argument: &str| -> Result<String> {
        Ok(process::read(Command::new(program).arg(argument))?.trim().to_owned())
    };
    Ok(format!(
        "{}: {} × {}, {} GiB, Linux {}, {}",
        output("date", "+%F")?,
        processors,
        model.map_or("unknown processor", |(_, model)| model),
        kib >> 20,
        output("uname", "-r")?,
        output("rustc", "-V")?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_its_aim_is_met() {
        let time = |ms| Value::Time(Duration::from_millis(ms));
        let row = Row::new("start", time(4)).aim(time(5)).note("50 runs");
        assert_eq!(row.to_string(), "| start | 4.0 ms | ≤ 5.0 ms | yes | 50 runs |");
        let row = Row::new("scan", Value::Ratio(1.301)).aim(Value::Ratio(1.25));
        assert_eq!(row.to_string(), "| scan | 1.30 | ≤ 1.25 | **no** |  |");
        assert_eq!(
            Row::new("size", Value::Size(21_500_000)).to_string(),
            "| size | 21.5 MB |  |  |  |"
        );
    }

    #[test]
    fn only_the_measured_part_is_replaced() {
        let first = replaced("# Benchmarks\n\n", "one\n");
        assert_eq!(
            replaced(&format!("{first}after\n"), "two\n"),
            format!("# Benchmarks\n\n{BEGIN}two\n{END}after\n")
        );
    }
}
