//! Everything that use cases need from outside, set up once and only when asked for.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_engine::Engines;
use plimsoll_image::PlatformChoice;
use plimsoll_vulndb::Store;

use crate::error::Error;

/// What the user decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where facts of layers are kept; none means nowhere.
    pub cache_dir: Option<PathBuf>,
    /// Bytes the cache may grow to.
    pub cache_limit: u64,
    /// Where the advisory database and private sockets are.
    pub state_dir: PathBuf,
    /// A copy of the feeds laid out by host and path: a directory or an http(s) address.
    pub feeds_from: Option<String>,
    /// Distribution archives (`host/path`) and where to read them instead.
    pub mirrors: Vec<(String, String)>,
    /// The keys that sign distribution archives; none means the host's.
    pub keyring: Option<PathBuf>,
    /// Hosts that may be asked although only an image names them.
    pub allowed_sources: Vec<String>,
    /// Ask no network for advisories.
    pub offline: bool,
    /// The generation of the database to judge with, by the beginning of its id or as `previous`; none
    /// means the one in force, brought up to date.
    pub generation: Option<String>,
    /// Data older than this judges nothing.
    pub max_db_age: Option<SignedDuration>,
    /// `scan` updates scopes that were checked longer ago than this.
    pub refresh_after: SignedDuration,
    /// Bytes to borrow from while reading layers.
    pub memory: u64,
    /// The longest single wait for the network.
    pub timeout: Duration,
    /// Registries (`host[:port]`) that may be spoken to without a verified certificate, and allowed sources that may
    /// be asked over plain http.
    pub insecure: Vec<String>,
    /// Which platforms to look at.
    pub platform: PlatformChoice,
    /// The day to speak for.
    pub as_of: Date,
    /// The version that documents name.
    pub tool_version: String,
}

/// What the process finds around it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The effective user.
    pub euid: u32,
    /// The time.
    pub now: Timestamp,
}

/// Settings, surroundings, and the clients made from them.
pub struct Session {
    pub(crate) settings: Settings,
    pub(crate) surroundings: Surroundings,
    engines: OnceLock<Arc<Engines>>,
    fetch: OnceLock<plimsoll_fetch::Client>,
}

impl Session {
    /// Does nothing yet: clients are made when first asked for.
    pub fn new(settings: Settings, surroundings: Surroundings) -> Self {
        Self { settings, surroundings, engines: OnceLock::new(), fetch: OnceLock::new() }
    }

    /// Docker and Podman.
    pub(crate) fn engines(&self) -> Arc<Engines> {
        let engines = self.engines.get_or_init(|| {
            let Surroundings { variables, home, euid, .. } = &self.surroundings;
            let mut settings =
                plimsoll_engine::Settings::new(variables.clone(), home.clone(), *euid);
            settings.private_dir = Some(self.settings.state_dir.clone());
            settings.timeout = self.settings.timeout;
            Arc::new(Engines::new(settings))
        });
        Arc::clone(engines)
    }

    /// HTTP.
    pub(crate) fn fetch(&self) -> Result<plimsoll_fetch::Client, Error> {
        if let Some(client) = self.fetch.get() {
            return Ok(client.clone());
        }
        let client = self
            .fetch_settings()
            .and_then(plimsoll_fetch::Client::new)
            .map_err(|error| Error::Fetch(Box::new(error)))?;
        Ok(self.fetch.get_or_init(|| client).clone())
    }

    /// Plain http is allowed to the hosts that the operator named with `http://`, and to those that only images name
    /// where he allowed both: to ask them, and to do so without TLS.
    fn fetch_settings(&self) -> Result<plimsoll_fetch::Settings, plimsoll_fetch::Error> {
        let lookup = |name: &str| self.surroundings.variables.get(name).cloned();
        let mut settings =
            plimsoll_fetch::Settings::from_vars(&lookup)?.with_timeout(self.settings.timeout);
        let mirrors = self.settings.mirrors.iter().map(|(_, url)| url);
        for address in mirrors.chain(&self.settings.feeds_from) {
            let plain = address.strip_prefix("http://").and_then(|rest| rest.split('/').next());
            if let Some(host) = plain {
                settings.plain_http = settings.plain_http.allow(host);
            }
        }
        for host in &self.settings.insecure {
            let (name, _port) = host.split_once(':').unwrap_or((host, ""));
            if self.settings.allowed_sources.iter().any(|allowed| allowed == name) {
                settings.plain_http = settings.plain_http.allow(host);
            }
        }
        Ok(settings)
    }

    /// What opening an image needs.
    pub(crate) fn image_context(
        &self,
        platform: PlatformChoice,
    ) -> Result<plimsoll_image::Context, Error> {
        let fetch = self.fetch()?;
        let surroundings = self.surroundings.clone();
        let insecure = self.settings.insecure.clone();
        let registry = move || Ok(registry_client(&surroundings, &insecure, fetch.clone())?);
        Ok(plimsoll_image::Context {
            platform,
            engines: self.engines(),
            registry: Arc::new(registry),
        })
    }

    /// The client of registries.
    pub(crate) fn registry(&self) -> Result<plimsoll_registry::Client, Error> {
        let fetch = self.fetch()?;
        registry_client(&self.surroundings, &self.settings.insecure, fetch)
            .map_err(|source| Error::RegistrySettings(Box::new(source)))
    }

    /// The advisory database.
    pub(crate) fn store(&self) -> Result<Store, Error> {
        self.check_state_dir()?;
        Ok(Store::open(&self.settings.state_dir.join("db")))
    }

    pub(crate) fn database_error(&self, source: plimsoll_vulndb::StoreError) -> Error {
        Error::Database { path: self.settings.state_dir.join("db"), source: Box::new(source) }
    }

    /// Refuses a state directory that others can write.
    pub(crate) fn check_state_dir(&self) -> Result<(), Error> {
        self.check_private(&self.settings.state_dir)
    }

    /// Trust rule 7: what others can write is not read, and never written through a link.
    fn check_private(&self, path: &Path) -> Result<(), Error> {
        let why = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::File { path: path.to_owned(), source }),
            Ok(found) if found.file_type().is_symlink() => "is a symbolic link",
            Ok(found) if !found.is_dir() => "is not a directory",
            Ok(found) if found.uid() != self.surroundings.euid => "belongs to another user",
            Ok(found) if found.mode() & 0o022 != 0 => "can be written by others",
            Ok(_) => return Ok(()),
        };
        Err(Error::State { path: path.to_owned(), why: why.to_owned() })
    }

    /// The time that is spoken for: now, or the end of the day that was asked for.
    pub(crate) fn speaking_for(&self) -> Timestamp {
        let now = self.surroundings.now;
        let day = self.settings.as_of;
        if TimeZone::UTC.to_datetime(now).date() == day {
            return now;
        }
        TimeZone::UTC.to_timestamp(day.at(23, 59, 59, 0)).unwrap_or(now)
    }

    pub(crate) fn state_dir(&self) -> &Path {
        &self.settings.state_dir
    }

    /// Makes the state directory, for its owner alone.
    pub(crate) fn make_state_dir(&self) -> Result<(), Error> {
        self.make_private(&self.settings.state_dir)
    }

    /// Makes a directory for its owner alone.
    pub(crate) fn make_private(&self, path: &Path) -> Result<(), Error> {
        use std::os::unix::fs::DirBuilderExt;
        self.check_private(path)?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| Error::File { path: path.to_owned(), source })
    }
}

fn registry_client(
    surroundings: &Surroundings,
    insecure: &[String],
    fetch: plimsoll_fetch::Client,
) -> Result<plimsoll_registry::Client, plimsoll_registry::Error> {
    let lookup = |name: &str| surroundings.variables.get(name).cloned();
    let environment = plimsoll_registry::Environment {
        vars: &lookup,
        home: surroundings.home.clone(),
        root: PathBuf::from("/"),
        euid: surroundings.euid,
    };
    let mut config = plimsoll_registry::Config::from_environment(&environment)?;
    config.insecure_hosts.extend(insecure.iter().cloned());
    Ok(plimsoll_registry::Client::new(config, fetch))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    /// Trust rule 11: leave to ask a host is no leave to ask it without TLS, nor the other way round.
    #[test]
    fn an_allowed_source_is_asked_over_plain_http_only_if_that_is_allowed_too() {
        let check = |allowed: &str, insecure: &str, expected: &str| {
            let (_directory, mut session) = testing::session();
            session.settings.allowed_sources = vec![allowed.to_owned()];
            session.settings.insecure = vec![insecure.to_owned()];
            let plain = session.fetch_settings().unwrap().plain_http;
            assert_eq!(format!("{plain:?}"), format!("PlainHttp {{ hosts: {{{expected}}} }}"));
        };
        check("a.example", "a.example", "\"a.example\"");
        check("a.example", "a.example:8080", "\"a.example:8080\"");
        check("a.example", "b.example", "");
        check("b.example", "a.example", "");
    }
}
