//! Why each amount of a settlement is what it is: its days, the rules of its contract, the rounding, other settlements. The parts of
//! an amount add up to it, and the amounts to what is paid.
//!
//! It computes nothing that is booked: it reads what the fee projection charged, and says where a booked amount is not explained by it.

use kazasu_core::SettlementView;
use kazasu_projections::fee_projection::{FeeProjection, MerchantDay};
use kazasu_schemas::contract::{Basis, Contract, Contracts, FeeLine, Settlement, Tax, Tender};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Rate;
use kazasu_text::settlements::{SettlementText, WhyText};
use kazasu_text::{Count, Language, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An amount of a settlement: yen as they go into what is paid, below zero where they go off.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WhyItem {
    /// `sales`, `refunds`, `fees`, `tax`, `points_funding`, `chargebacks`, `chargeback_fees`, `adjustments`, `carried_before`,
    /// `released`, `reserve` or `carried_forward`.
    pub item: String,
    /// What it is called.
    pub name: String,
    /// The same in Japanese.
    pub name_ja: String,
    /// The amount.
    pub yen: i64,
    /// What it consists of; the parts add up to it.
    pub parts: Vec<WhyPart>,
}

/// A part of an amount, with the reason.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WhyPart {
    /// Its yen, with the sign of the amount that it is a part of.
    pub yen: i64,
    /// The reason, in a sentence.
    pub why: String,
    /// The same in Japanese.
    pub why_ja: String,
    /// The business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The means of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tender: Option<String>,
    /// The card's brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Payments, refunds or chargebacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The contract's rule, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u32>,
    /// Yen that a rate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_yen: Option<i64>,
    /// Of them, yen without a fee, because of the month's free allowance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_yen: Option<i64>,
    /// The rate, such as `3.24%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The part before rounding to whole yen, to the millionth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_yen: Option<String>,
    /// Another settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<u32>,
    /// A point programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<u16>,
}

impl WhyPart {
    fn new(yen: i64, why: &WhyText<'_>) -> WhyPart {
        let of = |language| why.in_language(language).into_owned();
        WhyPart { yen, why: of(Language::English), why_ja: of(Language::Japanese), ..WhyPart::default() }
    }

    fn on(self, day: BusinessDay) -> WhyPart {
        WhyPart { day: Some(day.to_string()), ..self }
    }
}

/// What a settlement was made of.
pub(crate) struct Origin {
    settlement: Settlement,
    /// The settlement before it, and what that one carried on.
    before: Option<(u32, Yen)>,
    /// Settlements whose reserve was due in this one: number, yen, due day.
    released: Vec<(u32, Yen, BusinessDay)>,
    days: Vec<(BusinessDay, MerchantDay)>,
    /// The contracts by which it was settled.
    contracts: Option<Arc<Contracts>>,
}

impl Origin {
    /// Of a settlement among all of them.
    pub(crate) fn of(all: &[SettlementView], view: &SettlementView, fees: &FeeProjection) -> Origin {
        let key = (view.acquirer, view.merchant);
        let earlier = || all.iter().filter(|s| (s.acquirer, s.merchant) == key && s.number < view.number);
        let before = earlier().max_by_key(|s| s.number);
        let first = before.map_or(BusinessDay(i32::MIN), |s| s.settlement.period.until.next());
        let until = view.settlement.period.until;
        let due = |s: &&SettlementView| s.settlement.held_until.is_some_and(|day| first <= day && day <= until);
        let released = earlier().filter(due);
        let days = fees.days.range(first..=until);
        let days: Vec<_> = days.filter_map(|(day, book)| Some((*day, book.merchants.get(&key)?.clone()))).collect();
        let contracts = days.iter().rev().find_map(|(_, day)| day.contracts.clone()).or_else(|| fees.contracts());
        Origin {
            settlement: view.settlement,
            before: before.map(|s| (s.number, s.settlement.carried_forward)),
            released: released
                .map(|s| (s.number, s.settlement.reserved, s.settlement.held_until.unwrap_or(until)))
                .collect(),
            days,
            contracts,
        }
    }

    fn contract(&self) -> Option<&Contract> {
        self.contracts.as_ref()?.contracts.iter().find(|c| c.number == self.settlement.contract)
    }

    /// Its amounts, each with its parts. They add up to what is paid.
    pub(crate) fn items(&self) -> Vec<WhyItem> {
        let s = &self.settlement;
        let mut items = Vec::new();
        for tender in Tender::ALL {
            let sales = self.lines().filter(|(_, _, line)| line.tender == tender && line.count > 0);
            let sales = sales.map(|(day, _, line)| sales_part(day, line)).collect();
            items.push(item("sales", &SettlementText::Sales { tender }, s.gross.get(tender).get(), sales));
            let back = self.lines().filter(|(_, _, line)| line.tender == tender && line.refund_count > 0);
            let back = back.map(|(day, _, line)| refunds_part(day, line)).collect();
            items.push(item("refunds", &SettlementText::Refunds { tender }, -s.refunds.get(tender).get(), back));
        }
        let fees = self.lines().map(|(day, of, line)| fee_part(day, of, line)).collect();
        items.push(item("fees", &SettlementText::Fees, -s.fee.get(), fees));
        items.push(item(
            "chargeback_fees",
            &SettlementText::ChargebackFees,
            -s.chargeback_fee.get(),
            self.cases_fees(),
        ));
        items.push(item("tax", &SettlementText::Tax, -s.tax.get(), self.tax().into_iter().collect()));
        items.extend(self.points());
        items.push(item("chargebacks", &SettlementText::ChargedBack, -s.chargebacks.get(), self.chargebacks()));
        items.push(item("adjustments", &SettlementText::Adjustments, s.adjustments.get(), self.adjustments()));
        let carried = self.before.map(|(number, yen)| WhyPart {
            settlement: Some(number),
            ..WhyPart::new(yen.get(), &WhyText::CarriedBefore { settlement: number })
        });
        let carried = carried.into_iter().collect();
        items.push(item("carried_before", &SettlementText::CarriedBefore, s.carried_before.get(), carried));
        let released = self.released.iter().map(|(number, yen, day)| WhyPart {
            settlement: Some(*number),
            ..WhyPart::new(yen.get(), &WhyText::Released { settlement: *number, day: *day }).on(*day)
        });
        items.push(item("released", &SettlementText::Released, s.released.get(), released.collect()));
        items.push(item("reserve", &SettlementText::Reserve, -s.reserved.get(), self.reserve().into_iter().collect()));
        let onward = self.carried_forward().into_iter().collect();
        items.push(item("carried_forward", &SettlementText::CarriedForward, -s.carried_forward.get(), onward));
        items.retain(|item| item.yen != 0 || !item.parts.is_empty());
        items
    }

    /// Lines of fees of its days, with the day's contract.
    fn lines(&self) -> impl Iterator<Item = (BusinessDay, &MerchantDay, &FeeLine)> {
        let days = self.days.iter();
        days.flat_map(|(day, of)| of.fees.iter().flat_map(|fees| &fees.lines).map(move |line| (*day, of, line)))
    }

    /// Days on which a contract charged the merchant.
    fn charged(&self) -> impl Iterator<Item = (BusinessDay, &MerchantDay)> {
        self.days.iter().filter(|(_, of)| of.contract.is_some()).map(|(day, of)| (*day, of))
    }

    fn tax(&self) -> Option<WhyPart> {
        let base = Yen::new(self.settlement.fee.get().checked_add(self.settlement.chargeback_fee.get())?);
        let Tax::Taxable { rate, .. } = self.contract()?.tax else { return None };
        // A tax of other terms than these is not explained by them.
        if base == Yen::ZERO || self.contract()?.tax.on(base) != self.settlement.tax {
            return None;
        }
        let exact = decimal(i128::from(base.get()) * i128::from(rate.0));
        let part =
            WhyPart::new(-self.settlement.tax.get(), &WhyText::Tax { base, rate: &percent(rate), exact: &exact });
        let exact = decimal(-i128::from(base.get()) * i128::from(rate.0));
        Some(WhyPart { base_yen: Some(base.get()), rate: Some(percent(rate)), exact_yen: Some(exact), ..part })
    }

    fn chargebacks(&self) -> Vec<WhyPart> {
        let days = self.charged().filter(|(_, of)| of.totals.chargeback_cases > 0);
        days.map(|(day, of)| {
            let count = of.totals.chargeback_cases;
            let why = WhyText::Chargebacks { day, count: Count(count.into()) };
            WhyPart { count: Some(count), ..WhyPart::new(-of.totals.chargebacks.get(), &why).on(day) }
        })
        .collect()
    }

    fn cases_fees(&self) -> Vec<WhyPart> {
        let each = self.contract().map_or(Yen::ZERO, |contract| contract.chargeback_fee);
        let days = self.charged().filter(|(_, of)| of.totals.chargeback_cases > 0 && each != Yen::ZERO);
        days.map(|(day, of)| {
            let count = of.totals.chargeback_cases;
            let why = WhyText::ChargebackFees { day, count: Count(count.into()), each };
            WhyPart { count: Some(count), ..WhyPart::new(-i64::from(count) * each.get(), &why).on(day) }
        })
        .collect()
    }

    /// An item for each programme whose points the merchant funds.
    fn points(&self) -> Vec<WhyItem> {
        let mut by_programme: BTreeMap<u16, Vec<WhyPart>> = BTreeMap::new();
        for (day, of) in self.charged() {
            for (programme, yen) in of.funding.iter().filter(|(_, yen)| **yen != Yen::ZERO) {
                let why = WhyText::PointsFunded { day, programme: *programme };
                let part = WhyPart { programme: Some(*programme), ..WhyPart::new(-yen.get(), &why).on(day) };
                by_programme.entry(*programme).or_default().push(part);
            }
        }
        let mut told = 0;
        let mut items: Vec<WhyItem> = Vec::new();
        for (programme, parts) in by_programme {
            let yen: i64 = parts.iter().map(|part| part.yen).sum();
            told += yen;
            items.push(item("points_funding", &SettlementText::PointsFunded { programme }, yen, parts));
        }
        let rest = -self.settlement.points_funding.get() - told;
        if rest != 0 {
            items.push(item("points_funding", &SettlementText::PointsFunded { programme: 0 }, rest, Vec::new()));
        }
        items
    }

    fn adjustments(&self) -> Vec<WhyPart> {
        let mut parts = Vec::new();
        for (day, of) in &self.days {
            let t = &of.totals;
            if of.contract.is_some() {
                if t.adjustments != Yen::ZERO {
                    parts.push(WhyPart::new(t.adjustments.get(), &WhyText::Adjusted { day: *day }).on(*day));
                }
                continue;
            }
            let all = t.gross.sum() - t.refunds.sum() + i128::from(t.adjustments.get() - t.chargebacks.get());
            if let Some(yen) = i64::try_from(all).ok().filter(|yen| *yen != 0) {
                parts.push(WhyPart::new(yen, &WhyText::WithoutContract { day: *day }).on(*day));
            }
        }
        parts
    }

    fn reserve(&self) -> Option<WhyPart> {
        let s = &self.settlement;
        let (reserve, until) = (self.contract()?.reserve?, s.held_until?);
        let net = i64::try_from((s.gross.sum() - s.refunds.sum()).max(0)).ok()?;
        let whole = i128::from(net) * i128::from(reserve.rate.0);
        let rate = percent(reserve.rate);
        let full = whole / 1_000_000 == i128::from(s.reserved.get());
        let why = if full {
            WhyText::Reserved { net: Yen::new(net), rate: &rate, until }
        } else {
            WhyText::ReservedLess { rate: &rate, until }
        };
        let part = WhyPart::new(-s.reserved.get(), &why).on(until);
        Some(WhyPart { base_yen: Some(net), exact_yen: Some(decimal(-whole)), rate: Some(rate), ..part })
    }

    fn carried_forward(&self) -> Option<WhyPart> {
        let carried = self.settlement.carried_forward;
        if carried == Yen::ZERO {
            return None;
        }
        let why = if carried < Yen::ZERO {
            WhyText::Owed
        } else {
            WhyText::BelowMinimum { least: self.contract()?.minimum_payout }
        };
        Some(WhyPart::new(-carried.get(), &why))
    }
}

/// An amount. What its parts do not explain is said.
fn item(code: &str, name: &SettlementText<'_>, yen: i64, mut parts: Vec<WhyPart>) -> WhyItem {
    let told: i64 = parts.iter().map(|part| part.yen).sum();
    if told != yen {
        parts.push(WhyPart::new(yen - told, &WhyText::Unexplained));
    }
    let of = |language| name.in_language(language).into_owned();
    WhyItem { item: code.to_owned(), name: of(Language::English), name_ja: of(Language::Japanese), yen, parts }
}

fn sales_part(day: BusinessDay, line: &FeeLine) -> WhyPart {
    let why = WhyText::Sales { day, count: Count(line.count.into()), tender: line.tender };
    let part = WhyPart::new(line.gross.get(), &why).on(day);
    WhyPart { tender: Some(line.tender.name().to_owned()), count: Some(line.count), ..part }
}

fn refunds_part(day: BusinessDay, line: &FeeLine) -> WhyPart {
    let why = WhyText::Refunds { day, count: Count(line.refund_count.into()), tender: line.tender };
    let part = WhyPart::new(-line.refunds.get(), &why).on(day);
    WhyPart { tender: Some(line.tender.name().to_owned()), count: Some(line.refund_count), ..part }
}

fn fee_part(day: BusinessDay, of: &MerchantDay, line: &FeeLine) -> WhyPart {
    let number = of.contract.unwrap_or_default();
    let contracts = of.contracts.as_deref();
    let contract = contracts.and_then(|all| all.contracts.iter().find(|c| c.number == number));
    let (tender, rule, exact) = (line.tender, u32::from(line.rule) + 1, decimal(line.exact));
    let net = Yen::new(line.gross.get() - line.refunds.get());
    let (contract_number, exact_text) = (number, exact.as_str());
    let why = match contract.map_or(Basis::Tap, |c| c.basis) {
        Basis::Tap => WhyText::FeeOfPayments { day, tender, contract: contract_number, rule, net, exact: exact_text },
        Basis::DayAndBrand => {
            WhyText::FeeOfDay { day, tender, contract: contract_number, rule, net, exact: exact_text }
        }
    };
    let part = WhyPart::new(-line.fee.get(), &why).on(day);
    let rate = contract.and_then(|c| c.rules.get(usize::from(line.rule))).map(|rule| percent(rule.rate));
    WhyPart {
        tender: Some(tender.name().to_owned()),
        brand: contracts.and_then(|all| all.brand_name(line.brand)).map(str::to_owned),
        count: Some(line.count),
        rule: Some(rule),
        base_yen: Some(net.get()),
        free_yen: (line.free != Yen::ZERO).then(|| line.free.get()),
        rate,
        exact_yen: Some(decimal(-line.exact)),
        ..part
    }
}

/// Millionths of a yen as yen: `-1101.6`.
pub(crate) fn decimal(micros: i128) -> String {
    let (sign, size) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Parts per million as percent: `3.24%`.
pub(crate) fn percent(rate: Rate) -> String {
    let text = format!("{}.{:04}", rate.0 / 10_000, rate.0 % 10_000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_yen_and_rates_are_written_without_a_digit_too_many() {
        let yen = [0, 1, -1, 1_000_000, -1_101_600_000, 12_345_678_901_234_567].map(decimal);
        assert_eq!(yen, ["0", "0.000001", "-0.000001", "1", "-1101.6", "12345678901.234567"]);
        assert_eq!([0, 32_400, 1_000_000, 1].map(|n| percent(Rate(n))), ["0%", "3.24%", "100%", "0.0001%"]);
    }
}
