//! `cargo xtask demo`: a really outdated Debian image in a real registry, and what to do about it.
//!
//! It needs nothing but the distribution archive that this machine already uses: base and application are built from
//! it, its security suite says what is fixed, and what the program advises is carried out and looked at again.

mod confirm;
mod images;
mod layer;
mod mirrors;
mod rebase;
mod roots;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use plimsoll_testkit::{Layout, Registry, Setup};
use serde::de::DeserializeOwned;

use crate::parts::{DEMO, install_missing};
use crate::process;
use crate::workspace::{Workspace, cargo};
use confirm::Done;
use images::Images;
use mirrors::Mirrors;
use roots::Roots;

/// What `cargo xtask demo` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what it needs and is missing: mmdebstrap, docker-registry, skopeo
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
/// Exit codes that say something: done, no finding at the gate, or not everything is known.
const ANSWERED: &[i32] = &[0, 10, 11];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.install {
        install_missing(DEMO)?;
    } else if let Some(missing) = DEMO.iter().find(|part| !part.is_here()) {
        bail!(
            "the demo needs {}, which is missing: `cargo xtask demo --install` installs it on Debian and its relatives",
            missing.package
        );
    }
    let mirrors = Mirrors::find(args.mirror.as_deref(), args.security_mirror.as_deref())?;
    let workspace = Workspace::load()?;
    let demo = Demo::new(&workspace, &mirrors)?;
    println!("Building plimsoll (the first time takes some minutes) …");
    let mut build = cargo(&workspace.root);
    process::run(build.args(["build", "--release", "--package", "plimsoll"]))?;

    title("A base, and an application on it, that nobody has updated");
    let roots =
        Roots::build(&workspace.root.join(&demo.directory).join("roots"), CODENAME, &mirrors)?;
    let images = Images::of(&roots)?;
    let registry = Registry::start(&Setup::default()).context("starting docker-registry")?;
    images.push_old(&registry);
    let name = |name: &str| format!("{}/{name}", registry.host());
    let shop = name("shop:1.4");
    demo.show_variables();
    // Where other feeds than the archive cannot be reached from here, it says so and goes on without.
    demo.run(&["db", "update", SCOPE], &[0])?;
    demo.run(&["bases", "learn", &name("debian")], &[0])?;

    title("Since then Debian has fixed a lot, and the tag of the base has moved");
    images.push_newer_base(&registry);
    demo.run(&["changes", &shop], ANSWERED)?;
    demo.run(&["base", &shop], ANSWERED)?;
    demo.run(&["scan", &shop], ANSWERED)?;

    title("Is it true? The same image after a real upgrade, and on the newer base");
    images.push_remedied(&registry);
    let scan: confirm::Scan = demo.document(&["scan", "--format", "json", &shop])?;
    let remedied = [("shop:1.4-updated", Done::UpgradedAll), ("shop:1.4-rebased", Done::Rebased)];
    for (remedied, done) in remedied {
        let remedied = name(remedied);
        demo.run(&["scan", "--quiet", &remedied], ANSWERED)?;
        let diff: confirm::Diff = demo.document(&["diff", "--format", "json", &shop, &remedied])?;
        println!();
        for line in confirm::confirm(done, &scan, &diff)? {
            println!("{line}");
        }
    }
    demo.say_what_is_next(&images)?;
    Ok(ExitCode::SUCCESS)
}

fn title(text: &str) {
    println!("\n── {text}\n");
}

/// Where everything lies, relative to the workspace's root, in which the commands run.
struct Demo<'a> {
    root: &'a Path,
    program: PathBuf,
    directory: PathBuf,
    mirrors: String,
}

impl<'a> Demo<'a> {
    fn new(workspace: &'a Workspace, mirrors: &Mirrors) -> Result<Self> {
        let root = &workspace.root;
        let target = workspace.target.strip_prefix(root).unwrap_or(&workspace.target);
        let directory = target.join("demo");
        let state = root.join(directory.join("state"));
        if state.exists() {
            // The catalogue names a registry that is gone.
            std::fs::remove_dir_all(&state).context("removing the state of the last demo")?;
        }
        std::fs::create_dir_all(state).context("making target/demo")?;
        let mirrors = format!(
            "ftp.debian.org/debian={},security.debian.org/debian-security={}",
            mirrors.main, mirrors.security
        );
        Ok(Self { root, program: target.join("release/plimsoll"), directory, mirrors })
    }

    fn variables(&self) -> [(&'static str, String); 3] {
        let path = |name| self.directory.join(name).display().to_string();
        [
            ("PLIMSOLL_STATE_DIR", path("state")),
            ("PLIMSOLL_CACHE_DIR", path("cache")),
            ("PLIMSOLL_MIRRORS", self.mirrors.clone()),
        ]
    }

    fn show_variables(&self) {
        println!();
        for (name, value) in self.variables() {
            println!("$ export {name}={value}");
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.root.join(&self.program));
        command.args(arguments).current_dir(self.root).envs(self.variables());
        command
    }

    /// Shows a command and runs it.
    fn run(&self, arguments: &[&str], expected: &[i32]) -> Result<()> {
        println!("\n$ {} {}", self.program.display(), process::words(arguments));
        let status = self.command(arguments).status().context("starting plimsoll")?;
        match status.code() {
            Some(code) if expected.contains(&code) => Ok(()),
            _ => bail!("plimsoll {} ended with {status}", arguments[0]),
        }
    }

    /// What a command prints in JSON.
    fn document<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let output =
            self.command(arguments).arg("--quiet").output().context("starting plimsoll")?;
        let answered = output.status.code().is_some_and(|code| ANSWERED.contains(&code));
        ensure!(answered, "plimsoll {} ended with {}", arguments[0], output.status);
        serde_json::from_slice(&output.stdout).context("reading what plimsoll printed")
    }

    /// The registry ends with the demo; the images stay.
    fn say_what_is_next(&self, images: &Images) -> Result<()> {
        let keep = |image, name| {
            let layout = self.directory.join(name);
            let written = Layout::of(image).write(&self.root.join(&layout));
            written.context("writing an image")?;
            Ok::<_, anyhow::Error>(format!("oci:{}", layout.display()))
        };
        let shop = keep(&images.shop, "shop")?;
        let updated = keep(&images.updated_shop, "updated-shop")?;
        println!("\nNext, in a shell with these three variables:\n");
        for arguments in ["scan --by finding", "changes --full", "inventory"] {
            println!("  {} {arguments} {shop}", self.program.display());
        }
        println!("  {} diff {shop} {updated}", self.program.display());
        println!("\nand without them, with your own images and every feed:\n");
        for arguments in ["scan IMAGE", "ps", "help"] {
            println!("  {} {arguments}", self.program.display());
        }
        Ok(())
    }
}
