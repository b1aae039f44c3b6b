//! The effects of reversals, at once or later: holds that are given back, and posted taps that are undone.

use super::super::money::{Leg, Shares, is_payment, is_refund, plus, sum};
use super::super::state::{State, TapIndex, TapState, Undo, refused};
use super::super::totals::What;
use kazasu_ledger::record::ToIssuer;
use kazasu_ledger::{AccountKey, HoldId, Seq, Transfer, TransferKind};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Refusal;
use smallvec::SmallVec;

/// A reversal as a record carries it out.
#[derive(Clone, Copy)]
pub(super) struct Reversal<'a> {
    /// The acquirer's reversal.
    pub(super) by: Seq,
    /// The amount that may remain; old records do not have it.
    pub(super) remains: Option<Yen>,
    pub(super) transfers: &'a [Transfer],
    pub(super) told: Option<ToIssuer>,
}

impl State {
    /// A reversal took effect on the tap at `of`.
    pub(super) fn reversed(&mut self, of: TapIndex, today: BusinessDay, r: Reversal<'_>) {
        self.came_back(r.transfers);
        let Some(tap) = self.tap(of) else { return };
        let (seq, before, day, paid, acquirer) = (tap.seq, tap.state, tap.counted_day, tap.original, tap.key.acquirer);
        let refund = is_refund(tap.kind);
        let paid = paid.filter(|_| refund);
        let said = |remains, counted| Undo { remains, by: r.by, counted, untold: Yen::ZERO };
        match before {
            TapState::Pending => match r.remains.filter(|remains| remains.is_positive()) {
                Some(remains) => self.undos.may_remain(seq, said(remains, false)),
                None => {
                    self.taps.pending.remove(&seq);
                    self.released(of, r.transfers, day);
                    self.waits_no_more(of);
                    if let Some(tap) = self.tap_mut(of) {
                        tap.state = TapState::Reversed;
                        tap.answer = Some(refused(Refusal::ReversedBefore));
                    }
                }
            },
            TapState::Held => {
                self.released(of, r.transfers, day);
                let left = |leg: &Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
                if self.tap(of).is_some_and(|tap| !tap.legs.iter().any(left)) {
                    self.taps.set_state(of, TapState::Reversed);
                }
                self.looked_at(of);
            }
            TapState::Posted => {
                let amount = self.given_back(r.transfers, refund);
                let untold = if r.told.is_none() { self.kept_from_issuer(of, r.transfers) } else { Yen::ZERO };
                if amount.is_positive() {
                    self.undone(of, amount, r.transfers);
                    self.point_sums(day, r.transfers);
                    let known = self.undos.said.get(&seq).is_some_and(|undo| undo.by == r.by && undo.counted);
                    let what = if refund { What::Refund } else { What::Payment };
                    self.totals.reversed((acquirer, today), what, (u64::from(!known), amount));
                }
                if let Some(remains) = r.remains {
                    self.undos.may_remain(seq, said(remains, amount.is_positive()));
                }
                if let Some(undo) = self.undos.said.get_mut(&seq) {
                    let before = if r.told.is_none() { undo.untold } else { Yen::ZERO };
                    undo.untold = plus(before, untold);
                }
            }
            TapState::Completed(_) | TapState::Refused | TapState::Reversed => {}
        }
        self.look_at(Some(of));
        self.look_at(paid);
    }

    /// Holds of a tap that moved nothing yet were given back, all or some: so are its counts. Of a refund that was being asked
    /// for, what it had spoken for is free again.
    pub(in super::super) fn released(&mut self, of: TapIndex, transfers: &[Transfer], day: BusinessDay) {
        let Some(tap) = self.tap(of) else { return };
        let voided = |hold: Option<HoldId>| {
            let own = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Void(id) if Some(id) == hold));
            own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
        };
        if is_payment(tap.kind) {
            let part = sum(&tap.legs, Leg::is_part, |leg| voided(leg.hold));
            let open = |leg: &Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
            let all = !tap.legs.iter().any(|leg| open(leg) || leg.posted.is_positive());
            self.give_back(of, part, u32::from(all));
        } else if let Some(paid) = tap.original {
            let back: SmallVec<[(u8, Yen); 4]> = tap.legs.iter().map(|leg| (leg.of, voided(leg.hold))).collect();
            let shares: Shares = back.iter().map(|(_, amount)| *amount).collect();
            self.stands_again(of, paid, &shares);
            if let Some(paid) = self.tap_mut(paid) {
                for (at, amount) in back {
                    if let Some(leg) = paid.legs.get_mut(usize::from(at)) {
                        leg.stands_again(amount);
                    }
                }
            }
        }
        self.point_sums(day, transfers);
    }

    /// Yen that a reversal of a payment takes from its merchant, or one of a refund brings back.
    fn given_back(&self, transfers: &[Transfer], of_refund: bool) -> Yen {
        let merchant =
            |id| matches!(self.book.account(id).map(|account| account.key), Some(AccountKey::MerchantPayable(..)));
        let own = transfers.iter().filter(|t| merchant(if of_refund { t.credit } else { t.debit }));
        own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }
}
