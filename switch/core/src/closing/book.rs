//! Folding the bookings of resolutions and the amounts of advices into the state.

use super::super::money::{minus, plus};
use super::super::state::{State, TapIndex, TapState};
use super::Advised;
use super::standing::{Booking, Part, Sides, at_issuer, is_lost, issuers_leg};
use kazasu_ledger::record::ToIssuer;
use kazasu_ledger::{AccountKey, Seq, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use kazasu_schemas::wire::issuer::IssuerOperation;

impl State {
    /// A record makes an advice, about the record `own`: what it moves at the issuer, and what was moved before and the issuer was not
    /// told of, is kept until the issuer acknowledges it.
    pub(in super::super) fn advised(&mut self, seq: Seq, (message, own): (ToIssuer, Seq), transfers: &[Transfer]) {
        let about = message.about.filter(|_| message.operation == IssuerOperation::Reversal);
        let untold = about.and_then(|tap| self.undos.said.get(&tap)).map_or(Yen::ZERO, |undo| undo.untold);
        let moves = untold.is_positive() || transfers.iter().any(|t| at_issuers(self, &[*t]) != Yen::ZERO);
        if moves {
            let moved = minus(at_issuers(self, transfers), untold);
            self.closing.advised.insert(seq, Advised { moved, own });
        }
    }

    /// A resolution was booked: what it took of the payment is given back, what it lets stand again is not.
    pub(in super::super) fn book(&mut self, booking: Booking) {
        let Some(part) = Part::of(self, booking.own) else { return };
        let (paid, refund) = match part {
            Part::Payment(paid) | Part::Reversal(_, paid) => (paid.seq, None),
            Part::Refund(refund, paid) => (paid.seq, Some(refund.seq)),
        };
        let own_line = matches!(part, Part::Payment(_));
        let Some(paid) = self.index_of(paid) else { return };
        if booking.less.is_positive() {
            if !(is_lost(self, booking) && self.lost_by_people(paid, booking)) {
                self.taken(paid, booking, own_line);
            }
        } else {
            let refund = refund.and_then(|seq| self.index_of(seq));
            self.let_stand(paid, refund, booking, own_line);
        }
    }

    /// A booking by people for a payment that its issuer refused is lost like one that the policy makes: the refused part of
    /// refunds of it is in exceptions of their own.
    fn lost_by_people(&mut self, paid: TapIndex, booking: Booking) -> bool {
        let Some(tap) = self.tap(paid) else { return false };
        let Some((issuer, _)) = at_issuer(self, tap).filter(|_| booking.sides != Sides::Merchant) else { return false };
        let Some(debit) = self.parties.losses.get(&issuer).copied().or(self.closing.booked) else { return false };
        let seq = tap.seq;
        let of = |own: &Seq| *own == seq || self.tap_by_seq(*own).is_some_and(|refund| refund.original == Some(paid));
        let denied: Vec<Seq> = self.parts_of.keys().copied().filter(of).collect();
        for own in denied {
            self.change_parts(own, |parts| parts.denied = Yen::ZERO);
        }
        let liable = if booking.sides == Sides::Both { LiableParty::Merchant } else { LiableParty::Operator };
        self.is_lost(paid, booking.less, liable, debit);
        true
    }

    fn taken(&mut self, paid: TapIndex, booking: Booking, own_line: bool) {
        let Some(tap) = self.tap_mut(paid) else { return };
        if booking.sides == Sides::Merchant {
            tap.kept = minus(tap.kept, booking.less);
            return;
        }
        let Some(at) = issuers_leg(tap) else { return };
        // A journal of before this was bounded may take more.
        let taken = booking.less.min(tap.legs[at].stands()).max(Yen::ZERO);
        tap.legs[at].refunded = plus(tap.legs[at].refunded, taken);
        if booking.sides == Sides::Issuer {
            tap.kept = plus(tap.kept, taken);
        }
        let seq = tap.seq;
        // The issuer owes less of a payment that it refused, refunded or not. What is taken for a refund is no part of the payment's own
        // message, which may be refused for itself.
        if own_line {
            let refused = self.parts(seq).refused;
            self.change_parts(seq, |parts| parts.taken = plus(parts.taken, if refused { booking.less } else { taken }));
        }
        self.leaves_month(paid, taken);
    }

    fn let_stand(&mut self, paid: TapIndex, refund: Option<TapIndex>, booking: Booking, own_line: bool) {
        let mut more = minus(Yen::ZERO, booking.less);
        if let Some(refund) = refund.and_then(|index| self.tap_mut(index)) {
            more = match booking.sides {
                Sides::Merchant => {
                    refund.kept = minus(refund.kept, more);
                    more
                }
                Sides::Issuer | Sides::Both => {
                    let Some(at) = issuers_leg(refund) else { return };
                    let again = more.min(refund.legs[at].stands());
                    refund.legs[at].refunded = plus(refund.legs[at].refunded, again);
                    let refund = refund.seq;
                    // What the issuer refused of it is booked.
                    let denied = self.parts(refund).denied.min(again);
                    let paid = self.tap(paid).map(|paid| paid.seq);
                    for seq in [Some(refund), paid].into_iter().flatten() {
                        self.change_parts(seq, |parts| parts.denied = minus(parts.denied, denied.min(parts.denied)));
                    }
                    again
                }
            };
        }
        let at = match (refund.and_then(|refund| self.tap(refund)), self.tap(paid)) {
            (Some(refund), Some(tap)) => {
                refund.instrument_leg().map(|leg| usize::from(leg.of)).filter(|at| *at < tap.legs.len())
            }
            (None, Some(tap)) => issuers_leg(tap),
            (_, None) => None,
        };
        let Some(tap) = self.tap_mut(paid) else { return };
        if booking.sides == Sides::Merchant {
            // Of its own line, more than was taken before is no part of the payment.
            let again = if own_line { more.min(minus(Yen::ZERO, tap.kept).max(Yen::ZERO)) } else { more };
            tap.kept = plus(tap.kept, again);
            return;
        }
        let (seq, Some(at)) = (tap.seq, at) else { return };
        if own_line {
            more = more.min(self.parts(seq).taken);
            self.change_parts(seq, |parts| parts.taken = minus(parts.taken, more));
        }
        let Some(tap) = self.tap_mut(paid) else { return };
        let leg = &mut tap.legs[at];
        let reversal = refund.is_none() && !own_line;
        let undone = more.min(if reversal { leg.undone } else { Yen::ZERO });
        leg.undone = minus(leg.undone, undone);
        let refunded = minus(more, undone).min(leg.refunded);
        leg.stands_again(refunded);
        let again = plus(undone, refunded);
        let (of_part, undone) = if leg.is_part() { (again, undone) } else { Default::default() };
        if booking.sides == Sides::Issuer {
            tap.kept = minus(tap.kept, again);
        }
        if tap.state == TapState::Reversed && tap.moved().is_positive() {
            tap.state = TapState::Posted;
        }
        self.joins_month(paid, of_part);
        self.counts_again(paid, undone);
        // People said that a reversal was not carried out; what they said of a refund may leave a reversal something to undo.
        if let Some(undo) = self.undos.said.get_mut(&seq).filter(|_| reversal) {
            undo.remains = plus(undo.remains, again);
        }
        self.look_at(Some(paid));
    }
}

/// Yen that a record's transfers make an issuer owe; below zero: owe less.
fn at_issuers(state: &State, transfers: &[Transfer]) -> Yen {
    let issuer = |id| matches!(state.book.account(id).map(|a| a.key), Some(AccountKey::IssuerReceivable(_)));
    let posted = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_)));
    posted.fold(Yen::ZERO, |sum, t| match (issuer(t.debit), issuer(t.credit)) {
        (true, false) => plus(sum, t.amount),
        (false, true) => minus(sum, t.amount),
        (true, true) | (false, false) => sum,
    })
}
