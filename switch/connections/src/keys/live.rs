//! The switch's keys: read from the key store at the start, and again when the store changes or SIGHUP comes, so that new versions come
//! into force while taps go on. A store that cannot be used changes nothing but the log and a metric.

use super::masters::MasterKeys;
use super::prepared::{IssuerMac, Prepared, Stores};
use super::wanted::{KeysSection, Wanted};
use crate::cluster::{ClusterKey, PublicKeys};
use anyhow::{Context, ensure};
use kazasu_issuer_adapter::{Keying, SessionMaster};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::secret::Key;
use kazasu_security::keys::{Device, Entry, FiscalYear, KeyStore, Purpose, Secret, UnlockFrom};
use kazasu_security::signing::VersionedSigner;
use kazasu_security::vault::Vault;
use kazasu_text::tls::PartyText;
use kazasu_text::{Because, Said};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Whether stores are read again although their files look the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Always.
    Always,
    /// If a file, or the fiscal year, has changed.
    IfChanged,
}

/// The state of a file when it was read.
type Seen = Vec<Option<(SystemTime, u64)>>;

/// The open stores.
struct Open {
    stores: Vec<KeyStore>,
    seen: Seen,
    year: FiscalYear,
    problem: Option<String>,
}

/// Every key of the switch, ready for use. What is handed out stays the same object when its keys change.
pub struct Keys {
    pub(super) section: KeysSection,
    base: PathBuf,
    /// Reads the table of nodes again.
    nodes: Nodes,
    /// The device that has keys, where there is one.
    device: Option<Arc<dyn Device>>,
    wanted: Wanted,
    open: Mutex<Open>,
    entries: InForce<Vec<Entry>>,
    /// The day on which what ends soon was told last.
    told: AtomicI64,
    /// Seals and opens.
    pub vault: Arc<Vault>,
    masters: BTreeMap<InstitutionId, Arc<MasterKeys>>,
    issuers: BTreeMap<u16, Keying>,
    /// Signs days and checkpoints, where there is a key.
    pub heads: Option<Arc<VersionedSigner>>,
    /// Signs commit batches, where they have a key of their own.
    pub batches: Option<Arc<VersionedSigner>>,
    /// Between nodes.
    pub cluster: Option<ClusterKey>,
    /// Signs notices: the active key, then those that are accepted.
    pub webhook: Option<Arc<InForce<Vec<Key>>>>,
}

/// Reads the public keys of all nodes, as the configuration has them now.
pub type Nodes = Box<dyn Fn() -> anyhow::Result<BTreeMap<String, PublicKeys>> + Send + Sync>;

/// The configuration of keys.
pub struct KeysOf<'a> {
    /// Its folder, where relative paths begin.
    pub base: &'a Path,
    /// Reads its table of nodes again.
    pub nodes: Nodes,
    /// The device that `[hsm]` names.
    pub device: Option<Arc<dyn Device>>,
    /// Its `[keys]`.
    pub section: &'a KeysSection,
    /// Its requirements.
    pub wanted: Wanted,
}

impl Keys {
    /// Opens the stores and prepares every key.
    pub fn load(of: KeysOf<'_>, now: Millis) -> anyhow::Result<Keys> {
        let KeysOf { base, nodes, device, section, wanted } = of;
        let base = base.to_path_buf();
        let paths = section.paths(&base);
        let seen = seen(&paths);
        let stores = open_all(section, (&base, device.as_ref()))?;
        let made = Stores { stores: &stores, device: device.as_deref() }.prepare(&wanted, now);
        let made = made.with_context(|| paths[0].display().to_string())?;
        let issuers = keyings(&wanted, made.issuers);
        let open = Open { stores, seen, year: FiscalYear::of(now), problem: None };
        Ok(Keys {
            section: section.clone(),
            base,
            nodes,
            device,
            wanted,
            open: Mutex::new(open),
            entries: InForce::new(made.entries),
            told: AtomicI64::new(0),
            vault: Arc::new(Vault::new(&made.vault)?),
            masters: made.masters.into_iter().map(|(id, masters)| (id, Arc::new(MasterKeys::new(masters)))).collect(),
            issuers,
            heads: made.heads.map(|keys| Arc::new(VersionedSigner::new(keys))),
            batches: made.batches.map(|keys| Arc::new(VersionedSigner::new(keys))),
            cluster: made.cluster.map(ClusterKey::new),
            webhook: made.webhook.map(|keys| Arc::new(InForce::new(keys))),
        })
    }

    /// An acquirer's master keys.
    pub fn masters(&self, acquirer: InstitutionId) -> anyhow::Result<Arc<MasterKeys>> {
        self.masters.get(&acquirer).cloned().ok_or_else(|| Said::of(&PartyText::NoAcquirerKeys { acquirer }).into())
    }

    /// The keys that authenticate an issuer's connection, which has a MAC.
    pub fn issuer(&self, number: u16) -> anyhow::Result<Keying> {
        let found = self.issuers.get(&number).cloned();
        found.ok_or_else(|| Said::of(&PartyText::NoIssuerKeys { number }).into())
    }

    /// Connections that are signed on under this version of an acquirer's key; `None` for other keys.
    pub(super) fn connections(&self, entry: &Entry) -> Option<usize> {
        let owner = (entry.key.purpose() == Purpose::AcquirerMaster).then(|| entry.key.owner().parse().ok());
        Some(self.masters.get(&owner??)?.connections(entry.version))
    }

    /// Every version of every key.
    #[must_use]
    pub fn entries(&self) -> Arc<Vec<Entry>> {
        self.entries.get()
    }

    /// Reads the stores again. New versions are in force when it returns.
    pub fn reload(&self, look: Look, now: Millis) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (paths, year) = (self.section.paths(&self.base), FiscalYear::of(now));
        let found = seen(&paths);
        // A device that was away is asked again.
        let again = open.problem.is_some() && self.device.is_some();
        if look == Look::IfChanged && found == open.seen && year == open.year && !again {
            return;
        }
        (open.seen, open.year) = (found, year);
        match self.read_again(&open.stores, now) {
            Ok((stores, made)) => {
                self.put_in_force(made);
                (open.stores, open.problem) = (stores, None);
                metrics::counter!("kazasu_key_reloads_total", "outcome" => "loaded").increment(1);
                tracing::info!("the key store was read again; its versions are in force");
            }
            Err(error) => {
                let why = format!("{error:#}");
                metrics::counter!("kazasu_key_reloads_total", "outcome" => "failed").increment(1);
                if open.problem.as_ref() != Some(&why) {
                    tracing::error!(%why, "the changed key store cannot be used; the keys of before stay in force");
                }
                open.problem = Some(why);
            }
        }
        drop(open);
        self.publish(now);
    }

    fn read_again(&self, stores: &[KeyStore], now: Millis) -> anyhow::Result<(Vec<KeyStore>, Prepared)> {
        let again: anyhow::Result<Vec<KeyStore>> = stores.iter().map(KeyStore::reopen).collect();
        let stores = match again {
            Ok(stores) => stores,
            // Its key-encryption key may have changed. No person is there to type a passphrase.
            Err(error) if self.section.unlock == UnlockFrom::Passphrase => {
                return Ok(Err(error).because(|| Said::of(&PartyText::RestartAfterChange))?);
            }
            Err(_) => open_all(&self.section, (&self.base, self.device.as_ref()))?,
        };
        let mut wanted = self.wanted.clone();
        if let Some(node) = &mut wanted.cluster {
            node.nodes = (self.nodes)()?;
        }
        let made = Stores { stores: &stores, device: self.device.as_deref() }.prepare(&wanted, now)?;
        let signers = [
            (made.heads.is_some(), self.heads.is_some(), "audit"),
            (made.batches.is_some(), self.batches.is_some(), "batches"),
        ];
        for (now, before, name) in signers {
            ensure!(now == before, Said::of(&PartyText::FirstOrLast { key: name }));
        }
        Ok((stores, made))
    }

    fn put_in_force(&self, made: Prepared) {
        if let Err(error) = self.vault.replace(&made.vault) {
            // `prepare` names versions that are there, so this cannot be; the old keys go on.
            tracing::error!(%error, "the vault keeps the keys of before");
        }
        for (id, masters) in made.masters {
            self.masters.get(&id).into_iter().for_each(|held| held.set(masters.clone()));
        }
        for (number, mac) in made.issuers {
            match (self.issuers.get(&number), mac) {
                (Some(Keying::Session(held)), IssuerMac::Session(masters)) => held.masters.set(masters),
                (Some(Keying::Static(held)), IssuerMac::Fixed(keys)) => held.set(keys),
                // The configuration says which it is, and is read at the start.
                (_, _) => {}
            }
        }
        for (held, keys) in [(&self.heads, made.heads), (&self.batches, made.batches)] {
            if let (Some(held), Some(keys)) = (held, keys) {
                held.replace(keys);
            }
        }
        if let (Some(held), Some(keys)) = (&self.cluster, made.cluster) {
            held.replace(keys);
        }
        if let (Some(held), Some(keys)) = (&self.webhook, made.webhook) {
            held.set(keys);
        }
        self.entries.set(made.entries);
    }

    /// The present fault of the stores' files.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }
}

/// Of each issuer, an object whose keys are replaced when they change.
fn keyings(wanted: &Wanted, issuers: BTreeMap<u16, IssuerMac>) -> BTreeMap<u16, Keying> {
    let algorithm = |number: u16| wanted.issuers.iter().find(|issuer| issuer.number == number).map(|issuer| issuer.mac);
    let keying = |(number, mac): (u16, IssuerMac)| {
        let keying = match mac {
            IssuerMac::Session(masters) => {
                let masters = Arc::new(InForce::new(masters));
                Keying::Session(SessionMaster { algorithm: algorithm(number)?, masters })
            }
            IssuerMac::Fixed(keys) => Keying::Static(Arc::new(InForce::new(keys))),
        };
        Some((number, keying))
    };
    issuers.into_iter().filter_map(keying).collect()
}

fn open_all(section: &KeysSection, (base, device): (&Path, Option<&Arc<dyn Device>>)) -> anyhow::Result<Vec<KeyStore>> {
    let from = Secret { from: &section.unlock, base, device: device.cloned() };
    let paths = section.paths(base);
    let missing = paths.iter().find(|path| !path.exists());
    if let Some(path) = missing {
        anyhow::bail!(Said::of(&PartyText::NoKeyStore { path: &path.display().to_string() }));
    }
    // A passphrase is asked for once, also where there are two stores.
    let secret = if section.unlock == UnlockFrom::Passphrase { Some(from.read()?) } else { None };
    let open = |path: &PathBuf| match &secret {
        Some(text) => KeyStore::open(path, text),
        None => KeyStore::open(path, &from),
    };
    paths.iter().map(open).collect()
}

fn seen(paths: &[PathBuf]) -> Seen {
    let one = |path: &PathBuf| {
        let there = std::fs::metadata(path).ok()?;
        Some((there.modified().ok()?, there.len()))
    };
    paths.iter().map(one).collect()
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} versions)", self.entries().len())
    }
}

/// The day of an instant, for what is told once a day.
fn day_number(now: Millis) -> i64 {
    i64::from(now.jst_day().0)
}

impl Keys {
    /// Looks at the files now and then, until shutdown.
    pub async fn watch(self: Arc<Self>, mut shutdown: tokio::sync::watch::Receiver<bool>) {
        let mut interval = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                _ = shutdown.changed() => return,
            }
            kazasu_engine::tasks::fault(kazasu_engine::tasks::Kind::Keys);
            self.clone().reload_apart(Look::IfChanged).await;
        }
    }

    /// Reads the stores again on a thread where that holds up nothing else.
    pub async fn reload_apart(self: Arc<Self>, look: Look) {
        let now = kazasu_engine::clock::now();
        let done = tokio::task::spawn_blocking(move || {
            self.reload(look, now);
            self.tell_what_ends(now);
        });
        if let Err(error) = done.await {
            tracing::error!(%error, "the key store was not looked at");
        }
    }

    /// Tells what ends soon, once a day.
    fn tell_what_ends(&self, now: Millis) {
        if self.told.swap(day_number(now), Ordering::AcqRel) == day_number(now) {
            return;
        }
        self.publish(now);
        for note in self.notes(now) {
            tracing::warn!(key = %note.title, ends = %note.ends, days_left = note.days, "the key's cryptoperiod ends");
        }
    }
}

/// The interval at which files are looked at.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
