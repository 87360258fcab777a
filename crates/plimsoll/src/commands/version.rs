//! `plimsoll version`

use clap::Args;
use plimsoll_report::to_json;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{Failure, answer};

/// As text, or as JSON for programs.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

/// Prints it.
pub(crate) fn run(args: &VersionArgs) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    match args.json {
        true => answer(&to_json(&Version { version })?)?,
        false => answer(&format!("plimsoll {version}\n"))?,
    }
    Ok(Exit::Done)
}
