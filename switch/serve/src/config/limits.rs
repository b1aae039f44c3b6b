//! `[limits]`: the bounds and times of each port.

use kazasu_api::http::HttpLimits;
use kazasu_connections::acquirer::ConnectionLimits;
use kazasu_connections::admission::{Bounds, Prefixes};
use kazasu_text::Said;
use kazasu_text::configuration::ConfigText;
use serde::Deserialize;
use std::time::Duration;

/// `[limits]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Connections a listener holds at one time.
    #[serde(alias = "max_links")]
    pub max_connections: usize,
    /// Of them, those that have not signed on; a quarter when it is left out.
    pub max_before_sign_on: Option<usize>,
    /// Connections of one subnet at a listener; half when it is left out.
    pub max_per_network: Option<usize>,
    /// Of them, those that have not signed on; a quarter of `max_before_sign_on` when it is left out.
    pub max_before_sign_on_per_network: Option<usize>,
    /// Signed-on connections of one acquirer at all listeners; half of `max_connections` when it is left out.
    pub max_per_acquirer: Option<usize>,
    /// Leading bits of an IPv4 address that name its subnet.
    pub ipv4_prefix: u8,
    /// Leading bits of an IPv6 address that name its subnet.
    pub ipv6_prefix: u8,
    /// Messages under way on one connection before the switch stops reading it.
    pub max_in_flight_per_link: usize,
    /// Messages admitted in all before new ones are refused with 91.
    pub max_queued: usize,
    /// Records in one commit.
    pub max_batch: usize,
    /// Requests of one portal that wait for staff at one time.
    pub max_open_requests_per_portal: usize,
    /// A connection on which so many sign-ons have failed is closed.
    pub max_failed_sign_ons: u32,
    /// Sign-ons of one subnet that may fail at a listener in a minute; beyond them each of its connections has one attempt.
    pub max_failed_sign_ons_per_network: u32,
    /// The longest time of a TLS handshake.
    pub handshake_seconds: u64,
    /// A connection that has not signed on by then is closed.
    pub sign_on_seconds: u64,
    /// The longest time from a message's first byte to its last.
    pub message_seconds: u64,
    /// A signed-on connection without a message for this long is closed.
    pub idle_seconds: u64,
    /// A peer that takes no answers for this long is closed.
    pub write_seconds: u64,
    /// The HTTP port.
    pub http: HttpLimitsFile,
}

impl Default for LimitsFile {
    fn default() -> Self {
        LimitsFile {
            max_connections: 4_096,
            max_before_sign_on: None,
            max_per_network: None,
            max_before_sign_on_per_network: None,
            max_per_acquirer: None,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            max_in_flight_per_link: 8_192,
            max_queued: 65_536,
            max_batch: 2_048,
            max_open_requests_per_portal: 100,
            max_failed_sign_ons: 10,
            max_failed_sign_ons_per_network: 100,
            handshake_seconds: 10,
            sign_on_seconds: 60,
            message_seconds: 30,
            idle_seconds: 300,
            write_seconds: 10,
            http: HttpLimitsFile::default(),
        }
    }
}

/// `[limits.http]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct HttpLimitsFile {
    /// Connections at one time.
    pub max_connections: usize,
    /// Of them, those without a request that is being served; three quarters when it is left out.
    pub max_waiting: Option<usize>,
    /// Connections of one subnet; half when it is left out.
    pub max_per_network: Option<usize>,
    /// Of them, those without a request that is being served; half of `max_per_network` when it is left out.
    pub max_waiting_per_network: Option<usize>,
    /// Connections of one proxy of `http_trusted_proxies`; three quarters when it is left out.
    pub max_per_proxy: Option<usize>,
    /// Requests of one caller in a minute.
    pub max_requests_per_caller: u32,
    /// Bodies of one caller at one time.
    pub max_bodies_per_caller: usize,
    /// Bodies of one subnet at one time.
    pub max_bodies_per_network: usize,
    /// The time for a new connection's first header.
    pub header_seconds: u64,
    /// A connection without a further header for this long is closed.
    pub idle_seconds: u64,
    /// The time for a whole body.
    pub body_seconds: u64,
    /// The longest pause within a body.
    pub body_pause_seconds: u64,
    /// A peer that takes nothing of an answer for this long is closed.
    pub write_seconds: u64,
}

impl Default for HttpLimitsFile {
    fn default() -> Self {
        HttpLimitsFile {
            max_connections: 1_024,
            max_waiting: None,
            max_per_network: None,
            max_waiting_per_network: None,
            max_per_proxy: None,
            max_requests_per_caller: 6_000,
            max_bodies_per_caller: 16,
            max_bodies_per_network: 64,
            header_seconds: 10,
            idle_seconds: 60,
            body_seconds: 600,
            body_pause_seconds: 30,
            write_seconds: 30,
        }
    }
}

/// Other nodes on the nodes' port. A cluster has few, and each has one connection.
const NODES: Bounds = Bounds {
    connections: 128,
    waiting: 64,
    of_subnet: 128,
    waiting_of_subnet: 32,
    of_proxy: 128,
    // The key is proven once a connection, which ends when that fails.
    failed_sign_ons_of_subnet: u32::MAX,
    prefixes: Prefixes { ipv4: 32, ipv6: 64 },
};

/// The part of a whole, at least one.
fn part(whole: usize, of: usize) -> usize {
    (whole / of).max(1)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

impl LimitsFile {
    /// Their problems, by key.
    pub(super) fn check(&self) -> Result<(), Said> {
        let h = &self.http;
        let counts = [
            ("limits.max_connections", self.max_connections),
            ("limits.max_in_flight_per_link", self.max_in_flight_per_link),
            ("limits.max_queued", self.max_queued),
            ("limits.max_batch", self.max_batch),
            ("limits.max_open_requests_per_portal", self.max_open_requests_per_portal),
            ("limits.http.max_connections", h.max_connections),
            ("limits.http.max_bodies_per_caller", h.max_bodies_per_caller),
            ("limits.http.max_bodies_per_network", h.max_bodies_per_network),
        ];
        let failures = [
            ("limits.max_failed_sign_ons", self.max_failed_sign_ons),
            ("limits.max_failed_sign_ons_per_network", self.max_failed_sign_ons_per_network),
            ("limits.http.max_requests_per_caller", h.max_requests_per_caller),
        ];
        let none = |key: &str| Err(Said::of(&ConfigText::AboveZero { key, got: 0 }));
        if let Some((key, _)) = failures.iter().find(|(_, value)| *value == 0) {
            return none(key);
        }
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return none(key);
        }
        let shares = [
            ("limits.max_before_sign_on", self.max_before_sign_on, self.max_connections),
            ("limits.max_per_network", self.max_per_network, self.max_connections),
            ("limits.max_before_sign_on_per_network", self.max_before_sign_on_per_network, self.max_connections),
            ("limits.http.max_waiting", h.max_waiting, h.max_connections),
            ("limits.http.max_per_network", h.max_per_network, h.max_connections),
            ("limits.http.max_waiting_per_network", h.max_waiting_per_network, h.max_connections),
            ("limits.http.max_per_proxy", h.max_per_proxy, h.max_connections),
            ("limits.max_per_acquirer", self.max_per_acquirer, usize::MAX),
        ];
        for (key, value, most) in shares {
            if value.is_some_and(|value| value == 0 || value > most) {
                let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
                let (most, got) = (number(most), number(value.unwrap_or_default()));
                return match most {
                    u64::MAX => none(key),
                    most => Err(Said::of(&ConfigText::Share { key, most, got })),
                };
            }
        }
        let range = |key: &str, most: u64, got: u64| Err(Said::of(&ConfigText::Range { key, least: 1, most, got }));
        if !(1..=32).contains(&self.ipv4_prefix) {
            return range("limits.ipv4_prefix", 32, self.ipv4_prefix.into());
        }
        if !(1..=128).contains(&self.ipv6_prefix) {
            return range("limits.ipv6_prefix", 128, self.ipv6_prefix.into());
        }
        let times = [
            ("limits.handshake_seconds", self.handshake_seconds),
            ("limits.sign_on_seconds", self.sign_on_seconds),
            ("limits.message_seconds", self.message_seconds),
            ("limits.idle_seconds", self.idle_seconds),
            ("limits.write_seconds", self.write_seconds),
            ("limits.http.header_seconds", h.header_seconds),
            ("limits.http.idle_seconds", h.idle_seconds),
            ("limits.http.body_seconds", h.body_seconds),
            ("limits.http.body_pause_seconds", h.body_pause_seconds),
            ("limits.http.write_seconds", h.write_seconds),
        ];
        match times.iter().find(|(_, value)| !(1..=86_400).contains(value)) {
            Some((key, value)) => range(key, 86_400, *value),
            None => Ok(()),
        }
    }

    fn prefixes(&self) -> Prefixes {
        Prefixes { ipv4: self.ipv4_prefix, ipv6: self.ipv6_prefix }
    }

    /// Of each listener for acquirers.
    pub fn listener(&self) -> Bounds {
        let connections = self.max_connections;
        let waiting = self.max_before_sign_on.unwrap_or(part(connections, 4));
        Bounds {
            connections,
            waiting,
            of_subnet: self.max_per_network.unwrap_or(part(connections, 2)),
            waiting_of_subnet: self.max_before_sign_on_per_network.unwrap_or(part(waiting, 4)),
            of_proxy: connections,
            failed_sign_ons_of_subnet: self.max_failed_sign_ons_per_network,
            prefixes: self.prefixes(),
        }
    }

    /// Of the HTTP port.
    pub fn http(&self) -> Bounds {
        let http = &self.http;
        let connections = http.max_connections;
        let of_subnet = http.max_per_network.unwrap_or(part(connections, 2));
        Bounds {
            connections,
            waiting: http.max_waiting.unwrap_or((connections - connections / 4).max(1)),
            of_subnet,
            waiting_of_subnet: http.max_waiting_per_network.unwrap_or(part(of_subnet, 2)),
            of_proxy: http.max_per_proxy.unwrap_or((connections - connections / 4).max(1)),
            failed_sign_ons_of_subnet: u32::MAX,
            prefixes: self.prefixes(),
        }
    }

    /// Of the port for other nodes.
    pub fn nodes(&self) -> Bounds {
        Bounds { prefixes: self.prefixes(), ..NODES }
    }

    /// Signed-on connections that one acquirer may have.
    pub(super) fn per_acquirer(&self) -> usize {
        self.max_per_acquirer.unwrap_or(part(self.max_connections, 2))
    }

    /// Of each connection of an acquirer.
    pub(super) fn connection(&self) -> ConnectionLimits {
        ConnectionLimits {
            max_in_flight: self.max_in_flight_per_link,
            handshake_timeout: seconds(self.handshake_seconds),
            sign_on_timeout: seconds(self.sign_on_seconds),
            message_timeout: seconds(self.message_seconds),
            idle_timeout: seconds(self.idle_seconds),
            write_timeout: seconds(self.write_seconds),
            failed_sign_ons: self.max_failed_sign_ons,
        }
    }

    /// Of each HTTP connection and request.
    pub fn http_requests(&self) -> HttpLimits {
        let http = &self.http;
        HttpLimits {
            requests_of_caller: http.max_requests_per_caller,
            bodies_of_caller: http.max_bodies_per_caller,
            bodies_of_subnet: http.max_bodies_per_network,
            header: seconds(http.header_seconds),
            idle: seconds(http.idle_seconds),
            body: seconds(http.body_seconds),
            body_pause: seconds(http.body_pause_seconds),
            write: seconds(http.write_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> LimitsFile {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn shares_follow_the_whole_and_are_never_above_it() {
        let listener = limits("").listener();
        assert_eq!(
            [listener.connections, listener.waiting, listener.of_subnet, listener.waiting_of_subnet],
            [4_096, 1_024, 2_048, 256]
        );
        let small = limits("max_connections = 1");
        let listener = small.listener();
        assert_eq!([listener.waiting, listener.of_subnet, listener.waiting_of_subnet, small.per_acquirer()], [1; 4]);
        let http = limits("").http();
        assert_eq!([http.connections, http.waiting, http.of_subnet, http.waiting_of_subnet], [1_024, 768, 512, 256]);
        assert_eq!(limits("").check(), Ok(()));
        assert_eq!(limits("max_links = 7").max_connections, 7);
    }

    #[test]
    fn what_cannot_be_is_named_by_its_key() {
        for (text, wrong) in [
            ("max_connections = 0", "limits.max_connections must be above 0"),
            ("max_before_sign_on = 5000", "limits.max_before_sign_on must be above 0 and at most 4096"),
            ("max_failed_sign_ons = 0", "limits.max_failed_sign_ons must be above 0"),
            ("max_per_acquirer = 0", "limits.max_per_acquirer must be above 0, got 0"),
            ("ipv6_prefix = 129", "limits.ipv6_prefix must be 1 to 128, got 129"),
            ("idle_seconds = 0", "limits.idle_seconds must be 1 to 86400, got 0"),
            ("[http]\nmax_bodies_per_caller = 0", "limits.http.max_bodies_per_caller must be above 0"),
            ("[http]\nmax_requests_per_caller = 0", "limits.http.max_requests_per_caller must be above 0"),
            ("[http]\nmax_waiting = 1025", "limits.http.max_waiting must be above 0 and at most 1024"),
            ("[http]\nbody_seconds = 90000", "limits.http.body_seconds must be 1 to 86400"),
        ] {
            let told = limits(text).check().unwrap_err().to_string();
            assert!(told.starts_with(wrong), "{text}: {told}");
        }
    }
}
