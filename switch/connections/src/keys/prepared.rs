//! From the versions of a store to keys that are ready for use: which version is used for what is new, and which are accepted.

use super::masters::Masters;
use super::wanted::{KeysOfIssuer, Wanted, WantedIssuer};
use crate::cluster::NodeKeys;
use anyhow::{Context, bail, ensure};
use kazasu_issuer_adapter::StaticMac;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::MacKey;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::secret::Key;
use kazasu_security::keys::{Device, Entry, FiscalYear, KeyName, KeyState, KeyStore, Place, Purpose, SigningKey};
use kazasu_security::signing::{SeedKey, SigningKeys};
use kazasu_security::vault::{Lookups, VaultParts};
use kazasu_text::key_store::KeyStoreText;
use kazasu_text::tls::PartyText;
use kazasu_text::{Because, Quoted, Said};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The keys that authenticate an issuer's messages.
#[derive(Clone)]
pub(super) enum IssuerMac {
    /// Versions of its master key: the active one, then those that are accepted.
    Session(Vec<MasterKey>),
    /// Its fixed keys.
    Fixed(StaticMac),
}

/// Everything that the switch works with.
pub(super) struct Prepared {
    pub(super) vault: VaultParts,
    pub(super) masters: BTreeMap<InstitutionId, Masters>,
    pub(super) issuers: BTreeMap<u16, IssuerMac>,
    pub(super) heads: Option<SigningKeys>,
    pub(super) batches: Option<SigningKeys>,
    pub(super) cluster: Option<NodeKeys>,
    pub(super) webhook: Option<Vec<Key>>,
    pub(super) entries: Vec<Entry>,
}

/// All open stores.
pub(super) struct Stores<'a> {
    pub(super) stores: &'a [KeyStore],
    /// Has the keys that entries name by label.
    pub(super) device: Option<&'a dyn Device>,
}

impl Stores<'_> {
    fn entries(&self) -> impl Iterator<Item = (&KeyStore, &Entry)> {
        self.stores.iter().flat_map(|store| store.entries().iter().map(move |entry| (store, entry)))
    }

    /// The versions of a key that are in use: the active one first, then the newest.
    fn in_use(&self, name: &KeyName) -> Vec<(&KeyStore, &Entry)> {
        let mut found: Vec<_> =
            self.entries().filter(|(_, entry)| entry.key == *name && entry.state.is_in_use()).collect();
        found.sort_by_key(|(_, entry)| (entry.state, std::cmp::Reverse(entry.version)));
        found
    }

    /// The same with secrets, and an active one among them.
    fn secrets(&self, name: &KeyName) -> anyhow::Result<Vec<(u8, Key)>> {
        let found = self.in_use(name);
        let active = found.first().is_some_and(|(_, entry)| entry.state == KeyState::Active);
        ensure!(active, Said::of(&PartyText::NoActive { key: &name.to_string() }));
        found.into_iter().map(|(store, entry)| Ok((entry.version, store.secret(entry)?))).collect()
    }

    fn signing(&self, purpose: Purpose) -> anyhow::Result<Option<SigningKeys>> {
        let name = KeyName::of(purpose);
        let found = self.in_use(&name);
        let Some((_, first)) = found.first() else { return Ok(None) };
        let key_name = &name.to_string();
        ensure!(first.state == KeyState::Active, Said::of(&PartyText::Activate { key: key_name }));
        let current = first.version;
        let mut keys: BTreeMap<u8, Arc<dyn SigningKey>> = BTreeMap::new();
        for (store, entry) in found {
            let key: Arc<dyn SigningKey> = match &entry.place {
                Place::Device(label) if purpose == Purpose::SignBatches => {
                    let (title, label) = (&entry.title(), Quoted(label));
                    bail!(Said::of(&PartyText::BatchesInDevice { title, label, key: key_name }))
                }
                Place::Device(label) => {
                    let title = &entry.title();
                    let no_device = || Said::of(&PartyText::NoDevice { title, label: Quoted(label) });
                    let device = self.device.ok_or_else(no_device)?;
                    device.signing(label).because(|| Said::of(&KeyStoreText::Of { title }))?
                }
                Place::Wrapped(_) | Place::Gone => {
                    let seed = SeedKey::new(&store.secret(entry)?);
                    Arc::new(seed.because(|| Said::of(&KeyStoreText::Of { title: &entry.title() }))?)
                }
            };
            keys.insert(entry.version, key);
        }
        Ok(Some(SigningKeys::new(keys, current)?))
    }

    /// The signers of checkpoints and days, and of commit batches. A device signs no commit batch.
    fn signers(&self) -> anyhow::Result<[Option<SigningKeys>; 2]> {
        let (heads, batches) = (self.signing(Purpose::SignAudit)?, self.signing(Purpose::SignBatches)?);
        let in_device = |(_, entry): &(_, &Entry)| matches!(entry.place, Place::Device(_));
        let found = self.in_use(&KeyName::of(Purpose::SignAudit));
        if let (Some((_, entry)), None) = (found.into_iter().find(in_device), &batches) {
            bail!(Said::of(&PartyText::DeviceSignsNoBatch { title: &entry.title() }));
        }
        Ok([heads, batches])
    }

    /// The version that seals now: the active one, or a later one whose fiscal year has begun.
    fn seals_now(&self, purpose: Purpose, year: FiscalYear) -> anyhow::Result<u8> {
        let name = KeyName::of(purpose);
        let found = self.in_use(&name);
        let active = found.first().filter(|(_, entry)| entry.state == KeyState::Active);
        let no_active = || Said::of(&PartyText::NoActive { key: &name.to_string() });
        let (_, active) = active.ok_or_else(no_active)?;
        let begun = |entry: &&Entry| entry.fiscal_year.is_some_and(|of| of <= year && Some(of) > active.fiscal_year);
        let later = found.iter().map(|(_, entry)| *entry).filter(begun);
        let later = later.max_by_key(|entry| (entry.fiscal_year, entry.version));
        Ok(later.unwrap_or(active).version)
    }

    fn lookups(&self) -> anyhow::Result<Lookups> {
        let mut keys = self.secrets(&KeyName::of(Purpose::Lookup))?;
        let active = keys.first().map(|(_, key)| key.clone()).context("an active version")?;
        keys.sort_by_key(|(version, _)| *version);
        let oldest = keys.first().map_or_else(|| active.clone(), |(_, key)| key.clone());
        let (newest_version, newest) = keys.pop().unwrap_or((1, active.clone()));
        Ok(Lookups { active, newest, newest_version, oldest })
    }

    fn vault(&self, now: Millis) -> anyhow::Result<VaultParts> {
        let year = FiscalYear::of(now);
        let (mut seals, mut erased) = (BTreeMap::new(), BTreeSet::new());
        for (store, entry) in self.entries().filter(|(_, entry)| entry.key.purpose().seals()) {
            match entry.state {
                KeyState::Active | KeyState::Accepted => drop(seals.insert(entry.version, store.secret(entry)?)),
                KeyState::Destroyed => drop(erased.insert(entry.version)),
                KeyState::Retired => {}
            }
        }
        let lookups = self.lookups()?;
        let cards = self.seals_now(Purpose::SealCards, year)?;
        let accounts = self.seals_now(Purpose::SealAccounts, year)?;
        Ok(VaultParts { seals, cards, accounts, erased, lookups })
    }

    fn masters(&self, wanted: &Wanted) -> anyhow::Result<BTreeMap<InstitutionId, Masters>> {
        let mut out = BTreeMap::new();
        for (id, mac) in &wanted.acquirers {
            let keys = self.secrets(&KeyName::acquirer(id.as_str()))?;
            out.insert(*id, keys.iter().map(|(version, key)| (*version, MasterKey::new(*mac, key))).collect());
        }
        Ok(out)
    }

    fn issuers(&self, wanted: &Wanted) -> anyhow::Result<BTreeMap<u16, IssuerMac>> {
        wanted.issuers.iter().map(|issuer| Ok((issuer.number, self.issuer(issuer)?))).collect()
    }

    fn issuer(&self, issuer: &WantedIssuer) -> anyhow::Result<IssuerMac> {
        let WantedIssuer { number, mac, keys } = *issuer;
        if keys == KeysOfIssuer::Session {
            let masters = self.secrets(&KeyName::issuer(number));
            let masters = masters.because(|| Said::of(&PartyText::IssuerSession { number }))?;
            return Ok(IssuerMac::Session(masters.iter().map(|(_, key)| MasterKey::new(mac, key)).collect()));
        }
        let prepared = |name: &KeyName| -> anyhow::Result<Vec<MacKey>> {
            let prepare = |(version, key): &(u8, Key)| {
                let title = &format!("{name} {version}");
                Ok(MacKey::new(mac, key).because(|| Said::of(&KeyStoreText::Of { title }))?)
            };
            self.secrets(name)?.iter().map(prepare).collect()
        };
        let [to, from] = KeyName::fixed(number);
        let to_issuer = prepared(&to)?.into_iter().next().context("an active version")?;
        Ok(IssuerMac::Fixed(StaticMac { to_issuer, from_issuer: prepared(&from)? }))
    }

    fn cluster(&self, wanted: &Wanted) -> anyhow::Result<Option<NodeKeys>> {
        let Some(cluster) = &wanted.cluster else { return Ok(None) };
        let shared = self.secrets(&KeyName::of(Purpose::ClusterShared))?;
        let shared = shared.into_iter().map(|(_, key)| key).collect();
        let own = KeyName::node(&cluster.node);
        match (self.in_use(&own).is_empty(), cluster.nodes.is_empty()) {
            (true, true) => Ok(Some(NodeKeys::shared(shared)?)),
            (true, false) => {
                bail!(Said::of(&PartyText::NodeKeyNeeded { key: &own.to_string() }))
            }
            (false, true) => {
                bail!(Said::of(&PartyText::NodesNeeded { key: &own.to_string() }))
            }
            (false, false) => {
                let private = self.secrets(&own)?.into_iter().map(|(_, key)| key).collect();
                Ok(Some(NodeKeys::shared(shared)?.with_identity(&cluster.node, private, &cluster.nodes)?))
            }
        }
    }

    /// All keys that are wanted. The error names the key.
    pub(super) fn prepare(&self, wanted: &Wanted, now: Millis) -> anyhow::Result<Prepared> {
        let webhook = wanted.webhook.then(|| self.secrets(&KeyName::of(Purpose::Webhook))).transpose()?;
        let [heads, batches] = self.signers()?;
        Ok(Prepared {
            vault: self.vault(now)?,
            masters: self.masters(wanted)?,
            issuers: self.issuers(wanted)?,
            heads,
            batches,
            cluster: self.cluster(wanted)?,
            webhook: webhook.map(|keys| keys.into_iter().map(|(_, key)| key).collect()),
            entries: self.entries().map(|(_, entry)| entry.clone()).collect(),
        })
    }
}
