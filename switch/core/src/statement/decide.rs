//! Deciding whether a line can be booked as what it is said to be.

use super::super::closing::{Payout, SettlementState};
use super::super::conditions::{amount_of, booked};
use super::super::decision::{Decided, Decision, recorded, reject, unchanged};
use super::super::money::minus;
use super::super::refusal::{NotClosed, Refusal, Rejected, RowIs, SentFile, TextField, Unlike};
use super::super::relief::RowState;
use super::super::state::State;
use super::{ALIKE_DAYS, Alike, Became, Booking, MOST_BANK_FEE, StatementLine, undo};
use kazasu_ledger::record::{
    Aside, Body, LineSetAside, LineUndone, MoneyReceived, Opening, Payer, PayoutReturned, PayoutTaken, ReliefReturned,
    ReliefSent,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::same;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Role;

pub(in super::super) fn command(state: &State, line: &StatementLine) -> Decision {
    let decided = match &line.what {
        Booking::Taken { payout, file } => taken(state, *payout, *file, line),
        Booking::Returned { payout, settlement, fee } => returned(state, (*payout, *settlement), *fee, line),
        Booking::Received { from, amount } => received(state, *from, *amount, line),
        Booking::Sent { batch, file } => sent(state, *batch, *file, line),
        Booking::CameBack { batch, row, fee } => row_returned(state, (*batch, *row), *fee, line),
        Booking::Aside(aside) => set_aside(state, aside, line),
        Booking::Corrects { line: corrected } => corrects(state, corrected, line),
    };
    decided.unwrap_or_else(reject)
}

fn refuse<T>(why: NotClosed) -> Result<T, Rejected> {
    Err(why.into())
}

/// Accounts that the record opens are unknown to the book yet, and have no bound.
fn moved(state: &State, transfers: Vec<Transfer>) -> Result<Transfers, Rejected> {
    let known: Vec<Transfer> = transfers
        .iter()
        .filter(|t| [t.debit, t.credit].iter().all(|id| state.book.account(*id).is_some()))
        .copied()
        .collect();
    state.book.check(&known)?;
    Ok(transfers.into_iter().collect())
}

/// A line's name is a reference, and a line is booked once: as the same thing it is new no more, and as another thing it is refused.
fn is_new(state: &State, line: &StatementLine) -> Result<bool, Rejected> {
    let reference = &line.reference;
    if kazasu_schemas::canonical::is_blank(reference) || reference.chars().count() > 100 {
        return Err(Rejected::Reference);
    }
    let Some((became, amount)) = state.lines.booked_as(reference) else { return Ok(true) };
    if became.is_booked_by(&line.what, amount) {
        return Ok(false);
    }
    let (became, amount) = (became.clone(), became.way().map(|_| amount));
    refuse(NotClosed::BookedAs { reference: reference.clone(), became, amount })
}

fn payout_of(state: &State, payout: u64) -> Result<&Payout, Rejected> {
    state.closing.payouts.get(&payout).ok_or_else(|| NotClosed::UnknownPayout(payout).into())
}

/// The account of what banks keep, opened when it is the first.
fn fees(state: &State, fee: Yen) -> (AccountId, Vec<Opening>) {
    match state.lines.fees {
        Some(account) => (account, Vec::new()),
        None => {
            let account = state.book.next_account();
            let opens =
                if fee.is_positive() { vec![Opening { account, key: AccountKey::BankFees }] } else { Vec::new() };
            (account, opens)
        }
    }
}

/// The received part of the sent amount, after the bank's fee.
fn less_fee(sent: Yen, fee: Yen) -> Result<Yen, Rejected> {
    let came = minus(sent, fee);
    if fee < Yen::ZERO || fee > MOST_BANK_FEE || !came.is_positive() {
        return refuse(NotClosed::BankFee { sent, fee, most: MOST_BANK_FEE });
    }
    Ok(came)
}

pub(in super::super) fn taken(state: &State, payout: u64, file: u16, line: &StatementLine) -> Decided {
    let there = payout_of(state, payout)?;
    let Some((_, files)) = &there.file else { return refuse(NotClosed::NoFile(payout)) };
    let Some(made) = files.get(usize::from(file)) else { return refuse(NotClosed::UnknownFile(payout, file)) };
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    if there.taken.contains(&file) {
        return refuse(NotClosed::TakenBefore(SentFile::Payout { payout, file }));
    }
    let transit = state.closing.transit.expect("something was settled for it");
    let bank = state.parties.bank.expect("the book is open");
    let transfers = moved(state, vec![Transfer::direct(transit, bank, made.total)])?;
    let (reference, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    Ok(recorded(Body::PayoutTaken(PayoutTaken { payout, reference, transfers, by, file, why, via })))
}

pub(in super::super) fn returned(
    state: &State,
    (payout, settlement): (u64, u32),
    fee: Yen,
    line: &StatementLine,
) -> Decided {
    payout_of(state, payout)?;
    let settled = state.settlement_at(settlement).ok_or(NotClosed::UnknownSettlement(settlement))?;
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    if settled.state != SettlementState::Paid(payout) {
        return refuse(NotClosed::NotPaid(settlement, payout));
    }
    let payable = state.merchant(settled.merchant).expect("a settled merchant is registered").payable;
    let bank = state.parties.bank.expect("the book is open");
    let came = less_fee(settled.settlement.paid, fee)?;
    let (expense, opens) = fees(state, fee);
    let mut transfers = vec![Transfer::direct(bank, payable, came)];
    if fee.is_positive() {
        transfers.push(Transfer::direct(expense, payable, fee));
    }
    let transfers = moved(state, transfers)?;
    let (reference, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    Ok(recorded(Body::PayoutReturned(PayoutReturned {
        payout,
        settlement,
        reference,
        transfers,
        by,
        fee,
        why,
        opens,
        via,
    })))
}

/// Payments of issuers and funders. A line that looks like a booked payment waits for a person, in either order of the two
/// and wherever it was read: only lines of one file of the bank are certainly two.
pub(in super::super) fn received(state: &State, from: Payer, amount: Yen, line: &StatementLine) -> Decided {
    amount_of(amount)?;
    let reference = &line.reference;
    if booked(state, super::super::closing::received_key(from, reference), reference, amount)? {
        return Ok(unchanged());
    }
    if line.statement.is_some() && !is_new(state, line)? {
        return Ok(unchanged());
    }
    let owes = match from {
        Payer::Issuer(issuer) => *state.parties.issuers.get(&issuer).ok_or(NotClosed::UnknownIssuer(issuer))?,
        Payer::Funder(programme) => {
            state.programmes.points.get(&programme).ok_or(Rejected::UnknownProgramme(programme))?.funder
        }
    };
    let day = line.day.unwrap_or_else(|| state.at.jst_day());
    if line.alike == Alike::Waits {
        let payments = state.lines.payments.get(&from).map_or(&[][..], Vec::as_slice);
        let near = |p: &&super::Payment| {
            p.amount == amount
                && p.day.0.abs_diff(day.0) <= ALIKE_DAYS.unsigned_abs()
                && (p.statement.is_none() || p.statement != line.statement)
        };
        if let Some(p) = payments.iter().rev().find(near) {
            return refuse(NotClosed::LikelyDouble {
                amount,
                day: p.day,
                by: p.by.to_string(),
                reference: p.reference.to_string(),
            });
        }
    }
    let bank = state.parties.bank.expect("the book is open");
    let transfers = moved(state, vec![Transfer::direct(bank, owes, amount)])?;
    let (reference, Attribution { by, why, via }) = (reference.clone(), line.said.clone());
    let (day, statement) = (Some(day), line.statement);
    Ok(recorded(Body::MoneyReceived(MoneyReceived { from, reference, transfers, by, day, why, statement, via })))
}

pub(in super::super) fn sent(state: &State, number: u32, file: u16, line: &StatementLine) -> Decided {
    let (batch, programme) = super::super::relief::released_by_transfer(state, number)?;
    super::super::relief::role(state, batch, &line.said.by, Role::Treasurer)?;
    let Some((_, files)) = &batch.file else { return Err(Refusal::NoFile(number).into()) };
    let Some(made) = files.get(usize::from(file)) else { return Err(Refusal::UnknownFile(number, file).into()) };
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    if batch.sent.contains(&file) {
        return refuse(NotClosed::TakenBefore(SentFile::Batch { batch: number, file }));
    }
    let bank = state.parties.bank.expect("the book is open");
    let transfers = moved(state, vec![Transfer::direct(programme.accounts.transit, bank, made.total)])?;
    let (reference, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    Ok(recorded(Body::ReliefSent(ReliefSent { batch: number, file, reference, transfers, by, why, via })))
}

pub(in super::super) fn row_returned(
    state: &State,
    (number, at): (u32, u32),
    fee: Yen,
    line: &StatementLine,
) -> Decided {
    let (batch, programme) = super::super::relief::released_by_transfer(state, number)?;
    super::super::relief::role(state, batch, &line.said.by, Role::Treasurer)?;
    let row = state.relief.row(number, at)?;
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    let state_is = |what| Err(Refusal::RowState(number, at, what).into());
    match row.state {
        RowState::Sent => {}
        RowState::Waiting => return state_is(RowIs::NotSentYet),
        RowState::Returned => return state_is(RowIs::ReturnedBefore),
        RowState::Excluded | RowState::Credited(_) | RowState::Withheld => return state_is(RowIs::NotSent),
    }
    if row.repaid.is_positive() {
        return state_is(RowIs::PartlyRepaid);
    }
    let accounts = &programme.accounts;
    let bank = state.parties.bank.expect("the book is open");
    let came = less_fee(row.amount, fee)?;
    let (expense, opens) = fees(state, fee);
    let mut transfers = vec![Transfer::direct(bank, accounts.fund, came)];
    if fee.is_positive() {
        transfers.push(Transfer::direct(expense, accounts.fund, fee));
    }
    transfers.push(Transfer::direct(accounts.executed, accounts.budget, row.amount));
    // What was claimed of it has come back with it.
    if row.claimed.is_positive() {
        transfers.push(Transfer::direct(accounts.claims, accounts.receivable, row.claimed));
    }
    let transfers = moved(state, transfers)?;
    let (reference, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    Ok(recorded(Body::ReliefReturned(ReliefReturned {
        batch: number,
        row: at,
        reference,
        transfers,
        by,
        fee,
        why,
        via,
        opens,
        reconsiders: true,
    })))
}

fn set_aside(state: &State, aside: &Aside, line: &StatementLine) -> Decided {
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    if line.said.why.trim().is_empty() && !matches!(aside, Aside::Corrected(_)) {
        return refuse(NotClosed::Text(TextField::LineReason));
    }
    if let Aside::Same(other) = aside {
        is_the_same(state, other, line)?;
    }
    let (name, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    let city = line.seen.as_ref().and_then(|seen| seen.city.clone());
    Ok(recorded(Body::LineSetAside(LineSetAside { line: name, aside: aside.clone(), by, why, city, via })))
}

/// A line that moves nothing because it is what was booked before needs that to stand, and to be what the line says.
fn is_the_same(state: &State, other: &str, line: &StatementLine) -> Result<(), Rejected> {
    let no = |why| refuse(NotClosed::NotTheSame { line: line.reference.clone(), other: other.to_owned(), why });
    if same(other, &line.reference) {
        return no(Unlike::Itself);
    }
    let seen = line.seen.as_ref();
    let Some(stands) = state.lines.standing(other, seen) else {
        return no(Unlike::NothingStands);
    };
    let (Some(became), Some(seen)) = (&stands.became, seen) else { return Ok(()) };
    if became.way() != Some(seen.way) || stands.amount != seen.amount {
        let (expected, got) = ((seen.amount, seen.way), (stands.amount, became.way()));
        return no(Unlike::Moved { expected, got, became: became.clone() });
    }
    match (became, seen.payer) {
        (Became::Received { from }, Some(payer)) if *from != payer => {
            no(Unlike::Payer { expected: payer, became: became.clone() })
        }
        _ => Ok(()),
    }
}

/// The bank took a line back: what was booked for it is undone.
fn corrects(state: &State, corrected: &str, line: &StatementLine) -> Decided {
    if !is_new(state, line)? {
        return Ok(unchanged());
    }
    let known = state.lines.find(corrected);
    let (_, known) = known.ok_or_else(|| NotClosed::UnknownLine(corrected.to_owned()))?;
    let transfers = undo::transfers(state, known)?;
    let (correction, Attribution { by, why, via }) = (line.reference.clone(), line.said.clone());
    Ok(recorded(Body::LineUndone(LineUndone { line: corrected.to_owned(), correction, transfers, by, why, via })))
}

impl State {
    /// The reason why a line could not be booked as it stands now; nothing is changed.
    #[must_use]
    pub fn would_book(&self, line: &StatementLine) -> Option<Rejected> {
        command(self, line).rejected
    }
}
