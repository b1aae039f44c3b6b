//! Which payouts came back before which settlement: what a merchant is owed again is in the amount that its next settlement begins with.

use crate::journal_index::MerchantKey;
use hashbrown::HashMap;
use kazasu_ledger::record::{MerchantSettled, PayoutReturned};
use kazasu_schemas::money::Yen;

/// Payouts that came back, by the settlement that began with them.
#[derive(Default)]
pub struct Returns {
    /// Whose each settlement is, and what it paid.
    settled: HashMap<u32, (MerchantKey, Yen)>,
    /// The settlement that each line of the bank's statement gave back.
    lines: HashMap<String, u32>,
    /// Since the last settlement of a merchant.
    waiting: HashMap<MerchantKey, Vec<(u32, Yen)>>,
    begun: HashMap<u32, Vec<(u32, Yen)>>,
}

impl Returns {
    pub(crate) fn settled(&mut self, r: &MerchantSettled) {
        let key = (r.acquirer, r.merchant);
        self.settled.insert(r.number, (key, r.settlement.paid));
        if let Some(waiting) = self.waiting.remove(&key) {
            self.begun.insert(r.number, waiting);
        }
    }

    pub(crate) fn returned(&mut self, r: &PayoutReturned) {
        self.lines.insert(r.reference.clone(), r.settlement);
        if let Some((key, paid)) = self.settled.get(&r.settlement) {
            self.waiting.entry(*key).or_default().push((r.settlement, *paid));
        }
    }

    /// A line of the statement was undone: if it gave a payout back, that stands as paid again.
    pub(crate) fn undone(&mut self, line: &str) {
        let Some(settlement) = self.lines.remove(line) else { return };
        if let Some((key, paid)) = self.settled.get(&settlement) {
            self.waiting.entry(*key).or_default().push((settlement, Yen::new(-paid.get())));
        }
    }

    /// What came back of earlier settlements and is in the beginning of this one; below zero where a return was undone.
    #[must_use]
    pub fn before(&self, settlement: u32) -> &[(u32, Yen)] {
        self.begun.get(&settlement).map_or(&[], Vec::as_slice)
    }
}
