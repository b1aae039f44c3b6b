//! The fee calculator: what payments would cost a merchant under a contract, and when the merchant would have the money.

use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::transactions::{Shops, shop};
use crate::{Services, Who};
use kazasu_schemas::contract::{
    Allowance, Brand, Contract, Contracts, DayTotals, Merchant, Opening, Product, Settlement, TapFact, Tariff, Tender,
};
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::{Count, Quoted};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lines of a quote at most, and payments of all lines together.
const MOST_LINES: usize = 100;
const MOST_PAYMENTS: u32 = 10_000;

/// What payments of one day would cost a merchant, and when they would be paid out. It changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskQuote {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The business day; today where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Another contract than the shop's, by its number: to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<u32>,
    /// The payments, 1 to 100 lines.
    pub payments: Vec<QuotedPayment>,
}

/// Payments that are alike.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotedPayment {
    /// `credit`, `debit`, `bank`, `on_us`, `purse` or `points`.
    pub tender: String,
    /// Yen of each.
    pub amount: i64,
    /// Their number; one where it is left out. All lines together have 10,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The card's brand, as the contract names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Four digits; the shop's category where they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
}

/// A quote.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quote {
    /// The contract's number.
    pub contract: u32,
    /// Its name.
    pub name: String,
    /// The business day.
    pub day: String,
    /// Each line of the request, in its order.
    pub lines: Vec<QuoteLine>,
    /// All payments.
    pub gross_yen: i64,
    /// All fees.
    pub fee_yen: i64,
    /// Consumption tax on the fees.
    pub tax_yen: i64,
    /// What the contract keeps back for a time.
    pub reserved_yen: i64,
    /// What would be paid out.
    pub paid_yen: i64,
    /// What is carried to the next settlement because it is below the contract's least payout.
    pub carried_yen: i64,
    /// The first and the last day of the settlement that the day belongs to.
    pub settled_from: String,
    /// The last day.
    pub settled_until: String,
    /// The day on which it would be paid.
    pub payday: String,
}

/// A line of a quote.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QuoteLine {
    /// As in the request.
    pub tender: String,
    /// As in the request; empty for what is no card.
    pub brand: String,
    /// Payments.
    pub count: u32,
    /// Their sum.
    pub gross_yen: i64,
    /// Their fees.
    pub fee_yen: i64,
    /// The contract's rule that the first of them follows, from 1.
    pub rule: u32,
    /// The part that is free of fees, because of the month's free allowance.
    pub free_yen: i64,
}

/// The shop that asks.
struct Asking {
    mcc: Mcc,
    class: String,
    tags: Vec<String>,
    contracts: Option<Arc<Contracts>>,
}

impl Operation for AskQuote {
    const NAME: Name = Name::AskQuote;
    type Answer = Quote;

    fn subject(&self) -> Subject {
        Subject::named("merchant", &self.merchant)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Quote> {
        let key = shop(&self.merchant)?;
        let today = services.query(|state| state.day).await?;
        let day = self.day.as_deref().map_or(Ok(today), |text| day("day", text))?;
        let shops = Shops::of(services, who).await?;
        let asking = services.query(move |state| {
            let is_it = |one: &&kazasu_core::Merchant| (one.acquirer, one.id) == key;
            let (_, contracts, _) = state.contracts();
            state.merchants().iter().find(is_it).map(|one| Asking {
                mcc: one.mcc,
                class: one.traits.class.clone(),
                tags: one.traits.tags.clone(),
                contracts,
            })
        });
        // Another merchant's shop is told as one that is not there.
        let Some(asking) = asking.await?.filter(|_| shops.includes(&key)) else {
            let id = kazasu_schemas::text::masked(&self.merchant);
            return Err(not_found(&NotFoundText::Merchant { id: &id }));
        };
        let none = || unfit("contract", &ProblemText::NoContract { day });
        let contracts = asking.contracts.as_deref().ok_or_else(none)?;
        let merchant =
            Merchant { acquirer: key.0, merchant: key.1, mcc: asking.mcc, class: &asking.class, tags: &asking.tags };
        let contract = match self.contract {
            None => contracts.of(merchant, day),
            // A merchant's own people compare contracts that are made for shops like theirs, and read no other merchant's.
            Some(number) => contracts.contracts.iter().find(|c| {
                let may = matches!(shops, Shops::All) || c.scope.takes(merchant);
                c.number == number && c.in_force(day) && may
            }),
        };
        let contract = contract.ok_or_else(none)?;
        self.quoted((contract, contracts), (day, asking.mcc), services)
    }
}

impl AskQuote {
    fn quoted(
        &self,
        (contract, contracts): (&Contract, &Contracts),
        (day, mcc): (BusinessDay, Mcc),
        services: &Services,
    ) -> Result<Quote> {
        let inside = |error: &dyn std::fmt::Display| ServiceError::Other(anyhow::anyhow!("{error}"));
        let tariff = Tariff::new(contract, contracts).map_err(|error| inside(&error))?;
        let facts = self.facts(contracts, mcc)?;
        let mut fees = Vec::new();
        let all: Vec<TapFact> = facts.iter().flatten().copied().collect();
        let charged = tariff.charge(day, &all, &mut Allowance::default(), &mut fees).map_err(|error| inside(&error))?;
        let mut rest = &fees[..];
        let mut lines = Vec::new();
        for (payment, facts) in self.payments.iter().zip(&facts) {
            let (own, after) = rest.split_at(facts.len());
            rest = after;
            lines.push(QuoteLine {
                tender: payment.tender.clone(),
                brand: payment.brand.clone().unwrap_or_default(),
                count: payment.count.unwrap_or(1),
                gross_yen: facts.iter().map(|fact| fact.amount.get()).sum(),
                fee_yen: own.iter().map(|fee| fee.fee.get()).sum(),
                rule: own.first().map_or(0, |fee| u32::from(fee.rule) + 1),
                free_yen: own.iter().map(|fee| fee.free.get()).sum(),
            });
        }
        let period = contract.period(day).ok_or_else(|| unfit("day", &ProblemText::NoContract { day }))?;
        let totals = [DayTotals::of(&charged)];
        let settlement =
            Settlement::of(contract, period, &totals, Opening::default()).map_err(|error| inside(&error))?;
        let payday = services.calendar.add_business_days(period.until, u32::from(contract.payout_days));
        Ok(Quote {
            contract: contract.number,
            name: contract.name.clone(),
            day: day.to_string(),
            gross_yen: lines.iter().map(|line| line.gross_yen).sum(),
            lines,
            fee_yen: settlement.fee.get(),
            tax_yen: settlement.tax.get(),
            reserved_yen: settlement.reserved.get(),
            paid_yen: settlement.paid.get(),
            carried_yen: settlement.carried_forward.get(),
            settled_from: period.from.to_string(),
            settled_until: period.until.to_string(),
            payday: payday.map_err(|error| inside(&error))?.to_string(),
        })
    }

    /// The payments of each line.
    fn facts(&self, contracts: &Contracts, mcc: Mcc) -> Result<Vec<Vec<TapFact>>> {
        if !(1..=MOST_LINES).contains(&self.payments.len()) {
            let got = self.payments.len() as u64;
            return Err(unfit("payments", &ProblemText::Range { least: 1, most: MOST_LINES as u64, got }));
        }
        // The sum is bounded before anything is made.
        let together = self.payments.iter().fold(0_u64, |sum, line| sum.saturating_add(line.count.unwrap_or(1).into()));
        if together > u64::from(MOST_PAYMENTS) {
            return Err(unfit("count", &ProblemText::Range { least: 1, most: MOST_PAYMENTS.into(), got: together }));
        }
        let mut seq = 0;
        let line = |payment: &QuotedPayment| {
            let tender = Tender::parse(&payment.tender).ok_or_else(|| {
                let choices = "credit, debit, bank, on_us, purse, points";
                unfit("tender", &ProblemText::OneOfAll { choices, got: Quoted(&payment.tender) })
            })?;
            if !(1..=MAX_WIRE_AMOUNT).contains(&payment.amount) {
                return Err(unfit("amount", &ProblemText::AboveZero));
            }
            let brand = match payment.brand.as_deref() {
                None => Brand::NONE,
                Some(name) => contracts.brand(name).ok_or_else(|| {
                    let known: Vec<&str> = contracts.brands.iter().map(|brand| brand.name.as_str()).collect();
                    unfit("brand", &ProblemText::OneOfAll { choices: &known.join(", "), got: Quoted(name) })
                })?,
            };
            let mcc = match payment.mcc.as_deref() {
                None => mcc,
                Some(text) => {
                    text.parse().map_err(|_| unfit("mcc", &ProblemText::DigitsExactly { digits: Count(4) }))?
                }
            };
            let count = payment.count.unwrap_or(1);
            if !(1..=MOST_PAYMENTS).contains(&count) {
                let most = u64::from(MOST_PAYMENTS);
                return Err(unfit("count", &ProblemText::Range { least: 1, most, got: count.into() }));
            }
            let amount = Yen::new(payment.amount);
            let next = |_| {
                seq += 1;
                TapFact { seq, tender, brand, product: Product::UNKNOWN, mcc, amount, refund: None }
            };
            Ok((0..count).map(next).collect())
        };
        self.payments.iter().map(line).collect()
    }
}
