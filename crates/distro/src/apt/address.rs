//! Addresses of package sources: text of an image, taken apart before anything is made of it.

use core::net::{IpAddr, Ipv4Addr};

/// Real addresses are below 100 bytes.
const MAX_ADDRESS: usize = 2_000;

/// An address that could be fetched, if it were allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// In lower case; an IPv6 address in brackets.
    pub(crate) host: String,
    /// Where it is not the scheme's own.
    pub(crate) port: Option<u16>,
    /// Without slashes around it.
    pub(crate) path: String,
}

impl Address {
    /// Reads an address. An error says why nothing can be fetched from it.
    pub(crate) fn parse(uri: &str) -> Result<Self, String> {
        if uri.len() > MAX_ADDRESS {
            return Err("the address is too long".to_owned());
        }
        let (scheme, rest) = uri.split_once(':').ok_or("the address has no scheme")?;
        let (scheme, own_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", 80),
            "https" => ("https", 443),
            // `cdrom:`, `file:`, `copy:`, `tor+http:`, `mirror+file:` …
            other => return Err(format!("{other}: is not fetched")),
        };
        let rest = rest.strip_prefix("//").ok_or("the address has no host")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err("the address holds credentials".to_owned());
        }
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || "\\?#%\"<>".contains(c);
        let path = path.trim_matches('/');
        if authority.contains(is_odd) || path.contains(is_odd) || path.split('/').any(is_dots) {
            return Err("the address has odd characters".to_owned());
        }
        let (host, port) = split_port(authority).ok_or("the address has no valid port")?;
        if host.is_empty() {
            return Err("the address has no host".to_owned());
        }
        let port = port.filter(|port| *port != own_port);
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, path: path.to_owned() })
    }

    /// The address as it is fetched, without a slash at the end.
    pub(crate) fn base(&self) -> String {
        let Self { scheme, .. } = self;
        format!("{scheme}://{}", self.name())
    }

    /// The address as people read it, without its scheme.
    pub(crate) fn name(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let separator = if self.path.is_empty() { "" } else { "/" };
        format!("{}{port}{separator}{}", self.host, self.path)
    }

    /// What the host is besides not known: the kinds of addresses that an image must not make us ask.
    pub(crate) fn forbidden_kind(&self) -> Option<&'static str> {
        let host = self.host.trim_matches(['[', ']']).trim_end_matches('.');
        if host == "localhost" || host.ends_with(".localhost") {
            return Some("a loopback address");
        }
        let address = match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(mapped) => IpAddr::V4(mapped),
                None => IpAddr::V6(address),
            },
            Ok(address) => address,
            // 127.1, 0x7f000001: no name of the Internet ends in a label of digits.
            Err(_) if ends_in_number(host) => return Some("a number in place of a host"),
            Err(_) => return None,
        };
        match address {
            _ if address.is_loopback() || address.is_unspecified() => Some("a loopback address"),
            IpAddr::V4(v4) if v4.is_link_local() => Some("a link-local address"),
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("a link-local address"),
            IpAddr::V4(v4) if v4.is_private() || is_shared(v4) => Some("a private address"),
            IpAddr::V6(v6) if v6.is_unique_local() => Some("a private address"),
            _ => None,
        }
    }
}

/// What of a refused address may be shown: everything but credentials.
pub(crate) fn without_credentials(uri: &str) -> String {
    let shown: String = uri.chars().take(200).collect();
    let Some((scheme, rest)) = shown.split_once("://") else {
        return shown;
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_credentials, host)) => format!("{scheme}://{host}{path}"),
        None => shown,
    }
}

fn is_dots(part: &str) -> bool {
    matches!(part, "." | "..")
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(end) = authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        let (host, rest) = authority.split_at(end + 2);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hexadecimal || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Addresses that providers share among their customers (RFC 6598).
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && (64..128).contains(&second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_or_refused() {
        fn check(uri: &str, expected: Result<&str, &str>) {
            let found = Address::parse(uri).map(|address| address.base());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{uri}");
        }
        check("http://ftp.debian.org/debian/", Ok("http://ftp.debian.org/debian"));
        check("HTTPS://Example.ORG:443", Ok("https://example.org"));
        check("http://[::1]:8080/x", Ok("http://[::1]:8080/x"));
        check("file:///srv/debs", Err("file: is not fetched"));
        check("cdrom:[Debian 12]/", Err("cdrom: is not fetched"));
        check("mirror+file:/etc/apt/mirrors/debian.list", Err("mirror+file: is not fetched"));
        check("http:/x", Err("the address has no host"));
        check("http:///x", Err("the address has no host"));
        check("/srv", Err("the address has no scheme"));
        check("https://user:secret@example.org/", Err("the address holds credentials"));
        check("http://example.org:http/", Err("the address has no valid port"));
        check("http://example.org/a/../b", Err("the address has odd characters"));
        check("http://example.org/a?b", Err("the address has odd characters"));
        check("http://ex\u{1b}ample.org/", Err("the address has odd characters"));
    }

    #[test]
    fn addresses_of_the_neighbourhood_are_named() {
        fn check(host: &str, expected: Option<&str>) {
            let address = Address::parse(&format!("http://{host}/debian")).unwrap();
            assert_eq!(address.forbidden_kind(), expected, "{host}");
        }
        check("example.org", None);
        check("1.1.1.1", None);
        for host in ["localhost", "a.localhost.", "127.3.2.1", "[::1]", "[::ffff:127.0.0.1]"] {
            check(host, Some("a loopback address"));
        }
        check("0.0.0.0", Some("a loopback address"));
        check("169.254.169.254", Some("a link-local address"));
        check("[fe80::1]", Some("a link-local address"));
        for host in ["10.1.2.3", "172.16.0.1", "192.168.0.1:8080", "100.64.0.1", "[fd00::1]"] {
            check(host, Some("a private address"));
        }
        for host in ["127.1", "2130706433", "0x7f000001", "1.2.3.0x4"] {
            check(host, Some("a number in place of a host"));
        }
    }

    #[test]
    fn credentials_are_never_shown() {
        fn check(uri: &str, expected: &str) {
            assert_eq!(without_credentials(uri), expected);
        }
        check("https://user:secret@example.org/x", "https://example.org/x");
        check("https://user@x:secret@example.org", "https://example.org");
        check("cdrom:[Debian]/", "cdrom:[Debian]/");
    }
}
