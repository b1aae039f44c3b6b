//! Computes the effect of changes that have record kinds of their own.

use super::differences::Difference;
use super::found::{ApprovalEffect, Found, yen};
use kazasu_core::{Holding, Resident, SettlementState, State};
use kazasu_ledger::record::{CarriedChange, Payee, PayeeChange, Replacement};
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
        CarriedChange::Replace(replacement) => replace(state, replacement),
        CarriedChange::Payee(change) => payee(state, change),
    }
}

/// The fund of a programme, in yen.
fn fund_of(state: &State, programme: u16) -> Option<i64> {
    if let Some(view) = state.relief_programme(programme) {
        return Some(view.fund.get());
    }
    let (funds, _) = state.programmes();
    funds.iter().find(|fund| fund.programme == programme).map(|fund| fund.available)
}

/// The balance of a person's purse, in yen.
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

/// The balance of an ID in a programme, and the person's balance together with it: purses in yen, or points.
fn joined(field: &str, theirs: &[Holding], ours: &[Holding]) -> Vec<Difference> {
    let each = theirs.iter().map(|holding| {
        let own = ours.iter().find(|own| own.programme == holding.programme).map_or(0, |own| own.available);
        let field = format!("{field}[{}]", holding.programme);
        Difference::new(&field, own, own.saturating_add(holding.available))
    });
    each.collect()
}

/// Purses and points go over to the person, and relief of both counts together. The yen that go over, and what changes.
fn taken_over(state: &State, from: &Ppid, into: &Ppid) -> (i64, Vec<Difference>) {
    let (theirs, ours) = (state.resident(from, state.day), state.resident(into, state.day));
    let holdings = |of: Option<Resident>| of.map(|resident| (resident.purses, resident.points)).unwrap_or_default();
    let ((purses, points), (own_purses, own_points)) = (holdings(theirs), holdings(ours));
    let mut changes = joined("purse_yen", &purses, &own_purses);
    changes.extend(joined("points", &points, &own_points));
    let above = state.relief_above_together(from, into).into_iter();
    changes.extend(
        above.map(|(programme, due, _, ceiling)| Difference::new(&format!("above_ceiling[{programme}]"), ceiling, due)),
    );
    (purses.iter().map(|purse| purse.available).sum(), changes)
}

fn merge(state: &State, from: &Ppid, into: &Ppid) -> Found {
    let (moved, changes) = taken_over(state, from, into);
    Found::plain(Some(moved), changes)
}

/// Everything goes over: balances, the link, what was spent in the windows of limits, and the person's own limits.
fn replace(state: &State, replacement: &Replacement) -> Found {
    let Replacement { from, into, link } = replacement;
    let (moved, mut changes) = taken_over(state, from, into);
    let (theirs, ours) = (state.resident(from, state.day), state.resident(into, state.day));
    let spent = |of: Option<&Resident>| of.map_or((0, 0), |resident| (resident.today.get(), resident.this_month.get()));
    let ((day, month), (own_day, own_month)) = (spent(theirs.as_ref()), spent(ours.as_ref()));
    changes.push(Difference::new("spent_today_yen", own_day, own_day.saturating_add(day)));
    changes.push(Difference::new("spent_this_month_yen", own_month, own_month.saturating_add(month)));
    let limits = |of: Option<Resident>| of.map(|resident| resident.limits).unwrap_or_default();
    let (old, own) = (limits(theirs), limits(ours));
    for (field, old, own) in [
        ("limit_tap_yen", old.tap, own.tap),
        ("limit_day_yen", old.day, own.day),
        ("limit_month_yen", old.month, own.month),
    ] {
        if let Some(lower) = old.filter(|old| own.is_none_or(|own| *old < own)) {
            let before = own.map_or_else(|| "-".to_owned(), |own| own.get().to_string());
            changes.push(Difference::new(field, before, lower.get()));
        }
    }
    let has_own = state.link_versions(into).next().is_some_and(|newest| newest.instrument.is_some());
    let fate = match link {
        Some(_) => "goes over",
        None if has_own => "the new PPID keeps its own",
        None => "none",
    };
    changes.push(Difference::known("link", fate));
    changes.push(Difference::new("old_ppid", "pays", "pays no more"));
    Found::plain(Some(moved), changes)
}
