//! What the taps of one merchant and one business day cost, tap by tap and in lines, each adding up to the same yen.
//!
//! It keeps nothing and looks nothing up: what earlier days left behind (the month's free allowance, what was charged
//! for a payment that is given back now) comes in as arguments.

use super::brand::{Brand, Product};
use super::rounding::{MICROS, Rounding};
use super::tally::Tally;
use super::tariff::{Price, Tariff};
use super::tender::Tender;
use super::terms::{Basis, MOST_FIXED, RefundFee};
use crate::ids::Mcc;
use crate::jst::BusinessDay;
use crate::money::{MAX_WIRE_AMOUNT, Yen};
use minicbor::{Decode, Encode};

/// The most facts of one call. With amounts of twelve digits, sums of so many stay within an `i64`.
pub const MOST_FACTS: usize = 8_000_000;

/// What one tender paid of one tap, or got back of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TapFact {
    /// The record's number in the journal. Facts ascend by it and, within one tap, by tender.
    pub seq: u64,
    /// Who paid. Several purses that pay for one tap are one fact.
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

/// What a refund refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refund {
    /// The payment's record number; the tender is the same.
    pub of: u64,
    /// What was given back of this part before, zero or more; at least as much as is undone.
    pub before: Yen,
    /// What was charged for the payment; may be absent when the payment stands in the same list.
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
    /// What a later refund of this payment needs to know.
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
    /// What of payments less refunds cost nothing.
    pub free: Yen,
    /// Fees.
    pub fee: Yen,
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

/// How much of a merchant's free allowance is consumed. It begins anew with each calendar month by itself.
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
    fn on(self, day: BusinessDay) -> Allowance {
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
        /// What came.
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

impl Tariff {
    /// Charges the taps of one merchant and business day. `out` gets a [`TapFee`] for each fact, in their order; what
    /// it held is dropped, its memory is used again. On an error `out` is empty and `allowance` as it was.
    ///
    /// A merchant's days are charged in their order, each once: `allowance` is what the day before left. To charge a
    /// day again, begin with the same.
    pub fn charge(
        &self,
        day: BusinessDay,
        facts: &[TapFact],
        allowance: &mut Allowance,
        out: &mut Vec<TapFee>,
    ) -> Result<DayFees, FeeError> {
        out.clear();
        if !self.in_force(day) {
            return Err(FeeError::NotInForce(day));
        }
        if allowance.month > day.month() {
            return Err(FeeError::Past(day));
        }
        if facts.len() > MOST_FACTS {
            return Err(FeeError::TooMany(facts.len()));
        }
        out.reserve(facts.len());
        let mut run = Run { tariff: self, day, facts, used: allowance.on(day), tally: Tally::new(day) };
        let fees = run.taps(out).map(|()| run.lines(out));
        match fees {
            Ok(()) => *allowance = run.used,
            Err(_) => out.clear(),
        }
        fees.map(|()| run.tally.finish(out))
    }
}

struct Run<'a> {
    tariff: &'a Tariff,
    day: BusinessDay,
    facts: &'a [TapFact],
    used: Allowance,
    tally: Tally,
}

/// What a fact is charged before lines are looked at.
struct Share {
    free: i64,
    exact: i64,
    fee: i64,
    interchange: i64,
}

impl Run<'_> {
    fn taps(&mut self, out: &mut Vec<TapFee>) -> Result<(), FeeError> {
        let facts = self.facts;
        let mut last = None;
        for (at, fact) in facts.iter().enumerate() {
            let key = Some((fact.seq, fact.tender));
            if key <= last {
                return Err(FeeError::Order(fact.seq));
            }
            last = key;
            let amount = fact.amount.get();
            let least = if fact.refund.is_some() { -MAX_WIRE_AMOUNT } else { 1 };
            if amount == 0 || !(least..=MAX_WIRE_AMOUNT).contains(&amount) {
                return Err(FeeError::Amount { seq: fact.seq, amount: fact.amount });
            }
            let (rule, price) = self.tariff.price(fact);
            let share = match fact.refund {
                None => self.payment(fact, price),
                Some(refund) => self.refund(at, refund, out)?,
            };
            let fee = TapFee {
                rule,
                line: self.tally.line(fact, rule)?,
                free: Yen::new(share.free),
                exact: share.exact,
                fee: Yen::new(share.fee),
                interchange: Yen::new(share.interchange),
            };
            self.tally.add(fact, &fee, amount * self.tariff.interchange_rate(fact));
            out.push(fee);
        }
        Ok(())
    }

    fn payment(&mut self, fact: &TapFact, price: &Price) -> Share {
        let amount = fact.amount.get();
        let free = self.tariff.free.saturating_sub(self.used.used.get()).clamp(0, amount);
        self.used.used = Yen::new(self.used.used.get() + free);
        let exact = price.of(amount, free);
        let interchange = rounded(Rounding::HalfUp, amount * self.tariff.interchange_rate(fact));
        Share { free, exact, fee: rounded(self.tariff.rounding, exact), interchange }
    }

    /// Parts of a payment that are given back one after another get the difference of what is left before and after, so
    /// that all together get exactly what was charged. A refund that is undone takes the same way back.
    fn refund(&mut self, at: usize, refund: Refund, out: &[TapFee]) -> Result<Share, FeeError> {
        let fact = &self.facts[at];
        let (before, back) = (refund.before.get(), -fact.amount.get());
        let wrong = FeeError::Original { seq: fact.seq, of: refund.of };
        if !(0..=MAX_WIRE_AMOUNT).contains(&before) || before + back < 0 {
            return Err(wrong);
        }
        let rate = self.tariff.interchange_rate(fact);
        let interchange = rounded(Rounding::HalfUp, before * rate) - rounded(Rounding::HalfUp, (before + back) * rate);
        match self.tariff.refund_fee {
            RefundFee::Kept => Ok(Share { free: 0, exact: 0, fee: 0, interchange }),
            RefundFee::Returned => {
                let paid = self.paid(at, refund, out)?;
                if !is_possible(&paid) || before + back > paid.amount.get() {
                    return Err(wrong);
                }
                let part = |whole: i64| left(whole, &paid, before + back) - left(whole, &paid, before);
                let free = part(paid.free.get());
                if paid.day.month() == self.used.month {
                    self.used.used = Yen::new((self.used.used.get() + free).max(0));
                }
                Ok(Share { free, exact: part(paid.exact), fee: part(paid.fee.get()), interchange })
            }
        }
    }

    /// What was charged for the payment that a refund refers to.
    fn paid(&self, at: usize, refund: Refund, out: &[TapFee]) -> Result<Charged, FeeError> {
        let fact = &self.facts[at];
        let earlier = &self.facts[..at];
        let found = || {
            let place = earlier.binary_search_by_key(&(refund.of, fact.tender), |f| (f.seq, f.tender)).ok()?;
            earlier[place].refund.is_none().then(|| out[place].charged(self.day, &earlier[place]))
        };
        refund.charged.or_else(found).ok_or(FeeError::NoOriginal { seq: fact.seq, of: refund.of })
    }

    /// Rounds what is not rounded tap by tap.
    fn lines(&mut self, out: &mut [TapFee]) {
        match self.tariff.basis {
            Basis::Tap => (),
            Basis::DayAndBrand => {
                let exact = |fact: &TapFact| fact.amount.get() * self.tariff.interchange_rate(fact);
                let interchange: Vec<i64> = self.facts.iter().map(exact).collect();
                self.tally.round(self.tariff.rounding, out, &interchange);
            }
        }
    }
}

fn rounded(rounding: Rounding, micros: i64) -> i64 {
    i64::try_from(rounding.yen(i128::from(micros))).expect("less than it came from")
}

/// What of a whole is left when so much of the payment was given back; fractions are dropped.
fn left(whole: i64, paid: &Charged, given_back: i64) -> i64 {
    let rest = i128::from(paid.amount.get() - given_back);
    i64::try_from(i128::from(whole) * rest / i128::from(paid.amount.get())).expect("at most the whole")
}

fn is_possible(paid: &Charged) -> bool {
    let most = MAX_WIRE_AMOUNT + MOST_FIXED;
    (1..=MAX_WIRE_AMOUNT).contains(&paid.amount.get())
        && (0..=paid.amount.get()).contains(&paid.free.get())
        && (0..=most).contains(&paid.fee.get())
        && (0..=most * MICROS).contains(&paid.exact)
}
