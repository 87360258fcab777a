//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;

/// Keeps container updates under control: says what is wrong in an image and what clears it.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is wrong in an image, and what clears it
    Scan(commands::scan::ScanArgs),
    /// What is inside an image
    Inventory(commands::inventory::InventoryArgs),
    /// What the distribution has fixed since an image was built
    Changes(commands::changes::ChangesArgs),
    /// Which base image an image stands on, and what is newer
    Base(commands::base::BaseArgs),
    /// The catalogue of known base images
    #[command(subcommand)]
    Bases(commands::bases::BasesCommand),
    /// What changed between two images, or for one image between two generations of the database
    Diff(commands::diff::DiffArgs),
    /// Why an id is reported for an image, or why it is not
    Explain(commands::explain::ExplainArgs),
    /// Everything that runs here, with what is wrong in it
    Ps(commands::ps::PsArgs),
    /// The advisory database
    #[command(subcommand)]
    Db(commands::db::DbCommand),
    /// The cache of what was read in layers
    #[command(subcommand)]
    Cache(commands::cache::CacheCommand),
    /// The settings in force, and where each comes from
    Config,
    /// How two versions compare in an ecosystem
    CompareVersions(commands::compare_versions::CompareArgs),
    /// A completion script for a shell
    Completions(commands::completions::CompletionsArgs),
    /// The manual page
    Man,
    /// The program's version
    Version(commands::version::VersionArgs),
}

/// Options of every command. Each setting can also stand in plimsoll.toml or the environment; see
/// `plimsoll config`.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Say nothing but errors and the answer
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say what is done
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Ask no network: judge with the advisories at hand
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Read layers again, and keep nothing of them
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,
    /// Read feeds from a copy laid out as BASE/HOST/PATH: a directory or an http(s) address
    #[arg(long = "from", value_name = "BASE", global = true)]
    pub(crate) feeds_from: Option<String>,
    /// Read a distribution archive from a mirror: security.debian.org/debian-security=http://…
    #[arg(long = "mirror", value_name = "ARCHIVE=URL", global = true)]
    pub(crate) mirrors: Vec<String>,
    /// Allow a package source that an image names: its packages' updates are looked for there
    #[arg(long = "allow-source", value_name = "HOST", global = true)]
    pub(crate) allowed_sources: Vec<String>,
    /// The keys that sign distribution archives [default: those the program carries, else the host's]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) keyring: Option<PathBuf>,
    /// Judge with this generation of the database: the beginning of its id, or previous
    #[arg(long, value_name = "ID", global = true)]
    pub(crate) generation: Option<String>,
    /// Data older than this judges nothing: 36h, 7d
    #[arg(long, value_name = "AGE", global = true)]
    pub(crate) max_db_age: Option<String>,
    /// Memory to borrow from while reading layers: 192MiB, 1GiB
    #[arg(long, value_name = "SIZE", global = true)]
    pub(crate) memory: Option<String>,
    /// How long to wait for an answer from the network: 30s, 2m
    #[arg(long, value_name = "TIME", global = true)]
    pub(crate) timeout: Option<String>,
    /// Allow plain http and unknown certificates for this registry
    #[arg(long = "insecure", value_name = "HOST[:PORT]", global = true)]
    pub(crate) insecure: Vec<String>,
    /// The platform to judge: os/arch[/variant], or all [default: this machine's]
    #[arg(long, value_name = "PLATFORM", global = true)]
    pub(crate) platform: Option<String>,
    /// End with 10 if a finding is this bad: SEVERITY|kev|unknown[,fixable][,base|own]
    #[arg(long, value_name = "GATE", global = true)]
    pub(crate) fail_on: Option<String>,
    /// End with 0 instead of 11 where nothing can be known
    #[arg(long, global = true)]
    pub(crate) allow_unknown: bool,
    /// The day to speak for, instead of today: decides end of life and expiry of ignore rules
    #[arg(long, value_name = "DATE", global = true)]
    pub(crate) as_of: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
