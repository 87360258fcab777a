//! Which addresses may be fetched: decided before every request and every redirect.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

use crate::settings::Settings;
use crate::zone::Zone;

/// Who named an address decides how far it is trusted (trust rule 1).
#[derive(Clone, Debug, Default)]
pub enum AddressPolicy {
    /// The operator typed it: any host at any address.
    #[default]
    Operator,
    /// A server that the operator chose named it (a redirect, a token service): any host, but at
    /// no address nearer than that server itself lives.
    Referred(Zone),
    /// It was found inside an image or its metadata: these hosts and no others.
    Foreign(Arc<AllowedHosts>),
}

/// Hosts that others may make us contact, each with the nearest zone its addresses may be in.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    hosts: BTreeMap<String, Zone>,
}

impl AllowedHosts {
    /// Allows `host` (without a port) at addresses no nearer than `nearest`.
    #[must_use]
    pub fn allow(mut self, host: &str, nearest: Zone) -> Self {
        self.hosts.insert(host.to_ascii_lowercase(), nearest);
        self
    }

    fn nearest(&self, host: &str) -> Option<Zone> {
        self.hosts.get(host).copied()
    }
}

/// Why an address is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither http nor https.
    #[error("only http and https are fetched")]
    Scheme,
    /// The URL has no host.
    #[error("it names no host")]
    NoHost,
    /// Plain http to a host that is neither loopback nor allowed by the operator.
    #[error("plain http is only for loopback and hosts that were allowed explicitly")]
    PlainHttp,
    /// Credentials would travel over plain http to another machine.
    #[error("credentials are not sent over plain http")]
    PlainCredentials,
    /// A redirect from https to http.
    #[error("a redirect must not leave https")]
    Downgrade,
    /// Named by an image, and not on the list of allowed hosts.
    #[error("an image named this host and nobody allowed it")]
    NotAllowed,
    /// The host's addresses are private, loopback, or link-local.
    #[error("it leads to a private, loopback or link-local address")]
    Near,
    /// The host is the configured proxy itself.
    #[error("it leads to the proxy itself")]
    Proxy,
}

/// What a hop may reach: the nearest zone, or anything where the operator typed the address.
pub(crate) type Nearest = Option<Zone>;

/// Judges one address before it is contacted. Names are judged again when they are resolved.
pub(crate) fn judge(
    url: &Url,
    policy: &AddressPolicy,
    settings: &Settings,
) -> Result<Nearest, Refusal> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refusal::NoHost)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) || settings.plain_http.allows(url) => {}
        "http" => return Err(Refusal::PlainHttp),
        _ => return Err(Refusal::Scheme),
    }
    let by_name = match policy {
        AddressPolicy::Operator => return Ok(None),
        AddressPolicy::Referred(zone) => Some(*zone),
        AddressPolicy::Foreign(allowed) => allowed.nearest(host),
    };
    let by_operator = settings.allowed_hosts.nearest(host);
    let nearest = by_name.max(by_operator).ok_or(Refusal::NotAllowed)?;
    // The proxy's own name is exempt when names are resolved, so it must not be a target.
    if settings.proxies.is_proxy_host(host) {
        return Err(Refusal::Proxy);
    }
    match literal(url).map(Zone::of) {
        Some(None) => Err(Refusal::Near),
        Some(Some(zone)) if zone > nearest => Err(Refusal::Near),
        Some(Some(_)) | None if nearest < Zone::Loopback && host == "localhost" => {
            Err(Refusal::Near)
        }
        Some(Some(_)) | None => Ok(Some(nearest)),
    }
}

/// The address in the URL, where its host is one and not a name.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether the URL leads to this machine whatever a name server says: `localhost` is resolved to
/// loopback addresses only.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost")
        || literal(url).is_some_and(|address| Zone::of(address) == Some(Zone::Loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str, policy: &AddressPolicy) -> Result<Nearest, Refusal> {
        judge(&Url::parse(url).unwrap(), policy, &Settings::default())
    }

    #[test]
    fn the_operator_may_go_anywhere_over_https() {
        let check = |url: &str, expected| {
            assert_eq!(judged(url, &AddressPolicy::Operator), expected, "{url}");
        };
        check("https://169.254.169.254/", Ok(None));
        check("https://registry.example/", Ok(None));
        check("http://127.0.0.1:5000/", Ok(None));
        check("http://[::1]:5000/", Ok(None));
        check("http://localhost:5000/", Ok(None));
        check("http://registry.example/", Err(Refusal::PlainHttp));
        check("http://127.0.0.1.example/", Err(Refusal::PlainHttp));
        check("file:///etc/passwd", Err(Refusal::NoHost));
        check("ftp://registry.example/", Err(Refusal::Scheme));
    }

    #[test]
    fn a_server_refers_no_nearer_than_it_lives() {
        let check = |url: &str, zone, expected| {
            assert_eq!(judged(url, &AddressPolicy::Referred(zone)), expected, "{url} {zone:?}");
        };
        check("https://cdn.example/", Zone::Public, Ok(Some(Zone::Public)));
        check("https://10.0.0.1/", Zone::Public, Err(Refusal::Near));
        check("https://10.0.0.1/", Zone::Private, Ok(Some(Zone::Private)));
        check("https://127.0.0.1/", Zone::Private, Err(Refusal::Near));
        check("https://0x7f.1/", Zone::Private, Err(Refusal::Near));
        check("https://localhost/", Zone::Public, Err(Refusal::Near));
        check("https://localhost/", Zone::Loopback, Ok(Some(Zone::Loopback)));
        check("https://169.254.169.254/", Zone::Loopback, Err(Refusal::Near));
        check("https://[::ffff:a9fe:a9fe]/", Zone::Loopback, Err(Refusal::Near));
    }

    #[test]
    fn an_image_names_only_allowed_hosts() {
        let allowed = AllowedHosts::default()
            .allow("Archive.example", Zone::Public)
            .allow("mirror.internal", Zone::Private);
        let policy = AddressPolicy::Foreign(Arc::new(allowed));
        let check = |url: &str, expected| assert_eq!(judged(url, &policy), expected, "{url}");
        check("https://archive.example/x", Ok(Some(Zone::Public)));
        check("https://ARCHIVE.example:8443/x", Ok(Some(Zone::Public)));
        check("https://mirror.internal/x", Ok(Some(Zone::Private)));
        check("http://archive.example/x", Err(Refusal::PlainHttp));
        check("https://archive.example.evil.example/x", Err(Refusal::NotAllowed));
        check("https://10.0.0.1/x", Err(Refusal::NotAllowed));
    }

    #[test]
    fn the_proxy_is_no_target_for_strangers() {
        let vars =
            |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy.internal:3128".to_owned());
        let settings = Settings::from_vars(&vars).unwrap();
        let url = Url::parse("https://proxy.internal/").unwrap();
        let policy = AddressPolicy::Referred(Zone::Public);
        assert_eq!(judge(&url, &policy, &settings), Err(Refusal::Proxy));
    }

    #[test]
    fn the_operator_allows_hosts_for_everybody() {
        let allowed_hosts = AllowedHosts::default().allow("store.internal", Zone::Private);
        let settings = Settings { allowed_hosts, ..Settings::default() };
        let url = Url::parse("https://store.internal/blob").unwrap();
        let referred = AddressPolicy::Referred(Zone::Public);
        let foreign = AddressPolicy::Foreign(Arc::default());
        for policy in [referred, foreign] {
            assert_eq!(judge(&url, &policy, &settings), Ok(Some(Zone::Private)), "{policy:?}");
        }
        let nearer = AddressPolicy::Referred(Zone::Loopback);
        assert_eq!(judge(&url, &nearer, &settings), Ok(Some(Zone::Loopback)));
    }
}
