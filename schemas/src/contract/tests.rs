//! Fees, cycles and settlements against published figures, hand-made cases, and models that are slow but plain.

mod cycles;
mod data;
mod fees;
mod properties;
mod settlements;

use super::*;
use crate::ids::{InstitutionId, Mcc, MerchantId};
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::policy::Rate;

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn mcc(code: u16) -> Mcc {
    Mcc::new(code).unwrap()
}

/// Percent with four decimals, as parts per million.
fn everything(rate: u32) -> FeeRule {
    FeeRule {
        tenders: Tenders::ALL,
        brand: None,
        mcc: Vec::new(),
        rate: Rate(rate),
        fixed: Yen::ZERO,
        minimum: Yen::ZERO,
    }
}

/// 3.24 % of everything, rounded down tap by tap, from 1 April 2026 on.
fn contract() -> Contract {
    Contract {
        number: 1,
        name: "sample".into(),
        scope: Scope::Default,
        from: day("2026-04-01"),
        until: None,
        rules: vec![everything(32_400)],
        free: Yen::ZERO,
        rounding: Rounding::Down,
        basis: Basis::Tap,
        tax: Tax::Exempt,
        refund_fee: RefundFee::Returned,
        interchange: None,
        cycle: Cycle::TwiceAMonth,
        payout_days: 3,
        reserve: None,
        minimum_payout: Yen::new(1),
        chargeback_fee: Yen::new(1_500),
        funds_points: Vec::new(),
        own_refunds: None,
    }
}

fn prefixes(name: &str, low: u32, high: u32) -> Prefixes {
    Prefixes { name: name.into(), ranges: vec![(low, high)] }
}

/// Two brands, three products, and the standard interchange rates of 30 November 2022 (domain.md section 4).
fn contracts() -> Contracts {
    let row = |brand: &str, product: &str, rate| InterchangeRow {
        brand: brand.into(),
        product: product.into(),
        rate: Rate(rate),
    };
    Contracts {
        name: "sample".into(),
        brands: vec![prefixes("mastercard", 51_000_000, 55_999_999), prefixes("visa", 40_000_000, 49_999_999)],
        products: vec![
            prefixes("gold", 41_230_000, 41_239_999),
            prefixes("platinum", 41_240_000, 41_249_999),
            prefixes("titanium", 52_000_000, 52_009_999),
        ],
        interchange: vec![Schedule {
            name: "standard".into(),
            rows: vec![
                row("visa", "classic", 9_000),
                row("visa", "gold", 10_000),
                row("visa", "platinum", 12_000),
                row("mastercard", "everyday", 8_500),
                row("mastercard", "titanium", 13_000),
            ],
        }],
        contracts: Vec::new(),
    }
}

fn tariff(contract: &Contract) -> Tariff {
    Tariff::new(contract, &contracts()).unwrap()
}

fn paid(seq: u64, tender: Tender, amount: i64) -> TapFact {
    TapFact {
        seq,
        tender,
        brand: Brand::NONE,
        product: Product::UNKNOWN,
        mcc: mcc(5411),
        amount: Yen::new(amount),
        refund: None,
    }
}

/// Gives back `amount` of what `of` paid.
fn back(seq: u64, of: &TapFact, amount: i64, before: i64) -> TapFact {
    let refund = Refund { of: of.seq, before: Yen::new(before), charged: None };
    TapFact { seq, amount: Yen::new(-amount), refund: Some(refund), ..*of }
}

/// The same of a payment of another day, with what it was charged then.
fn charged_before(back: TapFact, charged: Charged) -> TapFact {
    TapFact { refund: back.refund.map(|refund| Refund { charged: Some(charged), ..refund }), ..back }
}

/// Charges on a day of its own, with nothing left from before.
fn charge(contract: &Contract, facts: &[TapFact]) -> (DayFees, Vec<TapFee>) {
    let mut taps = Vec::new();
    let fees = tariff(contract).charge(day("2026-11-24"), facts, &mut Allowance::default(), &mut taps).unwrap();
    (fees, taps)
}

fn merchant(id: &str) -> (InstitutionId, MerchantId) {
    ("27000001".parse().unwrap(), id.parse().unwrap())
}
