//! Deciding about residents' cards: people suspend and revoke them and let them be used again, alone or as two.

use super::certificates::{self, NewCertificate};
use super::conditions::known;
use super::decision::{Decided, recorded, unchanged};
use super::refusal::Rejected;
use super::state::State;
use kazasu_ledger::record::{Body, CardChange, CardStatus, CardStatusSet};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;

pub(super) fn set(state: &State, ppid: Ppid, status: CardStatus, told: &Attribution) -> Decided {
    let at = known(state, ppid)?;
    let said = state.holder(at).card.said;
    // A person who suspends a card that has been revoked must not bring it nearer to being used.
    if said == status || (said == CardStatus::Revoked && status == CardStatus::Suspended) {
        return Ok(unchanged());
    }
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::CardStatusSet(CardStatusSet { ppid, status, by, why, via, proof: None })))
}

/// The record of what two people change, or why there is none: what is so already needs no consent.
pub(super) fn changed(state: &State, change: &CardChange, told: &Attribution) -> Result<Body, Rejected> {
    let (decided, already) = match change {
        CardChange::Lift { ppid } => {
            let at = known(state, *ppid)?;
            if state.holder(at).card.said != CardStatus::Suspended {
                return Err(Rejected::NotSuspended(*ppid));
            }
            (set(state, *ppid, CardStatus::Good, told)?, Rejected::NotSuspended(*ppid))
        }
        CardChange::Bind { ppid, serial, issuer, last_day } => {
            // A call centre binds cards of people who are known; others come with an import.
            known(state, *ppid)?;
            let new = NewCertificate { ppid: *ppid, serial: *serial, issuer: issuer.as_deref(), last_day: *last_day };
            (certificates::bind(state, new, &told.by)?, Rejected::BoundAlready(*serial))
        }
    };
    decided.body.ok_or(already)
}
