//! Name resolution that drops addresses a hop may not reach, so that a name cannot be pointed at
//! the inside between the check and the connection.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::policy::{Nearest, Refusal};
use crate::zone::Zone;

/// The system's resolver, filtered.
pub(crate) struct Resolver {
    nearest: Nearest,
    /// Hosts of the configured proxies: the operator's, so they may live anywhere.
    exempt: Arc<BTreeSet<String>>,
}

impl Resolver {
    pub(crate) fn new(nearest: Nearest, exempt: Arc<BTreeSet<String>>) -> Self {
        Self { nearest, exempt }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let nearest = match self.nearest {
            Some(_) if self.exempt.contains(name.as_str()) => None,
            nearest => nearest,
        };
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<_> = found.filter(|at| may_reach(name.as_str(), *at, nearest)).collect();
            if kept.is_empty() {
                return Err(Refusal::Near.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

fn may_reach(name: &str, address: SocketAddr, nearest: Nearest) -> bool {
    let zone = Zone::of(address.ip());
    // Plain http is allowed to `localhost`, so it must be this machine.
    if name == "localhost" && zone != Some(Zone::Loopback) {
        return false;
    }
    nearest.is_none_or(|nearest| zone.is_some_and(|zone| zone <= nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reach_only_what_the_hop_may() {
        let check = |name: &str, address: &str, nearest, expected| {
            let address = SocketAddr::new(address.parse().unwrap(), 0);
            assert_eq!(may_reach(name, address, nearest), expected, "{name} {address}");
        };
        check("a.example", "169.254.169.254", None, true);
        check("a.example", "169.254.169.254", Some(Zone::Loopback), false);
        check("a.example", "10.0.0.1", Some(Zone::Public), false);
        check("a.example", "10.0.0.1", Some(Zone::Private), true);
        check("a.example", "127.0.0.1", Some(Zone::Private), false);
        check("localhost", "127.0.0.1", None, true);
        check("localhost", "93.184.216.34", None, false);
    }

    #[test]
    fn a_name_without_an_allowed_address_does_not_resolve() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let check = |nearest, exempt: &[&str], expected: Option<Refusal>| {
            let exempt = exempt.iter().map(|&name| name.to_owned()).collect();
            let resolver = Resolver::new(nearest, Arc::new(exempt));
            let resolved = runtime.block_on(resolver.resolve("localhost".parse().unwrap()));
            let refusal = resolved.err().map(|error| *error.downcast::<Refusal>().unwrap());
            assert_eq!(refusal, expected);
        };
        check(None, &[], None);
        check(Some(Zone::Loopback), &[], None);
        check(Some(Zone::Public), &[], Some(Refusal::Near));
        check(Some(Zone::Public), &["localhost"], None);
    }
}
