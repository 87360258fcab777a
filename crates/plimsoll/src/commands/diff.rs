//! `plimsoll diff A B`

use clap::{Args, ValueEnum};
use plimsoll_flow::{diff, diff_generations};
use plimsoll_report::{diff_table, to_json};

use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// A and B as IMAGE for `plimsoll scan`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The image before
    #[arg(value_name = "A")]
    from: String,
    /// The image after
    #[arg(value_name = "B", required_unless_present = "generations")]
    to: Option<String>,
    /// Compare what two generations of the database say of A: the beginnings of their ids, previous or
    /// current [default: previous current]
    #[arg(long, num_args = 0..=2, value_names = ["OLD", "NEW"], conflicts_with = "to")]
    generations: Option<Vec<String>>,
    /// table or json, to standard output or to a file; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Prints what came and what went.
pub(crate) fn run(
    args: &DiffArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let reference = |name: &str| name.parse().map_err(Failure::usage);
    let from = reference(&args.from)?;
    let to = args.to.as_deref().map(reference).transpose()?;
    let (old, new) = generations(args.generations.as_deref().unwrap_or_default())?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let observer = |event| progress.on(event);
    let found = match &to {
        Some(to) => diff(&session, &from, to, &settings.ignore, &observer),
        None => diff_generations(&session, &from, old, new, &settings.ignore, &observer),
    };
    progress.finish();
    let found = found?;
    for target in &args.formats {
        target.write(|look| match target.format {
            Format::Table => Ok(diff_table(&found, look)),
            Format::Json => to_json(&found),
        })?;
    }
    Ok(Exit::Done)
}

/// # Errors
/// One name: it takes two, or none.
fn generations(names: &[String]) -> Result<(&str, &str), Failure> {
    match names {
        [] => Ok(("previous", "current")),
        [old, new] => Ok((old, new)),
        _ => Err(Failure::usage(anyhow::anyhow!(
            "--generations takes two names or none, behind the image"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_two_or_the_last_two() {
        let check = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            generations(&names).map(|(old, new)| format!("{old} {new}")).ok()
        };
        assert_eq!(check(&[]).as_deref(), Some("previous current"));
        assert_eq!(check(&["3f2a", "previous"]).as_deref(), Some("3f2a previous"));
        assert_eq!(check(&["3f2a"]), None);
    }
}
