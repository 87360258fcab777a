//! `plimsoll changes` for a slim image: the first time, with ten updates, and when nothing is new since.

mod fixture;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use self::fixture::{Fixture, SOURCES};
use super::Bench;
use super::measure::{self, empty, files_below, median_time};
use super::report::{Row, Value};
use super::server::{Answer, Server};

/// As of a server on another continent; enough to tell round trips from noise.
const DISTANCE: Duration = Duration::from_millis(100);
/// Short runs, so there may be more of them.
const RUNS: usize = 20;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    if !bench.has_shared_data() {
        return Ok(Vec::new());
    }
    let fixture = Fixture::build(bench)?;
    let server = Server::start(&fixture.archive())?;
    let mut rows = first(bench, &fixture, &server)?;
    rows.extend(again(bench, &fixture, &server)?);
    Ok(rows)
}

/// Everything is asked for, read and compiled.
fn first(bench: &Bench, fixture: &Fixture, server: &Server) -> Result<Vec<Row>> {
    let mut changes = command(bench, fixture, server);
    forget(bench)?;
    server.answers();
    let output = changes.stdout(Stdio::piped()).stderr(Stdio::inherit()).output()?;
    let answers = server.answers();
    let document: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading the changes")?;
    check(&document)?;
    let downloads = Downloads::of(&answers);
    let tried = fixture.smallest_packages()?;
    ensure!(downloads.twice.is_empty(), "asked for more than once: {}", downloads.twice.join(", "));
    let left = packages_below(&bench.cache())?.len() + packages_below(&bench.temporary())?.len();

    changes.stdout(Stdio::null()).stderr(Stdio::null());
    let time = median_time(bench.runs, &mut changes, || forget(bench))?;
    forget(bench)?;
    let memory = measure::memory(&mut changes)?;
    let title = format!("`changes`, {SOURCES} changed sources");
    let requests =
        format!("{} requests; indexes {}", answers.len(), Value::Size(downloads.indexes));
    Ok(vec![
        Row::new(format!("{title}: transferred"), Value::Size(downloads.bytes()))
            .aim(Value::Size(downloads.indexes + tried))
            .note(requests),
        Row::new(format!("{title}: .debs asked for"), Value::Count(downloads.packages.len()))
            .aim(Value::Count(SOURCES)),
        Row::new(format!("{title}: .debs stored"), Value::Count(left)).aim(Value::Count(0)),
        Row::new(format!("{title}: first run"), Value::Time(time)).note("a server on loopback"),
        Row::new(format!("{title}: first run, peak RssAnon"), Value::Memory(memory.anonymous))
            .aim(Value::Memory(64 << 10))
            .note(format!("with mapped files {}", Value::Memory(memory.resident))),
    ])
}

/// The archive has not changed since.
fn again(bench: &Bench, fixture: &Fixture, server: &Server) -> Result<Vec<Row>> {
    let mut changes = command(bench, fixture, server);
    forget(bench)?;
    measure::time(&mut changes)?;
    server.answers();
    let near = median_time(RUNS, &mut changes, || Ok(()))?;
    let answers = server.answers();
    ensure!(
        answers.iter().all(|answer| answer.status == 304),
        "the second run was told something new: {answers:?}"
    );
    server.delay(DISTANCE);
    let far = median_time(bench.runs, &mut changes, || Ok(()));
    server.delay(Duration::ZERO);
    let round_trips = far?.saturating_sub(near).as_secs_f64() / DISTANCE.as_secs_f64();
    let title = "`changes`, nothing new since";
    let requests = format!("{} requests answered 304", answers.len() / RUNS);
    Ok(vec![
        Row::new(format!("{title}: time without round trips"), Value::Time(near))
            .aim(Value::Time(Duration::from_millis(50)))
            .note(requests),
        Row::new(
            format!("{title}: round trips, one after the other"),
            Value::Count(rounded(round_trips)),
        )
        .aim(Value::Count(1))
        .note(format!("{round_trips:.2} of {} each", Value::Time(DISTANCE))),
    ])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a handful, and never negative"
)]
fn rounded(number: f64) -> usize {
    number.round() as usize
}

fn command(bench: &Bench, fixture: &Fixture, server: &Server) -> Command {
    let mut command = bench.plimsoll(&bench.cache());
    command.env("PLIMSOLL_STATE_DIR", state(bench));
    command.args(["changes", "--quiet", "--format", "json", "--as-of", fixture::DAY]);
    command.args(["--from", &server.address()]).arg("--keyring").arg(fixture.key());
    command.arg(format!("oci:{}", fixture.image().display()));
    command
}

/// Dates of archives are remembered there.
fn state(bench: &Bench) -> std::path::PathBuf {
    bench.directory.join("changes-state")
}

fn forget(bench: &Bench) -> Result<()> {
    empty(&bench.cache())?;
    empty(&bench.temporary())?;
    empty(&state(bench))
}

/// An answer that says nothing is fast and worth nothing.
fn check(document: &serde_json::Value) -> Result<()> {
    let updates = document["updates"].as_array().context("no updates")?;
    let read = updates
        .iter()
        .filter(|update| update["entries"].as_array().is_some_and(|entries| !entries.is_empty()));
    let (read, all) = (read.count(), updates.len());
    ensure!(
        read == SOURCES && all == SOURCES,
        "{read} changelogs of {all} updates were read instead of {SOURCES}: {document:#}"
    );
    Ok(())
}

/// What a run has transferred.
struct Downloads {
    indexes: u64,
    packages: BTreeMap<String, u64>,
    twice: Vec<String>,
}

impl Downloads {
    fn of(answers: &[Answer]) -> Self {
        let mut downloads = Self { indexes: 0, packages: BTreeMap::new(), twice: Vec::new() };
        for Answer { path, bytes, .. } in answers {
            if !path.ends_with(".deb") {
                downloads.indexes += bytes;
            } else if downloads.packages.insert(path.clone(), *bytes).is_some() {
                downloads.twice.push(path.clone());
            }
        }
        downloads
    }

    fn bytes(&self) -> u64 {
        self.indexes + self.packages.values().sum::<u64>()
    }
}

/// Files that begin as every `.deb` does, whatever they are called.
fn packages_below(directory: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut packages = Vec::new();
    for path in files_below(directory)? {
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        if bytes.starts_with(b"!<arch>\n") {
            packages.push(path);
        }
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_are_indexes_and_packages() {
        let answer = |path: &str, bytes| Answer { path: path.to_owned(), status: 200, bytes };
        let downloads = Downloads::of(&[
            answer("/h/dists/s/InRelease", 100),
            answer("/h/pool/a.deb", 10),
            answer("/h/pool/b.deb", 20),
            answer("/h/pool/a.deb", 10),
        ]);
        assert_eq!(downloads.indexes, 100);
        assert_eq!(downloads.bytes(), 130);
        assert_eq!(downloads.twice, ["/h/pool/a.deb"]);
    }

    #[test]
    fn a_package_is_known_by_what_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("a")).unwrap();
        fs::write(directory.path().join("a/b"), "!<arch>\n").unwrap();
        fs::write(directory.path().join("c"), "text").unwrap();
        assert_eq!(packages_below(directory.path()).unwrap(), [directory.path().join("a/b")]);
    }
}
