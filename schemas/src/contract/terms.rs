//! The terms of one contract: which tap costs what, how it is rounded and taxed, when and how much is paid out.

use super::cycle::{Cycle, NoBankDay, Period, value_date};
use super::rounding::Rounding;
use super::scope::Scope;
use super::tender::{Tender, Tenders};
use crate::ids::Mcc;
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::policy::{MccRanges, Rate, in_ranges};
use minicbor::{Decode, Encode};

/// The largest fixed part and minimum of a tap's fee, yen.
pub const MOST_FIXED: i64 = 10_000;

/// A contract with one merchant or many.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Contract {
    /// 1 to 4294967295, for ever.
    #[n(0)]
    pub number: u32,
    /// For people.
    #[n(1)]
    pub name: String,
    /// For whom.
    #[n(2)]
    pub scope: Scope,
    /// First day.
    #[n(3)]
    pub from: BusinessDay,
    /// Last day; for an indefinite time when absent.
    #[n(4)]
    pub until: Option<BusinessDay>,
    /// The fee rules: a tap costs what the first rule says that takes it. The last takes everything.
    #[n(5)]
    pub rules: Vec<FeeRule>,
    /// Takings of a calendar month that cost nothing, consumed in the order of the taps.
    #[n(6)]
    pub free: Yen,
    /// The rounding of fractions of a yen of fees.
    #[n(7)]
    pub rounding: Rounding,
    /// The rounding basis.
    #[n(8)]
    pub basis: Basis,
    /// Consumption tax on fees.
    #[n(9)]
    pub tax: Tax,
    /// The treatment of the fee when a payment is given back.
    #[n(10)]
    pub refund_fee: RefundFee,
    /// Name of the interchange schedule that is shown beside the fees.
    #[n(11)]
    pub interchange: Option<String>,
    /// The rule by which settlement periods end.
    #[n(12)]
    pub cycle: Cycle,
    /// Bank business days from a period's end to the day that the merchant is paid.
    #[n(13)]
    pub payout_days: u8,
    /// The reserve.
    #[n(14)]
    pub reserve: Option<Reserve>,
    /// Less than this is carried into the next period instead of being paid.
    #[n(15)]
    pub minimum_payout: Yen,
    /// The fee of each chargeback, which the merchant pays besides its amount.
    #[n(16)]
    pub chargeback_fee: Yen,
    /// Point programmes whose funder the merchant is: what was paid with their points, anywhere, goes off its settlement.
    #[cbor(n(17), default)]
    pub funds_points: Vec<u16>,
    /// Refunds of up to so many yen that one person of the merchant asks for, another person of the merchant decides; finance decides the
    /// others, and all of them when absent.
    #[n(18)]
    pub own_refunds: Option<Yen>,
}

impl Contract {
    /// The period of its cycle that a day belongs to, cut to the days on which the contract is in force; `None` on
    /// other days.
    #[must_use]
    pub fn period(&self, day: BusinessDay) -> Option<Period> {
        let Period { from, until } = self.cycle.period(day);
        let last = self.until.map_or(until, |last| last.min(until));
        self.in_force(day).then(|| Period { from: from.max(self.from), until: last })
    }

    /// The day on which the merchant is paid for a period: `payout_days` bank business days after its last day.
    pub fn value_date(
        &self,
        period: Period,
        is_bank_business_day: impl FnMut(BusinessDay) -> bool,
    ) -> Result<BusinessDay, NoBankDay> {
        value_date(period.until, self.payout_days, is_bank_business_day)
    }
}

impl Contract {
    /// Is it in force on this day?
    #[must_use]
    pub fn in_force(&self, day: BusinessDay) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// The fee of a sort of taps: `rate` of the amount and `fixed`, but at least `minimum`.
///
/// A tap that several tenders pay has a fee for each of them, by that tender's rule, its fixed part and minimum
/// included.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct FeeRule {
    /// Only what is paid with these.
    #[n(0)]
    pub tenders: Tenders,
    /// Only cards in this list of brand prefixes; every brand and none when absent.
    #[n(1)]
    pub brand: Option<String>,
    /// Only taps at these merchant categories; all when empty.
    #[n(2)]
    pub mcc: MccRanges,
    /// Of the amount.
    #[n(3)]
    pub rate: Rate,
    /// Yen a tap, 0 to [`MOST_FIXED`].
    #[n(4)]
    pub fixed: Yen,
    /// Yen a tap at least, 0 to [`MOST_FIXED`].
    #[n(5)]
    pub minimum: Yen,
}

impl FeeRule {
    /// Does it take every tap?
    #[must_use]
    pub fn takes_everything(&self) -> bool {
        self.tenders == Tenders::ALL && self.brand.is_none() && self.mcc.is_empty()
    }

    /// Does it take a tap with this tender, brand (of a card in a list) and category?
    #[must_use]
    pub fn takes(&self, tender: Tender, brand: Option<&str>, mcc: Mcc) -> bool {
        self.tenders.has(tender)
            && (self.brand.is_none() || crate::canonical::same_or_neither(self.brand.as_deref(), brand))
            && (self.mcc.is_empty() || in_ranges(&self.mcc, mcc))
    }
}

/// The sum that is rounded to whole yen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Basis {
    /// Each tap's fee.
    #[n(0)]
    Tap,
    /// The fee of a business day for each tender, brand and rule, payments less refunds. The rounded fee is then
    /// divided among its taps by the largest remainder, so that details add up to it.
    #[n(1)]
    DayAndBrand,
}

/// Consumption tax on fees, once for each settlement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Tax {
    /// None: the acquirer buys receivables, as usual for credit cards (domain.md section 4).
    #[n(0)]
    Exempt,
    /// On top of the fees: a payment agent without assignment of receivables.
    #[n(1)]
    Taxable {
        /// 10 % since October 2019.
        #[n(0)]
        rate: Rate,
        /// The rounding of fractions of a yen of tax.
        #[n(1)]
        rounding: Rounding,
    },
}

impl Tax {
    /// The tax on so much in fees; below zero where the fees are. Yen.
    #[must_use]
    pub fn on(self, fees: Yen) -> Yen {
        match self {
            Tax::Exempt => Yen::ZERO,
            Tax::Taxable { rate, rounding } => {
                let tax = rounding.yen(i128::from(fees.get()) * i128::from(rate.0));
                Yen::new(i64::try_from(tax).expect("a rate of at most 100 % keeps an amount within the range"))
            }
        }
    }
}

/// The treatment of the fee when a payment is given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum RefundFee {
    /// It is given back in proportion, and so is the free allowance within its month.
    #[n(0)]
    Returned,
    /// It stays, and the free allowance stays consumed.
    #[n(1)]
    Kept,
}

/// The part of a period's takings that is kept back for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Reserve {
    /// Of payments less refunds.
    #[n(0)]
    pub rate: Rate,
    /// Calendar days after the period's last day.
    #[n(1)]
    pub days: u16,
}

impl Reserve {
    /// The first day on which what was kept back of a period may be paid out again: it belongs to the settlement whose
    /// period holds this day.
    #[must_use]
    pub fn release_day(self, last: BusinessDay) -> BusinessDay {
        BusinessDay(last.0.saturating_add(i32::from(self.days)))
    }
}
