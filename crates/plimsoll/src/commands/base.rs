//! `plimsoll base IMAGE…`

use clap::{Args, ValueEnum};
use plimsoll_flow::base;
use plimsoll_model::BaseReport;
use plimsoll_report::{base_table, to_json};
use serde::Serialize;

use super::scan::{asks_for_several, references};
use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// IMAGE as for `plimsoll scan`. What can be recognised is in the catalogue: see `plimsoll bases`.
#[derive(Debug, Args)]
pub(crate) struct BaseArgs {
    /// What to look at
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// table or json, to standard output or to a file; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Several answers, for `--platform all` and more than one image.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    bases: &'a [BaseReport],
}

/// Prints the base of each image, and newer builds of both.
pub(crate) fn run(
    args: &BaseArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let references = references(&args.images)?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let found = base(&session, &references, &|event| progress.on(event));
    progress.finish();
    let found = found?;
    let failed = !found.failures.is_empty();
    for error in found.failures {
        printer.error(&Failure::from(error));
    }
    if found.bases.is_empty() {
        return Ok(if failed { Exit::Failed } else { Exit::Done });
    }
    let asked_for_several = asks_for_several(&references, settings);
    for target in &args.formats {
        target.write(|look| match (target.format, found.bases.as_slice()) {
            (Format::Table, bases) => {
                let tables: Vec<_> = bases.iter().map(|report| base_table(report, look)).collect();
                Ok(tables.join("\n"))
            }
            (Format::Json, [report]) if !asked_for_several => to_json(report),
            (Format::Json, bases) => to_json(&Document { schema: "plimsoll.all-bases/1", bases }),
        })?;
    }
    let is_unknown = found.bases.iter().any(|report| report.base.is_none());
    if is_unknown {
        printer.hint("plimsoll bases learn NAME teaches the catalogue the tags of a base image");
    }
    Ok(match () {
        () if failed => Exit::Failed,
        () if is_unknown && !settings.allow_unknown => Exit::Unknown,
        () => Exit::Done,
    })
}
