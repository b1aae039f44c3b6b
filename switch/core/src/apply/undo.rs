//! The later work of reversals.

use super::super::money::{Shares, Source, is_refund, minus, plus};
use super::super::state::{State, TapIndex, TapState};
use super::super::undo::{is_owed, issuer_of};
use super::reversals::Reversal;
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{Place, Undone};
use kazasu_schemas::money::Yen;

impl State {
    /// The part of the issuer's amount that is given back while the issuer cannot be notified yet.
    pub(super) fn kept_from_issuer(&self, of: TapIndex, transfers: &[Transfer]) -> Yen {
        let Some(tap) = self.tap(of).filter(|tap| self.is_busy_with_refunds(tap.seq)) else { return Yen::ZERO };
        let told_later = issuer_of(self, tap).and(tap.instrument_leg());
        let Some(leg) = told_later else { return Yen::ZERO };
        let back = transfers.iter().filter(|t| (t.debit, t.credit) == (leg.credit, leg.debit));
        back.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }

    /// Keeps in mind whether a tap has something left to undo.
    pub(in super::super) fn look_at(&mut self, of: Option<TapIndex>) {
        let Some(tap) = of.and_then(|index| self.tap(index)) else { return };
        let (seq, state) = (tap.seq, tap.state);
        let Some(undo) = self.undos.said.get(&seq) else { return };
        // Nothing of it can come to stand again.
        let over = match state {
            TapState::Refused => true,
            TapState::Reversed => !undo.untold.is_positive(),
            TapState::Pending | TapState::Held | TapState::Posted | TapState::Completed(_) => false,
        };
        if over {
            self.undos.said.remove(&seq);
            self.undos.due.remove(&seq);
        } else if is_owed(self, self.tap_by_seq(seq).expect("it was there just now")) {
            self.undos.due.insert(seq);
        } else {
            self.undos.due.remove(&seq);
        }
    }

    /// A tap that waited has its outcome, and so has what it is a refund of.
    pub(in super::super) fn look_at_outcome(&mut self, of: TapIndex) {
        let paid = self.tap(of).filter(|tap| is_refund(tap.kind)).and_then(|tap| tap.original);
        self.look_at(Some(of));
        self.look_at(paid);
    }

    pub(super) fn undone_later(&mut self, place: Place, r: &Undone) {
        if let Some(message) = r.to_issuer {
            self.owes(place, message);
            self.advised(place.seq, (message, place.seq), &r.transfers);
        }
        let Some(undo) = self.undos.said.get(&r.tap).copied() else { return };
        let Some(index) = self.index_of(r.tap) else { return };
        let (by, remains) = (undo.by, Some(undo.remains));
        self.reversed(index, place.day, Reversal { by, remains, transfers: &r.transfers, told: r.to_issuer });
    }

    /// A refund gives back that much less: what of its payment stands again is lost where the payment is, as far as the loss left it
    /// out, and what the issuer had refused of the refund is no more.
    pub(super) fn stands_again(&mut self, refund: TapIndex, paid: TapIndex, shares: &Shares) {
        let (Some(tap), Some(of)) = (self.tap(refund), self.tap(paid)) else { return };
        let Some((leg, share)) = tap.legs.iter().zip(shares).find(|(leg, _)| leg.source == Source::Instrument) else {
            return;
        };
        let there = &of.legs[usize::from(leg.of)];
        let lost = there.source == Source::Loss && there.debit != leg.credit;
        let (refund, paid, share) = (tap.seq, of.seq, *share);
        let denied = self.parts(refund).denied.min(share);
        self.change_parts(refund, |parts| parts.denied = minus(parts.denied, denied));
        self.change_parts(paid, |parts| {
            parts.denied = minus(parts.denied, denied);
            let unlost = if lost { parts.unlost.min(minus(share, denied)) } else { Yen::ZERO };
            parts.unlost = minus(parts.unlost, unlost);
        });
    }
}
