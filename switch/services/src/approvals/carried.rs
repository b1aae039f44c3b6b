//! What changes with records of their own would do.

use super::differences::Difference;
use super::found::{ApprovalEffect, Found, yen};
use kazasu_core::{SettlementState, State};
use kazasu_ledger::record::{CarriedChange, Payee, PayeeChange};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;

pub(super) fn found(state: &State, change: &CarriedChange) -> Found {
    match change {
        CarriedChange::Fund { programme, amount, .. } => {
            let fund = fund_of(state, *programme);
            let change = fund.map(|now| Difference::new("fund_yen", now, now.saturating_add(amount.get())));
            Found::plain(yen(*amount), change.into_iter().collect())
        }
        CarriedChange::Credit { ppid, programme, amount, .. } => credit(state, (ppid, *programme), *amount),
        CarriedChange::Policy(policy) => {
            let (version, in_force, source) = state.policy();
            let changes = vec![
                Difference::new("version", version, version + 1),
                Difference::new("name", &in_force.name, &policy.name),
            ];
            let effect = ApprovalEffect { changes, ..ApprovalEffect::default() };
            Found { effect, in_force: Some(source.to_owned()), ..Found::default() }
        }
        CarriedChange::Merge { from, into } => merge(state, from, into),
        CarriedChange::Link { ppid, .. } => Found::of_link(state, *ppid),
        CarriedChange::Payee(change) => payee(state, change),
    }
}

/// Yen in a programme's fund.
fn fund_of(state: &State, programme: u16) -> Option<i64> {
    if let Some(view) = state.relief_programme(programme) {
        return Some(view.fund.get());
    }
    let (funds, _) = state.programmes();
    funds.iter().find(|fund| fund.programme == programme).map(|fund| fund.available)
}

/// Yen in a person's purse.
fn purse_of(state: &State, ppid: &Ppid, programme: u16) -> i64 {
    let resident = state.resident(ppid, state.day);
    let purses = resident.map(|resident| resident.purses).unwrap_or_default();
    purses.iter().find(|purse| purse.programme == programme).map_or(0, |purse| purse.available)
}

fn credit(state: &State, (ppid, programme): (&Ppid, u16), amount: Yen) -> Found {
    let purse = purse_of(state, ppid, programme);
    let mut changes = vec![Difference::new("purse_yen", purse, purse.saturating_add(amount.get()))];
    changes.extend(
        fund_of(state, programme).map(|now| Difference::new("fund_yen", now, now.saturating_sub(amount.get()))),
    );
    Found::plain(yen(amount), changes)
}

/// The account before and after is opened later; here is whose it is, and what is due to it.
fn payee(state: &State, change: &PayeeChange) -> Found {
    let mut changes = vec![Difference::known("payee", change.payee)];
    if let Payee::Merchant { acquirer, merchant } = change.payee {
        let name = state.merchants().iter().find(|m| (m.acquirer, m.id) == (acquirer, merchant));
        changes.extend(name.map(|merchant| Difference::known("merchant", &merchant.name)));
        let settlements = state.settlements();
        let due = settlements.iter().filter(|s| (s.acquirer, s.merchant) == (acquirer, merchant));
        let due = due.filter(|s| s.state == SettlementState::Due).map(|s| s.settlement.paid.get()).sum::<i64>();
        changes.push(Difference::known("due_yen", due));
    }
    let mut found = Found::plain(None, changes);
    found.accounts.extend(state.payee_account(&change.payee).and_then(|now| Some((change.payee, now.account?))));
    found
}

/// Purses go over to the person, and relief of both counts together.
fn merge(state: &State, from: &Ppid, into: &Ppid) -> Found {
    let purses = state.resident(from, state.day).map(|resident| resident.purses).unwrap_or_default();
    let moved: i64 = purses.iter().map(|purse| purse.available).sum();
    let each = purses.iter().map(|purse| {
        let now = purse_of(state, into, purse.programme);
        let field = format!("purse_yen[{}]", purse.programme);
        Difference::new(&field, now, now.saturating_add(purse.available))
    });
    let above = state
        .relief_above_together(from, into)
        .into_iter()
        .map(|(programme, due, _, ceiling)| Difference::new(&format!("above_ceiling[{programme}]"), ceiling, due));
    let changes = each.chain(above).collect();
    Found::plain(Some(moved), changes)
}
