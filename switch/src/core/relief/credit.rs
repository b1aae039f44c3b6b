//! Crediting what has been released, a few purses a record, until nothing is left: the state says where it stands, so it goes on
//! after a restart or on another node by itself, and no row is credited twice.

use super::super::event::{Decision, Effect};
use super::super::state::{State, position};
use super::{Batch, RowState};
use kazasu_ledger::record::{Body, Opening, ReliefCredited};
use kazasu_ledger::transfer::{MOST, Transfers};
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::money::Yen;
use std::collections::HashMap;

/// Rows credited by one record: one transfer each, and one of the budget.
const CREDITED: usize = MOST - 1;

/// The next purses of the first batch that is not done; nothing when all are.
pub(in super::super) fn carry_on(state: &State) -> Decision {
    let Some(number) = state.relief.releasing.first() else { return Decision::default() };
    let batch = state.relief.batch(*number).expect("a batch that is released is known");
    Decision::record(Body::ReliefCredited(next(state, *number, batch))).then(Effect::Again)
}

fn next(state: &State, number: u32, batch: &Batch) -> ReliefCredited {
    let programme = state.relief.programme(batch.programme).expect("a batch's programme is known");
    let accounts = &programme.accounts;
    let mut out = ReliefCredited {
        batch: number,
        through: batch.through,
        rows: Vec::new(),
        opens: Vec::new(),
        transfers: Transfers::new(),
    };
    let mut sum = Yen::ZERO;
    let mut next_account = state.book.next_account().0;
    let mut next_holder = u32::try_from(state.holders.len()).expect("at most four billion people");
    // People and purses that this record itself brings.
    let mut people = HashMap::new();
    let mut purses: HashMap<u32, AccountId> = HashMap::new();
    for row_number in batch.granted.iter().skip(position(batch.through)).take(CREDITED) {
        out.through += 1;
        let row = &batch.rows[position(*row_number)];
        assert_eq!(row.state, RowState::Waiting, "a row is credited once");
        let ppid = row.ppid.expect("a purse is granted to a person");
        let holder = match state.residents.get(&ppid) {
            Some(at) => state.root(*at),
            None => *people.entry(ppid).or_insert_with(|| {
                next_holder += 1;
                next_holder - 1
            }),
        };
        let known = state.holders.get(position(holder)).and_then(|h| h.wallet.as_deref());
        let known = known.and_then(|w| w.purses.iter().find(|(n, _)| *n == batch.programme)).map(|(_, id)| *id);
        let purse = known.or_else(|| purses.get(&holder).copied()).unwrap_or_else(|| {
            let account = AccountId(next_account);
            next_account += 1;
            purses.insert(holder, account);
            out.opens.push(Opening { account, key: AccountKey::Purse(holder, batch.programme) });
            account
        });
        out.rows.push(*row_number);
        out.transfers.push(Transfer::direct(accounts.transit, purse, row.amount));
        sum = super::super::money::plus(sum, row.amount);
    }
    if sum.is_positive() {
        out.transfers.push(Transfer::direct(accounts.committed, accounts.executed, sum));
    }
    out
}
