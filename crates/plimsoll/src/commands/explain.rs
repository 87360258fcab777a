//! `plimsoll explain IMAGE ID`

use clap::Args;
use plimsoll_flow::{ImageExplanation, Verdict, explain};
use plimsoll_report::for_terminal;

use super::scan::references;
use crate::exit::Exit;
use crate::output::{Failure, answer};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// IMAGE as for `plimsoll scan`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The id: CVE-2019-1549, or what else a report names
    #[arg(value_name = "ID")]
    id: String,
}

/// Prints one line for each package that the id has to do with.
pub(crate) fn run(
    args: &ExplainArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let references = references(std::slice::from_ref(&args.image))?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let explained = references
        .iter()
        .map(|reference| explain(&session, reference, &args.id, &|event| progress.on(event)))
        .collect::<Result<Vec<_>, _>>();
    progress.finish();
    let explained: Vec<_> = explained?.into_iter().flatten().collect();
    let mut text = String::new();
    for one in &explained {
        if explained.len() > 1 {
            let platform = one.image.platform.as_ref().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("{platform}\n"));
        }
        for explanation in &one.explanations {
            text.push_str(&format!("{}\n", for_terminal(&explanation.to_string())));
            let quote = explanation.evidence.as_ref().and_then(|evidence| evidence.quote.as_ref());
            if let Some(quote) = quote {
                text.push_str(&format!("    the changelog: {}\n", for_terminal(quote)));
            }
        }
    }
    answer(&text)?;
    let is_answered = |one: &ImageExplanation| {
        let mut verdicts = one.explanations.iter().map(|explanation| explanation.verdict);
        verdicts.any(|verdict| !matches!(verdict, Verdict::NoData | Verdict::Unsupported))
    };
    let is_unknown = !explained.iter().all(is_answered);
    Ok(if is_unknown && !settings.allow_unknown { Exit::Unknown } else { Exit::Done })
}
