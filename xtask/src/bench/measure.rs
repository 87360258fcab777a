//! Running a program for its time, or for its memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::process;

/// How often the kernel is asked for a program's memory: peaks last longer.
const INTERVAL: Duration = Duration::from_millis(2);

/// Peaks, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    /// Anonymous memory: what the program has allocated.
    pub(super) anonymous: u64,
    /// All resident memory, mapped files too.
    pub(super) resident: u64,
}

/// From the start of the process to its end. Exit codes of a scan that said something are fine.
pub(super) fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| process::shown(command))?;
    finish(command, &mut child)?;
    Ok(start.elapsed())
}

/// The processor time of one run, which other work on the machine hardly changes.
pub(super) fn processor_time(command: &mut Command) -> Result<Duration> {
    let before = children_time()?;
    time(command)?;
    Ok(children_time()?.saturating_sub(before))
}

/// What all children that were waited for have used: `cutime` and `cstime` of proc_pid_stat(5), in
/// ticks, of which Linux shows a hundred a second.
fn children_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
    // The second field is the name in parentheses, which may hold spaces.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// The median of several runs, each prepared.
pub(super) fn median_time(
    runs: usize,
    command: &mut Command,
    mut prepare: impl FnMut() -> Result<()>,
) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..runs {
        prepare()?;
        times.push(time(command)?);
    }
    Ok(median(times))
}

pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The peaks of one run, apart from the runs for time: looking takes time too.
pub(super) fn memory(command: &mut Command) -> Result<Memory> {
    let mut child = command.spawn().with_context(|| process::shown(command))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = Memory::default();
    while child.try_wait()?.is_none() {
        // The file is there until the child is waited for, but empty of sizes once it has ended.
        if let Ok(text) = fs::read_to_string(&status) {
            peak.anonymous = peak.anonymous.max(field(&text, "RssAnon:"));
            peak.resident = peak.resident.max(field(&text, "VmHWM:"));
        }
        thread::sleep(INTERVAL);
    }
    finish(command, &mut child)?;
    Ok(peak)
}

/// A directory that is there and empty.
pub(super) fn empty(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| directory.display().to_string())?;
    }
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())
}

/// The whole numbers in a text.
pub(super) fn numbers(text: &str) -> Vec<u64> {
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// What lies in a directory.
pub(super) fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// Every file in a directory and below; none where it does not exist.
pub(super) fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !directory.exists() {
        return Ok(files);
    }
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn finish(command: &Command, child: &mut Child) -> Result<()> {
    let status = child.wait()?;
    let answered = matches!(status.code(), Some(0 | 10 | 11));
    ensure!(answered, "{} ended with {status}", process::shown(command));
    Ok(())
}

/// A field of `/proc/PID/status`, in KiB.
fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_program_is_seen() {
        let script = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 0.1";
        let memory = memory(Command::new("sh").args(["-c", script])).unwrap();
        assert!(memory.anonymous > 15_000, "{memory:?}");
        assert!(memory.resident >= memory.anonymous, "{memory:?}");
    }

    #[test]
    fn the_processor_time_of_a_program_is_seen() {
        let burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let used = processor_time(Command::new("sh").args(["-c", burn])).unwrap();
        assert!(used > Duration::from_millis(20), "{used:?}");
    }

    #[test]
    fn medians_are_in_the_middle() {
        let times = [5, 1, 3].map(Duration::from_secs).to_vec();
        assert_eq!(median(times), Duration::from_secs(3));
    }
}
