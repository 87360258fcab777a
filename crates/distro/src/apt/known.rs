//! Which addresses are a distribution's own archive, and where that archive is asked.

use plimsoll_model::Ecosystem;

use crate::apt::address::Address;
use crate::apt::suites::{Pocket, place};

/// The address that stands for a known archive; none where the address is of no archive of the distribution.
///
/// Mirrors and redirectors of the distribution stand for its own host, which is asked instead. Snapshots and the
/// attics of old releases have content of their own and stay where they are.
pub(crate) fn known_archive(
    ecosystem: Ecosystem,
    address: &Address,
    pocket: Pocket,
) -> Option<Address> {
    if address.port.is_some() {
        return None;
    }
    match ecosystem {
        Ecosystem::Debian => debian(address),
        Ecosystem::Ubuntu => ubuntu(address, pocket),
        _ => None,
    }
}

fn debian(address: &Address) -> Option<Address> {
    let host = below(&address.host, "debian.org")?;
    match (host, address.path.as_str()) {
        ("snapshot", path) => {
            let rest = path.strip_prefix("archive/")?;
            let (archive, time) = rest.split_once('/')?;
            let is_known = matches!(archive, "debian" | "debian-security");
            (is_known && is_snapshot_time(time)).then(|| as_it_is(address))
        }
        ("archive", "debian" | "debian-security") => Some(as_it_is(address)),
        ("security", "") | (_, "debian-security") => Some(ours(Pocket::Security)),
        (_, "debian") => Some(ours(Pocket::Main)),
        _ => None,
    }
}

fn ubuntu(address: &Address, pocket: Pocket) -> Option<Address> {
    let host = below(&address.host, "ubuntu.com")?;
    let ours = |architecture| {
        let (host, root) = place(Ecosystem::Ubuntu, pocket, architecture);
        official(host, root)
    };
    match (host, address.path.as_str()) {
        ("snapshot", path) => {
            let time = path.strip_prefix("ubuntu/")?;
            is_snapshot_time(time).then(|| as_it_is(address))
        }
        ("old-releases", "ubuntu") => Some(as_it_is(address)),
        // The architectures that the main hosts do not carry are at another one.
        ("ports", "ubuntu-ports" | "") => Some(ours("arm64")),
        ("archive" | "security", "ubuntu") => Some(ours("amd64")),
        (host, "ubuntu") if host.ends_with(".archive") => Some(ours("amd64")),
        _ => None,
    }
}

fn ours(pocket: Pocket) -> Address {
    let (host, root) = place(Ecosystem::Debian, pocket, "");
    official(host, root)
}

pub(crate) fn official(host: &str, root: &str) -> Address {
    Address { scheme: "https", host: host.to_owned(), port: None, path: root.to_owned() }
}

fn as_it_is(address: &Address) -> Address {
    Address { scheme: "https", ..address.clone() }
}

/// The part of a host's name before a domain that it belongs to.
fn below<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    host.strip_suffix(domain)?.strip_suffix('.')
}

/// `20241116T083000Z`
fn is_snapshot_time(text: &str) -> bool {
    text.len() == 16
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_of_the_distribution_are_asked_at_its_own_hosts() {
        fn check(ecosystem: Ecosystem, uri: &str, pocket: Pocket, expected: Option<&str>) {
            let address = Address::parse(uri).unwrap();
            let found = known_archive(ecosystem, &address, pocket).map(|known| known.base());
            assert_eq!(found.as_deref(), expected, "{uri}");
        }
        let debian = |uri, expected| check(Ecosystem::Debian, uri, Pocket::Main, expected);
        let main = Some("https://ftp.debian.org/debian");
        let security = Some("https://security.debian.org/debian-security");
        debian("http://ftp.de.debian.org/debian/", main);
        debian("https://ftp.us.debian.org/debian", main);
        debian("http://security.debian.org", security);
        debian("http://ftp.debian.org/debian-security", security);
        let snapshot = "http://snapshot.debian.org/archive/debian/20241116T083000Z/";
        debian(snapshot, Some("https://snapshot.debian.org/archive/debian/20241116T083000Z"));
        debian("http://snapshot.debian.org/archive/debian/yesterday", None);
        debian("http://snapshot.debian.org/archive/other/20241116T083000Z", None);
        let attic = "https://archive.debian.org/debian-security";
        debian(attic, Some(attic));
        debian("http://debian.org/debian", None);
        debian("http://evildebian.org/debian", None);
        debian("http://ftp.debian.org.evil.example/debian", None);
        debian("http://ftp.debian.org:8080/debian", None);
        debian("http://ftp.debian.org/elsewhere", None);
        debian("http://archive.ubuntu.com/ubuntu", None);

        let ubuntu = |uri, pocket, expected| check(Ecosystem::Ubuntu, uri, pocket, expected);
        let main = Some("https://archive.ubuntu.com/ubuntu");
        ubuntu("http://archive.ubuntu.com/ubuntu/", Pocket::Main, main);
        ubuntu("http://de.archive.ubuntu.com/ubuntu/", Pocket::Updates, main);
        let security = Some("https://security.ubuntu.com/ubuntu");
        ubuntu("http://archive.ubuntu.com/ubuntu", Pocket::Security, security);
        let ports = Some("https://ports.ubuntu.com/ubuntu-ports");
        ubuntu("http://ports.ubuntu.com/ubuntu-ports", Pocket::Security, ports);
        let snapshot = "https://snapshot.ubuntu.com/ubuntu/20241116T083000Z";
        ubuntu(snapshot, Pocket::Main, Some(snapshot));
        ubuntu("https://esm.ubuntu.com/apps/ubuntu", Pocket::Security, None);
        check(Ecosystem::Alpine, "http://ftp.debian.org/debian", Pocket::Main, None);
    }
}
