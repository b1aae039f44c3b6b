//! The book: every account's balances and the open holds, changed only by transfers that the rules allow.
//!
//! A record's transfers hold or fail together. [`Book::check`] is what a decision asks before it makes a record;
//! [`Book::apply`] checks again, so that no journal and no defect elsewhere can overdraw an account.

use crate::account::{Account, AccountId, AccountKey};
use crate::entry::Seq;
use crate::record::Body;
use crate::transfer::{HoldId, Transfer, TransferKind};
use hashbrown::HashMap;
use kazasu_schemas::money::{Unit, Yen};
use smallvec::SmallVec;

/// The reason why transfers are refused: the first rule that is broken, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleError {
    /// More than 32 transfers, or a hold beyond the 16th.
    #[error("a record carries at most 32 transfers, and its holds come first, at most 16")]
    TooMany,
    /// Zero or below.
    #[error("an amount must be above zero, got {0}")]
    NotPositive(Yen),
    /// An account that was never opened.
    #[error("account {0:?} does not exist")]
    UnknownAccount(AccountId),
    /// Debit and credit are one account.
    #[error("account {0:?} cannot be debited and credited by one transfer")]
    SameAccount(AccountId),
    /// Yen against points, or points of two programmes.
    #[error("accounts {0:?} and {1:?} count different units")]
    UnitMismatch(AccountId, AccountId),
    /// The hold is not open.
    #[error("hold {0:?} is not open")]
    UnknownHold(HoldId),
    /// The hold is between other accounts.
    #[error("hold {0:?} is between other accounts")]
    OtherAccounts(HoldId),
    /// More than is left of the hold.
    #[error("hold {hold:?} has {left} left, {asked} was asked for")]
    AboveHold {
        /// The hold.
        hold: HoldId,
        /// The amount that is left of it, in yen.
        left: Yen,
        /// The amount that was asked for, in yen.
        asked: Yen,
    },
    /// A sum would leave the range of an i64.
    #[error("account {0:?} would overflow")]
    Overflow(AccountId),
    /// The account may not fall below zero.
    #[error("account {account:?} has {available} available")]
    Insufficient {
        /// The account.
        account: AccountId,
        /// The available amount, in yen.
        available: Yen,
    },
}

/// An open hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// The account to be debited.
    pub debit: AccountId,
    /// The account to be credited.
    pub credit: AccountId,
    /// The amount that is left of it, in yen.
    pub amount: Yen,
}

/// Sums over accounts: equal in every state of the book, for yen and for the points of every programme.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Posted debits.
    pub debits: i128,
    /// Posted credits.
    pub credits: i128,
    /// Held debits.
    pub debits_held: i128,
    /// Held credits.
    pub credits_held: i128,
}

impl Sums {
    fn add(&mut self, account: &Account) {
        self.debits += i128::from(account.debits.get());
        self.credits += i128::from(account.credits.get());
        self.debits_held += i128::from(account.debits_held.get());
        self.credits_held += i128::from(account.credits_held.get());
    }

    fn remove(&mut self, account: &Account) {
        self.debits -= i128::from(account.debits.get());
        self.credits -= i128::from(account.credits.get());
        self.debits_held -= i128::from(account.debits_held.get());
        self.credits_held -= i128::from(account.credits_held.get());
    }
}

/// Accounts and holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    accounts: Vec<Account>,
    holds: HashMap<HoldId, Hold>,
    /// The sum of the open holds.
    held: i128,
    audit: Audit,
}

/// An audit of the whole book that goes on a few accounts at a time, while the book changes: the sums of the accounts that it has
/// seen follow their changes, so that at its end they are the sums of one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Audit {
    /// The first account that it has not seen.
    next: usize,
    yen: Sums,
    all: Sums,
    /// Accounts below zero that may not be.
    overdrawn: u64,
}

/// The progress of an audit is no part of the book.
impl PartialEq for Audit {
    fn eq(&self, _: &Audit) -> bool {
        true
    }
}

impl Audit {
    fn see(&mut self, account: &Account) {
        self.all.add(account);
        if account.key.unit() == Unit::Jpy {
            self.yen.add(account);
        }
        self.overdrawn += u64::from(account.is_overdrawn());
    }

    fn forget(&mut self, account: &Account) {
        self.all.remove(account);
        if account.key.unit() == Unit::Jpy {
            self.yen.remove(account);
        }
        self.overdrawn -= u64::from(account.is_overdrawn());
    }

    fn is_balanced(&self, held: i128) -> bool {
        self.yen.debits == self.yen.credits
            && self.all.debits == self.all.credits
            && self.all.debits_held == held
            && self.all.credits_held == held
            && self.overdrawn == 0
    }
}

impl Book {
    /// The number that the next account opened will get.
    #[must_use]
    pub fn next_account(&self) -> AccountId {
        AccountId(u32::try_from(self.accounts.len()).expect("at most four billion accounts"))
    }

    /// Opens an account. `id` must be [`Book::next_account`]: a journal that says otherwise is damaged.
    pub fn open(&mut self, id: AccountId, key: AccountKey) {
        assert_eq!(id, self.next_account(), "accounts are numbered in the order of opening");
        self.accounts.push(Account::new(key));
    }

    /// An account by number.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.index())
    }

    /// Every account with its number.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().zip(0_u32..).map(|(account, n)| (AccountId(n), account))
    }

    /// An open hold.
    #[must_use]
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// The number of open holds.
    #[must_use]
    pub fn open_holds(&self) -> usize {
        self.holds.len()
    }

    /// Makes room, so that a large import does not move the table again and again.
    pub fn reserve(&mut self, accounts: usize) {
        self.accounts.reserve(accounts);
    }

    /// Would these transfers, together, be allowed?
    pub fn check(&self, transfers: &[Transfer]) -> Result<(), RuleError> {
        self.outcome(transfers).map(|_| ())
    }

    /// Applies a record's transfers, or none of them.
    pub fn apply(&mut self, seq: u64, transfers: &[Transfer]) -> Result<(), RuleError> {
        let touched = self.outcome(transfers)?;
        for (id, account) in touched {
            let before = std::mem::replace(&mut self.accounts[id.index()], account);
            if id.index() < self.audit.next {
                self.audit.forget(&before);
                self.audit.see(&account);
            }
        }
        for (leg, t) in transfers.iter().enumerate() {
            match t.kind {
                TransferKind::Direct => {}
                TransferKind::Hold => {
                    let hold = Hold { debit: t.debit, credit: t.credit, amount: t.amount };
                    self.held += i128::from(t.amount.get());
                    let before = self.holds.insert(HoldId::new(seq, leg), hold);
                    assert!(before.is_none(), "a hold's number is used once");
                }
                TransferKind::Post(id) | TransferKind::Void(id) | TransferKind::Expire(id) => {
                    let hold = self.holds.get_mut(&id).expect("outcome() found it");
                    hold.amount = hold.amount.checked_sub(t.amount).expect("outcome() compared it");
                    self.held -= i128::from(t.amount.get());
                    if hold.amount == Yen::ZERO {
                        self.holds.remove(&id);
                    }
                }
            }
        }
        Ok(())
    }

    /// The touched accounts as they would be.
    fn outcome(&self, transfers: &[Transfer]) -> Result<SmallVec<[(AccountId, Account); 4]>, RuleError> {
        let late = transfers.iter().skip(16).any(|t| t.kind == TransferKind::Hold);
        if transfers.len() > crate::transfer::MOST || late {
            return Err(RuleError::TooMany);
        }
        let mut touched: SmallVec<[(AccountId, Account); 4]> = SmallVec::new();
        for (i, t) in transfers.iter().enumerate() {
            if !t.amount.is_positive() {
                return Err(RuleError::NotPositive(t.amount));
            }
            let debit = self.touch(t.debit, &mut touched)?;
            let credit = self.touch(t.credit, &mut touched)?;
            if debit == credit {
                return Err(RuleError::SameAccount(t.debit));
            }
            if touched[debit].1.key.unit() != touched[credit].1.key.unit() {
                return Err(RuleError::UnitMismatch(t.debit, t.credit));
            }
            self.check_hold(t, &transfers[..i])?;
            move_amount(&mut touched[debit].1, t, Leg::Debit).ok_or(RuleError::Overflow(t.debit))?;
            move_amount(&mut touched[credit].1, t, Leg::Credit).ok_or(RuleError::Overflow(t.credit))?;
        }
        for (id, account) in &touched {
            let before = self.accounts[id.index()];
            if account.key.is_bounded() && account.available() < Yen::ZERO && account.available() < before.available() {
                return Err(RuleError::Insufficient { account: *id, available: before.available() });
            }
        }
        Ok(touched)
    }

    fn touch(&self, id: AccountId, touched: &mut SmallVec<[(AccountId, Account); 4]>) -> Result<usize, RuleError> {
        if let Some(at) = touched.iter().position(|(t, _)| *t == id) {
            return Ok(at);
        }
        let account = self.account(id).ok_or(RuleError::UnknownAccount(id))?;
        touched.push((id, *account));
        Ok(touched.len() - 1)
    }

    /// A hold's rest must cover this transfer and those before it in the same record.
    fn check_hold(&self, t: &Transfer, before: &[Transfer]) -> Result<(), RuleError> {
        let hold_of = |t: &Transfer| match t.kind {
            TransferKind::Direct | TransferKind::Hold => None,
            TransferKind::Post(id) | TransferKind::Void(id) | TransferKind::Expire(id) => Some(id),
        };
        let Some(id) = hold_of(t) else { return Ok(()) };
        let hold = self.holds.get(&id).ok_or(RuleError::UnknownHold(id))?;
        if (hold.debit, hold.credit) != (t.debit, t.credit) {
            return Err(RuleError::OtherAccounts(id));
        }
        let left = before
            .iter()
            .filter(|b| hold_of(b) == Some(id))
            .fold(hold.amount, |left, b| left.checked_sub(b.amount).unwrap_or(Yen::ZERO));
        if t.amount > left {
            return Err(RuleError::AboveHold { hold: id, left, asked: t.amount });
        }
        Ok(())
    }

    /// Sums over all accounts in yen.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.sums_of(|unit| unit == Unit::Jpy)
    }

    /// Sums over the accounts that count some units.
    fn sums_of(&self, which: impl Fn(Unit) -> bool) -> Sums {
        let mut sums = Sums::default();
        self.accounts.iter().filter(|account| which(account.key.unit())).for_each(|account| sums.add(account));
        sums
    }

    /// True when debits equal credits, held amounts are those of the open holds, and no bounded account is overdrawn.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let (yen, sums) = (self.sums(), self.sums_of(|_| true));
        let open: i128 = self.holds.values().map(|h| i128::from(h.amount.get())).sum();
        yen.debits == yen.credits
            && sums.debits == sums.credits
            && sums.debits_held == open
            && sums.credits_held == open
            && self.held == open
            && !self.accounts.iter().any(Account::is_overdrawn)
    }

    /// Goes on with an audit of the whole book by at most so many accounts. At the end it says whether the book was balanced at that
    /// moment, as [`Book::is_balanced`] does in one step, and begins anew.
    pub fn audit(&mut self, accounts: usize) -> Option<bool> {
        let until = self.audit.next.saturating_add(accounts).min(self.accounts.len());
        for account in &self.accounts[self.audit.next..until] {
            self.audit.see(account);
        }
        self.audit.next = until;
        (until == self.accounts.len()).then(|| std::mem::take(&mut self.audit).is_balanced(self.held))
    }
}

#[derive(Clone, Copy)]
enum Leg {
    Debit,
    Credit,
}

/// Moves a transfer's amount within one account; `None` on overflow of a total or of the balance.
fn move_amount(account: &mut Account, t: &Transfer, leg: Leg) -> Option<()> {
    let (posted, held) = match leg {
        Leg::Debit => (&mut account.debits, &mut account.debits_held),
        Leg::Credit => (&mut account.credits, &mut account.credits_held),
    };
    match t.kind {
        TransferKind::Direct => *posted = posted.checked_add(t.amount)?,
        TransferKind::Hold => *held = held.checked_add(t.amount)?,
        TransferKind::Post(_) => {
            *held = held.checked_sub(t.amount)?;
            *posted = posted.checked_add(t.amount)?;
        }
        TransferKind::Void(_) | TransferKind::Expire(_) => *held = held.checked_sub(t.amount)?,
    }
    // A quarter of the range keeps every difference of two sums inside it; counting what is held makes sure that a hold that
    // was allowed can also be posted.
    let limit = Yen::new(i64::MAX / 4);
    let most = account.debits.checked_add(account.debits_held)?.max(account.credits.checked_add(account.credits_held)?);
    (most <= limit).then_some(())
}

impl Book {
    /// Applies one record: opens the accounts it names and moves what it moves. The one place where records meet the book.
    pub fn record(&mut self, seq: Seq, body: &Body) -> Result<(), RuleError> {
        for opening in body.opens() {
            match self.account(opening.account) {
                Some(account) => assert_eq!(account.key, opening.key, "a registration repeats the account it opened"),
                None => self.open(opening.account, opening.key),
            }
        }
        let transfers = body.transfers();
        if transfers.is_empty() { Ok(()) } else { self.apply(seq, transfers) }
    }
}

#[cfg(test)]
mod tests;
