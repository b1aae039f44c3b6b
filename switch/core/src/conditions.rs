//! Conditions that commands of several subjects have.

use super::refusal::Rejected;
use super::state::State;
use kazasu_schemas::canonical::is_blank;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};

pub(super) fn known(state: &State, ppid: Ppid) -> Result<u32, Rejected> {
    state.people.residents.get(&ppid).copied().ok_or(Rejected::UnknownPpid(ppid))
}

/// A person's own ID. One that was merged, or whose place another took, stands for itself no more.
pub(super) fn own_id(state: &State, ppid: Ppid) -> Result<u32, Rejected> {
    let at = known(state, ppid)?;
    match state.root(at) {
        root if root == at => Ok(at),
        root => Err(Rejected::GoneInto(ppid, state.holder(root).ppid)),
    }
}

pub(super) fn amount_of(amount: Yen) -> Result<(), Rejected> {
    if amount.is_positive() && amount.get() <= MAX_WIRE_AMOUNT { Ok(()) } else { Err(Rejected::Amount(amount)) }
}

/// A reference is booked once: `true` when it was, with this amount.
pub(super) fn booked(state: &State, key: [u8; 16], reference: &str, amount: Yen) -> Result<bool, Rejected> {
    if is_blank(reference) || reference.chars().count() > 100 {
        return Err(Rejected::Reference);
    }
    match state.references.get(&key) {
        None => Ok(false),
        Some(before) if *before == amount => Ok(true),
        Some(before) => Err(Rejected::ReferenceTaken(reference.to_owned(), *before)),
    }
}
