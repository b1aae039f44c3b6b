//! Proxies before a port: each is bounded by itself, and the requests that it brings are bounded by the subnets of those who sent them.

use super::{Prefixes, Subnet};
use hashbrown::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Networks of addresses.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<(Subnet, Prefixes)>);

impl Networks {
    /// Each network with the lengths of its prefix.
    #[must_use]
    pub fn new(networks: Vec<(Subnet, Prefixes)>) -> Networks {
        Networks(networks)
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is the address in one of them?
    #[must_use]
    pub fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, prefixes)| Subnet::of(address, *prefixes) == *network)
    }
}

/// A proxy is an address of its own; the prefixes of the port say nothing of it.
pub(super) const ONE: Prefixes = Prefixes { ipv4: 32, ipv6: 128 };

/// Requests that are being served for callers behind proxies, by the callers' subnets.
#[derive(Default)]
pub(super) struct Requests(Arc<Mutex<HashMap<Subnet, usize>>>);

/// The place of one such request, given back when it is over.
pub struct RequestPlace {
    all: Arc<Mutex<HashMap<Subnet, usize>>>,
    subnet: Subnet,
}

fn locked(all: &Mutex<HashMap<Subnet, usize>>) -> MutexGuard<'_, HashMap<Subnet, usize>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Requests {
    /// A place for one more of this subnet; none where it has as many as it may.
    pub(super) fn take(&self, subnet: Subnet, most: usize) -> Option<RequestPlace> {
        let mut all = locked(&self.0);
        let open = all.entry(subnet).or_default();
        if *open >= most {
            return None;
        }
        *open += 1;
        Some(RequestPlace { all: self.0.clone(), subnet })
    }
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        let mut all = locked(&self.all);
        if let Some(open) = all.get_mut(&self.subnet) {
            *open -= 1;
            if *open == 0 {
                all.remove(&self.subnet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, Gate, Port};
    use super::*;
    use std::net::SocketAddr;

    fn gate(networks: &[&str]) -> Arc<Gate> {
        let prefixes = Prefixes { ipv4: 24, ipv6: 64 };
        let bounds = Bounds {
            connections: 20,
            waiting: 20,
            of_subnet: 3,
            waiting_of_subnet: 3,
            of_proxy: 6,
            failed_sign_ons_of_subnet: 1,
            prefixes,
        };
        let networks = networks.iter().map(|text| (Subnet::of(text.parse().unwrap(), ONE), ONE)).collect();
        Gate::behind(Port::Http, bounds, Networks::new(networks))
    }

    #[test]
    fn a_proxy_has_a_bound_of_its_own_and_counts_against_no_subnet() {
        let gate = gate(&["10.0.0.1", "10.0.0.2"]);
        let from = |ip: &str, port| gate.admit(SocketAddr::new(ip.parse().unwrap(), port));
        let places: Vec<_> = (1..=6).map(|port| from("10.0.0.1", port).ok().unwrap()).collect();
        // They wait, so a seventh takes the place of the first.
        let _seventh = from("10.0.0.1", 7).ok().unwrap();
        assert!(!places[0].serve() && places[1].serve());
        // Another proxy and a caller of the same subnet have all that is theirs.
        let _others: Vec<_> = (1..=6).map(|port| from("10.0.0.2", port).ok().unwrap()).collect();
        let callers: Vec<_> = (1..=3).map(|port| from("10.0.0.9", port).ok().unwrap()).collect();
        assert!(callers.iter().all(super::super::Place::serve));
        assert!(from("10.0.0.9", 4).is_err(), "the subnet has its three");
        assert!(places[1..].iter().all(super::super::Place::serve), "and displaces no proxy");
    }

    #[test]
    fn requests_through_a_proxy_are_bounded_by_the_subnet_of_their_caller() {
        let gate = gate(&["10.0.0.1"]);
        let of = |ip: &str| gate.request_of(gate.subnet_of(ip.parse().unwrap()));
        let held: Vec<_> = (0..3).map(|n| of(&format!("203.0.113.{n}")).unwrap()).collect();
        assert!(of("203.0.113.77").is_none(), "one subnet has its three");
        assert!(of("198.51.100.1").is_some());
        drop(held);
        assert!(of("203.0.113.77").is_some());
    }
}
