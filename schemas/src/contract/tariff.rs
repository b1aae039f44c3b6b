//! A contract prepared for charging: names looked up, numbers checked, so that a tap costs a few comparisons.

use super::brand::{Brand, Product};
use super::contracts::Contracts;
use super::facts::TapFact;
use super::rounding::{MICROS, Rounding};
use super::tender::{Tender, Tenders};
use super::terms::{Basis, Contract, FeeRule, MOST_FIXED, RefundFee};
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::policy::{MccRanges, in_ranges};

/// A contract prepared for charging. It can be kept and shared by all merchants of the contract, as long as brands and
/// products are numbered by the same [`Contracts`].
#[derive(Clone, Debug)]
pub struct Tariff {
    from: BusinessDay,
    until: Option<BusinessDay>,
    prices: Vec<Price>,
    interchange: Vec<(Brand, Product, i64)>,
    /// Yen a month.
    pub(super) free: i64,
    pub(super) rounding: Rounding,
    pub(super) basis: Basis,
    pub(super) refund_fee: RefundFee,
}

/// A fee rule with its numbers in millionths of a yen.
#[derive(Clone, Debug)]
pub(super) struct Price {
    tenders: Tenders,
    brand: Option<Brand>,
    mcc: MccRanges,
    rate: i64,
    fixed: i64,
    minimum: i64,
}

/// The error of a contract that cannot be charged by. A checked contract file has none of these.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TariffError {
    /// A rule names a brand that has no list.
    #[error("contract {contract}: rule {rule} names brand {name:?}, which has no list")]
    Brand {
        /// The contract.
        contract: u32,
        /// The rule's place, from 1.
        rule: usize,
        /// The name.
        name: String,
    },
    /// A rule's rate, fixed part or minimum is out of range.
    #[error("contract {contract}: rule {rule} has a rate above 100 %, or yen outside of 0 to {MOST_FIXED}")]
    Price {
        /// The contract.
        contract: u32,
        /// The rule's place, from 1.
        rule: usize,
    },
    /// The last rule does not take everything, or there are more than 65,535.
    #[error("contract {contract}: must have a last rule that takes everything, and 65,535 at most")]
    Rules {
        /// The contract.
        contract: u32,
    },
    /// The free allowance is below zero.
    #[error("contract {contract}: the free allowance must not be below zero, got {free}")]
    Free {
        /// The contract.
        contract: u32,
        /// The value that came.
        free: Yen,
    },
    /// There is no interchange schedule of this name.
    #[error("contract {contract}: names interchange schedule {name:?}, which does not exist")]
    Schedule {
        /// The contract.
        contract: u32,
        /// The name.
        name: String,
    },
}

impl Tariff {
    /// Prepares a contract; `contracts` has its brands, products and interchange.
    pub fn new(contract: &Contract, contracts: &Contracts) -> Result<Tariff, TariffError> {
        let number = contract.number;
        if !contract.rules.last().is_some_and(FeeRule::takes_everything) || contract.rules.len() > usize::from(u16::MAX)
        {
            return Err(TariffError::Rules { contract: number });
        }
        if contract.free < Yen::ZERO {
            return Err(TariffError::Free { contract: number, free: contract.free });
        }
        let prices = contract.rules.iter().enumerate().map(|(at, rule)| price(number, at + 1, rule, contracts));
        Ok(Tariff {
            from: contract.from,
            until: contract.until,
            prices: prices.collect::<Result<_, _>>()?,
            interchange: interchange(contract, contracts)?,
            free: contract.free.get(),
            rounding: contract.rounding,
            basis: contract.basis,
            refund_fee: contract.refund_fee,
        })
    }

    /// Is the contract in force on this day?
    #[must_use]
    pub fn in_force(&self, day: BusinessDay) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The first rule that takes the tap, and its place from 0.
    pub(super) fn price(&self, fact: &TapFact) -> (u16, &Price) {
        let of = fact.card_brand();
        let takes = |price: &Price| {
            price.tenders.has(fact.tender)
                && price.brand.is_none_or(|brand| brand == of)
                && (price.mcc.is_empty() || in_ranges(&price.mcc, fact.mcc))
        };
        let at = self.prices.iter().position(takes).expect("the last rule takes everything");
        (u16::try_from(at).expect("counted when it was made"), &self.prices[at])
    }

    /// Interchange of a tap, parts per million of its amount.
    pub(super) fn interchange_rate(&self, fact: &TapFact) -> i64 {
        if fact.tender != Tender::Credit {
            return 0;
        }
        let rows = || self.interchange.iter().filter(|(brand, _, _)| *brand == fact.brand);
        let exact = rows().find(|(_, product, _)| fact.product != Product::UNKNOWN && *product == fact.product);
        exact.or_else(|| rows().next()).map_or(0, |(_, _, rate)| *rate)
    }
}

impl Price {
    /// The fee of `amount` yen of which `free` cost nothing, in millionths of a yen. Of a tap that is free in part,
    /// fixed part and minimum are due in proportion; what is below a millionth of a yen is dropped.
    pub(super) fn of(&self, amount: i64, free: i64) -> i64 {
        let full = (amount * self.rate + self.fixed).max(self.minimum);
        if free == 0 {
            full
        } else {
            let charged = i128::from(full) * i128::from(amount - free) / i128::from(amount);
            i64::try_from(charged).expect("a part of what fits")
        }
    }
}

fn price(contract: u32, place: usize, rule: &FeeRule, contracts: &Contracts) -> Result<Price, TariffError> {
    let brand = match &rule.brand {
        None => None,
        Some(name) => {
            let known = contracts.brand(name);
            Some(known.ok_or_else(|| TariffError::Brand { contract, rule: place, name: name.clone() })?)
        }
    };
    let part = |yen: Yen| (0..=MOST_FIXED).contains(&yen.get()).then(|| yen.get() * MICROS);
    match (part(rule.fixed), part(rule.minimum)) {
        (Some(fixed), Some(minimum)) if i64::from(rule.rate.0) <= MICROS => Ok(Price {
            tenders: rule.tenders,
            brand,
            mcc: rule.mcc.clone(),
            rate: i64::from(rule.rate.0),
            fixed,
            minimum,
        }),
        _ => Err(TariffError::Price { contract, rule: place }),
    }
}

/// The schedule's rows whose brand has a list: no card can be of another brand.
fn interchange(contract: &Contract, contracts: &Contracts) -> Result<Vec<(Brand, Product, i64)>, TariffError> {
    let Some(name) = &contract.interchange else { return Ok(Vec::new()) };
    let schedule = contracts.interchange.iter().find(|schedule| crate::canonical::same(&schedule.name, name));
    let schedule = schedule.ok_or_else(|| TariffError::Schedule { contract: contract.number, name: name.clone() })?;
    let row = |row: &super::InterchangeRow| {
        let product = contracts.product(&row.product).unwrap_or(Product::UNKNOWN);
        Some((contracts.brand(&row.brand)?, product, i64::from(row.rate.0).min(MICROS)))
    };
    Ok(schedule.rows.iter().filter_map(row).collect())
}
