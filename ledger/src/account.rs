//! Accounts: who owes whom, in which unit, on which side, and how low the balance may fall.

use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::money::{Unit, Yen};
use std::fmt;

/// An account's number in the book: its position in the order of opening.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct AccountId(#[n(0)] pub u32);

impl AccountId {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).expect("32 bits fit a usize on every supported machine")
    }
}

/// What an account stands for. One account a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AccountKey {
    /// The operator's money at its bank: an asset.
    Bank,
    /// A public-receipt account held in this ledger, by its number: a liability towards the resident. Never below zero.
    Deposit(u64),
    /// What a merchant is owed: a liability. Refunds may make it negative.
    MerchantPayable(InstitutionId, MerchantId),
    /// What an issuer owes for its cardholders' payments: an asset. Refunds may make it negative.
    IssuerReceivable(u16),
    /// What was booked because an advice must be accepted, and nobody's account covered: an asset to be claimed.
    AdviceShortfall(InstitutionId),
}

impl AccountKey {
    /// The side on which the account grows.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            AccountKey::Bank | AccountKey::IssuerReceivable(_) | AccountKey::AdviceShortfall(_) => Side::Debit,
            AccountKey::Deposit(_) | AccountKey::MerchantPayable(..) => Side::Credit,
        }
    }

    /// True when holds and postings may not take more than there is.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        match self {
            AccountKey::Deposit(_) => true,
            AccountKey::Bank
            | AccountKey::MerchantPayable(..)
            | AccountKey::IssuerReceivable(_)
            | AccountKey::AdviceShortfall(_) => false,
        }
    }

    /// The unit that the account counts.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            AccountKey::Bank
            | AccountKey::Deposit(_)
            | AccountKey::MerchantPayable(..)
            | AccountKey::IssuerReceivable(_)
            | AccountKey::AdviceShortfall(_) => Unit::Jpy,
        }
    }

    /// The chart-of-accounts heading, for trial balances.
    #[must_use]
    pub fn heading(&self) -> &'static str {
        match self {
            AccountKey::Bank => "銀行預金 bank",
            AccountKey::Deposit(_) => "公金受取預り金 resident deposits",
            AccountKey::MerchantPayable(..) => "加盟店未払金 merchant payable",
            AccountKey::IssuerReceivable(_) => "発行者未収金 issuer receivable",
            AccountKey::AdviceShortfall(_) => "事後通知不足金 advice shortfall",
        }
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountKey::Bank => f.write_str("bank"),
            AccountKey::Deposit(n) => write!(f, "deposit {n:010}"),
            AccountKey::MerchantPayable(a, m) => write!(f, "merchant payable {a}/{m}"),
            AccountKey::IssuerReceivable(n) => write!(f, "issuer receivable {n}"),
            AccountKey::AdviceShortfall(a) => write!(f, "advice shortfall {a}"),
        }
    }
}

/// The side of an account on which it grows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Assets and expenses.
    Debit,
    /// Liabilities and income.
    Credit,
}

/// One account's balances. Totals only grow; a balance is a difference of two of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// What it stands for.
    pub key: AccountKey,
    /// Sum of posted debits.
    pub debits: Yen,
    /// Sum of posted credits.
    pub credits: Yen,
    /// Debits held and neither posted nor voided.
    pub debits_held: Yen,
    /// Credits held and neither posted nor voided.
    pub credits_held: Yen,
}

impl Account {
    /// A new account without a balance.
    #[must_use]
    pub fn new(key: AccountKey) -> Self {
        Account { key, debits: Yen::ZERO, credits: Yen::ZERO, debits_held: Yen::ZERO, credits_held: Yen::ZERO }
    }

    /// Posted balance on the account's own side.
    #[must_use]
    pub fn balance(&self) -> Yen {
        let (plus, minus) = match self.key.side() {
            Side::Debit => (self.debits, self.credits),
            Side::Credit => (self.credits, self.debits),
        };
        plus.checked_sub(minus).expect("both are sums that the rules kept within the range")
    }

    /// What can be taken now: the posted balance less what is held against it. Incoming holds do not count yet.
    #[must_use]
    pub fn available(&self) -> Yen {
        let held = match self.key.side() {
            Side::Debit => self.credits_held,
            Side::Credit => self.debits_held,
        };
        self.balance().checked_sub(held).expect("both are sums that the rules kept within the range")
    }
}
