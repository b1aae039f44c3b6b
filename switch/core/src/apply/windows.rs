//! Spending windows, points and notices: what counts, what is given back, and what residents are to be told.

use super::super::index::notice_key;
use super::super::money::{is_payment, minus, plus};
use super::super::state::{Owed, State, TapIndex, TapState};
use super::super::undo::part_undone_next;
use super::super::wallet::NO_HOLDER;
use kazasu_ledger::record::Place;
use kazasu_ledger::{AccountKey, Transfer, TransferKind};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

impl State {
    /// A payment is final: what of it was not given back counts for the alerts from here on, or is given back at once.
    pub(in super::super) fn waits_no_more(&mut self, index: TapIndex) {
        let Some(tap) = self.tap(index).filter(|tap| is_payment(tap.kind) && tap.holder != NO_HOLDER) else { return };
        let (holder, month, part) = (tap.holder, tap.counted_day.month(), tap.counted);
        self.wallet_mut(holder).month.wait_no_more(month, part);
    }

    /// The windows that still hold the tap's day get `amount` back, and the tap's count too when `taps` is 1: all of it is undone.
    pub(super) fn give_back(&mut self, index: TapIndex, amount: Yen, taps: u32) {
        let Some(tap) = self.taps.tap_mut(index) else { return };
        let amount = amount.min(tap.counted);
        tap.counted = minus(tap.counted, amount);
        let waits = matches!(tap.state, TapState::Pending | TapState::Held);
        let count = if taps > 0 { u32::from(std::mem::take(&mut tap.counts)) } else { 0 };
        let counting = tap.counting();
        let (holder, day) = (counting.holder, counting.day);
        if holder == NO_HOLDER || (amount == Yen::ZERO && count == 0) {
            return;
        }
        if waits {
            self.people.wallet_mut(holder).month.wait_no_more(day.month(), amount);
        }
        self.people.give_back(counting, amount, count);
        self.leaves_month(index, amount);
    }

    /// The part of a payment that stands again after it was undone counts in its windows again.
    pub(in super::super) fn counts_again(&mut self, index: TapIndex, amount: Yen) {
        let payment = self.taps.tap_mut(index).filter(|tap| tap.holder != NO_HOLDER && amount.is_positive());
        let Some(tap) = payment else { return };
        tap.counted = plus(tap.counted, amount);
        let count = u32::from(!std::mem::replace(&mut tap.counts, true));
        self.people.counts_again(tap.counting(), amount, count);
    }

    /// Grants and claw-backs move the caps' sums; a grant counts from its hold on, a claw-back when it is posted.
    pub(super) fn point_sums(&mut self, day: BusinessDay, transfers: &[Transfer]) {
        for t in transfers {
            let key = |id| self.book.account(id).expect("a record names open accounts").key;
            let (granted, points) = match (key(t.debit), key(t.credit)) {
                (AccountKey::PointBudget(_), AccountKey::Points(holder, programme)) => {
                    (true, Some((holder, programme)))
                }
                (AccountKey::Points(holder, programme), AccountKey::PointBudget(_)) => {
                    (false, Some((holder, programme)))
                }
                _ => (true, None),
            };
            let Some((holder, programme)) = points else { continue };
            let (amount, month) = (t.amount.get(), day.month());
            match (granted, t.kind) {
                (true, TransferKind::Direct | TransferKind::Hold) => {
                    self.people.points_of(holder, programme, |p| p.grant(month, amount));
                }
                (true, TransferKind::Void(_) | TransferKind::Expire(_))
                | (false, TransferKind::Direct | TransferKind::Post(_)) => {
                    self.people.points_of(holder, programme, |p| p.claw(month, amount));
                }
                (true, TransferKind::Post(_))
                | (false, TransferKind::Hold | TransferKind::Void(_) | TransferKind::Expire(_)) => {}
            }
        }
    }

    /// Notices about the limit of the month that counts a payment. A temporary ID's go to the person that it was merged into.
    pub(in super::super) fn tell(&mut self, place: Place, of: TapIndex, percents: &[u8]) {
        if percents.is_empty() {
            return;
        }
        let Some(tap) = self.tap(of).filter(|tap| tap.holder != NO_HOLDER) else { return };
        let (holder, counted) = (self.root(tap.holder), tap.counted_day);
        let undone_next = part_undone_next(self, tap);
        let ppid = self.holder(holder).ppid;
        let wallet = self.people.wallet_mut(holder);
        let limit = wallet.own.on(counted).month.unwrap_or(Yen::ZERO);
        let Some(used) = wallet.month.final_of(counted.month()) else { return };
        let used = minus(used, undone_next);
        for (percent, nth) in percents.iter().zip(0..) {
            wallet.month.tell(counted.month(), *percent);
            let owed = Owed { ppid, percent: *percent, used, limit, counted, at: place.at, dead: None };
            self.notices.insert(notice_key(place.seq, nth), owed);
        }
    }
}
