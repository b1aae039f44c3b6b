//! Findings about rows: payable people, duplicates, ceilings, shared accounts.

use super::super::state::State;
use super::{Batch, Payee, Programme};
use kazasu_ledger::record::CardStatus;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Application, DuplicateRule, Method, SealedAccount, issue};
use std::collections::HashMap;

/// Rows of one record on their way into a batch, and what those before bring, before any of them is in the state.
pub(super) struct Incoming<'a> {
    state: &'a State,
    programme: &'a Programme,
    batch: u32,
    today: BusinessDay,
    /// Household's event to the amount that stands for it, and who gets it.
    dedup: HashMap<[u8; 16], (Yen, Option<Payee>)>,
    /// The additional amount of each payee; below zero when a row is replaced that stands in the state.
    payees: HashMap<Payee, Yen>,
    accounts: HashMap<[u8; 16], Payee>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(state: &'a State, programme: &'a Programme, batch: u32, today: BusinessDay) -> Self {
        let (dedup, payees, accounts) = Default::default();
        Incoming { state, programme, batch, today, dedup, payees, accounts }
    }

    /// Finds what is to be said about the next row, and remembers it for the rows behind it.
    pub(super) fn examine(&mut self, row: &Application) -> u16 {
        let (state, terms) = (self.state, &self.programme.terms);
        let mut issues = person(state, terms.method, (row.ppid.as_ref(), row.account.as_ref()), self.today);
        let number = terms.number;
        if row.supplement {
            issues |= issue::SUPPLEMENT;
        } else {
            issues |= self.standing(row);
        }
        let payee = state.payee(row.ppid.as_ref(), row.account.as_ref());
        let counts = issues & issue::NEVER == 0;
        // A larger damage takes the place of the smaller one, so that one does not count any more, for every payee.
        let replaces = if counts && !row.supplement { self.replaced(&row.dedup) } else { None };
        let before = payee.filter(|_| counts).map_or(Yen::ZERO, |payee| {
            let there = state.relief.payees.get(&(number, payee)).copied().unwrap_or_default().due;
            let more = self.payees.get(&payee).copied().unwrap_or_default();
            let sum = there.checked_add(more).unwrap_or(Yen::new(i64::MAX));
            let own = replaces.filter(|(_, whose)| *whose == Some(payee)).map_or(Yen::ZERO, |(yen, _)| yen);
            sum.checked_sub(own).unwrap_or(sum).max(Yen::ZERO)
        });
        if before.checked_add(row.amount).is_none_or(|sum| sum > terms.ceiling) {
            issues |= issue::ABOVE_CEILING;
        }
        if let (Some(account), Some(payee)) = (&row.account, payee) {
            let other = |owner: Payee| owner != payee;
            let known = state.relief.accounts.get(&(number, account.token)).map(|(owner, ..)| *owner);
            if known.or_else(|| self.accounts.get(&account.token).copied()).is_some_and(other) {
                issues |= issue::SHARED_ACCOUNT;
            }
            self.accounts.entry(account.token).or_insert(payee);
        }
        if issues & issue::NEVER == 0 {
            if let Some((yen, Some(whose))) = replaces {
                self.gets_more(whose, -yen.get());
            }
            if let Some(payee) = payee {
                self.gets_more(payee, row.amount.get());
            }
            if !row.supplement {
                self.dedup.insert(row.dedup, (row.amount, payee));
            }
        }
        issues
    }

    fn gets_more(&mut self, payee: Payee, yen: i64) {
        let sum = self.payees.entry(payee).or_default();
        *sum = sum.checked_add(Yen::new(yen)).unwrap_or(Yen::new(i64::MAX));
    }

    /// The amount that stands for a household's event, and who gets it.
    fn replaced(&self, dedup: &[u8; 16]) -> Option<(Yen, Option<Payee>)> {
        let state = self.state;
        let there = || {
            let (batch, row) = state.relief.dedup.get(&(self.programme.terms.number, *dedup))?;
            let row = state.relief.row(*batch, *row).ok()?;
            Some((row.amount, state.payee(row.ppid.as_ref(), row.account.as_deref())))
        };
        self.dedup.get(dedup).copied().or_else(there)
    }

    /// Is the household's event new, larger, smaller, or there already?
    fn standing(&self, row: &Application) -> u16 {
        let (state, terms) = (self.state, &self.programme.terms);
        let Some((amount, _)) = self.replaced(&row.dedup) else { return 0 };
        let there = state.relief.dedup.get(&(terms.number, row.dedup));
        let there = there.filter(|_| !self.dedup.contains_key(&row.dedup));
        // What was decided is never replaced by a later file.
        let open = there.is_none_or(|(b, _)| *b == self.batch || state.relief.batch(*b).is_ok_and(Batch::can_change));
        match terms.duplicates {
            DuplicateRule::Largest if open && row.amount > amount => 0,
            DuplicateRule::Largest if open => issue::SMALLER,
            DuplicateRule::Largest | DuplicateRule::First => issue::DUPLICATE,
        }
    }
}

/// The facts to state about the person or the account.
pub(super) fn person(
    state: &State,
    method: Method,
    (ppid, account): (Option<&Ppid>, Option<&SealedAccount>),
    today: BusinessDay,
) -> u16 {
    let at = ppid.and_then(|ppid| state.people.residents.get(ppid)).copied();
    match method {
        Method::Purse => match (ppid, at) {
            (None, _) => issue::NO_ID,
            (Some(_), None) => issue::UNKNOWN_ID,
            (Some(_), Some(at)) => {
                let card = &state.holder(state.root(at)).card;
                let good = card.status() == CardStatus::Good && card.last_day.is_none_or(|last| today <= last);
                if good { 0 } else { issue::CARD_NOT_GOOD }
            }
        },
        Method::Transfer => {
            let no_account = if account.is_none() { issue::NO_ACCOUNT } else { 0 };
            let broken = at.is_some_and(|at| state.people.broken.contains_key(&at));
            no_account | if broken { issue::LINK_BROKEN } else { 0 }
        }
    }
}
