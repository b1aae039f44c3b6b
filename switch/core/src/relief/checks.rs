//! Checks that several deciders of relief and of bank statements make.

use super::super::refusal::{Refusal, Rejected, WantedOfBatch};
use super::super::state::State;
use super::{Batch, Programme};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, Transfer};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, Role, Step};

pub(super) fn refuse<T>(refusal: Refusal) -> Result<T, Rejected> {
    Err(refusal.into())
}

/// The rules of the book say more than the checks before them.
pub(super) fn moved(state: &State, transfers: &[Transfer]) -> Result<Transfers, Rejected> {
    state.book.check(transfers)?;
    Ok(Transfers::from_slice(transfers))
}

pub(super) fn direct(debit: AccountId, credit: AccountId, amount: Yen) -> Option<Transfer> {
    amount.is_positive().then(|| Transfer::direct(debit, credit, amount))
}

pub(super) fn over(state: &State, now: Millis, programme: &Programme) -> Result<(), Refusal> {
    let terms = &programme.terms;
    if terms.is_over(now.max(state.at)) { Err(Refusal::Over(terms.number, terms.until)) } else { Ok(()) }
}

/// One person has one role in a batch.
pub(in super::super) fn role(state: &State, batch: &Batch, by: &str, wanted: Role) -> Result<(), Refusal> {
    let other = batch.people.iter().find(|(one, was)| **was != wanted && state.rights.are_one(one, by));
    match other {
        Some((_, was)) => Err(Refusal::TwoRoles { by: by.to_owned(), was: *was, wanted }),
        None => Ok(()),
    }
}

pub(in super::super) fn released_by_transfer(state: &State, number: u32) -> Result<(&Batch, &Programme), Refusal> {
    let batch = state.relief.batch(number)?;
    let programme = state.relief.programme(batch.programme)?;
    if programme.terms.method != Method::Transfer {
        return Err(Refusal::OtherMethod(batch.programme, programme.terms.method));
    }
    if !matches!(batch.step, Some(Step::Released | Step::Reported)) {
        let (at, step) = (batch.step, WantedOfBatch::TransferFile);
        return Err(Refusal::StepOrder { batch: number, at, step, needed: Some(Step::Released) });
    }
    Ok((batch, programme))
}
