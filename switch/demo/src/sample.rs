//! The sample town: a complete configuration with fresh random keys, three acquirers (one a dialect), four issuers,
//! twenty merchants and as many residents as asked for. `kazasu init` writes it, the demo and the tests run on it.
//!
//! Residents and merchants are the same for the same seed; keys never are.

mod aliases;
mod authority;
mod configuration;
mod parties;
mod people;
mod settle;
mod town;

pub use settle::{ADMINISTRATORS, settle};
pub(crate) use settle::{PEOPLE, join};
pub(crate) use settle::{PORTAL_SEED, everybody, portal_key};
pub use town::{Mix, Ports, Town, Transport, card_number, named_ppid, ruled_ppid};

use anyhow::Context;
use authority::{Authority, Identity, SWITCH, Side, issuer_name};
use configuration::{config_file, issuers_file};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_security::keys::{
    Done, FiscalYear, KeyName, KeyState, KeyStore, Material, NewKey, Purpose, SigningKey, fresh, fresh_credential,
};
use kazasu_security::signing::SeedKey;
use parties::{ACQUIRERS, ISSUERS, acquirer_file, merchants_file, payees_file};
use people::{applications, asks_file, links_file};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use town::{Pins, hex_key};
use zeroize::Zeroizing;

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

/// The sample town's policy.
const POLICY: &str = include_str!("sample/policy.toml");
/// The sample town's relief programme.
const RELIEF: &str = include_str!("sample/relief.toml");
/// The sample town's contracts with its merchants.
const CONTRACTS: &str = include_str!("sample/contracts.toml");

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
        let mut store = SampleKeys::new(self.dir)?;
        for (index, acquirer) in ACQUIRERS.iter().enumerate() {
            let master = store.add(KeyName::acquirer(acquirer.id), None)?;
            self.secret(&format!("acquirer-{}.toml", acquirer.id), &acquirer_file(index, &master, town))?;
        }
        let mut masters = Vec::new();
        for number in 1..=u16::try_from(ISSUERS.len())? {
            masters.push(store.add(KeyName::issuer(number), None)?);
        }
        for purpose in [Purpose::SealCards, Purpose::SealAccounts, Purpose::Lookup, Purpose::SignAudit] {
            store.add(KeyName::of(purpose), None)?;
        }
        for name in ["keys.json", "keys.json.log"] {
            self.begin(name);
        }
        self.secret("keys.credential", &format!("{}\n", *store.credential))?;
        store.save()?;
        self.secret("keys.toml", &tokens()?)?;
        let certificates = Certificates::new(town)?;
        if let Some(certificates) = &certificates {
            self.certificates(certificates)?;
        }
        let pins = certificates.as_ref().map(Certificates::pins);
        self.secret("issuers.toml", &issuers_file(town, &masters, pins.as_ref()))?;
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

/// `keys.toml`: who may use the API.
fn tokens() -> anyhow::Result<Zeroizing<String>> {
    let mut out = Zeroizing::new(format!(
        "# Tokens. Only the owner may read this file; kazasu refuses it otherwise. Keys are in keys.json (`kazasu key list`).\n\n\
         [http]\ntoken = \"{}\"\n\n[http.people]\n",
        hex_key(32)?
    ));
    for name in ["sato", "suzuki", "tanaka"] {
        writeln!(out, "\"{name}\" = \"{}\"", hex_key(32)?)?;
    }
    write!(out, "\n[http.portals]\n\"portal\" = \"{}\"\n", hex_key(32)?)?;
    Ok(out)
}

/// The town's key store, which a credential beside it opens.
struct SampleKeys {
    store: KeyStore,
    credential: Zeroizing<String>,
    now: Millis,
}

impl SampleKeys {
    fn new(dir: &Path) -> anyhow::Result<Self> {
        let (credential, origin) = fresh_credential()?;
        let kek = Arc::new(origin.key(&credential)?);
        let now = kazasu_engine::clock::now();
        Ok(SampleKeys { store: KeyStore::new(&dir.join("keys.json"), origin, kek), credential, now })
    }

    fn done(&self) -> Done<'static> {
        Done { at: self.now, by: "kazasu init", why: "the sample town" }
    }

    /// A fresh key, active at once; in hexadecimal, for the other side's file.
    fn add(&mut self, name: KeyName, length: Option<usize>) -> anyhow::Result<Zeroizing<String>> {
        let purpose = name.purpose();
        let key = fresh(purpose, length)?;
        let text = Zeroizing::new(hex::encode(key.expose()));
        let days = i32::try_from(purpose.period_days())?;
        let public = purpose.signs().then(|| SeedKey::new(&key).map(|key| key.public_key())).transpose()?;
        let new = NewKey {
            name,
            state: KeyState::Active,
            ends: BusinessDay(self.now.jst_day().0 + days),
            fiscal_year: purpose.seals().then(|| FiscalYear::of(self.now)),
            public,
        };
        let done = self.done();
        self.store.add(new, &Material::Secret(key), &done)?;
        Ok(text)
    }

    fn save(&self) -> anyhow::Result<()> {
        self.store.save("made", None, &self.done())
    }
}

/// Writes a file that only its owner may read; it must not exist yet.
pub fn secret(path: &Path, text: &str) -> anyhow::Result<()> {
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
