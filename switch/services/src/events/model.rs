//! An event, and the shop or the city that it is about.

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
    /// The relief batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_yen: Option<i64>,
}

/// Kinds of events, for who chooses some of them.
pub(crate) const KINDS: &[&str] = &[
    "payment.approved",
    "payment.declined",
    "payment.pending",
    "payment.undone",
    "authorization.approved",
    "authorization.declined",
    "authorization.pending",
    "authorization.undone",
    "refund.approved",
    "refund.declined",
    "refund.pending",
    "refund.undone",
    "reversal.approved",
    "reversal.declined",
    "reversal.pending",
    "reversal.undone",
    "settlement.made",
    "payout.ordered",
    "payout.paid",
    "payout.returned",
    "payout.cancelled",
    "day.ended",
    "day.reconciled",
    "day.settled",
    "day.signed",
    "approval.requested",
    "approval.approved",
    "approval.denied",
    "approval.sent_back",
    "approval.withdrawn",
    "approval.lapsed",
    "relief.opened",
    "relief.applied",
    "relief.assessed",
    "relief.decided",
    "relief.committed",
    "relief.ordered",
    "relief.released",
    "relief.credited",
    "relief.sent",
    "relief.returned",
    "relief.reported",
    "relief.cancelled",
];

/// A shop or a city, where an event has one, the yen, and whether it was a payment, a refund or another message.
pub(super) struct Of {
    pub(super) shop: Option<ShopKey>,
    pub(super) city: Option<String>,
    pub(super) amount: Option<i64>,
    pub(super) subject: Option<&'static str>,
    /// The payout, where the record does not name it.
    pub(super) payout: Option<u64>,
}

impl Of {
    pub(super) fn shop(shop: Option<ShopKey>, amount: Option<i64>) -> Of {
        Of { shop, city: None, amount, subject: None, payout: None }
    }

    pub(super) fn city(city: Option<String>, amount: Option<i64>) -> Of {
        Of { city, ..Of::shop(None, amount) }
    }
}

/// An event with what it is about, which says who may see it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) event: Event,
    pub(crate) shop: Option<ShopKey>,
    pub(crate) city: Option<String>,
}
