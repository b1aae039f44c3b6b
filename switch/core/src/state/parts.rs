//! Differences between the legs of payments and refunds and what their issuers have.

use kazasu_schemas::money::Yen;

/// The part of a payment's instrument part that is not as its leg alone says; most payments have none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Parts {
    /// Given back by refund advices that the issuer refused: it still counts it. Of a refund: its own part, refused.
    pub(in super::super) denied: Yen,
    /// Taken of its own message by resolved differences and chargebacks.
    pub(in super::super) taken: Yen,
    /// Of a payment that the issuer refused: what the booked loss left out for refunds of every kind. Losses were booked so once.
    pub(in super::super) unlost: Yen,
    /// The issuer refused the advice that told it of this tap: it has nothing of it, and nothing of it to reverse.
    pub(in super::super) refused: bool,
    /// Of a payment that reversals were told of: the least that its issuer acknowledged to remain, refunds apart.
    pub(in super::super) remains: Option<Yen>,
}
