//! The sample town: a complete configuration with fresh random keys, three acquirers (one a dialect), four issuers,
//! twenty merchants and as many residents as asked for. `kazasu init` writes it, the demo and the tests run on it.
//!
//! Residents and merchants are the same for the same seed; keys never are.

mod authority;
mod configuration;
mod parties;
mod people;

use anyhow::Context;
use authority::{Authority, Identity, SWITCH, Side, issuer_name};
use configuration::{config_file, issuers_file};
use kazasu_engine::clock::random_bytes;
use kazasu_schemas::ids::Ppid;
use kazasu_tls::Fingerprint;
use parties::{ACQUIRERS, ISSUERS, IssuerKeys, acquirer_file, merchants_file, payees_file};
use people::{applications, asks_file, links_file};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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

/// The certificates of a town with TLS.
struct Certificates {
    authority: Authority,
    switch: Identity,
    acquirers: Vec<Identity>,
    issuers: Vec<Identity>,
}

impl Certificates {
    fn new(town: &Town) -> anyhow::Result<Option<Certificates>> {
        if town.transport == Transport::Plain {
            return Ok(None);
        }
        let authority = Authority::new(kazasu_engine::clock::now())?;
        let acquirers = ACQUIRERS
            .iter()
            .map(|acquirer| authority.sign(&[&format!("acquirer-{}.kazasu.example", acquirer.id)], Side::Client));
        let acquirers = acquirers.collect::<anyhow::Result<_>>()?;
        let issuers = (1..=town.ports.issuers.len()).map(|n| authority.sign(&[&issuer_name(n)], Side::Server));
        let issuers = issuers.collect::<anyhow::Result<_>>()?;
        // The same towards acquirers and towards issuers.
        let switch = authority.sign(&[SWITCH, "localhost", "127.0.0.1"], Side::Both)?;
        Ok(Some(Certificates { authority, switch, acquirers, issuers }))
    }

    fn pins(&self) -> Pins {
        let of = |all: &[Identity]| all.iter().map(|identity| identity.pin).collect();
        Pins { switch: self.switch.pin, acquirers: of(&self.acquirers), issuers: of(&self.issuers) }
    }

    /// Every file with its text, below the town's folder.
    fn files(&self) -> anyhow::Result<Vec<(String, Zeroizing<String>)>> {
        let mut out = vec![
            ("tls/authority.pem".to_owned(), Zeroizing::new(self.authority.certificate())),
            ("tls/authority.key".to_owned(), self.authority.key()),
            ("tls/revoked.pem".to_owned(), Zeroizing::new(self.authority.revokes_nothing()?)),
        ];
        let acquirers =
            ACQUIRERS.iter().zip(&self.acquirers).map(|(a, identity)| (format!("acquirer-{}", a.id), identity));
        let issuers = (1..).zip(&self.issuers).map(|(n, identity)| (format!("issuer-{n}"), identity));
        for (name, identity) in acquirers.chain(issuers).chain([("switch".to_owned(), &self.switch)]) {
            out.push((format!("tls/{name}.pem"), Zeroizing::new(identity.certificate.clone())));
            out.push((format!("tls/{name}.key"), identity.key.clone()));
        }
        Ok(out)
    }
}

/// The public keys that the town's parties know each other by.
struct Pins {
    switch: Fingerprint,
    acquirers: Vec<Fingerprint>,
    issuers: Vec<Fingerprint>,
}

/// What unnamed residents pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// 40 % held, 30 % credit, 15 % debit, 15 % bank.
    Town,
    /// All held in the ledger.
    Held,
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

/// The sample town's policy.
const POLICY: &str = include_str!("sample/policy.toml");
/// The sample town's relief programme.
const RELIEF: &str = include_str!("sample/relief.toml");
/// The sample town's contracts with its merchants.
const CONTRACTS: &str = include_str!("sample/contracts.toml");

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

fn hex_key(bytes: usize) -> anyhow::Result<String> {
    Ok(hex::encode(random_bytes(bytes)?))
}

/// Writes the town into `dir`, which must be empty or absent.
pub fn write(dir: &Path, town: &Town) -> anyhow::Result<()> {
    let was_there = dir.is_dir();
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let taken = std::fs::read_dir(dir)?.next().is_some();
    anyhow::ensure!(!taken, "{} is not empty; give a new folder", dir.display());
    let mut files = Files { dir, begun: Vec::new(), folder: None };
    let done = files.write(town);
    if done.is_err() {
        // A folder with a part of it would be refused the next time.
        files.take_back();
        if !was_there {
            let _ = std::fs::remove_dir(dir);
        }
    }
    done
}

/// The files of a new folder.
struct Files<'a> {
    dir: &'a Path,
    /// Those that are there, in whole or in part.
    begun: Vec<PathBuf>,
    /// The folder of certificates.
    folder: Option<PathBuf>,
}

impl Files<'_> {
    fn plain(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.begin(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn secret(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.begin(name);
        secret(&path, text)
    }

    fn begin(&mut self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        self.begun.push(path.clone());
        path
    }

    /// What cannot be removed stays: the error that came first is told.
    fn take_back(&self) {
        for path in &self.begun {
            let _ = std::fs::remove_file(path);
        }
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir(folder);
        }
    }

    fn certificates(&mut self, certificates: &Certificates) -> anyhow::Result<()> {
        let folder = self.dir.join("tls");
        self.folder = Some(folder.clone());
        kazasu_security::files::private_folder(&folder)?;
        for (name, text) in certificates.files()? {
            self.secret(&name, &text)?;
        }
        Ok(())
    }

    fn write(&mut self, town: &Town) -> anyhow::Result<()> {
        let mut keys = format!(
            "# Secret. Only the owner may read this file; kazasu refuses it otherwise. Keep a copy under dual control.\n\n\
             [vault]\ncurrent = 1\nlookup = \"{}\"\nseal.1 = \"{}\"\n\n[http]\ntoken = \"{}\"\n\n[http.people]\n\
             \"sato\" = \"{}\"\n\"suzuki\" = \"{}\"\n\"tanaka\" = \"{}\"\n\n[http.portals]\n\"portal\" = \"{}\"\n",
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?
        );
        for (index, acquirer) in ACQUIRERS.iter().enumerate() {
            let (id, master) = (acquirer.id, hex_key(32)?);
            write!(keys, "\n[acquirer.{id}]\nmaster = \"{master}\"\n")?;
            self.secret(&format!("acquirer-{id}.toml"), &acquirer_file(index, &master, town))?;
        }
        let mut issuers = Vec::new();
        for (number, issuer) in (1..).zip(ISSUERS) {
            let link = IssuerKeys::random(&issuer)?;
            let IssuerKeys { to_issuer, from_issuer } = &link;
            write!(keys, "\n[issuer.{number}]\nto_issuer = \"{to_issuer}\"\nfrom_issuer = \"{from_issuer}\"\n")?;
            issuers.push(link);
        }
        write!(keys, "\n[audit]\ncurrent = 1\nseed.1 = \"{}\"\n", hex_key(32)?)?;
        self.secret("keys.toml", &keys)?;
        let certificates = Certificates::new(town)?;
        if let Some(certificates) = &certificates {
            self.certificates(certificates)?;
        }
        let pins = certificates.as_ref().map(Certificates::pins);
        self.secret("issuers.toml", &issuers_file(town, &issuers, pins.as_ref()))?;
        self.plain("kazasu.toml", &config_file(town, pins.as_ref()))?;
        self.plain("merchants.csv", &merchants_file())?;
        self.plain("policy.toml", POLICY)?;
        self.plain("relief.toml", RELIEF)?;
        self.plain("contracts.toml", CONTRACTS)?;
        self.secret("payees.csv", &payees_file())?;
        self.secret("applications.csv", &applications(town.seed, town.residents.min(20)))?;
        self.secret("town.jsonl", &asks_file())?;
        // Card numbers of the sample are made up, but real files of this form hold real ones.
        self.secret("links.csv", &links_file(town))
    }
}

/// Writes a file that only its owner may read; it must not exist yet.
pub(crate) fn secret(path: &Path, text: &str) -> anyhow::Result<()> {
    kazasu_security::files::write_new(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_cards_pass_the_check_digit() {
        for n in 0..200 {
            assert!(kazasu_schemas::secret::Pan::parse(card_number("490000", n * 7_919).as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine"), "x").unwrap();
        let error = write(dir.path(), &Town::default()).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
