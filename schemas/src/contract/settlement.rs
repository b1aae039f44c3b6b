//! The amount that a merchant is paid for a period: takings, less deductions, less what is kept back or carried. Nothing
//! below zero or below the contract's minimum is ever paid; it is carried into the next period.

use super::cycle::Period;
use super::facts::DayFees;
use super::tender::ByTender;
use super::terms::Contract;
use crate::jst::BusinessDay;
use crate::money::Yen;
use minicbor::{Decode, Encode};

/// The sums of one merchant on one business day. Amounts are zero or more unless stated otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct DayTotals {
    /// The day.
    #[n(0)]
    pub day: BusinessDay,
    /// Payments. Relief is what purses paid; points are paid to the merchant like money.
    #[n(1)]
    pub gross: ByTender,
    /// Refunds.
    #[n(2)]
    pub refunds: ByTender,
    /// Fees; below zero when more was given back.
    #[n(3)]
    pub fee: Yen,
    /// Of them, interchange as estimated; below zero likewise.
    #[n(4)]
    pub interchange: Yen,
    /// The amount that the merchant owes for points that it funds itself; below zero when points were clawed back.
    #[n(5)]
    pub points_funding: Yen,
    /// Corrections by hand; above zero in the merchant's favour, below zero against it.
    #[n(6)]
    pub adjustments: Yen,
    /// Amounts charged back. One that the merchant wins later is an adjustment.
    #[n(7)]
    pub chargebacks: Yen,
    /// The number.
    #[n(8)]
    pub chargeback_cases: u32,
}

impl DayTotals {
    /// A day's fees as totals; the rest is zero.
    #[must_use]
    pub fn of(fees: &DayFees) -> Self {
        let mut totals =
            DayTotals { day: fees.day, fee: fees.fee, interchange: fees.interchange, ..DayTotals::default() };
        for line in &fees.lines {
            for (sums, yen) in [(&mut totals.gross, line.gross), (&mut totals.refunds, line.refunds)] {
                let sum = sums.get_mut(line.tender);
                *sum = sum.checked_add(yen).expect("the number and size of taps are bounded");
            }
        }
        totals
    }
}

/// The balance that earlier periods left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Opening {
    /// Carried from the period before: [`Settlement::carried_forward`].
    #[n(0)]
    pub carried: Yen,
    /// Kept back of earlier periods and due in this one, zero or more.
    #[n(1)]
    pub released: Yen,
}

/// A merchant's settlement of a period. All amounts in yen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Settlement {
    /// The contract's number.
    #[n(0)]
    pub contract: u32,
    /// The days.
    #[n(1)]
    pub period: Period,
    /// Payments.
    #[n(2)]
    pub gross: ByTender,
    /// Refunds.
    #[n(3)]
    pub refunds: ByTender,
    /// Fees of taps; may be below zero.
    #[n(4)]
    pub fee: Yen,
    /// Of them, interchange as estimated. For information: it goes off nothing here.
    #[n(5)]
    pub interchange: Yen,
    /// Fees of chargebacks.
    #[n(6)]
    pub chargeback_fee: Yen,
    /// Tax on both kinds of fees, rounded once.
    #[n(7)]
    pub tax: Yen,
    /// For points that the merchant funds.
    #[n(8)]
    pub points_funding: Yen,
    /// Charged back.
    #[n(9)]
    pub chargebacks: Yen,
    /// Corrections by hand.
    #[n(10)]
    pub adjustments: Yen,
    /// Kept back of this period.
    #[n(11)]
    pub reserved: Yen,
    /// The first day on which that may be paid; absent when nothing is kept back.
    #[n(12)]
    pub held_until: Option<BusinessDay>,
    /// Kept back earlier, due now.
    #[n(13)]
    pub released: Yen,
    /// Carried from the period before; below zero when the merchant owed.
    #[n(14)]
    pub carried_before: Yen,
    /// Paid out: zero, or at least the minimum.
    #[n(15)]
    pub paid: Yen,
    /// Carried into the next period; below zero when the merchant owes.
    #[n(16)]
    pub carried_forward: Yen,
}

/// Totals that cannot be settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettlementError {
    /// The period is not one of the contract.
    #[error("contract {contract} is not in force from {} until {}", period.from, period.until)]
    Period {
        /// The contract.
        contract: u32,
        /// The period.
        period: Period,
    },
    /// Days must ascend, each once, within the period.
    #[error("{0} is outside of the period, stands behind a later day or is there twice")]
    Day(BusinessDay),
    /// An amount that cannot be below zero is.
    #[error("{what} must not be below zero, got {got}")]
    Negative {
        /// The amount's name.
        what: &'static str,
        /// The value that came.
        got: Yen,
    },
    /// A sum does not fit.
    #[error("the sum of {0} is out of range")]
    Range(&'static str),
}

impl Settlement {
    /// Settles a period of one merchant from the totals of its days; days without taps may be missing.
    ///
    /// To settle for the last time, pass the contract with a minimum payout and reserve of nothing.
    pub fn of(
        contract: &Contract,
        period: Period,
        days: &[DayTotals],
        opening: Opening,
    ) -> Result<Settlement, SettlementError> {
        if period.from > period.until || !contract.in_force(period.from) || !contract.in_force(period.until) {
            return Err(SettlementError::Period { contract: contract.number, period });
        }
        check(period, days, opening)?;
        let fee = sum("fees", days, |day| i128::from(day.fee.get()))?;
        let cost = i128::from(contract.chargeback_fee.get());
        let chargeback_fee = sum("chargeback fees", days, |day| i128::from(day.chargeback_cases) * cost)?;
        let fees = fee.checked_add(chargeback_fee).ok_or(SettlementError::Range("fees"))?;
        let mut settlement = Settlement {
            contract: contract.number,
            period,
            gross: by_tender("payments", days, |day| &day.gross)?,
            refunds: by_tender("refunds", days, |day| &day.refunds)?,
            fee,
            interchange: sum("interchange", days, |day| i128::from(day.interchange.get()))?,
            chargeback_fee,
            tax: contract.tax.on(fees),
            points_funding: sum("points funding", days, |day| i128::from(day.points_funding.get()))?,
            chargebacks: sum("chargebacks", days, |day| i128::from(day.chargebacks.get()))?,
            adjustments: sum("adjustments", days, |day| i128::from(day.adjustments.get()))?,
            reserved: Yen::ZERO,
            held_until: None,
            released: opening.released,
            carried_before: opening.carried,
            paid: Yen::ZERO,
            carried_forward: Yen::ZERO,
        };
        settlement.pay(contract)?;
        settlement.assert_balanced();
        Ok(settlement)
    }

    /// Decides what is kept back, paid and carried.
    fn pay(&mut self, contract: &Contract) -> Result<(), SettlementError> {
        let there = self.coming_in() - self.going_off();
        let mut held = 0;
        if let Some(reserve) = contract.reserve {
            let takings = (self.gross.sum() - self.refunds.sum()).max(0);
            let kept = takings * i128::from(reserve.rate.0) / 1_000_000;
            // What is not there cannot be kept back.
            held = kept.clamp(0, there.max(0));
            self.held_until = (held > 0).then(|| reserve.release_day(self.period.until));
        }
        self.reserved = yen("reserve", held)?;
        let net = yen("the net", there - held)?;
        let least = contract.minimum_payout.max(Yen::ZERO);
        if net >= least {
            self.paid = net;
        } else {
            self.carried_forward = net;
        }
        Ok(())
    }

    /// Payments less refunds, corrections, and what earlier periods left.
    fn coming_in(&self) -> i128 {
        let rest = [self.adjustments, self.carried_before, self.released];
        self.gross.sum() - self.refunds.sum() + total(&rest)
    }

    /// The parts of others.
    fn going_off(&self) -> i128 {
        total(&[self.fee, self.chargeback_fee, self.tax, self.points_funding, self.chargebacks])
    }

    /// Paid + carried + kept back + fees (of taps and chargebacks) + tax + points funded + charged back = payments −
    /// refunds + adjustments + carried before + released. It stays on in release.
    ///
    /// # Panics
    /// When they differ, or less than nothing is paid or kept back: no such settlement may leave.
    pub fn assert_balanced(&self) {
        let out = total(&[self.paid, self.carried_forward, self.reserved]) + self.going_off();
        assert_eq!(out, self.coming_in(), "a settlement gives away what comes in: {self:?}");
        assert!(self.paid >= Yen::ZERO && self.reserved >= Yen::ZERO, "nothing is paid below zero: {self:?}");
        assert!(self.paid == Yen::ZERO || self.carried_forward == Yen::ZERO, "paid or carried, not both: {self:?}");
    }
}

fn check(period: Period, days: &[DayTotals], opening: Opening) -> Result<(), SettlementError> {
    let mut last = None;
    for day in days {
        if !period.has(day.day) || last.is_some_and(|last| last >= day.day) {
            return Err(SettlementError::Day(day.day));
        }
        last = Some(day.day);
        not_negative("chargebacks", day.chargebacks)?;
        for tender in super::Tender::ALL {
            not_negative("payments", day.gross.get(tender))?;
            not_negative("refunds", day.refunds.get(tender))?;
        }
    }
    not_negative("what is released", opening.released)
}

fn not_negative(what: &'static str, got: Yen) -> Result<(), SettlementError> {
    if got < Yen::ZERO { Err(SettlementError::Negative { what, got }) } else { Ok(()) }
}

fn total(amounts: &[Yen]) -> i128 {
    amounts.iter().map(|yen| i128::from(yen.get())).sum()
}

fn sum(what: &'static str, days: &[DayTotals], of: impl Fn(&DayTotals) -> i128) -> Result<Yen, SettlementError> {
    yen(what, days.iter().map(of).sum())
}

fn by_tender(
    what: &'static str,
    days: &[DayTotals],
    of: impl Fn(&DayTotals) -> &ByTender,
) -> Result<ByTender, SettlementError> {
    let mut sums = ByTender::default();
    for tender in super::Tender::ALL {
        *sums.get_mut(tender) = sum(what, days, |day| i128::from(of(day).get(tender).get()))?;
    }
    Ok(sums)
}

fn yen(what: &'static str, n: i128) -> Result<Yen, SettlementError> {
    i64::try_from(n).map(Yen::new).map_err(|_| SettlementError::Range(what))
}
