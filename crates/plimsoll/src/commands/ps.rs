//! `plimsoll ps`

mod table;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use plimsoll_advice::next_command;
use plimsoll_flow::{PsContainer, ps};
use plimsoll_model::{Base, Finding, RemedyAction, Scan, Severity};
use plimsoll_report::{instruction, to_json};
use serde::Serialize;

use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// Looks at every running container of Docker and Podman; each image is read once.
#[derive(Debug, Args)]
pub(crate) struct PsArgs {
    /// table or json, to standard output or to a file
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// `plimsoll.ps/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    containers: &'a [Row<'a>],
    problems: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    engine: &'a str,
    name: &'a str,
    image: &'a str,
    image_id: Option<&'a str>,
    image_created: Option<Timestamp>,
    base: Option<&'a Base>,
    findings: Option<usize>,
    fixable: Option<usize>,
    worst: Option<Severity>,
    kev: Option<usize>,
    evaluated: bool,
    fix: Option<Fix<'a>>,
    next: Option<String>,
    error: Option<&'a str>,
}

/// The recommended remedy.
#[derive(Serialize)]
struct Fix<'a> {
    action: RemedyAction,
    target: Option<&'a str>,
    clears: usize,
    introduces: usize,
    /// In words, for people.
    #[serde(skip)]
    instruction: String,
}

/// Prints one row for each container, and what to type next.
pub(crate) fn run(args: &PsArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let found = ps(&session, &settings.ignore, &|event| progress.on(event));
    progress.finish();
    let found = found?;
    for problem in found.problems.iter().chain(&found.absent) {
        printer.warn(problem);
    }
    let rows: Vec<Row<'_>> = found.containers.iter().map(row).collect();
    for target in &args.formats {
        target.write(|look| match target.format {
            Format::Table if rows.is_empty() && !found.problems.is_empty() => {
                Ok("what runs here cannot be known\n".to_owned())
            }
            Format::Table => Ok(table::table(&rows, look, settings.as_of_day())),
            Format::Json => to_json(&Document {
                schema: "plimsoll.ps/1",
                containers: &rows,
                problems: &found.problems,
            }),
        })?;
    }
    let is_gated = settings.fail_on.is_some_and(|gate| {
        let scans = found.containers.iter().filter_map(|container| container.judged.as_ref().ok());
        scans.flat_map(|scan| &scan.findings).any(|finding| gate.holds(finding))
    });
    let worst = rows.iter().find(|row| row.findings.unwrap_or(0) > 0);
    if let Some(row) = worst {
        printer.hint(&format!("plimsoll scan {}:{} says what clears them", row.engine, row.image));
    }
    Ok(match () {
        () if !found.problems.is_empty() => Exit::Failed,
        () if found.containers.iter().any(|container| container.judged.is_err()) => Exit::Failed,
        () if is_gated => Exit::Gate,
        () if rows.iter().any(|row| !row.evaluated) && !settings.allow_unknown => Exit::Unknown,
        () => Exit::Done,
    })
}

fn row(container: &PsContainer) -> Row<'_> {
    let scan = container.judged.as_ref().ok();
    let count = |scan: &Scan, of: fn(&Finding) -> bool| {
        scan.findings.iter().filter(|finding| finding.suppressed.is_none() && of(finding)).count()
    };
    Row {
        engine: &container.engine,
        name: &container.name,
        image: &container.image,
        image_id: container.image_id.as_deref(),
        image_created: scan.and_then(|scan| scan.image.created),
        base: scan.and_then(|scan| scan.base.as_ref()),
        findings: scan.map(|scan| count(scan, |_| true)),
        fixable: scan.map(|scan| count(scan, |finding| finding.fixed_version.is_some())),
        worst: scan.and_then(|scan| {
            let in_force = scan.findings.iter().filter(|finding| finding.suppressed.is_none());
            in_force.map(|finding| finding.severity).max()
        }),
        kev: scan.map(|scan| count(scan, |finding| finding.kev.is_some())),
        evaluated: scan.is_some_and(Scan::was_evaluated),
        fix: scan.and_then(fix),
        next: scan.and_then(|scan| next(container, scan)),
        error: container.judged.as_ref().err().map(String::as_str),
    }
}

fn fix(scan: &Scan) -> Option<Fix<'_>> {
    let remedy = scan.remedies.iter().find(|remedy| remedy.action != RemedyAction::None)?;
    Some(Fix {
        action: remedy.action,
        target: remedy.target.as_deref(),
        clears: remedy.clears.len(),
        introduces: remedy.introduces.len(),
        instruction: instruction(remedy, scan),
    })
}

/// The command names the container: the name of its image may by now be that of another image, and its id
/// says nothing to a person.
fn next(container: &PsContainer, scan: &Scan) -> Option<String> {
    let mut scan = Scan { packages: Vec::new(), findings: Vec::new(), ..scan.clone() };
    scan.image.reference = format!("container:{}", container.name);
    next_command(&scan)
}
