//! `plimsoll changes IMAGE…`

use clap::{Args, ValueEnum};
use plimsoll_flow::changes;
use plimsoll_model::Changes;
use plimsoll_report::{Length, Look, Shown, changes_markdown, changes_table, to_json};
use serde::Serialize;

use super::scan::{asks_for_several, references};
use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// IMAGE as for `plimsoll scan`.
#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    /// What to look at
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// table, json or markdown, to standard output or to a file; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
    /// Print whole changelogs
    #[arg(long)]
    full: bool,
    /// Only security updates
    #[arg(long)]
    only_security: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Markdown,
}

/// Several answers, for `--platform all` and more than one image.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    changes: Vec<&'a Changes>,
}

/// Prints the shown updates, security updates first.
pub(crate) fn run(
    args: &ChangesArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let references = references(&args.images)?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let found = changes(&session, &references, &|event| progress.on(event));
    progress.finish();
    let mut found = found?;
    let failed = !found.failures.is_empty();
    for error in std::mem::take(&mut found.failures) {
        printer.error(&Failure::from(error));
    }
    if found.changes.is_empty() {
        return Ok(if failed { Exit::Failed } else { Exit::Done });
    }
    let hidden: Vec<usize> = found.changes.iter_mut().map(|one| keep(args, one)).collect();
    let shown: Vec<_> = found
        .changes
        .iter()
        .zip(hidden)
        .map(|(changes, hidden)| Shown { changes, hidden })
        .collect();
    let asked_for_several = asks_for_several(&references, settings);
    let length = if args.full { Length::Full } else { Length::Short };
    for target in &args.formats {
        target.write(|look| match target.format {
            Format::Table => Ok(tables(&shown, length, look)),
            Format::Json => json(&shown, asked_for_several),
            Format::Markdown => Ok(changes_markdown(&shown)),
        })?;
    }
    let is_unknown = shown.iter().any(|one| !one.changes.is_whole);
    Ok(match () {
        () if failed => Exit::Failed,
        () if is_unknown && !settings.allow_unknown => Exit::Unknown,
        () => Exit::Done,
    })
}

/// Leaves what is asked for; gives how many updates that hides.
fn keep(args: &ChangesArgs, changes: &mut Changes) -> usize {
    let updates = &mut changes.updates;
    let before = updates.len();
    updates.retain(|update| update.security || !args.only_security);
    before - updates.len()
}

fn tables(shown: &[Shown<'_>], length: Length, look: Look) -> String {
    let tables: Vec<_> = shown.iter().map(|one| changes_table(*one, length, look)).collect();
    tables.join("\n")
}

fn json(shown: &[Shown<'_>], asked_for_several: bool) -> serde_json::Result<String> {
    match shown {
        [one] if !asked_for_several => to_json(one.changes),
        several => to_json(&Document {
            schema: "plimsoll.all-changes/1",
            changes: several.iter().map(|one| one.changes).collect(),
        }),
    }
}
