//! Where events may go: https to public addresses, and to others only where the configuration names their network. An endpoint's address
//! is typed by people outside, and must not lead the switch to its own neighbours.

use kazasu_http_client::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest address.
const LONGEST: usize = 500;

/// Why an address cannot be an endpoint's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// It is no URL with a host.
    #[error("it is no URL")]
    NoUrl,
    /// Too long.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    /// It holds a name or a password.
    #[error("it must hold no user and no password")]
    User,
    /// Not https.
    #[error("it must be https")]
    NotHttps,
    /// An address of a network that is not public, and that the configuration does not name.
    #[error("its network is not allowed")]
    Network,
}

/// Networks that are not public and that the configuration allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// Reads `10.1.0.0/16`, `fd00::/8` or an address alone. An error gives the text that is none.
    pub fn read<T: AsRef<str>>(texts: &[T]) -> Result<Networks, String> {
        let read = |text: &T| network(text.as_ref()).ok_or_else(|| text.as_ref().to_owned());
        texts.iter().map(read).collect::<Result<_, _>>().map(Networks)
    }

    /// May events go to this address?
    #[must_use]
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.name(address)
    }

    fn name(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(of, bits)| has(*of, *bits, address))
    }

    /// Checks an address as it is typed. A name is resolved when something is sent, and its addresses are checked then.
    pub fn check(&self, url: &str) -> Result<(), TargetError> {
        if url.len() > LONGEST {
            return Err(TargetError::TooLong);
        }
        let uri: Uri = url.parse().map_err(|_| TargetError::NoUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(TargetError::NoUrl);
        };
        if authority.as_str().contains('@') {
            return Err(TargetError::User);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || url.contains('#') {
            return Err(TargetError::NoUrl);
        }
        let literal = host.parse::<IpAddr>().ok();
        let loopback = literal.is_some_and(|address| address.to_canonical().is_loopback() && self.name(address));
        match scheme {
            "https" => {}
            // What is sent in the clear stays on this machine, and only where the configuration names it.
            "http" if loopback => {}
            _ => return Err(TargetError::NotHttps),
        }
        match literal {
            Some(address) if !self.allow(address) => Err(TargetError::Network),
            // Other spellings of an IPv4 address (127.1, 0x7f000001) are names to us, and addresses to a resolver.
            None if host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit())) => {
                Err(TargetError::NoUrl)
            }
            _ => Ok(()),
        }
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u8>().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}

/// Is the address in the network?
fn has(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32 - u32::from(bits);
            u32::from(network).checked_shr(shift).unwrap_or(0) == u32::from(address).checked_shr(shift).unwrap_or(0)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let shift = 128 - u32::from(bits);
            u128::from(network).checked_shr(shift).unwrap_or(0) == u128::from(address).checked_shr(shift).unwrap_or(0)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// IPv4 networks that the internet does not route (IANA's registry of special-purpose addresses), multicast and reserved ones.
const NOT_PUBLIC: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, and the metadata service of clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only IPv6 network that is public, and its parts that are not: protocols' own, tunnels that hold an IPv4 address, documentation.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const NOT_PUBLIC_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Is it an address of the internet, and of nobody's own network?
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let inside = |(network, bits): (IpAddr, u8)| has(network, bits, address);
    match address.to_canonical() {
        IpAddr::V4(v4) => !NOT_PUBLIC.iter().any(|(network, bits)| has((*network).into(), *bits, v4.into())),
        IpAddr::V6(_) => {
            let (network, bits) = PUBLIC_V6;
            inside((network.into(), bits))
                && !NOT_PUBLIC_V6.iter().any(|(network, bits)| inside(((*network).into(), *bits)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_refused_in_every_spelling() {
        let none = Networks::default();
        let refused = [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001:db8::1",
            "ff02::1",
        ];
        for text in refused {
            assert!(!none.allow(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "100.128.0.1", "223.255.255.1"] {
            assert!(none.allow(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn the_configuration_names_networks_that_are_allowed() {
        let some = Networks::read(&["10.1.0.0/16", "127.0.0.1", "fd00::/8"]).unwrap();
        for (text, allowed) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd12::1", true),
            ("::ffff:10.1.0.9", true),
        ] {
            assert_eq!(some.allow(text.parse().unwrap()), allowed, "{text}");
        }
        assert_eq!(Networks::read(&["10.1.0.0/33"]), Err("10.1.0.0/33".to_owned()));
        assert_eq!(Networks::read(&["portal"]), Err("portal".to_owned()));
        assert!(Networks::read(&["0.0.0.0/0"]).unwrap().allow("192.168.0.1".parse().unwrap()));
    }

    #[test]
    fn an_endpoint_is_https_without_a_password() {
        let none = Networks::default();
        let loopback = Networks::read(&["127.0.0.0/8"]).unwrap();
        for url in ["https://shop.example.jp/hook", "https://shop.example.jp:8443/hook?a=1", "https://8.8.8.8/"] {
            assert_eq!(none.check(url), Ok(()), "{url}");
        }
        let cases = [
            ("http://shop.example.jp/", TargetError::NotHttps),
            ("ftp://shop.example.jp/", TargetError::NotHttps),
            ("https://me:secret@shop.example.jp/", TargetError::User),
            ("shop.example.jp/hook", TargetError::NoUrl),
            ("https://shop.example.jp/#a", TargetError::NoUrl),
            ("https://127.1/", TargetError::NoUrl),
            ("https://0x7f000001/", TargetError::NoUrl),
            ("https://2130706433/", TargetError::NoUrl),
            ("https://10.0.0.1/", TargetError::Network),
            ("https://[::1]/", TargetError::Network),
            ("https://[::ffff:169.254.169.254]/", TargetError::Network),
            ("http://127.0.0.1/", TargetError::NotHttps),
        ];
        for (url, error) in cases {
            assert_eq!(none.check(url), Err(error), "{url}");
        }
        assert_eq!(loopback.check("http://127.0.0.1:8090/hook"), Ok(()));
        assert_eq!(loopback.check("http://8.8.8.8/"), Err(TargetError::NotHttps));
        assert_eq!(none.check(&format!("https://a.jp/{}", "x".repeat(500))), Err(TargetError::TooLong));
    }
}
