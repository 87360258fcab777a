//! `cargo xtask demo`: a real, outdated Debian image, built here, judged here.
//!
//! It needs nothing but the distribution archive that this machine already uses: the image comes
//! from it, and its security suite is the feed.

mod image;
mod mirrors;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::parts::{MMDEBSTRAP, install_missing};
use crate::process;
use crate::workspace::{Workspace, cargo};
use mirrors::Mirrors;

/// What `cargo xtask demo` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install mmdebstrap if it is missing
    #[arg(long)]
    install: bool,
    /// A mirror of Debian's archive [default: as in apt's sources]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// A mirror of Debian's security archive [default: as in apt's sources]
    #[arg(long, value_name = "URL")]
    security_mirror: Option<String>,
}

/// The release that is scanned, and how advisories name it.
const CODENAME: &str = "bookworm";
const SCOPE: &str = "debian:12";
/// Exit codes of a scan that said something: no finding at the gate, or not everything is known.
const ANSWERED: &[i32] = &[0, 10, 11];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.install {
        install_missing(&[MMDEBSTRAP])?;
    } else if !MMDEBSTRAP.is_here() {
        bail!(
            "the demo builds its image with mmdebstrap, which is missing: `cargo xtask demo \
             --install` installs it on Debian and its relatives, and needs no other system"
        );
    }
    let mirrors = Mirrors::find(args.mirror.as_deref(), args.security_mirror.as_deref())?;
    let workspace = Workspace::load()?;
    let demo = Demo::new(&workspace)?;

    let layout = demo.directory.join("image");
    image::build(&workspace.root, &layout, CODENAME, &mirrors.main)?;
    let image = format!("oci:{}", layout.display());
    println!("\nBuilding plimsoll (the first time takes some minutes) …");
    let mut build = cargo(&workspace.root);
    process::run(build.args(["build", "--release", "--package", "plimsoll"]))?;

    println!("\n$ export PLIMSOLL_STATE_DIR={}", demo.state().display());
    println!("$ export PLIMSOLL_CACHE_DIR={}", demo.cache().display());
    let mirror = format!("security.debian.org/debian-security={}", mirrors.security);
    let update = ["db", "update", SCOPE, "--feed", "apt-archive", "--mirror", &mirror];
    demo.plimsoll(&update, &[0])?;
    demo.plimsoll(&["scan", "--offline", &image], ANSWERED)?;
    println!("\nNext, in a shell with these two variables:\n");
    let next = [
        format!("inventory --offline {image}"),
        format!("scan --offline --by finding {image}"),
        format!("scan --offline --format json {image}"),
        "db status".to_owned(),
    ];
    for arguments in next {
        println!("  {} {arguments}", demo.program.display());
    }
    println!("\nand without them, with your own images and every feed:\n");
    for arguments in ["scan IMAGE", "ps", "help"] {
        println!("  {} {arguments}", demo.program.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Where everything lies, relative to the workspace's root, in which the commands run.
struct Demo<'a> {
    root: &'a Path,
    program: PathBuf,
    directory: PathBuf,
}

impl<'a> Demo<'a> {
    fn new(workspace: &'a Workspace) -> Result<Self> {
        let root = &workspace.root;
        let target = workspace.target.strip_prefix(root).unwrap_or(&workspace.target);
        let directory = target.join("demo");
        std::fs::create_dir_all(root.join(&directory)).context("making target/demo")?;
        Ok(Self { root, program: target.join("release/plimsoll"), directory })
    }

    fn state(&self) -> PathBuf {
        self.directory.join("state")
    }

    fn cache(&self) -> PathBuf {
        self.directory.join("cache")
    }

    /// Shows a command and runs it.
    fn plimsoll(&self, arguments: &[&str], expected: &[i32]) -> Result<()> {
        println!("\n$ {} {}", self.program.display(), process::words(arguments));
        let mut command = Command::new(self.root.join(&self.program));
        command.args(arguments).current_dir(self.root);
        command.env("PLIMSOLL_STATE_DIR", self.root.join(self.state()));
        command.env("PLIMSOLL_CACHE_DIR", self.root.join(self.cache()));
        let status = command.status().context("starting plimsoll")?;
        match status.code() {
            Some(code) if expected.contains(&code) => Ok(()),
            _ => bail!("plimsoll {} ended with {status}", arguments[0]),
        }
    }
}
