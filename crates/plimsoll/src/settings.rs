//! Settings: flag > `PLIMSOLL_*` variable > plimsoll.toml > default, each value with its origin.

mod definitions;
mod file;
mod resolve;
mod values;

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_advice::{Gate, IgnoreRule};
use plimsoll_flow::{PlatformChoice, Session, Surroundings};
use plimsoll_model::Platform;

pub(crate) use resolve::{Entry, SettingError};

use crate::cli::Global;
use crate::output::Failure;

/// Every setting, parsed.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where facts of layers are kept; none with `--no-cache`.
    pub(crate) cache_dir: Option<PathBuf>,
    /// Bytes the cache may grow to.
    pub(crate) cache_limit: u64,
    /// Where the advisory database stands.
    pub(crate) state_dir: PathBuf,
    /// A copy of the feeds, laid out by host and path.
    pub(crate) feeds_from: Option<String>,
    /// `archive=url`: where distribution archives are read instead of at their official address.
    pub(crate) mirrors: Vec<(String, String)>,
    /// Hosts of package sources that an image may name and that may be asked.
    pub(crate) allowed_sources: Vec<String>,
    /// Ask no network.
    pub(crate) offline: bool,
    /// The generation of the database to judge with; none means the one in force.
    pub(crate) generation: Option<String>,
    /// Data older than this judges nothing.
    pub(crate) max_db_age: Option<SignedDuration>,
    /// Scopes checked longer ago than this are updated by `scan`.
    pub(crate) refresh_after: SignedDuration,
    /// Bytes to borrow from while reading layers.
    pub(crate) memory: u64,
    /// How long to wait for the network.
    pub(crate) timeout: std::time::Duration,
    /// Registries that may be spoken to without a verified certificate.
    pub(crate) insecure: Vec<String>,
    /// The keys of distribution archives.
    pub(crate) keyring: Option<PathBuf>,
    /// What makes `scan` fail.
    pub(crate) fail_on: Option<Gate>,
    /// Whether "cannot know" is success.
    pub(crate) allow_unknown: bool,
    /// Which platform of an image: `os/arch[/variant]` or `all`; none means this machine's.
    pub(crate) platform: Option<String>,
    /// The day to speak for; none means today.
    pub(crate) as_of: Option<Date>,
    /// Findings to set aside, each with the file it stands in.
    pub(crate) ignore: Vec<(String, IgnoreRule)>,
    entries: Vec<Entry>,
}

impl Settings {
    /// Reads flags, environment and files.
    ///
    /// # Errors
    /// A value that cannot be understood, named with its origin; an unreadable or malformed file; an
    /// unknown key in a file.
    pub(crate) fn load(global: &Global) -> Result<Self, SettingError> {
        let surroundings = definitions::Surroundings::of_this_process();
        let files = file::load(&surroundings)?;
        let resolved = resolve::resolve(global, &surroundings, &files)?;
        let ignore = files
            .into_iter()
            .flat_map(|file| {
                let name = file.path.display().to_string();
                file.ignore.into_iter().map(move |rule| (name.clone(), rule))
            })
            .collect();
        let no_cache = resolved.get::<values::Switch>("no_cache")?.0;
        Ok(Self {
            cache_dir: if no_cache { None } else { resolved.optional("cache_dir")? },
            cache_limit: resolved.get::<values::Bytes>("cache_limit")?.0,
            state_dir: resolved.get("state_dir")?,
            feeds_from: resolved.optional("from")?,
            mirrors: resolved.list::<values::Mirror>("mirrors")?.into_iter().map(|m| m.0).collect(),
            allowed_sources: resolved.list("allowed_sources")?,
            offline: resolved.get::<values::Switch>("offline")?.0,
            generation: resolved.optional("generation")?,
            max_db_age: resolved.optional::<values::Age>("max_db_age")?.map(|age| age.0),
            refresh_after: resolved.get::<values::Age>("refresh_after")?.0,
            memory: resolved.get::<values::Bytes>("memory")?.0,
            timeout: resolved.get::<values::Age>("timeout")?.0.unsigned_abs(),
            insecure: resolved.list("insecure")?,
            keyring: resolved.optional("keyring")?,
            fail_on: resolved.optional("fail_on")?,
            allow_unknown: resolved.get::<values::Switch>("allow_unknown")?.0,
            platform: resolved.optional("platform")?,
            as_of: resolved.optional("as_of")?,
            ignore,
            entries: resolved.into_entries(),
        })
    }

    /// A session with these settings in the surroundings of this process.
    ///
    /// # Errors
    /// A platform that is none.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let now = Timestamp::now();
        let platform = match self.platform.as_deref() {
            None => PlatformChoice::Host(Platform::host()),
            Some("all") => PlatformChoice::All,
            Some(platform) => PlatformChoice::One(platform.parse().map_err(Failure::usage)?),
        };
        let settings = plimsoll_flow::Settings {
            cache_dir: self.cache_dir.clone(),
            cache_limit: self.cache_limit,
            state_dir: self.state_dir.clone(),
            feeds_from: self.feeds_from.clone(),
            mirrors: self.mirrors.clone(),
            keyring: self.keyring.clone(),
            allowed_sources: self.allowed_sources.clone(),
            offline: self.offline,
            generation: self.generation.clone(),
            max_db_age: self.max_db_age,
            refresh_after: self.refresh_after,
            memory: self.memory,
            timeout: self.timeout,
            insecure: self.insecure.clone(),
            platform,
            as_of: self.as_of_day(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let surroundings = Surroundings {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            home: std::env::home_dir().filter(|home| home.is_absolute()),
            euid: rustix::process::geteuid().as_raw(),
            now,
        };
        Ok(Session::new(settings, surroundings))
    }

    /// The day to speak for: as set, else today in UTC, so that one moment is one day everywhere.
    pub(crate) fn as_of_day(&self) -> Date {
        self.as_of.unwrap_or_else(|| TimeZone::UTC.to_datetime(Timestamp::now()).date())
    }

    /// Every setting as text, with its origin, in the order of the documentation.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
