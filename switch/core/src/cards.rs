//! Deciding about residents' cards: people suspend and revoke them and let them be used again, alone or as two.

use super::certificates::{self, NewCertificate};
use super::conditions::{known, own_id};
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
        CardChange::Lift { ppid, of } => {
            let at = own_id(state, *ppid)?;
            let (of, otherwise) = match of {
                Some(CardStatus::Revoked) => (CardStatus::Revoked, Rejected::NotRevoked(*ppid)),
                Some(CardStatus::Good | CardStatus::Suspended) | None => {
                    (CardStatus::Suspended, Rejected::NotSuspended(*ppid))
                }
            };
            // A card that was revoked meanwhile is another one than the people looked at.
            if state.holder(at).card.said != of {
                return Err(otherwise);
            }
            (set(state, *ppid, CardStatus::Good, told)?, otherwise)
        }
        CardChange::Bind { ppid, serial, issuer, last_day } => {
            // A card may come before anything else of its holder does.
            if state.people.residents.contains_key(ppid) {
                own_id(state, *ppid)?;
            }
            let new = NewCertificate { ppid: *ppid, serial: *serial, issuer: issuer.as_deref(), last_day: *last_day };
            (certificates::bind(state, new, &told.by)?, Rejected::BoundAlready(*serial))
        }
    };
    decided.body.ok_or(already)
}
