//! The reader of a bank statement, and the purpose of the reading.

/// Days between a line and the bank's correction of it.
pub const CORRECTION_DAYS: i32 = 31;

/// The reader of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reader {
    /// Finance staff: payouts, and what issuers and funders pay.
    Payouts,
    /// Cities' treasurers: relief by transfer.
    Relief,
}

/// Whether anything is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Run {
    /// Book what is certain.
    #[default]
    Book,
    /// Only show what would be booked.
    Look,
}
