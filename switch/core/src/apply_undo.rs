//! Folding what reversals leave to do later, and what issuers refuse, into the state.

use super::money::{Shares, Source, is_payment, minus, plus};
use super::original::Reference;
use super::state::{State, TapIndex, TapState};
use super::undo::Undo;
use kazasu_ledger::record::{
    IssuerAcknowledged, IssuerTold, LossBooked, LossReturned, Opening, Record, TapKind, ToIssuer, Undone,
};
use kazasu_ledger::{AccountId, AccountKey, Seq, Transfer};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Bearer;
use kazasu_schemas::wire::issuer::IssuerOperation;

/// A reversal as a record carries it out.
#[derive(Clone, Copy)]
pub(super) struct Reversal<'a> {
    /// The acquirer's reversal.
    pub(super) by: Seq,
    /// What may remain; records of old do not say it.
    pub(super) remains: Option<Yen>,
    pub(super) transfers: &'a [Transfer],
    pub(super) told: Option<ToIssuer>,
}

impl State {
    /// A retrieval reference number belongs to a tap.
    pub(super) fn refer(&mut self, key: u64, index: TapIndex, kind: TapKind) {
        match self.by_reference.get_mut(&key) {
            None => {
                self.by_reference.insert(key, Reference::One(index));
            }
            // A refund repeats its payment's number, which goes on naming the payment.
            Some(_) if !is_payment(kind) => {}
            Some(there @ Reference::One(_)) => *there = Reference::Many(2),
            Some(Reference::Many(n)) => *n = n.saturating_add(1),
        }
    }

    /// The tap leaves the memory.
    pub(super) fn refer_no_more(&mut self, key: u64, index: TapIndex, kind: TapKind) {
        let gone = match self.by_reference.get_mut(&key) {
            Some(Reference::One(known)) => *known == index,
            Some(Reference::Many(n)) if is_payment(kind) => {
                *n -= 1;
                *n == 0
            }
            Some(Reference::Many(_)) | None => false,
        };
        if gone {
            self.by_reference.remove(&key);
        }
    }

    /// An issuer is told something until it acknowledges it.
    pub(super) fn owes(&mut self, seq: Seq, message: ToIssuer, at: Millis) {
        self.unacknowledged.insert(seq, (message, at));
        for tap in [Some(message.tap), message.about].into_iter().flatten() {
            *self.owed.entry(tap).or_default() += 1;
        }
        if let Some(payment) = self.payment_of_refund(message) {
            self.refund_reversals.entry(payment).or_default().insert(seq);
        }
    }

    fn no_longer_owes(&mut self, seq: Seq) -> Option<ToIssuer> {
        let (message, _) = self.unacknowledged.remove(&seq)?;
        for tap in [Some(message.tap), message.about].into_iter().flatten() {
            if let Some(messages) = self.owed.get_mut(&tap) {
                *messages -= 1;
                if *messages == 0 {
                    self.owed.remove(&tap);
                }
            }
        }
        if let Some(payment) = self.payment_of_refund(message)
            && let Some(messages) = self.refund_reversals.get_mut(&payment)
        {
            messages.remove(&seq);
            if messages.is_empty() {
                self.refund_reversals.remove(&payment);
                self.look_at(self.index_of(payment));
            }
        }
        Some(message)
    }

    /// The payment whose refund a reversal undoes.
    fn payment_of_refund(&self, message: ToIssuer) -> Option<Seq> {
        let about = message.about.filter(|_| message.operation == IssuerOperation::Reversal)?;
        let refund = self.tap_by_seq(about).filter(|tap| is_refund(tap.kind))?;
        Some(self.tap(refund.original?)?.seq)
    }

    /// Not more than this of a tap stands in the end. What an earlier reversal said of less holds.
    pub(super) fn may_remain(&mut self, tap: Seq, remains: Yen, by: Seq, counted: bool) {
        let undo = self.undos.entry(tap).or_insert(Undo { remains, by, counted, untold: Yen::ZERO });
        if remains < undo.remains {
            (undo.remains, undo.by, undo.counted) = (remains, by, counted);
        } else if undo.by == by {
            undo.counted |= counted;
        }
    }

    /// What is given back of what the issuer pays, and the issuer cannot be told yet.
    pub(super) fn kept_from_issuer(&self, of: TapIndex, transfers: &[Transfer]) -> Yen {
        let Some(tap) = self.tap(of).filter(|tap| self.is_busy_with_refunds(tap.seq)) else { return Yen::ZERO };
        let told_later = super::undo::issuer_of(self, tap).and(tap.instrument_leg());
        let Some(leg) = told_later else { return Yen::ZERO };
        let back = transfers.iter().filter(|t| (t.debit, t.credit) == (leg.credit, leg.debit));
        back.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }

    /// Keeps in mind whether a tap has something left to undo.
    pub(super) fn look_at(&mut self, of: Option<TapIndex>) {
        let Some(tap) = of.and_then(|index| self.tap(index)) else { return };
        let (seq, state) = (tap.seq, tap.state);
        let Some(undo) = self.undos.get(&seq) else { return };
        // Nothing of it can come to stand again.
        let over = match state {
            TapState::Refused => true,
            TapState::Reversed => !undo.untold.is_positive(),
            TapState::Pending | TapState::Held | TapState::Posted | TapState::Completed(_) => false,
        };
        if over {
            self.undos.remove(&seq);
            self.undo_due.remove(&seq);
        } else if super::undo::is_owed(self, self.tap_by_seq(seq).expect("it was there just now")) {
            self.undo_due.insert(seq);
        } else {
            self.undo_due.remove(&seq);
        }
    }

    /// A tap that waited has its outcome, and so has what it is a refund of.
    pub(super) fn look_at_outcome(&mut self, of: TapIndex) {
        let paid = self.tap(of).filter(|tap| is_refund(tap.kind)).and_then(|tap| tap.original);
        self.look_at(Some(of));
        self.look_at(paid);
    }

    pub(super) fn undone_later(&mut self, seq: Seq, record: &Record, r: &Undone) {
        if let Some(message) = r.to_issuer {
            self.owes(seq, message, record.at);
            self.advised(seq, (message, seq), &r.transfers);
        }
        let Some(undo) = self.undos.get(&r.tap).copied() else { return };
        let Some(index) = self.index_of(r.tap) else { return };
        let (by, remains) = (undo.by, Some(undo.remains));
        self.reversed(index, record.day, Reversal { by, remains, transfers: &r.transfers, told: r.to_issuer });
    }

    pub(super) fn issuer_told(&mut self, seq: Seq, at: Millis, r: &IssuerTold) {
        self.owes(seq, r.to_issuer, at);
        if let Some(by) = self.undos.get(&r.tap).map(|undo| undo.by) {
            self.advised(seq, (r.to_issuer, by), &[]);
        }
        if let Some(undo) = self.undos.get_mut(&r.tap) {
            undo.untold = Yen::ZERO;
        }
        self.look_at(self.index_of(r.tap));
    }

    pub(super) fn issuer_acknowledged(&mut self, r: &IssuerAcknowledged) {
        let Some(advice) = self.no_longer_owes(r.message) else { return };
        if r.code.is_approved() {
            self.reversal_acknowledged(advice);
            return;
        }
        if advice.operation == IssuerOperation::RefundAdvice {
            self.denied(advice.tap);
        }
        self.refused(advice);
        // A difference about what was undone later has that record's number, which is no tap's.
        let later = r.raised.as_ref().map(|raised| raised.own).filter(|own| self.index_of(*own).is_none());
        if let (Some(own), Some(undone)) = (later.filter(|own| *own > 0), advice.about) {
            self.closing.later.insert(own, undone);
        }
    }

    /// The issuer has no more of a payment than it has acknowledged to remain.
    fn reversal_acknowledged(&mut self, advice: ToIssuer) {
        let Some(about) = advice.about.filter(|_| advice.operation == IssuerOperation::Reversal) else { return };
        let posted = |tap: &super::state::Tap| {
            matches!(tap.state, TapState::Posted | TapState::Reversed) && is_payment(tap.kind)
        };
        if self.tap_by_seq(about).is_some_and(posted) {
            let remains = advice.remains.unwrap_or(Yen::ZERO);
            self.change_parts(about, |parts| {
                parts.remains = Some(parts.remains.map_or(remains, |least| least.min(remains)));
            });
        }
    }

    /// The issuer has nothing of what it refused.
    fn refused(&mut self, advice: ToIssuer) {
        let told = matches!(
            advice.operation,
            IssuerOperation::PurchaseAdvice | IssuerOperation::RefundAdvice | IssuerOperation::Completion
        );
        if told && self.index_of(advice.tap).is_some() {
            self.change_parts(advice.tap, |parts| parts.refused = true);
        }
    }

    /// An issuer has not taken a refund advice: kept of it and of its payment.
    fn denied(&mut self, refund: Seq) {
        let Some(tap) = self.tap_by_seq(refund).filter(|tap| tap.state == TapState::Posted) else { return };
        let amount = tap.instrument_leg().map_or(Yen::ZERO, |leg| minus(leg.posted, leg.undone));
        let Some(paid) = tap.original.and_then(|index| self.tap(index)).map(|paid| paid.seq) else { return };
        for seq in [refund, paid] {
            self.change_parts(seq, |parts| parts.denied = plus(parts.denied, amount));
        }
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

    pub(super) fn loss_booked(&mut self, r: &LossBooked) {
        let Some(advice) = self.no_longer_owes(r.message) else { return };
        self.closing.advised.remove(&r.message);
        self.losses_opened(&r.opens);
        self.refused(advice);
        if let Some(index) = self.index_of(advice.tap) {
            self.is_lost(index, r.transfers[0].amount, r.bearer, r.transfers[0].debit);
        }
    }

    pub(super) fn losses_opened(&mut self, opens: &[Opening]) {
        for opening in opens {
            if let AccountKey::StandInLoss(issuer) = opening.key {
                self.losses.insert(issuer, opening.account);
            }
        }
    }

    /// What stands of a payment at its issuer is lost. `debit` is the account of an operator that bears it.
    pub(super) fn is_lost(&mut self, index: TapIndex, lost: Yen, bearer: Bearer, debit: AccountId) {
        let Some(seq) = self.tap(index).map(|tap| tap.seq) else { return };
        let parts = self.parts(seq);
        let elsewhere = plus(parts.taken, parts.denied);
        let Some(tap) = self.tap_mut(index) else { return };
        let Some(leg) = tap.legs.iter_mut().find(|leg| leg.source == Source::Instrument) else { return };
        let unlost = minus(minus(minus(leg.posted, leg.undone), elsewhere), lost);
        match bearer {
            Bearer::Operator => {
                leg.debit = debit;
                leg.source = Source::Loss;
            }
            Bearer::Merchant => {
                // Nothing of it can be given back to the merchant that bears it. What it does not lose it keeps.
                let stands = leg.stands().max(Yen::ZERO);
                leg.undone = plus(leg.undone, stands);
                leg.debit = leg.credit;
                leg.source = Source::Loss;
                tap.kept = plus(tap.kept, minus(stands, lost.min(stands)));
            }
            Bearer::Issuer => {}
        }
        self.change_parts(seq, |parts| parts.unlost = unlost.max(Yen::ZERO));
        // The issuer does not have it: there is nothing to tell it of.
        if let Some(undo) = self.undos.get_mut(&seq) {
            undo.untold = Yen::ZERO;
        }
        self.look_at(Some(index));
    }

    pub(super) fn loss_returned(&mut self, r: &LossReturned) {
        let Some(advice) = self.no_longer_owes(r.message) else { return };
        self.closing.advised.remove(&r.message);
        self.denied(advice.tap);
        self.refused(advice);
    }
}

pub(super) fn is_refund(kind: TapKind) -> bool {
    matches!(kind, TapKind::Refund | TapKind::RefundAdvice)
}
