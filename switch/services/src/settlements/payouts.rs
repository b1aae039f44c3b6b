//! What is paid to a caller's shops, from the plan to the bank: one line a settlement.

use super::list::page_size;
use super::whose::Whose;
use crate::access::Name;
use crate::error::Result;
use crate::operation::Operation;
use crate::payees::{masked, opened};
use crate::{Services, Who};
use kazasu_core::{PayoutView, SettlementState, SettlementView, State};
use kazasu_ledger::record::{Payee, Proposal};
use kazasu_schemas::relief::SealedAccount;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Payments to the caller's shops, the newest first: planned, approved, sent to the bank, paid, returned.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListShopPayouts {
    /// Only to this shop: `ACQUIRER/MERCHANT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// Only of settlements with a lower number: `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// Rows of a page, at most 200; 50 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// A page of payments to shops.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopPayouts {
    /// The payments.
    pub payouts: Vec<ShopPayout>,
    /// The `before` of the next page, where there is one.
    pub next: Option<u32>,
}

/// A payment to a shop.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopPayout {
    /// The settlement that it pays.
    pub settlement: u32,
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The shop's name.
    pub name: String,
    /// Yen.
    pub yen: i64,
    /// `planned`, `requested` (two people decide it), `approved`, `sent` (the file for the bank was made), `paid` (the bank took it) or
    /// `returned` (the bank sent it back, and the shop is owed it again).
    pub state: String,
    /// The day on which it is to be paid: the contract's while it is planned, then the bank's.
    pub payday: String,
    /// The payout that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<u64>,
    /// The text that stands on the shop's own bank statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The account that the approved payout pays to: bank, branch, kind and the last digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When the file for the bank was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
}

/// What the state knows of a payment to a shop.
struct Known {
    view: SettlementView,
    requested: bool,
    payout: Option<PayoutView>,
    account: Option<(Payee, SealedAccount)>,
}

impl Known {
    fn state(&self) -> &'static str {
        match (self.view.state, &self.payout) {
            (SettlementState::Ordered(_), Some(payout)) if payout.file.is_some() => "sent",
            (SettlementState::Ordered(_), _) => "approved",
            (SettlementState::Paid(_), _) => "paid",
            (SettlementState::Returned(_), _) => "returned",
            (SettlementState::Due | SettlementState::Nothing, _) if self.requested => "requested",
            (SettlementState::Due | SettlementState::Nothing, _) => "planned",
        }
    }
}

/// The payout that a settlement is in.
fn payout_of(state: SettlementState) -> Option<u64> {
    match state {
        SettlementState::Ordered(number) | SettlementState::Paid(number) | SettlementState::Returned(number) => {
            Some(number)
        }
        SettlementState::Due | SettlementState::Nothing => None,
    }
}

/// Settlements that a request waits to pay.
fn requested(state: &State) -> BTreeSet<u32> {
    let open = state.approvals();
    let all = open.iter().flat_map(|one| match &one.proposal {
        Proposal::Payout { settlements, .. } => settlements.as_slice(),
        _ => &[],
    });
    all.copied().collect()
}

impl Operation for ListShopPayouts {
    const NAME: Name = Name::ListShopPayouts;
    type Answer = ShopPayouts;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ShopPayouts> {
        let limit = page_size(self.limit)?;
        let whose = Whose::of(services, who).await?;
        let only = whose.named(services, self.merchant.as_deref()).await?;
        let before = self.before.unwrap_or(u32::MAX);
        let found = services.query(move |state| {
            let waits = requested(state);
            let payouts: BTreeMap<u64, PayoutView> = state.payouts().into_iter().map(|p| (p.number, p)).collect();
            let is_one = |s: &SettlementView| {
                let key = (s.acquirer, s.merchant);
                let paid = s.settlement.paid.is_positive();
                paid && s.number < before && whose.includes(&key) && only.is_none_or(|only| only == key)
            };
            let all = state.settlements().into_iter().rev().filter(|s| is_one(s)).take(limit + 1);
            let known = |view: SettlementView| {
                let payout = payout_of(view.state);
                Known {
                    requested: waits.contains(&view.number),
                    account: payout.and_then(|payout| state.paid_to(payout, view.number)),
                    payout: payout.and_then(|payout| payouts.get(&payout).cloned()),
                    view,
                }
            };
            all.map(known).collect::<Vec<_>>()
        });
        let mut found = found.await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.view.number);
        Ok(ShopPayouts { payouts: found.iter().map(|known| services.shop_payout(known)).collect(), next })
    }
}

impl Services {
    fn shop_payout(&self, known: &Known) -> ShopPayout {
        let s = &known.view;
        let vault = &self.imports.vault;
        let account = known.account.as_ref().and_then(|(payee, sealed)| opened(vault, payee, sealed).ok());
        let payday = known.payout.as_ref().map_or(s.value_date, |payout| payout.value_date);
        let number = payout_of(s.state);
        ShopPayout {
            settlement: s.number,
            merchant: format!("{}/{}", s.acquirer, s.merchant),
            name: s.name.clone(),
            yen: s.settlement.paid.get(),
            state: known.state().to_owned(),
            payday: payday.to_string(),
            payout: number,
            reference: number.map(|payout| crate::closing::payout_reference(payout, s.number)),
            account: account.as_ref().map(masked),
            sent_at: known.payout.as_ref().and_then(|payout| payout.made_at).map(|at| at.jst_text()),
        }
    }
}
