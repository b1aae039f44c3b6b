//! The money and the points of programmes: their accounts, and how far what is over has lapsed.

use super::super::index::position;
use kazasu_ledger::record::{Lapsed, PolicyActivated};
use kazasu_ledger::{AccountId, AccountKey, Book, Transfer};
use std::collections::BTreeMap;

/// A purse programme's money.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct PurseBook {
    pub(in super::super) fund: AccountId,
    /// Every purse, in the order of opening.
    pub(in super::super) purses: Vec<AccountId>,
    pub(in super::super) sweep: Sweep,
}

impl PurseBook {
    pub(in super::super) fn new(fund: AccountId) -> Self {
        PurseBook { fund, purses: Vec::new(), sweep: Sweep::default() }
    }
}

/// A point programme's accounts.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct PointBook {
    pub(in super::super) issued: AccountId,
    pub(in super::super) budget: AccountId,
    pub(in super::super) spent: AccountId,
    pub(in super::super) expired: AccountId,
    pub(in super::super) funder: AccountId,
    /// Points in all, as the policy in force says.
    pub(in super::super) total: i64,
    /// Every resident's account, in the order of opening.
    pub(in super::super) accounts: Vec<AccountId>,
    pub(in super::super) sweep: Sweep,
}

impl PointBook {
    /// The programme's five accounts are opened together, in this order.
    fn new(issued: AccountId) -> Self {
        let nth = |k: u32| AccountId(issued.0 + k);
        PointBook {
            issued,
            budget: nth(1),
            spent: nth(2),
            expired: nth(3),
            funder: nth(4),
            total: 0,
            accounts: Vec::new(),
            sweep: Sweep::default(),
        }
    }
}

/// The progress of emptying the accounts of a programme that is over.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(in super::super) struct Sweep {
    /// Accounts looked at.
    pub(in super::super) through: usize,
    /// Something came back into one of them since: they are looked at again when the day turns.
    pub(in super::super) again: bool,
}

/// Every programme that ever was, by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Programmes {
    pub(in super::super) purses: BTreeMap<u16, PurseBook>,
    pub(in super::super) points: BTreeMap<u16, PointBook>,
}

impl Programmes {
    pub(in super::super) fn policy_activated(&mut self, r: &PolicyActivated) {
        for opening in &r.opens {
            match opening.key {
                AccountKey::PurseFund(n) => {
                    self.purses.insert(n, PurseBook::new(opening.account));
                }
                AccountKey::PointsIssued(n) => {
                    self.points.insert(n, PointBook::new(opening.account));
                }
                _ => {}
            }
        }
        for programme in &r.policy.points {
            if let Some(book) = self.points.get_mut(&programme.number) {
                book.total = programme.budget;
                book.sweep = Sweep::default();
            }
        }
        for purse in &r.policy.purses {
            if let Some(book) = self.purses.get_mut(&purse.number) {
                book.sweep = Sweep::default();
            }
        }
    }

    pub(in super::super) fn purse_opened(&mut self, programme: u16, account: AccountId) {
        self.purses.get_mut(&programme).expect("a purse's programme").purses.push(account);
    }

    pub(in super::super) fn points_opened(&mut self, programme: u16, account: AccountId) {
        self.points.get_mut(&programme).expect("points' programme").accounts.push(account);
    }

    pub(in super::super) fn lapsed(&mut self, r: &Lapsed) {
        let sweep = if r.points {
            self.points.get_mut(&r.programme).map(|book| &mut book.sweep)
        } else {
            self.purses.get_mut(&r.programme).map(|book| &mut book.sweep)
        };
        if let Some(sweep) = sweep {
            *sweep = Sweep { through: position(r.through), again: sweep.again };
        }
    }

    /// Money may have come back into purses and points whose last day is over.
    pub(in super::super) fn came_back(&mut self, book: &Book, transfers: &[Transfer]) {
        for t in transfers {
            for id in [t.debit, t.credit] {
                match book.account(id).map(|account| account.key) {
                    Some(AccountKey::Purse(_, n)) => {
                        self.purses.get_mut(&n).expect("a purse's programme").sweep.again = true;
                    }
                    Some(AccountKey::Points(_, n)) => {
                        self.points.get_mut(&n).expect("points' programme").sweep.again = true;
                    }
                    _ => {}
                }
            }
        }
    }

    /// The day turns: what came back is looked at again.
    pub(in super::super) fn day_turned(&mut self) {
        let purses = self.purses.values_mut().map(|book| &mut book.sweep);
        for sweep in purses.chain(self.points.values_mut().map(|book| &mut book.sweep)) {
            if std::mem::take(&mut sweep.again) {
                sweep.through = 0;
            }
        }
    }
}
