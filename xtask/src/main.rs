//! The development tasks: `cargo xtask test`, `tidy`, `demo`, `archive`, `bench`.
//!
//! Each task is one module with its own arguments; what they share is the workspace as cargo tells
//! it (`workspace`), running programs (`process`), what the machine lacks (`parts`) and apt's
//! sources (`apt`).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to a person")]

mod apt;
mod archive;
mod bench;
mod demo;
mod parts;
mod process;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format check, clippy, tidy and every test suite, with the time of each
    Test(test::Args),
    /// The rules of this repository that no other tool checks
    Tidy,
    /// Build a real, outdated Debian image, scan it, do as advised and scan again
    Demo(demo::Args),
    /// Make small archives of real packages with updates, to try `plimsoll changes` on
    Archive(archive::Args),
    /// Measure, and write docs/benchmarks.md
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Tidy => tidy::run(),
        Task::Demo(args) => demo::run(&args),
        Task::Archive(args) => archive::run(&args),
        Task::Bench(args) => bench::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
