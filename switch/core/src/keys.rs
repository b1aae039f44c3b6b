//! Destroying a key of the vault: refused while the state needs it, and until two people have approved it.

use super::decision::{Decided, recorded, unchanged};
use super::refusal::{ApprovalRefusal, Rejected};
use super::state::{State, sealed_under};
use kazasu_ledger::record::{Body, Destruction, KeyDestroyed};
use kazasu_schemas::attribution::Attribution;

/// The remaining uses of a version of the vault's keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SealNeeds {
    /// Card link versions, old ones included, whose number is sealed under it.
    pub links: u64,
    /// People whose proposed instrument is sealed under it.
    pub proposals: usize,
    /// Relief batches under way whose accounts are sealed under it.
    pub relief_batches: Vec<u32>,
    /// Payees' accounts that are sealed under it.
    pub payees: u64,
}

impl SealNeeds {
    /// Nothing needs it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.links == 0 && self.proposals == 0 && self.relief_batches.is_empty() && self.payees == 0
    }
}

impl State {
    /// The remaining uses of this version of the vault's keys.
    #[must_use]
    pub fn seal_needs(&self, version: u8) -> SealNeeds {
        let proposed = self.broken_links().filter_map(|(_, broken)| broken.proposal.as_ref());
        let proposed = proposed.map(|(instrument, _)| instrument).chain(self.approvals.waiting_instruments());
        let proposals = proposed.filter(|instrument| sealed_under(instrument) == Some(version)).count();
        let proposals = proposals + self.approvals.waiting_payees(version);
        SealNeeds {
            links: self.people.keys.links_under(version),
            proposals,
            relief_batches: self.relief_sealed_under(version),
            payees: self.payees_sealed_under(version),
        }
    }
}

/// Whether a version of the vault's keys may be destroyed: it is there, and nothing that is used needs it.
pub(super) fn may_go(state: &State, key: &Destruction) -> Result<(), Rejected> {
    if state.people.keys.destruction(key.version).is_some() {
        return Err(Rejected::KeyDestroyed(key.version));
    }
    let needs = state.seal_needs(key.version);
    if !needs.is_none() {
        let (links, proposals, batches) = (needs.links, needs.proposals, needs.relief_batches.len());
        return Err(Rejected::KeyNeeded(key.version, links, proposals, batches, needs.payees));
    }
    Ok(())
}

/// A version of the vault's keys is destroyed, as two people approved it.
pub(super) fn destroy(state: &State, key: &Destruction, told: &Attribution) -> Decided {
    if state.people.keys.destruction(key.version).is_some() {
        return Ok(unchanged());
    }
    let none = || ApprovalRefusal::NotApproved(format!("{} {}", key.key, key.version));
    let approval = Some(state.approvals.destruction_of(key).ok_or_else(none)?);
    may_go(state, key)?;
    let (Destruction { key, version, fiscal_year, kcv }, Attribution { by, why, via }) = (key.clone(), told.clone());
    Ok(recorded(Body::KeyDestroyed(KeyDestroyed { key, version, fiscal_year, kcv, by, why, via, approval })))
}
