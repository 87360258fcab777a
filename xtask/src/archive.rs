//! `cargo xtask archive`: the small frozen archives that the tests judge with, to be tried by hand.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use plimsoll_testkit::{DebianMirrors, FrozenArchive};

use crate::process;

/// What `cargo xtask archive` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where they are written, as DIRECTORY/v1 and DIRECTORY/v2, with the key that signs them
    directory: PathBuf,
    /// Of which release of Debian its packages are
    #[arg(long, default_value = "bookworm")]
    codename: String,
    /// A mirror of Debian's archive [default: as in apt's sources]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mirror = match &args.mirror {
        Some(mirror) => mirror.trim_end_matches('/').to_owned(),
        None => {
            let found = DebianMirrors::find();
            found.context("give a mirror of Debian's archive with --mirror URL")?.main
        }
    };
    std::fs::create_dir_all(&args.directory).context("making the directory")?;
    // apt runs in a directory of its own.
    let directory = std::path::absolute(&args.directory).context("finding the directory")?;
    let architecture = process::read(Command::new("dpkg").arg("--print-architecture"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let archive = FrozenArchive {
        directory: &directory,
        codename: &args.codename,
        mirror: &mirror,
        architecture: architecture.trim(),
    };
    archive.make(i64::try_from(now)?).context("making the archives")?;
    let (shown, codename) = (args.directory.display(), &args.codename);
    println!("{shown}/v1 has {codename} as it is, {shown}/v2 also updates made up by a test.");
    println!("An image of {codename} without updates can be judged with:\n");
    println!(
        "  plimsoll changes IMAGE --keyring {shown}/key.gpg \\\n    \
         --mirror ftp.debian.org/debian=http://localhost:8000 \\\n    \
         --mirror security.debian.org/debian-security=http://localhost:8000\n\n\
         while `python3 -m http.server --directory {shown}/v2` runs"
    );
    Ok(ExitCode::SUCCESS)
}
