//! Deciding what people ask for about relief.

use super::super::conditions::{amount_of, booked};
use super::super::decision::{Decided, Decision, recorded, reject, unchanged};
use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::refusal::{FixedTerm, MOST_PROGRAMMES, ProgrammeEnd, ROWS_AT_ONCE, Refusal, Rejected, RowIs};
use super::super::state::State;
use super::super::statement::{self, Booking, StatementLine};
use super::checks::{direct, moved, over, refuse, released_by_transfer, role};
use super::rows::{Incoming, person};
use super::steps::{applied, take_step};
use super::{MOST_ROWS, Relief, Row, RowState};
use kazasu_ledger::record::{
    Body, Opening, Proposal, ReliefBatchOpened, ReliefFileMade, ReliefRepaid, ReliefRowSet, ReliefRowsAdded,
    ReliefStepTaken,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Application, Method, Role, RowChange, Step, Terms, issue};

/// Purses of one person that one repayment is taken out of: a record has room for so many.
const MOST_PURSES: usize = 28;

pub(in super::super) fn command(state: &State, now: Millis, ask: &Relief) -> Decision {
    let result = match ask {
        Relief::OpenBatch { programme, name, digest, by } => {
            open_batch(state, now, *programme, NewFile { name, digest: *digest, by })
        }
        Relief::AddRows { batch, first, rows } => add_rows(state, now, (*batch, *first), rows),
        Relief::SetRow { batch, row, change, said } => {
            set_row(state, now, SetRow { batch: *batch, row: *row, change, told: said })
        }
        Relief::Step { batch, step: Step::Applied, refused, said, .. } => applied(state, *batch, *refused, said),
        Relief::Step { batch, step, value_date, said, .. } => take_step(
            state,
            now,
            &ReliefStepTaken {
                batch: *batch,
                step: *step,
                count: 0,
                total: Yen::ZERO,
                value_date: *value_date,
                transfers: Transfers::new(),
                by: said.by.clone(),
                why: said.why.clone(),
                via: said.via,
                refused: 0,
                withheld: None,
                reconsiders: true,
                proof: None,
            },
        ),
        Relief::FileMade { batch, format, files, by } => {
            file_made(state, ReliefFileMade { batch: *batch, format: *format, files: files.clone(), by: by.clone() })
        }
        Relief::Sent { batch, file, reference, said } => statement::sent(
            state,
            *batch,
            *file,
            &StatementLine::plain(reference, Booking::Sent { batch: *batch, file: *file }, said.clone()),
        ),
        Relief::Returned { batch, row, reference, said } => {
            let what = Booking::CameBack { batch: *batch, row: *row, fee: Yen::ZERO };
            statement::row_returned(
                state,
                (*batch, *row),
                Yen::ZERO,
                &StatementLine::plain(reference, what, said.clone()),
            )
        }
        Relief::Repaid { batch, row, amount, from_purse, reference, by } => {
            let (row, amount, from_purse) = ((*batch, *row), *amount, *from_purse);
            repaid(state, Repayment { row, amount, from_purse, reference, by })
        }
        Relief::CarryOn => return super::carry_on(state),
    };
    result.unwrap_or_else(reject)
}

/// The accounts and transfers of a proposal about relief, or its refusal.
pub(in super::super) fn effect_of(
    state: &State,
    now: Millis,
    proposal: &Proposal,
) -> Result<(Vec<Opening>, Transfers), Rejected> {
    match proposal {
        Proposal::Programme(terms) => programme(state, now, terms),
        Proposal::Claim { batch, row, right } => claim(state, (*batch, *row), *right),
        Proposal::ReturnFunds { programme, amount, reference } => {
            amount_of(*amount)?;
            let accounts = state.relief.programme(*programme)?.accounts;
            if booked(state, super::returned_key(*programme, reference), reference, *amount)? {
                return Err(Rejected::ReferenceTaken(reference.clone(), *amount));
            }
            let available = state.available(accounts.fund);
            if available < *amount {
                return Err(Rejected::FundShort { programme: *programme, available, asked: *amount });
            }
            let bank = state.parties.bank.expect("the book is open");
            Ok((Vec::new(), moved(state, &[Transfer::direct(accounts.fund, bank, *amount)])?))
        }
        Proposal::Contracts(_)
        | Proposal::Payout { .. }
        | Proposal::Resolve { .. }
        | Proposal::CancelPayout { .. }
        | Proposal::Retarget { .. }
        | Proposal::SharedLink(_)
        | Proposal::Carried(_)
        | Proposal::File(_)
        | Proposal::Correction(_)
        | Proposal::Card(_)
        | Proposal::Rights(_)
        | Proposal::Destruction(_)
        | Proposal::UndoBooking { .. } => unreachable!("decided where their subject is"),
    }
}

fn claim(state: &State, (batch, row): (u32, u32), right: Yen) -> Result<(Vec<Opening>, Transfers), Rejected> {
    let there = state.relief.row(batch, row)?;
    let what = match there.state {
        RowState::Credited(_) | RowState::Sent => None,
        RowState::Waiting => Some(RowIs::NotPaid),
        RowState::Excluded => Some(RowIs::Excluded),
        RowState::Returned => Some(RowIs::Returned),
        RowState::Withheld => Some(RowIs::Withheld),
    };
    if let Some(what) = what {
        return refuse(Refusal::RowState(batch, row, what));
    }
    // What was claimed before may be waived again, down to what has been given back.
    let most = minus(there.amount, there.repaid);
    let claimed = minus(there.amount, right);
    if right < Yen::ZERO || right > most || claimed == there.claimed {
        return refuse(Refusal::Right { batch, row, most, got: right });
    }
    let accounts = state.relief.programme(state.relief.batch(batch)?.programme)?.accounts;
    let more = direct(accounts.receivable, accounts.claims, minus(claimed, there.claimed));
    let less = direct(accounts.claims, accounts.receivable, minus(there.claimed, claimed));
    let transfers: Vec<Transfer> = more.into_iter().chain(less).collect();
    Ok((Vec::new(), moved(state, &transfers)?))
}

fn programme(state: &State, now: Millis, terms: &Terms) -> Result<(Vec<Opening>, Transfers), Rejected> {
    let number = terms.number;
    let known = state.relief.programmes.get(&number);
    if state.rules.own.purses.iter().any(|p| p.number == number) {
        return refuse(Refusal::NumberTaken(number));
    }
    if terms.is_over(now) {
        return refuse(Refusal::Past(terms.closes.map_or(ProgrammeEnd::Day(terms.until), ProgrammeEnd::Time)));
    }
    if terms.method == Method::Transfer && terms.funding.is_none() {
        return refuse(Refusal::NoFunding(number));
    }
    let others = state.relief.programmes.values().filter(|p| p.terms.number != number);
    let running = others.filter(|p| p.terms.method == Method::Purse && !p.terms.is_over(now)).count();
    if terms.method == Method::Purse && state.rules.own.purses.len() + running + 1 > MOST_PROGRAMMES {
        return refuse(Refusal::TooMany);
    }
    let Some(known) = known else {
        let first = state.book.next_account().0;
        let keys = super::RELIEF_ACCOUNTS.iter().zip(first..);
        let opens: Vec<Opening> = keys.map(|(key, n)| Opening { account: AccountId(n), key: key(number) }).collect();
        let of = |wanted: AccountKey| {
            opens.iter().find(|o| o.key == wanted).map(|o| o.account).expect("it is one of a programme's accounts")
        };
        let (budgeted, budget) = (of(AccountKey::ReliefBudgeted(number)), of(AccountKey::ReliefBudget(number)));
        let transfers = direct(budgeted, budget, terms.budget).into_iter().collect();
        return Ok((opens, transfers));
    };
    let before = &known.terms;
    let fixed = [
        (FixedTerm::Method, before.method == terms.method),
        (FixedTerm::City, before.city == terms.city),
        (FixedTerm::DuplicateRule, before.duplicates == terms.duplicates),
    ];
    if let Some((what, _)) = fixed.into_iter().find(|(_, same)| !same) {
        return refuse(Refusal::Fixed(what, number));
    }
    if before.is_over(now) {
        return refuse(Refusal::Over(number, before.until));
    }
    let accounts = &known.accounts;
    let more = direct(accounts.budgeted, accounts.budget, minus(terms.budget, before.budget));
    let less = direct(accounts.budget, accounts.budgeted, minus(before.budget, terms.budget));
    let available = state.available(accounts.budget);
    if let Some(less) = less.filter(|less| less.amount > available) {
        return refuse(Refusal::Budget { programme: number, available, asked: less.amount });
    }
    let transfers: Vec<Transfer> = more.into_iter().chain(less).collect();
    Ok((Vec::new(), moved(state, &transfers)?))
}

/// A file that begins to be read in.
#[derive(Clone, Copy)]
struct NewFile<'a> {
    name: &'a str,
    digest: [u8; 32],
    by: &'a str,
}

fn open_batch(state: &State, now: Millis, programme: u16, file: NewFile<'_>) -> Decided {
    let NewFile { name, digest, by } = file;
    let known = state.relief.programme(programme)?;
    if state.relief.files.contains_key(&(programme, digest)) {
        return Ok(unchanged());
    }
    over(state, now, known)?;
    let batch = u32::try_from(state.relief.batches.len()).expect("at most four billion batches");
    let (name, by) = (name.to_owned(), by.to_owned());
    Ok(recorded(Body::ReliefBatchOpened(ReliefBatchOpened { batch, programme, name, digest, by })))
}

fn add_rows(state: &State, now: Millis, (batch, first): (u32, u32), rows: &[Application]) -> Decided {
    let there = state.relief.batch(batch)?;
    let len = u32::try_from(there.rows.len()).expect("at most two million rows");
    let more = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    if rows.len() > ROWS_AT_ONCE || first.saturating_add(more) > MOST_ROWS {
        return refuse(Refusal::Rows);
    }
    if first.saturating_add(more) <= len {
        return Ok(unchanged());
    }
    if there.step.is_some() {
        return refuse(Refusal::Closed(batch));
    }
    if first > len {
        return refuse(Refusal::Order { batch, there: len, got: first });
    }
    let programme = state.relief.programme(there.programme)?;
    let mut incoming = Incoming::new(state, programme, batch, now.max(state.at).jst_day());
    let rows = rows[position(len - first)..].iter().map(|row| {
        let issues = incoming.examine(row);
        Application { issues, ..row.clone() }
    });
    Ok(recorded(Body::ReliefRowsAdded(ReliefRowsAdded { batch, first: len, rows: rows.collect(), reconsiders: true })))
}

/// A person's decision about a row.
#[derive(Clone, Copy)]
struct SetRow<'a> {
    batch: u32,
    row: u32,
    change: &'a RowChange,
    told: &'a Attribution,
}

fn set_row(state: &State, now: Millis, asked: SetRow<'_>) -> Decided {
    let SetRow { batch, row, change, told } = asked;
    let there = state.relief.batch(batch)?;
    role(state, there, &told.by, Role::Officer)?;
    if there.step.is_none() || !there.can_change() {
        return refuse(Refusal::Decided(batch, there.step));
    }
    let old = state.relief.row(batch, row)?;
    let method = state.relief.programme(there.programme)?.terms.method;
    // What is found about the row once it is another one: as if it came in now, without itself.
    let again = |new: &Row| {
        let today = now.max(state.at).jst_day();
        person(state, method, (new.ppid.as_ref(), new.account.as_deref()), today)
            | old.issues & (issue::SHARED_ACCOUNT | issue::SUPPLEMENT)
            | state.refusal((batch, row), new)
    };
    let issues = match change {
        RowChange::Exclude if old.state == RowState::Excluded => return Ok(unchanged()),
        RowChange::Exclude => old.issues,
        RowChange::Include if old.state != RowState::Excluded => return Ok(unchanged()),
        RowChange::Include => again(old),
        RowChange::Accept => {
            let open = old.open_issues();
            if open == 0 {
                return Ok(unchanged());
            }
            let never = open & (issue::NEVER | issue::NO_ID | issue::NO_ACCOUNT);
            if never != 0 {
                return refuse(Refusal::NotAcceptable(row, batch, super::issue_names(never)));
            }
            old.issues
        }
        RowChange::Assign(ppid) if old.ppid == Some(*ppid) => return Ok(unchanged()),
        RowChange::Assign(ppid) => {
            if !state.people.residents.contains_key(ppid) {
                return Err(Rejected::UnknownPpid(*ppid));
            }
            again(&Row { ppid: Some(*ppid), ..old.clone() })
        }
        RowChange::Amount(amount) => {
            amount_of(*amount)?;
            if *amount == old.amount {
                return Ok(unchanged());
            }
            again(&Row { amount: *amount, ..old.clone() })
        }
    };
    if !matches!(change, RowChange::Exclude | RowChange::Include) && old.state != RowState::Waiting {
        return refuse(Refusal::Excluded(row, batch));
    }
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::ReliefRowSet(ReliefRowSet {
        batch,
        row,
        change: change.clone(),
        issues,
        by,
        why,
        via,
        reconsiders: true,
        proof: None,
    })))
}

fn file_made(state: &State, asked: ReliefFileMade) -> Decided {
    let (batch, _) = released_by_transfer(state, asked.batch)?;
    role(state, batch, &asked.by, Role::Treasurer)?;
    match &batch.file {
        None => Ok(recorded(Body::ReliefFileMade(asked))),
        Some((format, files)) if *format == asked.format && *files == asked.files => Ok(unchanged()),
        Some((format, _)) => refuse(Refusal::OtherFile(asked.batch, *format)),
    }
}

/// The amount that a payee gives back.
#[derive(Clone, Copy)]
struct Repayment<'a> {
    /// The batch and the row.
    row: (u32, u32),
    amount: Yen,
    /// Out of the purse, because the payee agreed; else over the bank.
    from_purse: bool,
    /// The payment's own: it is booked once.
    reference: &'a str,
    by: &'a str,
}

fn repaid(state: &State, asked: Repayment<'_>) -> Decided {
    let Repayment { row: (number, at), amount, from_purse, reference, by } = asked;
    amount_of(amount)?;
    let batch = state.relief.batch(number)?;
    let row = state.relief.row(number, at)?;
    role(state, batch, by, Role::Treasurer)?;
    if booked(state, super::repaid_key(batch.programme, number, at, reference), reference, amount)? {
        return Ok(unchanged());
    }
    let owed = minus(row.claimed, row.repaid);
    if amount > owed {
        return refuse(Refusal::Owed { batch: number, row: at, owed, got: amount });
    }
    let accounts = &state.relief.programme(batch.programme)?.accounts;
    let mut transfers = match (from_purse, row.state) {
        (false, _) => vec![Transfer::direct(state.parties.bank.expect("the book is open"), accounts.fund, amount)],
        (true, RowState::Credited(purse)) => out_of_purses(state, purse, accounts.fund, amount),
        (true, RowState::Waiting | RowState::Excluded | RowState::Sent | RowState::Returned | RowState::Withheld) => {
            return refuse(Refusal::RowState(number, at, RowIs::InNoPurse));
        }
    };
    transfers.push(Transfer::direct(accounts.claims, accounts.receivable, amount));
    transfers.push(Transfer::direct(accounts.executed, accounts.budget, amount));
    let transfers = moved(state, &transfers)?;
    let (reference, by) = (reference.to_owned(), by.to_owned());
    Ok(recorded(Body::ReliefRepaid(ReliefRepaid {
        batch: number,
        row: at,
        amount,
        from_purse,
        reference,
        transfers,
        by,
    })))
}

/// A person has one balance of a programme: first the purse that the row is in, then those that came with temporary IDs. What is not
/// there is asked of the first, which refuses it.
fn out_of_purses(state: &State, first: AccountId, fund: AccountId, amount: Yen) -> Vec<Transfer> {
    let mut left = amount;
    let mut shares: Vec<(AccountId, Yen)> = Vec::new();
    for account in std::iter::once(first).chain(state.purses_beside(first)).take(MOST_PURSES) {
        let share = state.available(account).min(left).max(Yen::ZERO);
        left = minus(left, share);
        shares.push((account, share));
    }
    shares[0].1 = plus(shares[0].1, left);
    shares.into_iter().filter_map(|(account, share)| direct(account, fund, share)).collect()
}
