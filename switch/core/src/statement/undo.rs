//! The transfers that undo a booked line: the same the other way round, as long as nothing was built on it.

use super::super::closing::{SettlementState, received_key};
use super::super::refusal::{BuiltOn, NotClosed, Refusal, Rejected, RowIs};
use super::super::relief::RowState;
use super::super::state::State;
use super::{Became, Line, line_key};
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{Opening, Payer};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::money::Yen;

/// The transfers of a proposal to undo, or its refusal.
pub(in super::super) fn effect_of(
    state: &State,
    reference: &str,
    payer: Option<Payer>,
) -> Result<(Vec<Opening>, Transfers), Rejected> {
    let key = payer.map_or_else(|| line_key(reference), |from| received_key(from, reference));
    let known = state.lines.known.get(&key).ok_or_else(|| NotClosed::UnknownLine(reference.to_owned()))?;
    if let Some(alias) = state.lines.alias_of(known) {
        return stands(known, BuiltOn::Alias(alias.reference.to_string()));
    }
    Ok((Vec::new(), transfers(state, known)?))
}

fn stands<T>(line: &Line, what: BuiltOn) -> Result<T, Rejected> {
    Err(NotClosed::CannotUndo(line.reference.to_string(), what).into())
}

pub(super) fn transfers(state: &State, line: &Line) -> Result<Transfers, Rejected> {
    let bank = state.parties.bank.expect("the book is open");
    let Some(became) = &line.became else { return stands(line, BuiltOn::UndoneBefore) };
    let moves = match became {
        Became::Taken { payout, file } => {
            let there = state.closing.payouts.get(payout).ok_or(NotClosed::UnknownPayout(*payout))?;
            let gone = there.of_file(*file).iter().find(|n| {
                state.settlement_at(**n).is_none_or(|settled| settled.state != SettlementState::Paid(*payout))
            });
            if let Some(n) = gone {
                return stands(line, BuiltOn::SettlementCameBack(*n));
            }
            let transit = state.closing.transit.expect("something was settled for it");
            vec![Transfer::direct(bank, transit, line.amount)]
        }
        Became::Returned { payout, settlement, fee } => {
            let settled = state.settlement_at(*settlement).ok_or(NotClosed::UnknownSettlement(*settlement))?;
            if settled.state != SettlementState::Returned(*payout) {
                return stands(line, BuiltOn::SettlementIs(*settlement, settled.state));
            }
            let payable = state.merchant(settled.merchant).expect("a settled merchant is registered").payable;
            back(state, payable, bank, (line.amount, *fee))
        }
        Became::Received { from } => {
            let owes = match from {
                Payer::Issuer(issuer) => state.parties.issuers.get(issuer).copied(),
                Payer::Funder(programme) => state.programmes.points.get(programme).map(|book| book.funder),
            };
            let owes = owes.expect("it was booked for this payer");
            vec![Transfer::direct(owes, bank, line.amount)]
        }
        Became::Sent { batch, file } => {
            let there = state.relief.batch(*batch)?;
            for row in there.rows_of_file(*file) {
                let row_is = state.relief.row(*batch, *row)?;
                if row_is.state != RowState::Sent || row_is.claimed.is_positive() {
                    return stands(line, BuiltOn::Row { batch: *batch, row: *row });
                }
            }
            let transit = state.relief.programme(there.programme)?.accounts.transit;
            vec![Transfer::direct(bank, transit, line.amount)]
        }
        Became::CameBack { batch, row, fee, claimed } => row_sent_again(state, line, (*batch, *row), (*fee, *claimed))?,
        Became::Aside(_) => Vec::new(),
        Became::Corrects(_) => return stands(line, BuiltOn::Correction),
        Became::Corrected => return stands(line, BuiltOn::UndoneBefore),
    };
    state.book.check(&moves)?;
    Ok(moves.into_iter().collect())
}

/// That a household's transfer came back is undone: it is paid, and claimed, as before.
fn row_sent_again(
    state: &State,
    line: &Line,
    (batch, row): (u32, u32),
    (fee, claimed): (Yen, Yen),
) -> Result<Vec<Transfer>, Rejected> {
    let there = state.relief.batch(batch)?;
    let row_is = state.relief.row(batch, row)?;
    if row_is.state != RowState::Returned {
        return Err(Refusal::RowState(batch, row, RowIs::NotReturned).into());
    }
    if let Some((b, r)) = state.relief.dedup.get(&(there.programme, row_is.dedup)) {
        return stands(line, BuiltOn::GrantedAgain { batch: *b, row: *r });
    }
    let accounts = &state.relief.programme(there.programme)?.accounts;
    let bank = state.parties.bank.expect("the book is open");
    let mut moves = back(state, accounts.fund, bank, (line.amount, fee));
    moves.push(Transfer::direct(accounts.budget, accounts.executed, row_is.amount));
    if claimed.is_positive() {
        moves.push(Transfer::direct(accounts.receivable, accounts.claims, claimed));
    }
    Ok(moves)
}

/// The received amount goes out again, and with it the bank's fee.
fn back(
    state: &State,
    from: kazasu_ledger::AccountId,
    bank: kazasu_ledger::AccountId,
    (came, fee): (Yen, Yen),
) -> Vec<Transfer> {
    let mut moves = vec![Transfer::direct(from, bank, came)];
    if let Some(fees) = state.lines.fees.filter(|_| fee.is_positive()) {
        moves.push(Transfer::direct(from, fees, fee));
    }
    moves
}
