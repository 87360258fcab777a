//! One run of the program on one screen.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::commands;
use crate::exit::Exit;
use crate::output::Failure;
use crate::printer::Printer;
use crate::settings::Settings;

/// Parses `args` (the program's name first), does what they say, and returns what to end with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints help and version to standard output and mistakes to standard error.
            let _ = error.print();
            let is_mistake = error.use_stderr();
            return if is_mistake { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let printer = Printer::new(cli.global.quiet, cli.global.verbose);
    match dispatch(cli, &printer) {
        Ok(exit) => exit,
        Err(failure) if failure.is_broken_pipe() => Exit::Done,
        Err(failure) => {
            printer.error(&failure);
            failure.exit()
        }
    }
    .into()
}

fn dispatch(cli: Cli, printer: &Printer) -> Result<Exit, Failure> {
    let global = cli.global;
    let settings = || Settings::load(&global);
    match cli.command {
        Command::Scan(args) => commands::scan::run(&args, &settings()?, printer),
        Command::Inventory(args) => commands::inventory::run(&args, &settings()?, printer),
        Command::Changes(args) => commands::changes::run(&args, &settings()?, printer),
        Command::Base(args) => commands::base::run(&args, &settings()?, printer),
        Command::Bases(command) => commands::bases::run(&command, &settings()?, printer),
        Command::Diff(args) => commands::diff::run(&args, &settings()?, printer),
        Command::Explain(args) => commands::explain::run(&args, &settings()?, printer),
        Command::Ps(args) => commands::ps::run(&args, &settings()?, printer),
        Command::Db(command) => commands::db::run(&command, &settings()?, printer),
        Command::Cache(command) => commands::cache::run(&command, &settings()?, printer),
        Command::Config => commands::config::run(&settings()?),
        Command::CompareVersions(args) => commands::compare_versions::run(&args, printer),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man => commands::man::run(),
        Command::Version(args) => commands::version::run(&args),
    }
}
