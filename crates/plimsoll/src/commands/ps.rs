//! `plimsoll ps`

use clap::{Args, ValueEnum};
use plimsoll_flow::{PsContainer, ps, was_evaluated};
use plimsoll_model::{Scan, Severity};
use plimsoll_report::{Align, Grid, Look, Tone, to_json};
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
    containers: Vec<Row<'a>>,
    problems: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    engine: &'a str,
    name: &'a str,
    image: &'a str,
    image_id: Option<&'a str>,
    image_created: Option<jiff::Timestamp>,
    findings: Option<usize>,
    fixable: Option<usize>,
    worst: Option<Severity>,
    kev: Option<usize>,
    evaluated: bool,
    error: Option<&'a str>,
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
            Format::Table => Ok(table(&found.containers, &rows, look, settings.as_of_day())),
            Format::Json => to_json(&Document {
                schema: "plimsoll.ps/1",
                containers: found.containers.iter().map(row).collect(),
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
    let in_force = |scan: &Scan, of: &dyn Fn(&plimsoll_model::Finding) -> bool| {
        scan.findings.iter().filter(|finding| finding.suppressed.is_none() && of(finding)).count()
    };
    Row {
        engine: &container.engine,
        name: &container.name,
        image: &container.image,
        image_id: container.image_id.as_deref(),
        image_created: scan.and_then(|scan| scan.image.created),
        findings: scan.map(|scan| in_force(scan, &|_| true)),
        fixable: scan.map(|scan| in_force(scan, &|finding| finding.fixed_version.is_some())),
        worst: scan.and_then(|scan| {
            let in_force = scan.findings.iter().filter(|finding| finding.suppressed.is_none());
            in_force.map(|finding| finding.severity).max()
        }),
        kev: scan.map(|scan| in_force(scan, &|finding| finding.kev.is_some())),
        evaluated: scan.is_some_and(was_evaluated),
        error: container.judged.as_ref().err().map(String::as_str),
    }
}

fn table(
    containers: &[PsContainer],
    rows: &[Row<'_>],
    look: Look,
    today: jiff::civil::Date,
) -> String {
    if containers.is_empty() {
        return "nothing runs here in Docker or Podman\n".to_owned();
    }
    let mut grid = Grid::new(
        look,
        &[
            ("CONTAINER", Align::Left),
            ("IMAGE", Align::Left),
            ("AGE", Align::Right),
            ("FINDINGS", Align::Right),
            ("FIXABLE", Align::Right),
            ("WORST", Align::Left),
        ],
    );
    for row in rows {
        let age = row.image_created.map(|created| {
            let built = jiff::tz::TimeZone::UTC.to_datetime(created).date();
            format!("{} d", (today - built).get_days())
        });
        let count = |count: Option<usize>| match (row.error, row.evaluated) {
            (None, true) => count.unwrap_or(0).to_string(),
            _ => "?".to_owned(),
        };
        let worst = match (row.error, row.evaluated, row.worst, row.kev) {
            (Some(error), _, _, _) => (error.to_owned(), Tone::Alarm),
            (None, false, _, _) => ("cannot know".to_owned(), Tone::Alarm),
            (None, true, None, _) => ("none".to_owned(), Tone::Good),
            (None, true, Some(worst), Some(0) | None) => (worst.to_string(), Tone::Severity(worst)),
            (None, true, Some(worst), Some(_)) => (format!("{worst} KEV"), Tone::Alarm),
        };
        grid.row([
            (&*format!("{}\n{}", row.name, row.engine), Tone::Strong),
            (row.image, Tone::Normal),
            (age.as_deref().unwrap_or("?"), Tone::Normal),
            (&*count(row.findings), Tone::Normal),
            (&*count(row.fixable), Tone::Normal),
            (&worst.0, worst.1),
        ]);
    }
    grid.to_string()
}
