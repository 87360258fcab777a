//! All that a client is told once.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Url;

use crate::error::Error;
use crate::policy::AllowedHosts;
use crate::proxies::Proxies;
use crate::retry::Retry;
use crate::tls::{HostTls, Tls};

/// How requests are made. `Settings::default()` contacts hosts directly and trusts the system's CA
/// bundle; `from_vars` adds what the environment says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// How long each wait may last.
    pub timeouts: Timeouts,
    /// How failures that may pass are repeated.
    pub retry: Retry,
    /// Which requests go through a proxy.
    pub proxies: Proxies,
    /// Whom to believe, and who we are.
    pub tls: Tls,
    /// The one server for which `tls` does not hold.
    pub host_tls: Option<HostTls>,
    /// Where plain http is allowed besides loopback.
    pub plain_http: PlainHttp,
    /// Hosts that the operator allows wherever an address comes from: a storage host on the local
    /// network that a public registry redirects to, or a source named in an image.
    pub allowed_hosts: AllowedHosts,
}

impl Settings {
    /// The defaults with `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` taken from `lookup`.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        Ok(Self {
            proxies: Proxies::from_vars(lookup)?,
            tls: Tls::from_vars(lookup),
            ..Self::default()
        })
    }

    /// What `--timeout` means: no single wait (connecting, the first byte, the next byte) takes
    /// longer. The whole download may.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts = Timeouts { connect: timeout, response: timeout, stall: timeout };
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            proxies: Proxies::default(),
            tls: Tls::default(),
            host_tls: None,
            plain_http: PlainHttp::default(),
            allowed_hosts: AllowedHosts::default(),
        }
    }
}

/// The longest single waits.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Resolving the name, connecting, and the TLS handshake.
    pub connect: Duration,
    /// From sending the request to the response's headers, connecting included.
    pub response: Duration,
    /// From one piece of a body to the next.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), response: seconds(60), stall: seconds(60) }
    }
}

/// Hosts that may be contacted over plain http, besides loopback (trust rule 11).
#[derive(Clone, Debug, Default)]
pub struct PlainHttp {
    hosts: BTreeSet<String>,
}

impl PlainHttp {
    /// Allows `host`, which is `name` (every port) or `name:port`.
    #[must_use]
    pub fn allow(mut self, host: &str) -> Self {
        self.hosts.insert(host.to_ascii_lowercase());
        self
    }

    pub(crate) fn allows(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let port = url.port_or_known_default().unwrap_or_default();
        self.hosts.contains(host) || self.hosts.contains(&format!("{host}:{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_allowed_by_host_or_by_port() {
        let plain = PlainHttp::default().allow("A.example").allow("b.example:5000");
        let check = |url: &str, expected| {
            assert_eq!(plain.allows(&Url::parse(url).unwrap()), expected, "{url}");
        };
        check("http://a.example/", true);
        check("http://a.example:5000/", true);
        check("http://b.example:5000/", true);
        check("http://b.example/", false);
        check("http://c.a.example/", false);
    }
}
