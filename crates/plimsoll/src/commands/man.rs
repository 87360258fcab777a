//! `plimsoll man`

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::output::{Failure, answer};

/// Prints the manual pages, the program's first, then one for each command, in roff.
pub(crate) fn run() -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut pages)?;
    for subcommand in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        clap_mangen::Man::new(subcommand.clone()).render(&mut pages)?;
    }
    answer(&String::from_utf8_lossy(&pages))?;
    Ok(Exit::Done)
}
