//! Settlements of a caller's shops, and the reasons for the amounts of one.

use super::whose::Whose;
use super::why::{Origin, WhyItem};
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::SettlementView;
use kazasu_text::problems::{NotFoundText, ProblemText};
use serde::{Deserialize, Serialize};

/// Settlements of a page at most, and where the request does not say.
const MOST: u16 = 200;
const USUAL: u16 = 50;

/// Settlements of the caller's shops, the newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListShopSettlements {
    /// Only of this shop: `ACQUIRER/MERCHANT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// Only settlements with a lower number: `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// Settlements of a page, at most 200; 50 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// A page of settlements.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopSettlements {
    /// The settlements.
    pub settlements: Vec<ShopSettlement>,
    /// The `before` of the next page, where there is one.
    pub next: Option<u32>,
}

/// A settlement, in short. `GET /settlements/N` has all of its amounts with their reasons.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopSettlement {
    /// Its number.
    pub settlement: u32,
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The shop's name.
    pub name: String,
    /// The contract's number.
    pub contract: u32,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// Payments less refunds.
    pub net_yen: i64,
    /// Fees, with those of chargebacks.
    pub fee_yen: i64,
    /// Tax on the fees.
    pub tax_yen: i64,
    /// What is paid out.
    pub paid_yen: i64,
    /// What is carried into the next settlement; below zero where the shop owes it.
    pub carried_yen: i64,
    /// The day on which it is to be paid.
    pub payday: String,
    /// `nothing_to_pay`, `due`, `ordered`, `paid` or `returned`.
    pub state: String,
}

impl From<&SettlementView> for ShopSettlement {
    fn from(s: &SettlementView) -> Self {
        let t = &s.settlement;
        let net = t.gross.sum() - t.refunds.sum();
        ShopSettlement {
            settlement: s.number,
            merchant: format!("{}/{}", s.acquirer, s.merchant),
            name: s.name.clone(),
            contract: t.contract,
            from: t.period.from.to_string(),
            until: t.period.until.to_string(),
            net_yen: i64::try_from(net).unwrap_or(i64::MAX),
            fee_yen: t.fee.get() + t.chargeback_fee.get(),
            tax_yen: t.tax.get(),
            paid_yen: t.paid.get(),
            carried_yen: t.carried_forward.get(),
            payday: s.value_date.to_string(),
            state: s.state.name().to_owned(),
        }
    }
}

/// Rows of a page.
pub(super) fn page_size(limit: Option<u16>) -> Result<usize> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let (most, got) = (u64::from(MOST), u64::from(limit));
        return Err(unfit("limit", &ProblemText::Range { least: 1, most, got }));
    }
    Ok(usize::from(limit))
}

impl Operation for ListShopSettlements {
    const NAME: Name = Name::ListShopSettlements;
    type Answer = ShopSettlements;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ShopSettlements> {
        let limit = page_size(self.limit)?;
        let whose = Whose::of(services, who).await?;
        let only = whose.named(services, self.merchant.as_deref()).await?;
        let before = self.before.unwrap_or(u32::MAX);
        let found = services.query(move |state| {
            let is_one = |s: &SettlementView| {
                let key = (s.acquirer, s.merchant);
                s.number < before && whose.includes(&key) && only.is_none_or(|only| only == key)
            };
            let all = state.settlements();
            let found = all.iter().rev().filter(|s| is_one(s));
            found.take(limit + 1).map(ShopSettlement::from).collect::<Vec<_>>()
        });
        let mut settlements = found.await?;
        let more = settlements.len() > limit;
        settlements.truncate(limit);
        let next = settlements.last().filter(|_| more).map(|last| last.settlement);
        Ok(ShopSettlements { settlements, next })
    }
}

/// Every amount of a settlement, with its parts and their reasons: days, rules of the contract, rounding, other settlements.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainSettlement {
    /// Its number.
    pub settlement: u32,
}

/// A settlement with the reasons for its amounts.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SettlementExplained {
    /// The settlement in short.
    #[serde(flatten)]
    pub settlement: ShopSettlement,
    /// Its amounts. They add up to `paid_yen`.
    pub items: Vec<WhyItem>,
}

impl Operation for ExplainSettlement {
    const NAME: Name = Name::ExplainSettlement;
    type Answer = SettlementExplained;

    fn subject(&self) -> Subject {
        Subject::numbered("settlement", self.settlement.into())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SettlementExplained> {
        let number = self.settlement;
        let whose = Whose::of(services, who).await?;
        let all = services.query(|state| state.settlements()).await?;
        let view = all.iter().find(|s| s.number == number && whose.includes(&(s.acquirer, s.merchant)));
        // Another merchant's settlement is told as one that is not there.
        let view = view.ok_or_else(|| not_found(&NotFoundText::NoSettlement { number }))?;
        let context = services.closing_context()?;
        let items = context.fee_projection(|fees| Ok(Origin::of(&all, view, fees).items()));
        let items = items.await.map_err(ServiceError::Other)?;
        Ok(SettlementExplained { settlement: ShopSettlement::from(view), items })
    }
}
