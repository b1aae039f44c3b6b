//! The headings of the chart of accounts.

/// A heading: what accounts of one kind are added up under.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Heading {
    /// Money at the bank.
    Bank,
    /// Residents' accounts that the operator holds.
    Deposit,
    /// Owed to merchants.
    MerchantPayable,
    /// Owed by issuers.
    IssuerReceivable,
    /// Offline payments that nothing covered.
    AdviceShortfall,
    /// The fund that backs purses.
    PurseFund,
    /// Purses of residents.
    Purse,
    /// Points that may be issued.
    PointsIssued,
    /// Points that are left to issue.
    PointBudget,
    /// Points of residents.
    Points,
    /// Points that were spent.
    PointsSpent,
    /// Points that expired.
    PointsExpired,
    /// Owed by those who fund points.
    FunderReceivable,
    /// Losses of standing in for issuers.
    StandInLoss,
    /// Budgets of relief programmes.
    ReliefBudgeted,
    /// The rest of them.
    ReliefBudget,
    /// Committed, and not paid.
    ReliefCommitted,
    /// Paid.
    ReliefExecuted,
    /// On its way through the bank.
    ReliefTransit,
    /// To be given back by payees.
    ReliefReceivable,
    /// The other side of what is to be given back.
    ReliefClaims,
    /// Merchants' fees.
    FeeIncome,
    /// Tax on fees.
    FeeTax,
    /// Payouts on their way through the bank.
    PayoutTransit,
    /// Kept by issuers.
    Interchange,
    /// Exceptions that were booked.
    Differences,
    /// Fees of the bank.
    BankFees,
}
