//! `NO_PROXY`: which hosts are contacted directly.

use std::net::IpAddr;

use reqwest::Url;

use crate::policy::literal;

/// The parsed list. Entries are `*`, a domain (which covers its subdomains, leading dot or not), an
/// address, or a network in CIDR form; a port behind an entry restricts it to that port.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoProxy {
    entries: Vec<(Entry, Option<u16>)>,
}

#[derive(Clone, Debug)]
enum Entry {
    All,
    Domain(String),
    Network(IpAddr, u32),
}

impl NoProxy {
    pub(crate) fn parse(text: &str) -> Self {
        let entries =
            text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
                match parse_entry(entry) {
                    Some(entry) => (entry, None),
                    None => with_port(entry),
                }
            });
        Self { entries: entries.collect() }
    }

    pub(crate) fn covers(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let address = literal(url);
        self.entries.iter().any(|(entry, port)| {
            port.is_none_or(|port| url.port_or_known_default() == Some(port))
                && match entry {
                    Entry::All => true,
                    Entry::Domain(domain) => {
                        let rest = host.strip_suffix(domain.as_str());
                        address.is_none()
                            && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    }
                    Entry::Network(network, bits) => {
                        address.is_some_and(|address| is_within(address, *network, *bits))
                    }
                }
        })
    }
}

/// An address, a network, or `*`; none for what may be a domain.
fn parse_entry(entry: &str) -> Option<Entry> {
    if entry == "*" {
        return Some(Entry::All);
    }
    let (address, bits) = match entry.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (entry, None),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    Some(Entry::Network(address, bits.unwrap_or(width).min(width)))
}

fn with_port(entry: &str) -> (Entry, Option<u16>) {
    let split = entry.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = match split {
        Some((host, port)) => (host, Some(port)),
        None => (entry, None),
    };
    let domain = host.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    (parse_entry(host).unwrap_or(Entry::Domain(domain)), port)
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(address) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(address) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_cover_what_curl_and_go_say_they_cover() {
        let check = |list: &str, url: &str, expected| {
            let url = Url::parse(url).unwrap();
            assert_eq!(NoProxy::parse(list).covers(&url), expected, "{list} {url}");
        };
        check("", "http://a.example/", false);
        check("*", "http://a.example/", true);
        check("a.example", "http://a.example/", true);
        check("a.example", "http://b.a.example/", true);
        check(".a.example", "http://b.a.example/", true);
        check("*.A.example", "http://b.a.example/", true);
        check("a.example", "http://ba.example/", false);
        check("x, a.example:8080", "http://a.example:8080/", true);
        check("a.example:8080", "http://a.example/", false);
        check("10.0.0.0/8", "http://10.2.3.4/", true);
        check("10.0.0.0/8", "http://11.2.3.4/", false);
        check("0.0.0.0/0", "http://11.2.3.4/", true);
        check("10.0.0.1", "http://10.0.0.1:99/", true);
        check("10.0.0.1:80", "http://10.0.0.1:99/", false);
        check("fd00::/8", "http://[fd12::1]/", true);
        check("[::1]", "http://[::1]:99/", true);
        check("1.2", "http://10.1.2/", false);
    }
}
