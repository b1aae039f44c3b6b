//! A peer's subnet: what one party can have many addresses in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The number of leading bits of an address that name its subnet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefixes {
    /// Of IPv4, at most 32.
    pub ipv4: u8,
    /// Of IPv6, at most 128.
    pub ipv6: u8,
}

/// The addresses that count together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Subnet(IpAddr);

impl Subnet {
    /// Of an address. An IPv4 address that a socket for both shows as IPv6 is its IPv4 address.
    pub fn of(peer: IpAddr, prefixes: Prefixes) -> Subnet {
        Subnet(match peer.to_canonical() {
            IpAddr::V4(ip) => {
                let gone = 32_u32.saturating_sub(prefixes.ipv4.into());
                let mask = u32::MAX.checked_shl(gone).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
            }
            IpAddr::V6(ip) => {
                let gone = 128_u32.saturating_sub(prefixes.ipv6.into());
                let mask = u128::MAX.checked_shl(gone).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
            }
        })
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_by_their_prefix() {
        let same = |a: &str, b: &str, ipv4, ipv6| {
            let of = |ip: &str| Subnet::of(ip.parse().unwrap(), Prefixes { ipv4, ipv6 });
            of(a) == of(b)
        };
        assert!(!same("127.0.0.1", "127.0.0.2", 32, 64));
        assert!(same("203.0.113.1", "203.0.113.200", 24, 64));
        assert!(!same("203.0.113.1", "203.0.114.1", 24, 64));
        assert!(same("1.2.3.4", "200.2.3.4", 0, 64));
        assert!(same("2001:db8::1", "2001:db8::ffff:1", 32, 64));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1", 32, 64));
        assert!(same("2001:db8::1", "2001:db8:0:1::1", 32, 48));
        assert!(!same("2001:db8::1", "2001:db8::2", 32, 128));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1", 32, 64));
    }
}
