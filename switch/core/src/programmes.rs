//! Programmes and the policy that has them: it is put into force, funds are paid into, purses are credited, and what is over lapses.

use super::conditions::{amount_of, booked, known};
use super::decision::{Decided, Decision, Effect, recorded, unchanged};
use super::money::{minus, plus};
use super::references::reference_key;
use super::refusal::{MOST_PROGRAMMES, PolicyConflict, Rejected};
use super::state::{State, Sweep};
use kazasu_ledger::record::{Body, Lapsed, Opening, PolicyActivated, ProgrammeFunded, PurseCredited};
use kazasu_ledger::transfer::{MOST, Transfers};
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::relief::{Method, Terms};
use std::collections::HashMap;

/// A policy must be able to follow the one in force: programmes stay, limits keep their meaning, budgets cover what was granted.
pub(super) fn activate(state: &State, policy: &Policy, source: &str, told: &Attribution) -> Decided {
    if *state.rules.own == *policy && state.rules.version > 0 {
        return Ok(unchanged());
    }
    follows(state, policy)?;
    let (opens, transfers) = budgets(state, policy)?;
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::PolicyActivated(PolicyActivated {
        version: state.rules.version + 1,
        policy: policy.clone(),
        source: source.to_owned(),
        by,
        why,
        opens,
        transfers,
        via,
    })))
}

fn wrong<T>(why: PolicyConflict) -> Result<T, Rejected> {
    Err(why.into())
}

/// Its programmes, limits and rules stand beside those in force before.
fn follows(state: &State, policy: &Policy) -> Result<(), Rejected> {
    let relief = |n: &u16| state.relief.programmes.contains_key(n);
    if let Some(purse) = policy.purses.iter().find(|p| relief(&p.number)) {
        return wrong(PolicyConflict::ReliefNumber(purse.number));
    }
    let running = state.relief.programmes.values();
    let running = running.filter(|p| p.terms.method == Method::Purse && !p.terms.is_over(state.at)).count();
    if policy.purses.len() + running > MOST_PROGRAMMES || policy.points.len() > MOST_PROGRAMMES {
        return wrong(PolicyConflict::TooManyProgrammes);
    }
    for limit in &policy.limits {
        if state.rules.numbers.get(&limit.number).is_some_and(|known| !known.same_meaning(limit)) {
            return wrong(PolicyConflict::LimitMeaning { number: limit.number, name: limit.name.clone() });
        }
    }
    let mut books = state.programmes.purses.keys().filter(|n| !relief(n));
    if let Some(number) = books.find(|n| !policy.purses.iter().any(|p| p.number == **n)) {
        return wrong(PolicyConflict::PurseGone(*number));
    }
    if let Some(number) = state.programmes.points.keys().find(|n| !policy.points.iter().any(|p| p.number == **n)) {
        return wrong(PolicyConflict::PointsGone(*number));
    }
    let before = |n| state.rules.policy.points.iter().find(|p| p.number == n).map(|p| p.rounding);
    if let Some(programme) = policy.points.iter().find(|p| before(p.number).is_some_and(|r| r != p.rounding)) {
        return wrong(PolicyConflict::Rounding(programme.number));
    }
    if let Some(rule) = policy.stand_in.iter().find(|rule| !state.parties.issuers.contains_key(&rule.issuer)) {
        return wrong(PolicyConflict::UnknownIssuer(rule.issuer));
    }
    Ok(())
}

/// Accounts of programmes that are new, and what budgets become more or less.
fn budgets(state: &State, policy: &Policy) -> Result<(Vec<Opening>, Transfers), Rejected> {
    let mut opens = Vec::new();
    let mut transfers = Transfers::new();
    let mut next = state.book.next_account().0;
    let mut open = |key| {
        let account = AccountId(next);
        next += 1;
        opens.push(Opening { account, key });
        account
    };
    for purse in policy.purses.iter().filter(|p| !state.programmes.purses.contains_key(&p.number)) {
        open(AccountKey::PurseFund(purse.number));
    }
    for programme in &policy.points {
        let n = programme.number;
        let (issued, budget, total) = match state.programmes.points.get(&n) {
            Some(book) => (book.issued, book.budget, book.total),
            None => {
                let issued = open(AccountKey::PointsIssued(n));
                let budget = open(AccountKey::PointBudget(n));
                for key in [AccountKey::PointsSpent(n), AccountKey::PointsExpired(n), AccountKey::FunderReceivable(n)] {
                    open(key);
                }
                (issued, budget, 0)
            }
        };
        let change = programme.budget - total;
        if change > 0 {
            transfers.push(Transfer::direct(issued, budget, Yen::new(change)));
        } else if change < 0 {
            let left = state.available(budget);
            if Yen::new(-change) > left {
                return wrong(PolicyConflict::BudgetGranted {
                    programme: n,
                    unspent: left.get().unsigned_abs(),
                    less: change.unsigned_abs(),
                });
            }
            transfers.push(Transfer::direct(budget, issued, Yen::new(-change)));
        }
    }
    if transfers.len() > MOST {
        return wrong(PolicyConflict::TooManyBudgets);
    }
    let known: Transfers = transfers.iter().filter(|t| t.debit < state.book.next_account()).copied().collect();
    state.book.check(&known)?;
    Ok((opens, transfers))
}

/// A payment into a programme.
#[derive(Clone, Copy)]
pub(super) struct Payment<'a> {
    pub(super) programme: u16,
    pub(super) amount: Yen,
    /// The payment's own: it is booked once.
    pub(super) reference: &'a str,
    /// The person or program that says so.
    pub(super) by: &'a str,
}

pub(super) fn fund(state: &State, payment: Payment<'_>) -> Decided {
    let Payment { programme, amount, reference, by } = payment;
    amount_of(amount)?;
    let book = state.programmes.purses.get(&programme).ok_or(Rejected::UnknownProgramme(programme))?;
    if booked(state, reference_key(programme, None, reference), reference, amount)? {
        return Ok(unchanged());
    }
    let transfer = Transfer::direct(state.parties.bank.expect("the book is open"), book.fund, amount);
    state.book.check(&[transfer])?;
    Ok(recorded(Body::ProgrammeFunded(ProgrammeFunded {
        programme,
        reference: reference.to_owned(),
        transfers: Transfers::from_slice(&[transfer]),
        by: by.to_owned(),
    })))
}

pub(super) fn credit(state: &State, now: Millis, ppid: Ppid, payment: Payment<'_>) -> Decided {
    let Payment { programme, amount, reference, by } = payment;
    let at = known(state, ppid)?;
    amount_of(amount)?;
    let book = state.programmes.purses.get(&programme).ok_or(Rejected::UnknownProgramme(programme))?;
    let root = state.root(at);
    let wallet = state.holder(root).wallet.as_deref();
    // A temporary ID and the person that it was merged into are one.
    let names = std::iter::once(state.holder(root).ppid).chain(wallet.iter().flat_map(|w| w.merged.iter().copied()));
    for name in names.chain([ppid]) {
        if booked(state, reference_key(programme, Some(&name), reference), reference, amount)? {
            return Ok(unchanged());
        }
    }
    // What a city gives goes through its batches.
    if state.relief.programmes.contains_key(&programme) {
        return Err(Rejected::IsRelief(programme));
    }
    let rule = state.rules.policy.purses.iter().find(|p| p.number == programme);
    if let Some(until) = rule.and_then(|p| p.until).filter(|until| now.max(state.at).jst_day() > *until) {
        return Err(Rejected::ProgrammeOver(programme, until));
    }
    let available = state.available(book.fund);
    if available < amount {
        return Err(Rejected::FundShort { programme, available, asked: amount });
    }
    let purse = wallet.and_then(|w| w.purses.iter().find(|(n, _)| *n == programme));
    let mut opens = Vec::new();
    let account = purse.map_or_else(
        || {
            let account = state.book.next_account();
            opens.push(Opening { account, key: AccountKey::Purse(root, programme) });
            account
        },
        |(_, account)| *account,
    );
    let transfer = Transfer::direct(book.fund, account, amount);
    if opens.is_empty() {
        state.book.check(&[transfer])?;
    }
    Ok(recorded(Body::PurseCredited(PurseCredited {
        ppid,
        programme,
        reference: reference.to_owned(),
        opens,
        transfers: Transfers::from_slice(&[transfer]),
        by: by.to_owned(),
    })))
}

/// Accounts of one programme that are looked at for one record.
const LOOKED_AT: usize = 20_000;
/// Accounts emptied by one record: one transfer each.
const EMPTIED: usize = 16;

/// Programmes whose last day is over: what is left in purses goes back to the fund, what is left of points to the expired ones.
pub(super) fn lapse(state: &State, now: Millis) -> Decision {
    // A business day that was ended by hand ends no calendar day.
    let now = now.max(state.at);
    let today = state.day.min(now.jst_day());
    let policy = &state.rules.own;
    let by_policy = policy.purses.iter().filter(|p| p.is_over(today, now)).map(|p| p.number);
    let closed = |terms: &Terms| today > terms.until || terms.closes.is_some_and(|closes| now >= closes);
    let by_city = state.relief.programmes.values().filter(|p| closed(&p.terms)).map(|p| p.terms.number);
    for number in by_policy.chain(by_city) {
        let Some(book) = state.programmes.purses.get(&number) else { continue };
        let all = |account| state.available(account);
        if let Some((transfers, through)) = empty(&book.purses, book.sweep, book.fund, all) {
            return lapsed(number, false, transfers, through);
        }
    }
    for programme in policy.points.iter().filter(|p| p.expires.is_some_and(|last| today > last)) {
        let Some(book) = state.programmes.points.get(&programme.number) else { continue };
        // What a person's other accounts of the programme owe is not there to lapse.
        let mut taken: HashMap<u32, Yen> = HashMap::new();
        let of_person = |account: AccountId| {
            let available = state.available(account);
            let Some(AccountKey::Points(holder, _)) = state.book.account(account).map(|a| a.key) else {
                return available;
            };
            let root = state.root(holder);
            let wallet = state.holder(root).wallet.as_deref();
            let balance = wallet.map_or(available, |w| state.points_left(w, programme.number));
            let gone = taken.entry(root).or_default();
            let left = available.min(minus(balance, *gone)).max(Yen::ZERO);
            *gone = plus(*gone, left);
            left
        };
        if let Some((transfers, through)) = empty(&book.accounts, book.sweep, book.expired, of_person) {
            return lapsed(programme.number, true, transfers, through);
        }
    }
    Decision::default()
}

fn lapsed(programme: u16, points: bool, transfers: Transfers, through: u32) -> Decision {
    Decision::record(Body::Lapsed(Lapsed { programme, points, transfers, through })).then(Effect::Again)
}

/// Empties the next accounts: each of what `lapses` says.
fn empty(
    accounts: &[AccountId],
    sweep: Sweep,
    into: AccountId,
    mut lapses: impl FnMut(AccountId) -> Yen,
) -> Option<(Transfers, u32)> {
    let mut transfers = Transfers::new();
    let mut through = sweep.through;
    for account in accounts.iter().skip(sweep.through).take(LOOKED_AT) {
        through += 1;
        let left = lapses(*account);
        if left.is_positive() {
            transfers.push(Transfer::direct(*account, into, left));
        }
        if transfers.len() == EMPTIED {
            break;
        }
    }
    (through > sweep.through).then(|| (transfers, u32::try_from(through).expect("at most four billion accounts")))
}
