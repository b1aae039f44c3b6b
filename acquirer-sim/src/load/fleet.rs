//! The cards and the places of a load run.

use crate::config::AcquirerConfig;
use kazasu_schemas::ids::{Mcc, MerchantId, Ppid, TerminalId};

/// Which messages are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mix {
    /// Payments with some refunds, reversals, repeats, and authorizations that are completed.
    Realistic,
    /// 0200 purchases only.
    Purchases,
}

/// A terminal at a merchant.
#[derive(Clone, Debug)]
pub struct Place {
    /// DE42.
    pub merchant: MerchantId,
    /// DE18.
    pub mcc: Mcc,
    /// DE41.
    pub terminals: Vec<TerminalId>,
}

/// Residents and places.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Cards.
    pub cards: Vec<Ppid>,
    /// Places.
    pub places: Vec<Place>,
    /// Cumulative weights of places: hot merchants by Zipf.
    pub(super) weights: Vec<f64>,
}

impl Fleet {
    /// The merchants of a configuration with these cards; merchants with a closed or limited trade (by alias) are left out.
    #[must_use]
    pub fn new(config: &AcquirerConfig, cards: Vec<Ppid>) -> Self {
        let open = config.merchants.iter().filter(|m| !matches!(m.alias.as_deref(), Some("closed" | "arcade")));
        let places: Vec<Place> =
            open.map(|m| Place { merchant: m.id, mcc: m.mcc, terminals: m.terminals.clone() }).collect();
        let mut sum = 0.0;
        let weights = (1..=u32::try_from(places.len()).unwrap_or(u32::MAX))
            .map(|rank| {
                sum += 1.0 / f64::from(rank);
                sum
            })
            .collect();
        Fleet { cards, places, weights }
    }
}
