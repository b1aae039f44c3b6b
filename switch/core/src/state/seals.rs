//! The vault's keys as the journal knows them: what is sealed under which version, and which versions were destroyed.

use kazasu_ledger::record::{Instrument, KeyDestroyed};
use std::collections::BTreeMap;

/// The vault's keys, as far as the journal depends on them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct SealKeys {
    /// Card link versions by the version of the key that their number is sealed under.
    sealed: BTreeMap<u8, u64>,
    /// Destroyed versions.
    destroyed: BTreeMap<u8, KeyDestroyed>,
}

/// The version of the key that an instrument's sealed number names.
pub(in super::super) fn sealed_under(instrument: &Instrument) -> Option<u8> {
    match instrument {
        Instrument::CreditCard(card) | Instrument::DebitCard(card) => card.pan.first().copied(),
        Instrument::BankAccount(_) | Instrument::Deposit(_) => None,
    }
}

impl SealKeys {
    /// A link version was made.
    pub(super) fn linked(&mut self, instrument: Option<&Instrument>) {
        if let Some(version) = instrument.and_then(sealed_under) {
            *self.sealed.entry(version).or_default() += 1;
        }
    }

    /// A number that was sealed under one version is sealed under another.
    pub(super) fn resealed(&mut self, before: Option<u8>, now: Option<u8>) {
        if let Some(count) = before.and_then(|version| self.sealed.get_mut(&version)) {
            *count = count.saturating_sub(1);
        }
        if let Some(version) = now {
            *self.sealed.entry(version).or_default() += 1;
        }
    }

    /// A key was destroyed.
    pub(in super::super) fn destroyed(&mut self, r: &KeyDestroyed) {
        self.destroyed.insert(r.version, r.clone());
    }

    /// Card link versions that are sealed under this version.
    pub(in super::super) fn links_under(&self, version: u8) -> u64 {
        self.sealed.get(&version).copied().unwrap_or(0)
    }

    /// The record of a version's destruction.
    pub(in super::super) fn destruction(&self, version: u8) -> Option<&KeyDestroyed> {
        self.destroyed.get(&version)
    }

    /// The destroyed version that this is sealed under: it cannot be opened.
    pub(in super::super) fn unreadable(&self, instrument: &Instrument) -> Option<u8> {
        sealed_under(instrument).filter(|version| self.destroyed.contains_key(version))
    }
}
