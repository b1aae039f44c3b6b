//! What a sample town is made of, and the numbers of its people, which are the same in every town.

use kazasu_engine::clock::random_bytes;
use kazasu_schemas::ids::Ppid;
use kazasu_tls::Fingerprint;
use sha2::{Digest, Sha256};

/// Where everything listens.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The three acquirer ports: iso87-ascii, iso87-binary, iso87-bcd.
    pub acquirers: [u16; 3],
    /// Health, metrics, API.
    pub http: u16,
    /// Credit, debit, bank, and the one that is down.
    pub issuers: [u16; 4],
}

impl Default for Ports {
    fn default() -> Self {
        Ports { acquirers: [8583, 8584, 8585], http: 8080, issuers: [9001, 9002, 9003, 9004] }
    }
}

/// What to make.
#[derive(Clone, Debug)]
pub struct Town {
    /// Residents besides the named ones.
    pub residents: u64,
    /// Residents and amounts are the same for the same seed.
    pub seed: u64,
    /// Yen in each held account of the unnamed residents.
    pub balance: u64,
    /// Every unnamed resident pays from a held account (benchmarks of the on-us path) or all kinds are mixed.
    pub mix: Mix,
    /// Ports.
    pub ports: Ports,
    /// How long the switch waits for an issuer.
    pub issuer_timeout_ms: u64,
    /// The town has a policy; without one only the ceiling for taps without PIN holds.
    pub policy: bool,
    /// How acquirers and issuers are connected.
    pub transport: Transport,
}

/// How acquirers and issuers are connected. Their messages have a MAC in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS with certificates on both sides; the town has an authority of its own.
    Tls,
    /// Without TLS: for tests and measurements on one machine.
    Plain,
}

/// What unnamed residents pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// 40 % held, 30 % credit, 15 % debit, 15 % bank.
    Town,
    /// All held in the ledger.
    OnUs,
    /// All at the credit issuer.
    Credit,
}

impl Default for Town {
    fn default() -> Self {
        let ports = Ports::default();
        Town {
            residents: 1_000,
            seed: 1,
            balance: 100_000,
            mix: Mix::Town,
            ports,
            issuer_timeout_ms: 1_500,
            policy: true,
            transport: Transport::Plain,
        }
    }
}

/// The public keys that the town's parties know each other by.
pub(super) struct Pins {
    pub(super) switch: Fingerprint,
    pub(super) acquirers: Vec<Fingerprint>,
    pub(super) issuers: Vec<Fingerprint>,
}

/// The PPID behind one of an acquirer's own aliases.
#[must_use]
pub fn ruled_ppid(alias: &str, acquirer: &str) -> Ppid {
    named_ppid(&format!("{alias} of {acquirer}"))
}

/// The PPID behind an alias.
#[must_use]
pub fn named_ppid(alias: &str) -> Ppid {
    let hash = Sha256::digest(format!("kazasu sample card: {alias}"));
    Ppid::from_bytes(hash[..16].try_into().expect("32 bytes"))
}

/// A card number with a correct check digit: prefix, nine digits of `n`, check digit.
#[must_use]
pub fn card_number(prefix: &str, n: u64) -> String {
    let body = format!("{prefix}{:09}", n % 1_000_000_000);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0');
            let doubled = if i % 2 == 0 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Fresh random bytes as hexadecimal digits.
pub(super) fn hex_key(bytes: usize) -> anyhow::Result<String> {
    Ok(hex::encode(random_bytes(bytes)?))
}
