//! `plimsoll cache info|prune`

use clap::Subcommand;
use plimsoll_flow::{cache_info, cache_prune};

use crate::exit::Exit;
use crate::output::{Failure, answer, counted};
use crate::printer::Printer;
use crate::settings::Settings;

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Where it is and how much it holds
    Info,
    /// Remove what was not used for the longest time, down to the limit
    Prune {
        /// Remove everything
        #[arg(long)]
        all: bool,
    },
}

/// Prints what there is, or what was removed.
pub(crate) fn run(
    command: &CacheCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let session = settings.session()?;
    match command {
        CacheCommand::Info => match cache_info(&session)? {
            Some(info) => answer(&format!(
                "{}\n{} in {}, {} of at most {}\n",
                info.directory.display(),
                counted(info.layers, "layer", "layers"),
                counted(info.files, "file", "files"),
                size(info.bytes),
                size(settings.cache_limit)
            ))?,
            None => printer.warn("no cache is in use"),
        },
        CacheCommand::Prune { all } => {
            let limit = if *all { 0 } else { settings.cache_limit };
            if let Some(pruned) = cache_prune(&session, limit)? {
                answer(&format!(
                    "removed {}, {}; {} left\n",
                    counted(pruned.files, "file", "files"),
                    size(pruned.bytes),
                    size(pruned.left)
                ))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}
