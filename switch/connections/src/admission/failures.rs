//! Sign-ons that failed, by subnet and minute. A subnet with too many is not shut out: an acquirer behind the same address may be in it. Its
//! connections have one attempt each instead of several, so that guessing costs a connection and a pause every time.

use super::Subnet;
use hashbrown::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time for which failures count.
const WINDOW: Duration = Duration::from_secs(60);
/// Subnets that are remembered at one time. Beyond them failures are counted for each connection only.
const MOST: usize = 4_096;

struct Count {
    since: Instant,
    failed: u32,
}

/// The failures of one port.
pub(super) struct Failures {
    most: u32,
    subnets: Mutex<HashMap<Subnet, Count>>,
}

impl Failures {
    pub(super) fn new(most: u32) -> Self {
        Failures { most, subnets: Mutex::default() }
    }

    fn subnets(&self) -> MutexGuard<'_, HashMap<Subnet, Count>> {
        self.subnets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, subnet: Subnet, more: u32, now: Instant) {
        let mut subnets = self.subnets();
        if subnets.len() >= MOST && !subnets.contains_key(&subnet) {
            subnets.retain(|_, count| now.duration_since(count.since) < WINDOW);
            if subnets.len() >= MOST {
                return;
            }
        }
        let count = subnets.entry(subnet).or_insert(Count { since: now, failed: 0 });
        if now.duration_since(count.since) >= WINDOW {
            *count = Count { since: now, failed: 0 };
        }
        count.failed = count.failed.saturating_add(more);
    }

    pub(super) fn too_many_of(&self, subnet: Subnet, now: Instant) -> bool {
        let subnets = self.subnets();
        subnets.get(&subnet).is_some_and(|count| count.failed >= self.most && now.duration_since(count.since) < WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Prefixes;
    use std::net::{IpAddr, Ipv4Addr};

    fn subnet(n: u32) -> Subnet {
        Subnet::of(IpAddr::V4(Ipv4Addr::from(n)), Prefixes { ipv4: 32, ipv6: 64 })
    }

    #[test]
    fn a_subnet_with_too_many_failures_is_known_for_a_minute_and_no_other_is() {
        let (failures, begin) = (Failures::new(4), Instant::now());
        failures.add(subnet(1), 3, begin);
        assert!(!failures.too_many_of(subnet(1), begin));
        failures.add(subnet(1), 1, begin + WINDOW / 2);
        assert!(failures.too_many_of(subnet(1), begin + WINDOW / 2) && !failures.too_many_of(subnet(2), begin));
        assert!(!failures.too_many_of(subnet(1), begin + WINDOW));
        failures.add(subnet(1), 1, begin + WINDOW);
        assert!(!failures.too_many_of(subnet(1), begin + WINDOW), "the next minute begins with none");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (failures, begin) = (Failures::new(1), Instant::now());
        (0..10_000).for_each(|n| failures.add(subnet(n), 1, begin));
        assert_eq!(failures.subnets().len(), MOST);
        failures.add(subnet(20_000), 1, begin + WINDOW);
        assert_eq!(failures.subnets().len(), 1, "old ones make room");
    }
}
