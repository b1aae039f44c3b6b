//! Folding a person's decision about an offline payment above its floor limit.

use super::super::state::{State, TapIndex, TapState};
use super::super::totals::What;
use kazasu_ledger::record::{AdviceDecided, Place};

impl State {
    /// A person said what becomes of it.
    pub(in super::super) fn advice_decided(&mut self, place: Place, r: &AdviceDecided) {
        let Some(index) = self.index_of(r.tap) else { return };
        self.offline.waiting.remove(&r.tap);
        let Some(tap) = self.tap(index) else { return };
        let (day, acquirer) = (tap.counted_day, tap.key.acquirer);
        if r.accepted {
            self.waits_no_more(index);
            self.post(index, &r.transfers);
            let posted = self.through_merchant(&r.transfers);
            self.taps.set_state(index, TapState::Posted);
            if posted.is_positive() {
                self.totals.count((acquirer, place.day), What::Payment, posted);
            }
            if let Some(message) = r.to_issuer {
                self.owes(place, message);
                self.advised(place.seq, (message, r.tap), &r.transfers);
                self.offline.accepted.insert(r.tap, (place.seq, place.at));
            }
        } else {
            self.came_back(&r.transfers);
            self.released(index, &r.transfers, day);
            self.taps.set_state(index, TapState::Refused);
        }
        if let Some(ruled) = &r.ruled {
            self.tell(place, index, &ruled.alerts);
        }
        self.look_at_outcome(index);
    }

    /// A tap was released altogether: no person needs to look at it any more.
    pub(in super::super) fn looked_at(&mut self, of: TapIndex) {
        if let Some(seq) = self.tap(of).filter(|tap| tap.state == TapState::Reversed).map(|tap| tap.seq)
            && self.waits_for_person(seq)
        {
            self.offline.waiting.remove(&seq);
        }
    }
}
