//! The configuration of keys, and the keys that it needs.

use crate::cluster::PublicKeys;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_security::keys::{KeyName, Purpose, UnlockFrom};
use kazasu_text::tls::PartyText;
use kazasu_text::{Quoted, Said};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `[keys]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct KeysSection {
    /// The key store; relative to this file. The same on all nodes.
    pub store: PathBuf,
    /// A second store, for the key that only this node has; relative to this file.
    pub node_store: Option<PathBuf>,
    /// The source of the secret that opens them.
    pub unlock: UnlockFrom,
    /// A key whose cryptoperiod ends within so many days is told.
    #[serde(default = "default_warn_days")]
    pub warn_days: u16,
    /// Cryptoperiods of new keys, days by purpose.
    #[serde(default)]
    pub days: BTreeMap<String, u32>,
}

fn default_warn_days() -> u16 {
    30
}

impl KeysSection {
    /// Says what is wrong.
    pub fn check(&self) -> Result<(), Said> {
        for (purpose, days) in &self.days {
            let known = || Purpose::ALL.map(Purpose::name).join(", ");
            Purpose::by_name(purpose)
                .ok_or_else(|| Said::of(&PartyText::UnknownPurpose { got: Quoted(purpose), known: &known() }))?;
            if !(1..=3_650).contains(days) {
                return Err(Said::of(&PartyText::PurposeDays { purpose, got: (*days).into() }));
            }
        }
        Ok(())
    }

    /// Days of a new key's cryptoperiod.
    #[must_use]
    pub fn period_days(&self, purpose: Purpose) -> u32 {
        self.days.get(purpose.name()).copied().unwrap_or(purpose.period_days())
    }

    /// The file that keeps keys of this name.
    #[must_use]
    pub fn store_of(&self, name: &KeyName, base: &Path) -> PathBuf {
        match &self.node_store {
            Some(own) if name.purpose() == Purpose::NodePrivate => base.join(own),
            _ => base.join(&self.store),
        }
    }

    /// Every store's path, the common one first.
    #[must_use]
    pub fn paths(&self, base: &Path) -> Vec<PathBuf> {
        [Some(&self.store), self.node_store.as_ref()].into_iter().flatten().map(|path| base.join(path)).collect()
    }
}

/// The keys that the configuration needs.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Acquirers, with their MAC functions.
    pub acquirers: Vec<(InstitutionId, MacAlgorithm)>,
    /// Issuers whose messages have a MAC.
    pub issuers: Vec<WantedIssuer>,
    /// This node among several.
    pub cluster: Option<WantedNode>,
    /// Notices leave by webhook.
    pub webhook: bool,
}

/// The configuration of an issuer's connection.
#[derive(Clone, Copy, Debug)]
pub struct WantedIssuer {
    /// Its number.
    pub number: u16,
    /// Its MAC function.
    pub mac: MacAlgorithm,
    /// Whether each session has keys of its own.
    pub keys: KeysOfIssuer,
}

/// The keys of an issuer's connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeysOfIssuer {
    /// Each session its own, from a master key.
    Session,
    /// The same two on every connection.
    Fixed,
}

impl WantedIssuer {
    /// The keys that it needs.
    #[must_use]
    pub fn names(&self) -> Vec<KeyName> {
        match self.keys {
            KeysOfIssuer::Session => vec![KeyName::issuer(self.number)],
            KeysOfIssuer::Fixed => KeyName::fixed(self.number).to_vec(),
        }
    }
}

/// The part of the configuration that a node needs.
#[derive(Clone, Debug)]
pub struct WantedNode {
    /// Its name.
    pub node: String,
    /// The public keys of all nodes.
    pub nodes: BTreeMap<String, PublicKeys>,
}

impl Wanted {
    /// The names of all keys that must be there.
    #[must_use]
    pub fn names(&self) -> Vec<KeyName> {
        let acquirers = self.acquirers.iter().map(|(id, _)| KeyName::acquirer(id.as_str()));
        let issuers = self.issuers.iter().flat_map(WantedIssuer::names);
        let vault = [Purpose::SealCards, Purpose::SealAccounts, Purpose::Lookup].map(KeyName::of);
        let cluster = self.cluster.iter().map(|_| KeyName::of(Purpose::ClusterShared));
        let own = self.cluster.iter().filter(|c| !c.nodes.is_empty()).map(|c| KeyName::node(&c.node));
        let webhook = self.webhook.then(|| KeyName::of(Purpose::Webhook));
        acquirers.chain(issuers).chain(vault).chain(cluster).chain(own).chain(webhook).collect()
    }
}
