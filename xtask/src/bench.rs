//! `cargo xtask bench`: the numbers of docs/benchmarks.md, measured on this machine in one run.

mod bases;
mod changes;
mod corpus;
mod database;
mod images;
mod index;
mod inventory;
mod measure;
mod remedies;
mod report;
mod scan;
mod server;
mod start;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::{Workspace, cargo};
use report::Row;

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these, in this order [default: all]
    #[arg(value_enum)]
    names: Vec<Name>,
    /// How often each is run; medians are reported
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Write the table into docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// What can be measured.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Name {
    /// Start-up and size of the program
    Start,
    /// An image of 5.6 MB, as Alpine's
    Alpine,
    /// 80 MB in 1 layer
    Small,
    /// 1 GB in 8 layers
    Large,
    /// 3 GB in 12 layers with 150,000 files
    Huge,
    /// A new top layer on the image of 1 GB
    Top,
    /// Matching an inventory of 2,200 packages
    Matching,
    /// Compiling every feed of shared/data
    Feeds,
    /// The packages of Debian's main suite, from the packed index to candidates
    Index,
    /// What the distribution has fixed since, for a slim image
    Changes,
    /// Simulating twenty bases
    Remedies,
    /// Recognising a base among a million
    Bases,
}

const ALL: &[Name] = &[
    Name::Start,
    Name::Alpine,
    Name::Small,
    Name::Large,
    Name::Huge,
    Name::Top,
    Name::Matching,
    Name::Feeds,
    Name::Index,
    Name::Changes,
    Name::Remedies,
    Name::Bases,
];

/// The programs under measurement and where their files go.
struct Bench {
    root: PathBuf,
    release: PathBuf,
    directory: PathBuf,
    runs: usize,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    // Before building, which is a load of its own.
    let load = report::load()?;
    let bench = Bench::build(&workspace, args.runs.max(1))?;
    let names = if args.names.is_empty() { ALL } else { &args.names };
    let mut rows: Vec<Row> = Vec::new();
    for name in names {
        let measured = match name {
            Name::Start => start::measure(&bench)?,
            Name::Alpine => scan::alpine(&bench)?,
            Name::Small => scan::cold(&bench, &images::SMALL)?,
            Name::Large => scan::cold(&bench, &images::LARGE)?,
            Name::Huge => scan::cold(&bench, &images::HUGE)?,
            Name::Top => scan::top_layer(&bench)?,
            Name::Matching => database::matching(&bench)?,
            Name::Feeds => database::feeds(&bench)?,
            Name::Index => index::measure(&bench)?,
            Name::Changes => changes::measure(&bench)?,
            Name::Remedies => remedies::measure(&bench)?,
            Name::Bases => bases::measure(&bench)?,
        };
        for row in measured {
            println!("{row}");
            rows.push(row);
        }
    }
    let table = report::table(&rows, bench.runs, &load)?;
    if args.write {
        report::write(&workspace.root.join("docs/benchmarks.md"), &table)?;
    }
    println!("\n{table}");
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    fn build(workspace: &Workspace, runs: usize) -> Result<Self> {
        let directory = workspace.target.join("bench");
        std::fs::create_dir_all(directory.join("images")).context("making target/bench")?;
        let release = workspace.target.join("release");
        let bench = Self { root: workspace.root.clone(), release, directory, runs };
        bench.release(&["--package", "plimsoll"])?;
        bench.release(&["--package", "plimsoll-testkit", "--example", "inflate_and_hash"])?;
        Ok(bench)
    }

    /// Builds with the profile that is shipped.
    fn release(&self, what: &[&str]) -> Result<()> {
        process::run(cargo(&self.root).args(["build", "--release", "--quiet"]).args(what))
    }

    /// The program with its own state, a cache and an empty directory for temporary files.
    fn plimsoll(&self, cache: &Path) -> Command {
        let mut command = Command::new(self.binary());
        command.env("PLIMSOLL_STATE_DIR", self.directory.join("state"));
        command.env("PLIMSOLL_CACHE_DIR", cache);
        command.env("TMPDIR", self.temporary());
        command.current_dir(&self.directory).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn shared_data(&self) -> PathBuf {
        self.root.join("../shared/data")
    }

    /// Says so where it is not there.
    fn has_shared_data(&self) -> bool {
        let is_there = self.shared_data().exists();
        if !is_there {
            println!("skipped: needs shared/data");
        }
        is_there
    }

    fn binary(&self) -> PathBuf {
        self.release.join("plimsoll")
    }

    fn examples(&self) -> PathBuf {
        self.release.join("examples")
    }

    fn cache(&self) -> PathBuf {
        self.directory.join("cache")
    }

    fn temporary(&self) -> PathBuf {
        self.directory.join("tmp")
    }
}
