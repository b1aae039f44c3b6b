//! The terms of a shop's own contract on a day.

use super::whose::Whose;
use super::why::percent;
use crate::access::Name;
use crate::error::{Result, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_schemas::contract::{Basis, Contract, Cycle, FeeRule, Merchant, RefundFee, Rounding, Tax, Tender};
use kazasu_schemas::ids::Mcc;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// The contract of a shop on a day.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowShopContract {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The business day; today where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}

/// The terms of a contract. Yen, and rates such as `3.24%`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContractTerms {
    /// Its number.
    pub contract: u32,
    /// Its name.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day; indefinite where it is absent.
    pub until: Option<String>,
    /// The fee rules in their order: the first that takes a payment is the one.
    pub rules: Vec<TermsRule>,
    /// Sales of a calendar month without a fee.
    pub free_yen: i64,
    /// `down`, `half_up` or `up`.
    pub rounding: String,
    /// `tap`: each payment's fee is rounded; `day_and_brand`: the day's fees of each means of payment, brand and rule.
    pub rounding_basis: String,
    /// The tax on fees; absent where they are exempt.
    pub tax: Option<String>,
    /// Whether the fee of a payment is given back with it.
    pub refunds_fee: bool,
    /// `daily`, `weekly:friday`, `twice_a_month` or `month_end`.
    pub cycle: String,
    /// Bank business days from a period's last day to the payday.
    pub payout_days: u8,
    /// The part of the sales that stays in reserve.
    pub reserve: Option<String>,
    /// Calendar days for which it stays there.
    pub reserve_days: Option<u16>,
    /// Less than this is carried into the next settlement.
    pub minimum_payout_yen: i64,
    /// The fee of a chargeback.
    pub chargeback_fee_yen: i64,
    /// Point programmes that the shop funds.
    pub funds_points: Vec<u16>,
}

/// A fee rule.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TermsRule {
    /// Its place, from 1.
    pub rule: usize,
    /// The means of payment that it is for.
    pub tenders: Vec<String>,
    /// The card brand that it is for; every one where it is absent.
    pub brand: Option<String>,
    /// The categories that it is for, such as `5411` or `5811-5814`; every one where it is empty.
    pub mcc: Vec<String>,
    /// The rate.
    pub rate: String,
    /// Yen for each payment besides.
    pub fixed_yen: i64,
    /// Yen for each payment at least.
    pub minimum_yen: i64,
}

impl Operation for ShowShopContract {
    const NAME: Name = Name::ShowShopContract;
    type Answer = ContractTerms;

    fn subject(&self) -> Subject {
        Subject::named("merchant", &self.merchant)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ContractTerms> {
        let whose = Whose::of(services, who).await?;
        let key = whose.named(services, Some(&self.merchant)).await?;
        let today = services.query(|state| state.day).await?;
        let day = self.day.as_deref().map_or(Ok(today), |text| day("day", text))?;
        let found = services.query(move |state| {
            let (_, contracts, _) = state.contracts();
            let shop = state.merchants().iter().find(|m| Some((m.acquirer, m.id)) == key)?;
            let merchant = Merchant {
                acquirer: shop.acquirer,
                merchant: shop.id,
                mcc: shop.mcc,
                class: &shop.traits.class,
                tags: &shop.traits.tags,
            };
            contracts?.of(merchant, day).map(ContractTerms::from)
        });
        found.await?.ok_or_else(|| unfit("day", &ProblemText::NoContract { day }))
    }
}

impl From<&Contract> for ContractTerms {
    fn from(c: &Contract) -> Self {
        ContractTerms {
            contract: c.number,
            name: c.name.clone(),
            from: c.from.to_string(),
            until: c.until.map(|day| day.to_string()),
            rules: c.rules.iter().enumerate().map(|(at, rule)| rule_terms(at + 1, rule)).collect(),
            free_yen: c.free.get(),
            rounding: rounding(c.rounding).to_owned(),
            rounding_basis: match c.basis {
                Basis::Tap => "tap".to_owned(),
                Basis::DayAndBrand => "day_and_brand".to_owned(),
            },
            tax: match c.tax {
                Tax::Exempt => None,
                Tax::Taxable { rate, .. } => Some(percent(rate)),
            },
            refunds_fee: c.refund_fee == RefundFee::Returned,
            cycle: cycle(c.cycle),
            payout_days: c.payout_days,
            reserve: c.reserve.map(|reserve| percent(reserve.rate)),
            reserve_days: c.reserve.map(|reserve| reserve.days),
            minimum_payout_yen: c.minimum_payout.get(),
            chargeback_fee_yen: c.chargeback_fee.get(),
            funds_points: c.funds_points.clone(),
        }
    }
}

fn rule_terms(place: usize, rule: &FeeRule) -> TermsRule {
    let range = |(low, high): &(Mcc, Mcc)| if low == high { low.to_string() } else { format!("{low}-{high}") };
    let tenders = Tender::ALL.into_iter().filter(|tender| rule.tenders.has(*tender));
    TermsRule {
        rule: place,
        tenders: tenders.map(|tender| tender.name().to_owned()).collect(),
        brand: rule.brand.clone(),
        mcc: rule.mcc.iter().map(range).collect(),
        rate: percent(rule.rate),
        fixed_yen: rule.fixed.get(),
        minimum_yen: rule.minimum.get(),
    }
}

fn rounding(mode: Rounding) -> &'static str {
    match mode {
        Rounding::Down => "down",
        Rounding::HalfUp => "half_up",
        Rounding::Up => "up",
    }
}

fn cycle(of: Cycle) -> String {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    match of {
        Cycle::Daily => "daily".to_owned(),
        Cycle::Weekly(day) => format!("weekly:{}", DAYS.get(usize::from(day)).unwrap_or(&"sunday")),
        Cycle::TwiceAMonth => "twice_a_month".to_owned(),
        Cycle::MonthEnd => "month_end".to_owned(),
    }
}
