//! Facts about taps, and their costs: facts come in, fees and lines come out.

use super::brand::{Brand, Product};
use super::tender::Tender;
use crate::ids::Mcc;
use crate::jst::BusinessDay;
use crate::money::Yen;
use minicbor::{Decode, Encode};

/// The most facts of one call. With amounts of twelve digits, sums of so many stay within an `i64`.
pub const MOST_FACTS: usize = 8_000_000;

/// The part of one tap that one tender paid or got back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TapFact {
    /// The record's number in the journal. Facts ascend by it and, within one tap, by tender.
    pub seq: u64,
    /// The tender that paid. Several purses that pay for one tap are one fact.
    pub tender: Tender,
    /// The card's brand; without meaning for other tenders.
    pub brand: Brand,
    /// The card's product.
    pub product: Product,
    /// DE18 of the tap.
    pub mcc: Mcc,
    /// Above zero, or below when it is given back; at most twelve digits.
    pub amount: Yen,
    /// Of what it is the refund, when the amount is below zero; of what a refund was undone, when it is above.
    pub refund: Option<Refund>,
}

impl TapFact {
    /// The brand that rules and lines go by: only cards have one.
    pub(super) fn card_brand(&self) -> Brand {
        if self.tender.is_card() { self.brand } else { Brand::NONE }
    }
}

/// The payment that a refund refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refund {
    /// The payment's record number; the tender is the same.
    pub of: u64,
    /// The amount of this part that was given back before, zero or more; at least as much as is undone.
    pub before: Yen,
    /// The fee of the payment; may be absent when the payment stands in the same list.
    pub charged: Option<Charged>,
}

/// A payment of an earlier day and its fee, as [`TapFee::charged`] says it. Kept by the caller for refunds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Charged {
    /// Its business day.
    #[n(0)]
    pub day: BusinessDay,
    /// Its amount.
    #[n(1)]
    pub amount: Yen,
    /// The part of it that cost nothing.
    #[n(2)]
    pub free: Yen,
    /// Its fee before rounding, millionths of a yen.
    #[n(3)]
    pub exact: i64,
    /// Its fee.
    #[n(4)]
    pub fee: Yen,
}

/// The fee of one fact. All below zero for refunds whose fee is returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct TapFee {
    /// The contract's rule, from 0.
    #[n(0)]
    pub rule: u16,
    /// Its line in [`DayFees::lines`], from 0.
    #[n(1)]
    pub line: u16,
    /// The part of the amount that costs nothing.
    #[n(2)]
    pub free: Yen,
    /// The fee before rounding, millionths of a yen.
    #[n(3)]
    pub exact: i64,
    /// The fee: rounded by itself, or its part of the rounded line.
    #[n(4)]
    pub fee: Yen,
    /// Of the fee, what the card's issuer is estimated to get; half a yen counts as one.
    #[n(5)]
    pub interchange: Yen,
}

impl TapFee {
    /// The facts that a later refund of this payment needs.
    #[must_use]
    pub fn charged(&self, day: BusinessDay, fact: &TapFact) -> Charged {
        Charged { day, amount: fact.amount, free: self.free, exact: self.exact, fee: self.fee }
    }
}

/// Taps of a day with one tender, brand and rule. Not for keeping, because of [`Brand`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeeLine {
    /// The tender.
    pub tender: Tender,
    /// The brand.
    pub brand: Brand,
    /// The contract's rule, from 0.
    pub rule: u16,
    /// Payments.
    pub count: u32,
    /// Their sum.
    pub gross: Yen,
    /// Refunds.
    pub refund_count: u32,
    /// Their sum, zero or more.
    pub refunds: Yen,
    /// The part of payments less refunds that is free of fees.
    pub free: Yen,
    /// Fees.
    pub fee: Yen,
    /// The same before rounding, millionths of a yen.
    pub exact: i128,
    /// Interchange, estimated.
    pub interchange: Yen,
}

/// A merchant's fees of a business day. Tax comes with the settlement ([`super::Tax::on`]), because it is rounded
/// there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayFees {
    /// The day.
    pub day: BusinessDay,
    /// Its lines, in the order of their first taps.
    pub lines: Vec<FeeLine>,
    /// All fees; below zero when more was given back.
    pub fee: Yen,
    /// All interchange, estimated.
    pub interchange: Yen,
}

impl DayFees {
    /// Fees and interchange of the lines, of the taps and in all are the same. It stays on in release.
    ///
    /// # Panics
    /// When they are not: then a breakdown would show another sum than the merchant is charged.
    pub fn assert_adds_up(&self, taps: &[TapFee]) {
        let (mut fee, mut interchange) = (0, 0);
        for tap in taps {
            fee += tap.fee.get();
            interchange += tap.interchange.get();
        }
        let lines: i64 = self.lines.iter().map(|line| line.fee.get()).sum();
        assert_eq!((fee, lines), (self.fee.get(), self.fee.get()), "fees of taps and lines add up to the day's");
        let lines: i64 = self.lines.iter().map(|line| line.interchange.get()).sum();
        let whole = self.interchange.get();
        assert_eq!((interchange, lines), (whole, whole), "interchange of taps and lines adds up to the day's");
    }
}

/// The consumed part of a merchant's free allowance. It begins anew with each calendar month by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Allowance {
    /// The month, as [`BusinessDay::month`] counts.
    #[n(0)]
    pub month: i32,
    /// Takings that cost nothing so far.
    #[n(1)]
    pub used: Yen,
}

impl Allowance {
    pub(super) fn on(self, day: BusinessDay) -> Allowance {
        let month = day.month();
        if self.month == month { self } else { Allowance { month, used: Yen::ZERO } }
    }
}

/// Facts that do not fit together. Nothing is charged then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FeeError {
    /// The allowance is one of a later month: days are charged in their order.
    #[error("{0} is charged after a day of a later month")]
    Past(BusinessDay),
    /// The contract is not in force on the day.
    #[error("the contract is not in force on {0}")]
    NotInForce(BusinessDay),
    /// More than [`MOST_FACTS`].
    #[error("at most {MOST_FACTS} facts are charged together, got {0}")]
    TooMany(usize),
    /// More than 65,536 combinations of tender, brand and rule.
    #[error("more than 65,536 combinations of tender, brand and rule")]
    TooManyLines,
    /// Facts must ascend by record and tender, each once.
    #[error("record {0} stands behind a later one, or twice with one tender")]
    Order(u64),
    /// Zero, more than twelve digits, or a sign that does not fit.
    #[error(
        "record {seq}: the amount must be ¥1 to ¥999,999,999,999, or the same below zero for a refund, got {amount}"
    )]
    Amount {
        /// The record.
        seq: u64,
        /// The value that came.
        amount: Yen,
    },
    /// The payment of a refund is neither given nor in the list.
    #[error("record {seq} gives back of record {of}, of which nothing is known here")]
    NoOriginal {
        /// The refund's record.
        seq: u64,
        /// The payment's.
        of: u64,
    },
    /// More is given back than was paid, or what is said of the payment cannot be.
    #[error("record {seq} gives back of record {of} more than is left of it, or it was charged impossibly")]
    Original {
        /// The refund's record.
        seq: u64,
        /// The payment's.
        of: u64,
    },
}
