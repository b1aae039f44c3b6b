//! The state of a merchant's settlement.

/// The state of a settlement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettlementState {
    /// Nothing was to be paid.
    Nothing,
    /// To be paid.
    Due,
    /// In a payout that was approved.
    Ordered(u64),
    /// The bank took it.
    Paid(u64),
    /// It came back: the merchant is owed it again.
    Returned(u64),
}

impl SettlementState {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SettlementState::Nothing => "nothing_to_pay",
            SettlementState::Due => "due",
            SettlementState::Ordered(_) => "ordered",
            SettlementState::Paid(_) => "paid",
            SettlementState::Returned(_) => "returned",
        }
    }
}
