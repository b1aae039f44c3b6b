//! The caller behind a proxy: named proxies say it in a header, and what others say there is not read.

use axum::http::HeaderMap;
use kazasu_connections::admission::{Networks, Prefixes, Subnet};
use kazasu_text::tls::ProxyText;
use kazasu_text::{Quoted, Said};
use std::net::{IpAddr, SocketAddr};

/// The header in which the proxies name the caller. They write one of the two; the other one may come from the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    networks: Networks,
    header: ForwardedHeader,
}

/// Proxies in a row that are followed at most.
const MOST: usize = 16;

impl Proxies {
    /// Networks as `10.0.0.0/8`, or single addresses.
    pub fn new(networks: &[String], header: ForwardedHeader) -> Result<Proxies, Said> {
        let read = |text: &String| {
            let of = |problem: ProxyText<'_>| {
                Said::of(&ProxyText::Of { network: Quoted(text), problem: &Said::of(&problem) })
            };
            network(text).map_err(of)
        };
        let networks = networks.iter().map(read);
        Ok(Proxies { networks: Networks::new(networks.collect::<Result<_, Said>>()?), header })
    }

    /// The networks that are believed.
    #[must_use]
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.hold(address)
    }

    /// The caller of a request that this peer sent. The header is read from the right: each proxy has added whom it got the request
    /// from, so the first address that is no proxy's is the caller's. What stands to the left of it, the caller may have written.
    pub(super) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trusts(caller) {
            return peer;
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        for hop in values.iter().rev().flat_map(|value| value.rsplit(',')).take(MOST) {
            let hop = match self.header {
                ForwardedHeader::XForwardedFor => address(hop),
                ForwardedHeader::Forwarded => for_of(hop).and_then(address),
            };
            // A proxy that hides from whom it got the request, or an entry that is none: the proxy is the caller.
            let Some(hop) = hop else { break };
            caller = hop;
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// The value of `for` in an element of `Forwarded`.
fn for_of(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let found = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    found.ok().map(|address| address.to_canonical())
}

fn network(text: &str) -> Result<(Subnet, Prefixes), ProxyText<'static>> {
    let (base, length) = match text.split_once('/') {
        Some((base, length)) => (base, Some(length)),
        None => (text, None),
    };
    let Ok(base) = base.parse::<IpAddr>() else { return Err(ProxyText::NoNetwork) };
    let whole = if base.is_ipv4() { 32 } else { 128 };
    let length: u8 = match length {
        Some(length) => length.parse().map_err(|_| ProxyText::NoBits)?,
        None => whole,
    };
    // A peer that is believed can be every caller: no network of all addresses.
    if !(1..=whole).contains(&length) {
        return Err(ProxyText::Bits { most: whole, got: length });
    }
    let prefixes = Prefixes { ipv4: length.min(32), ipv6: length };
    let network = Subnet::of(base, prefixes);
    if base.is_ipv4() != base.to_canonical().is_ipv4() {
        return Err(ProxyText::Mapped);
    }
    if network != Subnet::of(base, Prefixes { ipv4: 32, ipv6: 128 }) {
        return Err(ProxyText::BitsBehind { length });
    }
    Ok((network, prefixes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str], header: ForwardedHeader) -> Result<Proxies, Said> {
        Proxies::new(&networks.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), header)
    }

    fn caller(proxies: &Proxies, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn the_header_is_read_from_the_right_and_from_proxies_only() {
        let known = proxies(&["10.0.0.0/8", "2001:db8::/32"], ForwardedHeader::XForwardedFor).unwrap();
        let said = |peer: &str, value: &str| caller(&known, peer, &[("x-forwarded-for", value)]);
        assert_eq!(said("192.0.2.9", "203.0.113.1"), "192.0.2.9", "no proxy");
        assert_eq!(said("10.1.2.3", "203.0.113.1"), "203.0.113.1");
        assert_eq!(
            said("10.1.2.3", "198.51.100.7, 203.0.113.1"),
            "203.0.113.1",
            "the left one is what the caller wrote"
        );
        assert_eq!(said("10.1.2.3", "198.51.100.7, 203.0.113.1, 10.9.9.9"), "203.0.113.1", "through two proxies");
        assert_eq!(said("2001:db8::1", "203.0.113.1:5000"), "203.0.113.1");
        assert_eq!(said("::ffff:10.1.2.3", "[2001:db9::7]:443"), "2001:db9::7");
        assert_eq!(said("10.1.2.3", "2001:db9::7"), "2001:db9::7");
        assert_eq!(said("10.1.2.3", "203.0.113.1, unknown"), "10.1.2.3", "a hidden entry ends the search");
        assert_eq!(said("10.1.2.3", ""), "10.1.2.3");
        assert_eq!(said("10.1.2.3", "10.0.0.7"), "10.0.0.7", "a program beside the proxies");
        assert_eq!(said("10.1.2.3", &vec!["10.0.0.7"; 40].join(",")), "10.0.0.7");
        assert_eq!(caller(&known, "10.1.2.3", &[("forwarded", "for=203.0.113.1")]), "10.1.2.3", "the other header");
        let twice = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(caller(&known, "10.1.2.3", &twice), "203.0.113.1", "a header of its own for each proxy");
        assert_eq!(caller(&Proxies::default(), "10.1.2.3", &twice), "10.1.2.3", "none is named");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        let known = proxies(&["10.0.0.0/8"], ForwardedHeader::Forwarded).unwrap();
        let said = |value: &str| caller(&known, "10.1.2.3", &[("forwarded", value)]);
        assert_eq!(said("for=192.0.2.43"), "192.0.2.43");
        assert_eq!(
            said("for=198.51.100.17, For=\"[2001:db9:cafe::17]:4711\";proto=https;by=10.1.2.3"),
            "2001:db9:cafe::17"
        );
        assert_eq!(said("for=192.0.2.43;proto=http, for=10.0.0.1"), "192.0.2.43");
        for hidden in ["for=_hidden", "for=unknown", "proto=https", "", "for"] {
            assert_eq!(said(hidden), "10.1.2.3", "{hidden:?}");
        }
    }

    #[test]
    fn a_network_that_is_none_or_everything_is_refused() {
        for bad in ["", "proxy", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104"] {
            assert!(proxies(&[bad], ForwardedHeader::default()).is_err(), "{bad:?}");
        }
        for good in ["10.0.0.1", "10.0.0.1/32", "127.0.0.0/8", "::1", "2001:db8::/32"] {
            assert!(proxies(&[good], ForwardedHeader::default()).is_ok(), "{good:?}");
        }
    }
}
