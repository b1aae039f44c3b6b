//! How often one may try. Each attempt counts before it is looked at; a good one takes its own count back.
//!
//! No person is locked out by others: a person who has signed in from a network before is slowed down there by failures from that network
//! only. Elsewhere, failures of a name from everywhere count, and the longest wait is five minutes.

use crate::rows::{ATTEMPTS, Attempts, read, written};
use kazasu_schemas::identity::NameKey;
use kazasu_schemas::jst::Millis;
use kazasu_store::side::SideRow;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Failures before the first wait: of a name from one network, of a name from everywhere, of a network.
const FREE: [u32; 3] = [5, 10, 30];
/// The longest wait, milliseconds.
const LONGEST: i64 = 300_000;
/// Failures are remembered for so long after the last one.
const REMEMBERED: i64 = 3_600_000;
/// A network from which a person signed in is remembered for so long.
const KNOWN: i64 = 90 * 86_400_000;

/// The counter to which an attempt adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counter {
    /// A name from one network.
    Pair,
    /// A name from everywhere.
    Name,
    /// A network.
    Network,
}

impl Counter {
    pub(crate) const ALL: [Counter; 3] = [Counter::Pair, Counter::Name, Counter::Network];

    fn free(self) -> u32 {
        match self {
            Counter::Pair => FREE[0],
            Counter::Name => FREE[1],
            Counter::Network => FREE[2],
        }
    }

    /// Keys of rows are hashes: a reader of the table learns neither the caller nor the name.
    pub(crate) fn key(self, name: &NameKey, network: &str) -> Vec<u8> {
        let text = match self {
            Counter::Pair => format!("pair {name:?} {network}"),
            Counter::Name => format!("name {name:?}"),
            Counter::Network => format!("network {network}"),
        };
        Sha256::digest(text.as_bytes()).to_vec()
    }
}

/// The network of an address, as far as attempts are counted for it: /24, or /64.
pub(crate) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Milliseconds to wait before the next attempt.
pub(crate) fn wait(counter: Counter, attempts: Attempts, now: Millis) -> i64 {
    let Some(beyond) = attempts.failures.checked_sub(counter.free()) else { return 0 };
    let pause = 1_000_i64.checked_shl(beyond.min(20)).unwrap_or(LONGEST).min(LONGEST);
    // A clock that was set back makes no person wait longer than that.
    (attempts.last.saturating_add(pause) - now.0).clamp(0, LONGEST)
}

/// The row's count; none when it is old.
pub(crate) fn count(row: Option<&SideRow>, now: Millis) -> Attempts {
    let found: Attempts = row.and_then(read).unwrap_or_default();
    let forgotten = now.0 - found.last > REMEMBERED;
    Attempts { failures: if forgotten { 0 } else { found.failures }, ..found }
}

/// The row with one more attempt, or after a good one.
pub(crate) fn row(before: Option<&SideRow>, key: Vec<u8>, attempts: Attempts) -> SideRow {
    let kept = if attempts.known { KNOWN } else { REMEMBERED };
    SideRow {
        kind: ATTEMPTS,
        key,
        value: written(&attempts),
        version: before.map_or(0, |row| row.version),
        until: Millis(attempts.last.saturating_add(kept)),
    }
}
