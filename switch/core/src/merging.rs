//! Merging a temporary ID into a person's PPID.

use super::conditions::{known, own_id};
use super::decision::{Decided, recorded};
use super::refusal::Rejected;
use super::state::State;
use super::wallet::NO_HOLDER;
use kazasu_ledger::record::{Body, Merged};
use kazasu_schemas::ids::Ppid;

pub(super) fn merge(state: &State, from: Ppid, into: Ppid, by: &str) -> Decided {
    let (a, b) = (known(state, from)?, known(state, into)?);
    if !state.holder(a).card.temporary {
        return Err(Rejected::NotTemporary(from));
    }
    if state.holder(a).merged_into != NO_HOLDER {
        return Err(Rejected::MergedBefore(from));
    }
    if state.holder(b).card.temporary {
        return Err(Rejected::IntoTemporary(into));
    }
    own_id(state, into)?;
    Ok(recorded(Body::Merged(Merged { from, into, by: by.to_owned() })))
}
