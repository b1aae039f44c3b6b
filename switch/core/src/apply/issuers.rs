//! The effects of issuers' answers and silences, approvals in their place, messages to issuers and refusals of them.

use super::super::money::{Source, is_payment, is_refund, minus, plus};
use super::super::state::{BreakReason, State, Tap, TapIndex, TapState, refused};
use super::super::totals::What;
use super::super::wallet::NO_HOLDER;
use kazasu_ledger::record::{
    IssuerAcknowledged, IssuerAnswered, IssuerNotified, IssuerSilent, LossBooked, LossReturned, Place, Silence,
    StoodIn, ToIssuer, TransactionKind,
};
use kazasu_ledger::{AccountId, Seq, Transfer, TransferKind};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Answer, Receipt, Refusal, ResponseCode};

impl State {
    pub(super) fn issuer_answered(&mut self, place: Place, r: &IssuerAnswered) {
        let Some(index) = self.taps.pending.remove(&r.tap) else { return };
        let Some(tap) = self.tap(index) else { return };
        let (kind, day, acquirer) = (tap.kind, tap.counted_day, tap.key.acquirer);
        let approved = r.ruled.as_ref().and_then(|ruled| ruled.approved);
        let takes_effect = r.code.is_approved() || approved.is_some();
        self.post(index, &r.transfers);
        if !r.code.is_approved() {
            self.came_back(&r.transfers);
            self.released(index, &r.transfers, day);
        } else if kind == TransactionKind::Refund {
            self.came_back(&r.transfers);
            self.point_sums(day, &r.transfers);
            self.earned_less(index);
        }
        // An authorization is final when it is completed.
        if !(takes_effect && kind == TransactionKind::Authorize) {
            self.waits_no_more(index);
        }
        if &r.code.wire()[..] == b"14" {
            self.link_refused(index, r.code, place.at);
        }
        let posted = self.through_merchant(&r.transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.answer = Some(Answer {
            code: if approved.is_some() { ResponseCode::PARTIAL } else { r.code.towards_terminal() },
            approval: r.approval,
            balance: None,
            receipt: r.ruled.as_ref().map_or_else(Receipt::default, |ruled| ruled.receipt),
            approved,
        });
        tap.state = match (takes_effect, kind) {
            (false, _) => TapState::Refused,
            (true, TransactionKind::Authorize) => TapState::Held,
            (true, _) => TapState::Posted,
        };
        if posted.is_positive() && takes_effect {
            let what = if kind == TransactionKind::Refund { What::Refund } else { What::Payment };
            self.totals.count((acquirer, place.day), what, posted);
        }
        if let Some(ruled) = &r.ruled {
            self.tell(place, index, &ruled.alerts);
        }
        self.look_at_outcome(index);
    }

    /// The issuer does not know what a tap was paid with: the person's link is broken, if it is still that one.
    fn link_refused(&mut self, index: TapIndex, code: ResponseCode, at: Millis) {
        let Some(tap) = self.tap(index).filter(|tap| tap.holder != NO_HOLDER) else { return };
        let (holder, link) = (self.root(tap.holder), tap.link);
        if self.holder(holder).link == link
            && let Some(version) = self.link(link).map(|link| link.version)
        {
            self.people.broke(holder, version, BreakReason::Issuer(code), at);
        }
    }

    /// The amount that an issuer's answer posts.
    pub(in super::super) fn post(&mut self, index: TapIndex, transfers: &[Transfer]) {
        self.came_back(transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        for t in transfers {
            let TransferKind::Post(id) = t.kind else { continue };
            if let Some(leg) = tap.legs.iter_mut().find(|leg| leg.hold == Some(id)) {
                leg.posted = plus(leg.posted, t.amount);
                leg.hold = None;
            }
        }
    }

    pub(super) fn issuer_silent(&mut self, place: Place, r: &IssuerSilent) {
        if let Some(message) = r.to_issuer {
            self.owes(place, message);
        }
        let Some(index) = self.taps.pending.remove(&r.tap) else { return };
        let Some(day) = self.tap(index).map(|tap| tap.counted_day) else { return };
        self.came_back(&r.transfers);
        self.released(index, &r.transfers, day);
        self.waits_no_more(index);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.state = TapState::Refused;
        tap.answer = Some(refused(match r.why {
            Silence::TimedOut | Silence::Restarted | Silence::Unfit => Refusal::IssuerTimeout,
            Silence::NotSent | Silence::Unmakeable => Refusal::IssuerUnavailable,
        }));
        self.look_at_outcome(index);
    }

    pub(super) fn stood_in(&mut self, place: Place, r: &StoodIn) {
        self.owes(place, r.to_issuer);
        self.advised(place.seq, (r.to_issuer, r.tap), &r.transfers);
        self.stand_ins.stood_in(place, r);
        let Some(index) = self.taps.pending.remove(&r.tap) else { return };
        self.waits_no_more(index);
        let today = place.at.jst_day();
        self.stand_ins.counted(today, r.to_issuer);
        self.post(index, &r.transfers);
        let posted = self.through_merchant(&r.transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.state = TapState::Posted;
        tap.answer = Some(Answer {
            approval: Some(r.approval),
            receipt: r.ruled.receipt,
            ..Answer::code(ResponseCode::APPROVED)
        });
        let (holder, acquirer) = (tap.holder, tap.key.acquirer);
        self.totals.count((acquirer, place.day), What::Payment, posted);
        if holder != NO_HOLDER {
            self.wallet_mut(holder).stood_in.add(today.0, r.to_issuer.amount, 1);
        }
        self.tell(place, index, &r.ruled.alerts);
        self.look_at_outcome(index);
    }

    /// An issuer is told something until it acknowledges it.
    pub(in super::super) fn owes(&mut self, place: Place, message: ToIssuer) {
        let payment = self.payment_of_refund(message);
        self.messages.caused((place.seq, place.at), message, payment);
    }

    fn no_longer_owes(&mut self, seq: Seq) -> Option<ToIssuer> {
        let message = self.messages.acknowledged(seq)?;
        if let Some(payment) = self.payment_of_refund(message)
            && self.messages.refund_reversed(payment, seq)
        {
            self.look_at(self.index_of(payment));
        }
        Some(message)
    }

    /// The payment whose refund a reversal undoes.
    fn payment_of_refund(&self, message: ToIssuer) -> Option<Seq> {
        let about = message.about.filter(|_| message.operation == IssuerOperation::Reversal)?;
        let refund = self.tap_by_seq(about).filter(|tap| is_refund(tap.kind))?;
        Some(self.tap(refund.original?)?.seq)
    }

    pub(super) fn issuer_notified(&mut self, place: Place, r: &IssuerNotified) {
        self.owes(place, r.to_issuer);
        if let Some(by) = self.undos.said.get(&r.tap).map(|undo| undo.by) {
            self.advised(place.seq, (r.to_issuer, by), &[]);
        }
        if let Some(undo) = self.undos.said.get_mut(&r.tap) {
            undo.untold = Yen::ZERO;
        }
        self.look_at(self.index_of(r.tap));
    }

    pub(super) fn issuer_acknowledged(&mut self, at: Millis, r: &IssuerAcknowledged) {
        if let Some(advice) = self.no_longer_owes(r.message) {
            if r.code.is_approved() {
                self.reversal_acknowledged(advice);
            } else {
                self.advice_refused(advice, r);
            }
        }
        self.closing.acknowledged(at, r);
        if r.raised.is_some() {
            self.disputes_changed();
        }
    }

    /// The issuer has no more of a payment than it has acknowledged to remain.
    fn reversal_acknowledged(&mut self, advice: ToIssuer) {
        let Some(about) = advice.about.filter(|_| advice.operation == IssuerOperation::Reversal) else { return };
        let posted = |tap: &Tap| matches!(tap.state, TapState::Posted | TapState::Reversed) && is_payment(tap.kind);
        if self.tap_by_seq(about).is_some_and(posted) {
            let remains = advice.remains.unwrap_or(Yen::ZERO);
            self.change_parts(about, |parts| {
                parts.remains = Some(parts.remains.map_or(remains, |least| least.min(remains)));
            });
        }
    }

    /// An issuer answered that it does not take what it was told.
    fn advice_refused(&mut self, advice: ToIssuer, r: &IssuerAcknowledged) {
        if advice.operation == IssuerOperation::RefundAdvice {
            self.denied(advice.tap);
        }
        self.refused(advice);
        // An exception about what was undone later has that record's number, which is no tap's.
        let later = r.raised.as_ref().map(|raised| raised.own).filter(|own| self.index_of(*own).is_none());
        if let (Some(own), Some(undone)) = (later.filter(|own| *own > 0), advice.about) {
            self.closing.later.insert(own, undone);
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

    pub(super) fn loss_booked(&mut self, r: &LossBooked) {
        let Some(advice) = self.no_longer_owes(r.message) else { return };
        self.closing.advised.remove(&r.message);
        self.parties.losses_opened(&r.opens);
        self.refused(advice);
        if let Some(index) = self.index_of(advice.tap) {
            self.is_lost(index, r.transfers[0].amount, r.liable, r.transfers[0].debit);
        }
    }

    /// Loses the amount of a payment that stands at its issuer. `debit` is the account of an operator that bears it.
    pub(in super::super) fn is_lost(&mut self, index: TapIndex, lost: Yen, liable: LiableParty, debit: AccountId) {
        let Some(seq) = self.tap(index).map(|tap| tap.seq) else { return };
        let parts = self.parts(seq);
        let elsewhere = plus(parts.taken, parts.denied);
        let Some(tap) = self.tap_mut(index) else { return };
        let Some(leg) = tap.legs.iter_mut().find(|leg| leg.source == Source::Instrument) else { return };
        let unlost = minus(minus(minus(leg.posted, leg.undone), elsewhere), lost);
        match liable {
            LiableParty::Operator => {
                leg.debit = debit;
                leg.source = Source::Loss;
            }
            LiableParty::Merchant => {
                // Nothing of it can be given back to the merchant that bears it. What it does not lose it keeps.
                let stands = leg.stands().max(Yen::ZERO);
                leg.undone = plus(leg.undone, stands);
                leg.debit = leg.credit;
                leg.source = Source::Loss;
                tap.kept = plus(tap.kept, minus(stands, lost.min(stands)));
            }
            LiableParty::Issuer => {}
        }
        self.change_parts(seq, |parts| parts.unlost = unlost.max(Yen::ZERO));
        // The issuer does not have it: there is nothing to tell it of.
        if let Some(undo) = self.undos.said.get_mut(&seq) {
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
