//! Crediting what has been released, a few purses a record, until nothing is left: the state says where it stands, so it goes on
//! after a restart or on another node by itself, and no row is credited twice.

use super::super::decision::{Decision, Effect};
use super::super::index::position;
use super::super::money::plus;
use super::super::state::State;
use super::{Batch, RowState};
use kazasu_ledger::record::{Body, Opening, ReliefCredited};
use kazasu_ledger::transfer::{MOST, Transfers};
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use std::collections::HashMap;

/// Rows credited by one record: one transfer each, and one of the budget.
const CREDITED: usize = MOST - 1;
/// Transfers beside those of rows where some are withheld: the budget, and what goes back.
const BESIDE: usize = 3;

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
        withheld: Vec::new(),
    };
    let mut sum = Yen::ZERO;
    let mut next_account = state.book.next_account().0;
    let mut next_holder = u32::try_from(state.people.holders.len()).expect("at most four billion people");
    // People and purses that this record itself brings.
    let mut people = HashMap::new();
    let mut purses: HashMap<u32, AccountId> = HashMap::new();
    // What people get by this record, and what is withheld of them.
    let mut more: HashMap<Ppid, Yen> = HashMap::new();
    let mut back = Yen::ZERO;
    let ceiling = batch.ceiling.max(programme.terms.ceiling);
    for row_number in batch.granted.iter().skip(position(batch.through)).take(CREDITED) {
        let row = &batch.rows[position(*row_number)];
        assert_eq!(row.state, RowState::Waiting, "a row is credited once");
        let ppid = row.ppid.expect("a purse is granted to a person");
        let person = state.people.residents.get(&ppid).map_or(ppid, |at| state.holder(state.root(*at)).ppid);
        let share = state.share(batch.programme, row);
        let gets = more.entry(person).or_default();
        // People may have become one since the release.
        let above = share.due > ceiling && plus(plus(share.credited, *gets), row.amount) > ceiling;
        if (above || !out.withheld.is_empty()) && out.rows.len() + BESIDE >= MOST {
            break;
        }
        out.through += 1;
        if above {
            out.withheld.push(*row_number);
            back = plus(back, row.amount);
            continue;
        }
        *gets = plus(*gets, row.amount);
        let holder = match state.people.residents.get(&ppid) {
            Some(at) => state.root(*at),
            None => *people.entry(ppid).or_insert_with(|| {
                next_holder += 1;
                next_holder - 1
            }),
        };
        let known = state.people.holders.get(position(holder)).and_then(|h| h.wallet.as_deref());
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
        sum = plus(sum, row.amount);
    }
    if sum.is_positive() {
        out.transfers.push(Transfer::direct(accounts.committed, accounts.executed, sum));
    }
    if back.is_positive() {
        out.transfers.push(Transfer::direct(accounts.transit, accounts.fund, back));
        out.transfers.push(Transfer::direct(accounts.committed, accounts.budget, back));
    }
    out
}
