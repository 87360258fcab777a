//! What the machine's container tools are configured to do.

use std::collections::BTreeSet;

use crate::certificates::CertificateDirectories;
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::Error;
use crate::registries::{Registries, files, load};

/// How registries are found and what they are told. The default knows no files at all.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Hosts (`host` or `host:port`) that the operator called insecure: any certificate will do,
    /// and plain http too. Credentials still do not travel over plain http.
    pub insecure_hosts: BTreeSet<String>,
    pub(crate) registries: Registries,
    pub(crate) credentials: Credentials,
    pub(crate) certificates: CertificateDirectories,
}

impl Config {
    /// Reads registries.conf and its drop-ins now, and remembers where credentials and certificates
    /// lie; those are read when a host is met.
    pub fn from_environment(environment: &Environment<'_>) -> Result<Self, Error> {
        Ok(Self {
            insecure_hosts: BTreeSet::new(),
            registries: load(&files(environment)?)?,
            credentials: Credentials::from_environment(environment),
            certificates: CertificateDirectories::from_environment(environment),
        })
    }

    /// Whether the operator called `host` (with or without a port) insecure.
    pub(crate) fn is_insecure(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        self.insecure_hosts.contains(host) || self.insecure_hosts.contains(name)
    }
}
