//! How near an address is to us: what a stranger may send us to, and what not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address lives, from far to near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// The internet.
    Public,
    /// A local network: RFC 1918, unique local, carrier-grade NAT, benchmarking.
    Private,
    /// This machine.
    Loopback,
}

impl Zone {
    /// The zone of `address`; none where no server lives that a stranger may name: link-local
    /// (cloud metadata services), unspecified, multicast, broadcast, reserved.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Option<Self> {
        let [a, b, ..] = address.octets();
        if address.is_loopback() {
            return Some(Self::Loopback);
        }
        // 0.0.0.0/8 reaches this machine on Linux; 240.0.0.0/4 includes broadcast.
        if a == 0 || a >= 240 || address.is_link_local() || address.is_multicast() {
            return None;
        }
        let carrier_nat = a == 100 && (64..128).contains(&b);
        let benchmarking = a == 198 && (b == 18 || b == 19);
        if address.is_private() || carrier_nat || benchmarking {
            return Some(Self::Private);
        }
        Some(Self::Public)
    }

    fn of_v6(address: Ipv6Addr) -> Option<Self> {
        if address.is_loopback() {
            return Some(Self::Loopback);
        }
        if let Some(inner) = embedded_v4(address) {
            return Self::of_v4(inner);
        }
        let first = address.segments()[0];
        let link_local = first & 0xffc0 == 0xfe80;
        if address.is_unspecified() || address.is_multicast() || link_local {
            return None;
        }
        let unique_local = first & 0xfe00 == 0xfc00;
        let site_local = first & 0xffc0 == 0xfec0;
        Some(if unique_local || site_local { Self::Private } else { Self::Public })
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64, 6to4. Without this
/// `::ffff:169.254.169.254` would pass as public.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) => Some(of(g, h)),
        (0, 0, 0, 0, 0, 0) if g != 0 => Some(of(g, h)),
        (0x64, 0xff9b, 0, 0, 0, 0) => Some(of(g, h)),
        (0x2002, ..) => Some(of(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fall_into_zones() {
        let check = |text: &str, expected| {
            assert_eq!(Zone::of(text.parse().unwrap()), expected, "{text}");
        };
        check("93.184.216.34", Some(Zone::Public));
        check("2606:2800:220:1::1", Some(Zone::Public));
        check("172.32.0.1", Some(Zone::Public));
        check("100.128.0.1", Some(Zone::Public));
        for text in ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.100.100.200", "198.18.0.1"] {
            check(text, Some(Zone::Private));
        }
        for text in ["fd00:ec2::254", "fc00::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"] {
            check(text, Some(Zone::Private));
        }
        for text in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"] {
            check(text, Some(Zone::Loopback));
        }
        for text in ["169.254.169.254", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255"] {
            check(text, None);
        }
        for text in ["fe80::1", "::", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"] {
            check(text, None);
        }
    }

    #[test]
    fn nearer_is_greater() {
        assert!(Zone::Public < Zone::Private && Zone::Private < Zone::Loopback);
    }
}
