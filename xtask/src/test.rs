//! `cargo xtask test`: everything that must hold, with the time of each suite.

mod build;
mod libtest;
mod suite;
mod summary;

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::parts::{self, PARTS};
use crate::process;
use crate::tidy;
use crate::workspace::{Workspace, cargo};
use summary::{Missing, Row, Summary};

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what is missing from the distribution's packages; a skip is then a failure, except
    /// "needs shared/data"
    #[arg(long)]
    install: bool,
    /// Only these crates, by short name: unpack vulndb
    crates: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let start = Instant::now();
    if args.install {
        parts::install_missing(PARTS)?;
    } else {
        parts::report_missing(PARTS);
    }
    let workspace = Workspace::load()?;
    let selection = Selection::new(&workspace, &args.crates)?;
    let missing = if args.install { Missing::Fails } else { Missing::IsSkipped };
    let mut summary = Summary::new(missing);

    let mut fmt = selection.cargo("fmt", "--all");
    fmt.arg("--check");
    summary.add(step("fmt", || process::run(&mut fmt)));
    let mut clippy = selection.cargo("clippy", "--workspace");
    clippy.args(["--all-targets", "--", "-D", "warnings"]);
    summary.add(step("clippy", || process::run(&mut clippy)));
    summary.add(step("tidy", || tidy::check(&workspace)));

    let mut suites = Vec::new();
    summary.add(step("build", || {
        suites = build::test_binaries(selection.cargo("test", "--workspace"), &workspace)?;
        Ok(())
    }));
    for suite in &suites {
        summary.add(suite::run(&suite.name, &mut suite.command())?);
    }
    if suites.iter().any(|suite| suite.is_library) {
        let mut doc = selection.cargo("test", "--workspace");
        doc.args(["--doc", "--", "--show-output"]);
        summary.add(suite::run("doc tests", &mut doc)?);
    }
    print!("{}", summary.text(start.elapsed()));
    Ok(if summary.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A check that is not a test binary counts as one test.
fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Row {
    println!("── {name}");
    let start = Instant::now();
    let result = check();
    if let Err(error) = &result {
        println!("{error:#}");
    }
    Row::step(name, result.is_ok(), start.elapsed())
}

/// The packages that were asked for: all, or some.
struct Selection<'a> {
    workspace: &'a Workspace,
    packages: Vec<&'a str>,
}

impl<'a> Selection<'a> {
    fn new(workspace: &'a Workspace, crates: &[String]) -> Result<Self> {
        let named = |short: &String| {
            workspace.packages.iter().find(|package| package.short_name() == short)
        };
        let unknown = crates.iter().find(|short| named(short).is_none());
        ensure!(unknown.is_none(), "there is no crate {}", unknown.map_or("", |short| short));
        let packages = crates.iter().filter_map(named).map(|package| package.name.as_str());
        Ok(Self { workspace, packages: packages.collect() })
    }

    /// A cargo command over them; `all` is its flag for the whole workspace.
    fn cargo(&self, subcommand: &str, all: &str) -> Command {
        let mut command = cargo(&self.workspace.root);
        command.arg(subcommand);
        if self.packages.is_empty() {
            command.arg(all);
        }
        for package in &self.packages {
            command.args(["--package", package]);
        }
        command
    }
}
