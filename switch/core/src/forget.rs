//! Forgetting: settled taps of old days leave the memory, a few with each record that is applied, so that no turn of a day stops
//! the taps that come in. What something still depends on is set aside and looked at again each day.
//!
//! From the turn of the day on nothing can be done about a tap that is too old, whether it has left the memory yet or not.

use super::money::is_original;
use super::state::{Known, State, Sweeps, Tap, TapIndex, TapState, reference};
use kazasu_ledger::record::{CutOver, Place};
use std::ops::Bound::{Excluded, Unbounded};

/// The taps that are considered with one record. More than a day's taps leave the memory while as many come in.
const AT_ONCE: usize = 8;

impl State {
    /// The day turns. What is to be forgotten from now on is fixed; forgetting it is left to the records that follow.
    pub(super) fn cut_over(&mut self, place: Place, r: &CutOver) {
        self.closing.cut_over(place, r);
        self.day = r.opened;
        self.forgotten_before = self.forgotten_before.max(r.forget_before);
        self.programmes.day_turned();
        self.disputes_changed();
        self.sweeps = Sweeps { kept: Some(0), notices: Some(0) };
        self.totals.forget_before(self.forgotten_before);
    }

    /// The subject of an exception is needed until two people have decided.
    pub(super) fn disputes_changed(&mut self) {
        self.disputed = self.in_difference();
    }

    /// Nothing can be done about the tap any more.
    pub(super) fn is_over(&self, tap: &Tap) -> bool {
        self.is_old(tap) && !self.is_needed(tap)
    }

    fn is_old(&self, tap: &Tap) -> bool {
        tap.day < self.forgotten_before
    }

    fn is_needed(&self, tap: &Tap) -> bool {
        let open = match tap.state {
            TapState::Pending | TapState::Held => true,
            // What names the authorization means what completed it.
            TapState::Completed(by) => self.tap(by).is_some_and(|by| !self.is_old(by)),
            TapState::Posted | TapState::Refused | TapState::Reversed => false,
        };
        open || self.messages.are_about(tap.seq)
            || self.disputed.contains(&tap.seq)
            || self.undos.due.contains(&tap.seq)
            || self.is_busy_with_refunds(tap.seq)
            || self.waits_for_a_refund(tap)
    }

    /// An issuer is being asked for a refund of it.
    fn waits_for_a_refund(&self, tap: &Tap) -> bool {
        let of = |index: &TapIndex| self.tap(*index).and_then(|refund| self.tap(refund.original?)).map(|paid| paid.seq);
        tap.refunded().is_positive() && self.taps.pending.values().any(|index| of(index) == Some(tap.seq))
    }

    /// Part of applying every record.
    pub(super) fn forget_some(&mut self) {
        let mut left = AT_ONCE;
        while left > 0 && self.taps.recent.front().is_some_and(|tap| self.is_old(tap)) {
            let tap = self.taps.recent.pop_front().expect("front() saw it");
            let index = self.taps.forgotten;
            self.taps.forgotten += 1;
            left -= 1;
            // Its index leads to nothing from here on, unless it is kept.
            if self.is_needed(&tap) {
                self.taps.kept_at.insert(tap.seq, index);
                self.taps.kept.insert(index, tap);
            } else {
                self.forget(index, &tap);
            }
        }
        while left > 0
            && let Some(from) = self.sweeps.kept
        {
            left -= 1;
            let next = self.taps.kept.range(from..).next().map(|(index, tap)| (*index, self.is_needed(tap)));
            self.sweeps.kept = next.map(|(index, _)| index + 1);
            if let Some((index, false)) = next
                && let Some(tap) = self.taps.kept.remove(&index)
            {
                self.taps.kept_at.remove(&tap.seq);
                self.forget(index, &tap);
            }
        }
        while left > 0 && self.taps.tombstones.front().is_some_and(|(_, day)| *day < self.forgotten_before) {
            left -= 1;
            let Some((key, day)) = self.taps.tombstones.pop_front() else { break };
            if self.taps.known.get(&key) == Some(&Known::Tombstone(day)) {
                self.taps.known.remove(&key);
            }
        }
        self.forget_notices(left);
    }

    /// Dead-lettered notices are kept as long as taps are.
    fn forget_notices(&mut self, mut left: usize) {
        while left > 0
            && let Some(after) = self.sweeps.notices
        {
            left -= 1;
            let next = self.notices.range((Excluded(after), Unbounded)).next();
            let next = next.map(|(key, owed)| (*key, owed.dead.is_some() && owed.at.jst_day() < self.forgotten_before));
            self.sweeps.notices = next.map(|(key, _)| key);
            if let Some((key, true)) = next {
                self.notices.remove(&key);
            }
        }
    }

    /// Takes out what led to a tap that has left the memory.
    fn forget(&mut self, index: TapIndex, tap: &Tap) {
        self.stand_ins.taps.remove(&tap.seq);
        self.offline.accepted.remove(&tap.seq);
        self.undos.said.remove(&tap.seq);
        self.parts_of.remove(&tap.seq);
        if self.taps.known.get(&tap.key) == Some(&Known::Tap(index)) {
            self.taps.known.remove(&tap.key);
        }
        if let Some(merchant) = self.merchant(tap.merchant) {
            let key = reference(&tap.key.acquirer, &merchant.id, &tap.rrn);
            // What was refused at once, and what only follows another tap, was never entered.
            let entered = is_original(tap.kind) && (tap.state != TapState::Refused || !tap.legs.is_empty());
            if entered && tap.rrn.names_something() {
                self.taps.refer_no_more(key, index, tap.kind);
            }
        }
    }
}
