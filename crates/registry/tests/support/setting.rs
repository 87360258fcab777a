//! What every test needs: an environment of files, a client over it.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it and uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use plimsoll_fetch::{Retry, Settings};
use plimsoll_registry::{Client, Config, Environment, Error, Opened};
use tempfile::TempDir;

/// A home and a root directory that hold only what the test writes.
pub struct Setting {
    pub root: TempDir,
    vars: BTreeMap<String, String>,
    insecure: Vec<String>,
}

impl Setting {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root, vars: BTreeMap::new(), insecure: Vec::new() }
    }

    /// Writes a file below the root; the home is `home`.
    pub fn file(self, path: &str, content: &str) -> Self {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn insecure(mut self, host: &str) -> Self {
        self.insecure.push(host.to_owned());
        self
    }

    /// docker's config.json with a user for `host`.
    pub fn login(self, host: &str, user: &str, password: &str) -> Self {
        let entry = format!(r#"{{"username":"{user}","password":"{password}"}}"#);
        self.file("home/.docker/config.json", &format!(r#"{{"auths":{{"{host}":{entry}}}}}"#))
    }

    pub fn config(&self) -> Result<Config, Error> {
        let lookup = |name: &str| self.vars.get(name).cloned();
        let root: &Path = self.root.path();
        let mut config = Config::from_environment(&Environment {
            vars: &lookup,
            home: Some(root.join("home")),
            root: root.to_owned(),
            euid: 0,
        })?;
        config.insecure_hosts.extend(self.insecure.iter().cloned());
        Ok(config)
    }

    /// A client whose pauses and timeouts are short.
    pub fn client(&self) -> Client {
        let retry = Retry { first_pause: Duration::from_millis(5), ..Retry::default() };
        let settings = Settings { retry, ..Settings::default() };
        let settings = settings.with_timeout(Duration::from_secs(2));
        Client::new(self.config().unwrap(), plimsoll_fetch::Client::new(settings).unwrap())
    }

    pub fn open(&self, name: &str) -> Result<Opened, Error> {
        self.client().open(&name.parse().unwrap())
    }
}

/// All of a reader, or its error with the causes.
pub fn read_all(mut reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// An error with all its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
