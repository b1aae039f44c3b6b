//! Accounts: who owes whom, in which unit, on which side, and how low the balance may fall.

use kazasu_schemas::heading::Heading;
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

/// The meaning of an account. One account a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
pub enum AccountKey {
    /// The operator's money at its bank: an asset.
    #[n(0)]
    Bank,
    /// A public-receipt account held in this ledger, by its number: a liability towards the resident. Never below zero.
    #[n(1)]
    Deposit(#[n(0)] u64),
    /// The amount that a merchant is owed: a liability. Refunds may make it negative.
    #[n(2)]
    MerchantPayable(#[n(0)] InstitutionId, #[n(1)] MerchantId),
    /// The amount that an issuer owes for its cardholders' payments: an asset. Refunds may make it negative.
    #[n(3)]
    IssuerReceivable(#[n(0)] u16),
    /// Bookings of advices, which must be accepted, that no account covered: an asset to be claimed.
    #[n(4)]
    AdviceShortfall(#[n(0)] InstitutionId),
    /// Money of a purse programme that no resident has yet: a liability towards its funder. Never below zero.
    #[n(5)]
    PurseFund(#[n(0)] u16),
    /// A resident's purse of a programme, by the resident's number in this book: a liability. Never below zero.
    #[n(6)]
    Purse(#[n(0)] u32, #[n(1)] u16),
    /// Every point that a programme may ever grant; the other side of its budget.
    #[n(7)]
    PointsIssued(#[n(0)] u16),
    /// Points that a programme may still grant. Never below zero.
    #[n(8)]
    PointBudget(#[n(0)] u16),
    /// A resident's points of a programme. Claw-back may make them negative.
    #[n(9)]
    Points(#[n(0)] u32, #[n(1)] u16),
    /// Points of a programme that have been paid with.
    #[n(10)]
    PointsSpent(#[n(0)] u16),
    /// Points of a programme that no person used in time.
    #[n(11)]
    PointsExpired(#[n(0)] u16),
    /// The amount that a point programme's funder owes for points that were paid with: an asset.
    #[n(12)]
    FunderReceivable(#[n(0)] u16),
    /// Amounts that an issuer refused after the switch had approved in its place, borne by the operator: an expense.
    #[n(13)]
    StandInLoss(#[n(0)] u16),
    /// All that a relief programme's city budgeted; the other side of the three below. In yen of budget.
    #[n(14)]
    ReliefBudgeted(#[n(0)] u16),
    /// Budget of a relief programme that is not committed yet. Never below zero.
    #[n(15)]
    ReliefBudget(#[n(0)] u16),
    /// Budget that is committed and not paid yet. Never below zero.
    #[n(16)]
    ReliefCommitted(#[n(0)] u16),
    /// Budget that has been paid. Never below zero.
    #[n(17)]
    ReliefExecuted(#[n(0)] u16),
    /// A programme's money that was released and has not arrived yet: a liability. Never below zero.
    #[n(18)]
    ReliefTransit(#[n(0)] u16),
    /// Amounts that payees must give back to a programme: an asset. Never below zero.
    #[n(19)]
    ReliefReceivable(#[n(0)] u16),
    /// The amount that a programme's city is owed once payees have given it back: the other side of the receivable. Never below zero.
    #[n(20)]
    ReliefClaims(#[n(0)] u16),
    /// Fees that merchants pay for their payments: income.
    #[n(21)]
    FeeIncome,
    /// Consumption tax on fees: a liability towards the tax office.
    #[n(22)]
    FeeTax,
    /// Settlements that were ordered and not taken by the bank yet: a liability. Never below zero.
    #[n(23)]
    PayoutTransit,
    /// The parts that issuers keep of what they owe: an expense.
    #[n(24)]
    Interchange(#[n(0)] u16),
    /// Differences with others that were booked or written off: an expense, or income when negative.
    #[n(25)]
    Differences,
    /// Fees that the bank kept of money that it sent back: an expense.
    #[n(30)]
    BankFees,
}

impl AccountKey {
    /// The side on which the account grows.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            AccountKey::Bank
            | AccountKey::IssuerReceivable(_)
            | AccountKey::AdviceShortfall(_)
            | AccountKey::PointsIssued(_)
            | AccountKey::FunderReceivable(_)
            | AccountKey::StandInLoss(_)
            | AccountKey::ReliefBudgeted(_)
            | AccountKey::ReliefReceivable(_)
            | AccountKey::Interchange(_)
            | AccountKey::Differences
            | AccountKey::BankFees => Side::Debit,
            AccountKey::Deposit(_)
            | AccountKey::MerchantPayable(..)
            | AccountKey::PurseFund(_)
            | AccountKey::Purse(..)
            | AccountKey::PointBudget(_)
            | AccountKey::Points(..)
            | AccountKey::PointsSpent(_)
            | AccountKey::PointsExpired(_)
            | AccountKey::ReliefBudget(_)
            | AccountKey::ReliefCommitted(_)
            | AccountKey::ReliefExecuted(_)
            | AccountKey::ReliefTransit(_)
            | AccountKey::ReliefClaims(_)
            | AccountKey::FeeIncome
            | AccountKey::FeeTax
            | AccountKey::PayoutTransit => Side::Credit,
        }
    }

    /// True when holds and postings may not take more than there is.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        match self {
            AccountKey::Deposit(_)
            | AccountKey::PurseFund(_)
            | AccountKey::Purse(..)
            | AccountKey::PointBudget(_)
            | AccountKey::ReliefBudget(_)
            | AccountKey::ReliefCommitted(_)
            | AccountKey::ReliefExecuted(_)
            | AccountKey::ReliefTransit(_)
            | AccountKey::ReliefReceivable(_)
            | AccountKey::ReliefClaims(_)
            | AccountKey::PayoutTransit => true,
            AccountKey::Bank
            | AccountKey::MerchantPayable(..)
            | AccountKey::IssuerReceivable(_)
            | AccountKey::AdviceShortfall(_)
            | AccountKey::PointsIssued(_)
            | AccountKey::Points(..)
            | AccountKey::PointsSpent(_)
            | AccountKey::PointsExpired(_)
            | AccountKey::FunderReceivable(_)
            | AccountKey::StandInLoss(_)
            | AccountKey::ReliefBudgeted(_)
            | AccountKey::FeeIncome
            | AccountKey::FeeTax
            | AccountKey::Interchange(_)
            | AccountKey::Differences
            | AccountKey::BankFees => false,
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
            | AccountKey::AdviceShortfall(_)
            | AccountKey::PurseFund(_)
            | AccountKey::Purse(..)
            | AccountKey::FunderReceivable(_)
            | AccountKey::StandInLoss(_)
            | AccountKey::ReliefTransit(_)
            | AccountKey::ReliefReceivable(_)
            | AccountKey::ReliefClaims(_)
            | AccountKey::FeeIncome
            | AccountKey::FeeTax
            | AccountKey::PayoutTransit
            | AccountKey::Interchange(_)
            | AccountKey::Differences
            | AccountKey::BankFees => Unit::Jpy,
            AccountKey::ReliefBudgeted(_)
            | AccountKey::ReliefBudget(_)
            | AccountKey::ReliefCommitted(_)
            | AccountKey::ReliefExecuted(_) => Unit::Budget,
            AccountKey::PointsIssued(p)
            | AccountKey::PointBudget(p)
            | AccountKey::Points(_, p)
            | AccountKey::PointsSpent(p)
            | AccountKey::PointsExpired(p) => Unit::Points(u32::from(*p)),
        }
    }

    /// The heading under which trial balances add it up.
    #[must_use]
    pub fn heading(&self) -> Heading {
        match self {
            AccountKey::Bank => Heading::Bank,
            AccountKey::Deposit(_) => Heading::Deposit,
            AccountKey::MerchantPayable(..) => Heading::MerchantPayable,
            AccountKey::IssuerReceivable(_) => Heading::IssuerReceivable,
            AccountKey::AdviceShortfall(_) => Heading::AdviceShortfall,
            AccountKey::PurseFund(_) => Heading::PurseFund,
            AccountKey::Purse(..) => Heading::Purse,
            AccountKey::PointsIssued(_) => Heading::PointsIssued,
            AccountKey::PointBudget(_) => Heading::PointBudget,
            AccountKey::Points(..) => Heading::Points,
            AccountKey::PointsSpent(_) => Heading::PointsSpent,
            AccountKey::PointsExpired(_) => Heading::PointsExpired,
            AccountKey::FunderReceivable(_) => Heading::FunderReceivable,
            AccountKey::StandInLoss(_) => Heading::StandInLoss,
            AccountKey::ReliefBudgeted(_) => Heading::ReliefBudgeted,
            AccountKey::ReliefBudget(_) => Heading::ReliefBudget,
            AccountKey::ReliefCommitted(_) => Heading::ReliefCommitted,
            AccountKey::ReliefExecuted(_) => Heading::ReliefExecuted,
            AccountKey::ReliefTransit(_) => Heading::ReliefTransit,
            AccountKey::ReliefReceivable(_) => Heading::ReliefReceivable,
            AccountKey::ReliefClaims(_) => Heading::ReliefClaims,
            AccountKey::FeeIncome => Heading::FeeIncome,
            AccountKey::FeeTax => Heading::FeeTax,
            AccountKey::PayoutTransit => Heading::PayoutTransit,
            AccountKey::Interchange(_) => Heading::Interchange,
            AccountKey::Differences => Heading::Differences,
            AccountKey::BankFees => Heading::BankFees,
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
            AccountKey::PurseFund(p) => write!(f, "purse fund {p}"),
            AccountKey::Purse(h, p) => write!(f, "purse {p} of resident {h}"),
            AccountKey::PointsIssued(p) => write!(f, "points issued {p}"),
            AccountKey::PointBudget(p) => write!(f, "point budget {p}"),
            AccountKey::Points(h, p) => write!(f, "points {p} of resident {h}"),
            AccountKey::PointsSpent(p) => write!(f, "points spent {p}"),
            AccountKey::PointsExpired(p) => write!(f, "points expired {p}"),
            AccountKey::FunderReceivable(p) => write!(f, "funder receivable {p}"),
            AccountKey::StandInLoss(n) => write!(f, "stand-in loss {n}"),
            AccountKey::ReliefBudgeted(p) => write!(f, "relief budgeted {p}"),
            AccountKey::ReliefBudget(p) => write!(f, "relief budget {p}"),
            AccountKey::ReliefCommitted(p) => write!(f, "relief committed {p}"),
            AccountKey::ReliefExecuted(p) => write!(f, "relief paid {p}"),
            AccountKey::ReliefTransit(p) => write!(f, "relief in transit {p}"),
            AccountKey::ReliefReceivable(p) => write!(f, "relief receivable {p}"),
            AccountKey::ReliefClaims(p) => write!(f, "relief claims {p}"),
            AccountKey::FeeIncome => f.write_str("fee income"),
            AccountKey::FeeTax => f.write_str("tax on fees"),
            AccountKey::PayoutTransit => f.write_str("payouts in transit"),
            AccountKey::Interchange(n) => write!(f, "interchange {n}"),
            AccountKey::Differences => f.write_str("reconciliation differences"),
            AccountKey::BankFees => f.write_str("bank fees"),
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
    /// The meaning of the account.
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

    /// True when the account may not be below zero, and is.
    #[must_use]
    pub fn is_overdrawn(&self) -> bool {
        self.key.is_bounded() && self.available() < Yen::ZERO
    }

    /// The amount that can be taken now: the posted balance less the holds against it. Incoming holds do not count yet.
    #[must_use]
    pub fn available(&self) -> Yen {
        let held = match self.key.side() {
            Side::Debit => self.credits_held,
            Side::Credit => self.debits_held,
        };
        self.balance().checked_sub(held).expect("both are sums that the rules kept within the range")
    }
}
