//! An event, and the shop that it is about.

use crate::transactions::ShopKey;
use serde::{Deserialize, Serialize};

/// An event. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// Its own id, `evt_` and a number: the same whenever it is read.
    pub id: String,
    /// The journal's record.
    pub sequence: u64,
    /// What happened, such as `payment.approved`.
    pub kind: String,
    /// When.
    pub at: String,
    /// The business day.
    pub day: String,
    /// The shop, `ACQUIRER/MERCHANT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// The terminal's message that it is about, for `/transactions/{record}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<u64>,
    /// The settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<u32>,
    /// The payout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<u64>,
    /// The request that two people decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<u64>,
    /// Yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_yen: Option<i64>,
}

/// A shop, where an event has one, the yen, and whether it was a payment, a refund or another message.
pub(super) struct OfShop {
    pub(super) shop: Option<ShopKey>,
    pub(super) amount: Option<i64>,
    pub(super) subject: Option<&'static str>,
    /// The payout, where the record does not name it.
    pub(super) payout: Option<u64>,
}

impl OfShop {
    pub(super) fn new(shop: Option<ShopKey>, amount: Option<i64>) -> OfShop {
        OfShop { shop, amount, subject: None, payout: None }
    }
}
