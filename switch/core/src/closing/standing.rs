//! What of a payment still stands at its issuer and at its merchant: one account for refunds, reversals, what issuers refuse
//! afterwards, chargebacks and exceptions. Nothing is taken of a payment that does not stand there any more.
//!
//! A payment's legs say what stands on both sides alike. Where an exception was booked on one side only, the merchant has more or less
//! of the payment than its legs say: `Tap::kept`.

use super::super::money::{Leg, is_payment, minus, plus, sum};
use super::super::state::{Merchant, State, Tap, TapIndex, TapState};
use super::refused::REFUSED_ADVICE;
use super::{CHARGEBACK, NotClosed};
use kazasu_ledger::record::{ToIssuer, TransactionKind};
use kazasu_ledger::{AccountKey, Seq};
use kazasu_schemas::closing::{ReconException, Resolution};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use kazasu_schemas::wire::issuer::IssuerOperation;
use std::collections::BTreeSet;

/// Whose side of a payment a resolution changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Sides {
    /// The issuer owes less, or more; the operator bears it.
    Issuer,
    /// The merchant bears what the issuer does not owe.
    Both,
    /// The merchant is owed less, or more; the operator has it.
    Merchant,
}

/// What a resolution books of a payment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Booking {
    /// The record that the exception is about: a payment, or what refunds or reverses one.
    pub(in super::super) own: Seq,
    /// What the other side has less than this ledger. Below zero: more.
    pub(in super::super) less: Yen,
    pub(in super::super) sides: Sides,
}

/// The issuer that an exception is with. `None` when it is with an acquirer.
fn issuer_of(d: &ReconException) -> Option<u16> {
    d.party.strip_prefix("issuer ")?.parse().ok()
}

/// What a resolution would book of a payment here; `None` when it books nothing, or nothing of a payment.
pub(super) fn booking(d: &ReconException, how: Resolution) -> Option<Booking> {
    let sides = match (how, issuer_of(d)) {
        (Resolution::Explained, _) => return None,
        (Resolution::BookedIssuer | Resolution::WrittenOff, Some(_)) => Sides::Issuer,
        (Resolution::BookedMerchant, Some(_)) => Sides::Both,
        (Resolution::BookedMerchant, None) => Sides::Merchant,
        (Resolution::BookedIssuer | Resolution::WrittenOff, None) => return None,
    };
    let less = minus(d.ours, d.theirs);
    (d.own > 0 && less != Yen::ZERO).then_some(Booking { own: d.own, less, sides })
}

/// What the issuer still pays of it; `None` when no issuer pays it.
fn at_issuer(state: &State, tap: &Tap) -> Option<(u16, Yen)> {
    let leg = tap.instrument_leg()?;
    let issuer = |id| match state.book.account(id).map(|account| account.key) {
        Some(AccountKey::IssuerReceivable(n)) => Some(n),
        _ => None,
    };
    let left = if state.parts(tap.seq).refused { unpaid(state, tap) } else { leg.stands() };
    // A payment debits it, a refund credits it.
    Some((issuer(leg.debit).or_else(|| issuer(leg.credit))?, left))
}

/// What of a payment's own message the issuer owes here: all that was posted and not undone. A refund is a message of its own, which
/// the issuer carries out or refuses for itself.
fn unpaid(state: &State, tap: &Tap) -> Yen {
    let taken = state.parts(tap.seq).taken;
    tap.instrument_leg().map_or(Yen::ZERO, |leg| minus(minus(leg.posted, leg.undone), taken))
}

/// What of a payment reversals have given back that the issuer may still have.
fn unreversed(state: &State, paid: &Tap) -> Yen {
    let leg = paid.instrument_leg().filter(|_| !state.parts(paid.seq).refused);
    leg.map_or(Yen::ZERO, Leg::given_back)
}

/// The same where the issuer refused a reversal: no more than it has acknowledged to remain, before or since.
fn unacknowledged(state: &State, paid: &Tap) -> Yen {
    let here = paid.instrument_leg().map_or(Yen::ZERO, |leg| minus(leg.posted, leg.undone));
    let remains = state.parts(paid.seq).remains.map(|remains| minus(remains, here).max(Yen::ZERO));
    let given = unreversed(state, paid);
    remains.map_or(given, |more| more.min(given))
}

/// The same where a later reversal is on its way to the issuer: no more than that leaves, until the issuer has refused it too.
fn untold(state: &State, paid: &Tap) -> Yen {
    let here = paid.instrument_leg().map_or(Yen::ZERO, |leg| minus(leg.posted, leg.undone));
    let told = state
        .unacknowledged()
        .filter(|(_, to)| to.operation == IssuerOperation::Reversal && to.about == Some(paid.seq));
    let least = told.map(|(_, to)| minus(to.remains.unwrap_or(Yen::ZERO), here).max(Yen::ZERO)).min();
    least.map_or(unacknowledged(state, paid), |least| least.min(unacknowledged(state, paid)))
}

/// What of a refund was undone here that the issuer may still have given back.
fn undone_of(state: &State, refund: &Tap) -> Yen {
    let leg = refund.instrument_leg().filter(|_| !state.parts(refund.seq).refused);
    leg.map_or(Yen::ZERO, |leg| leg.undone)
}

impl Tap {
    /// What the merchant still has of a payment, or gave back by a refund that stands.
    pub(in super::super) fn at_merchant(&self) -> Yen {
        plus(sum(&self.legs, Leg::is_yen, Leg::stands), self.kept)
    }

    /// What can be given back of it: no more than its legs say and than the merchant has.
    pub(in super::super) fn returnable(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, Leg::stands).min(self.at_merchant()).max(Yen::ZERO)
    }

    /// What a reversal gives back of it so that no more than `remains` stands.
    pub(in super::super) fn undoable(&self, remains: Yen) -> Yen {
        minus(sum(&self.legs, Leg::is_yen, Leg::stands), remains).min(self.returnable())
    }

    fn posted(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| leg.posted)
    }
}

/// What a record is to the payment that it belongs to.
#[derive(Clone, Copy)]
enum Part<'a> {
    Payment(&'a Tap),
    Refund(&'a Tap, &'a Tap),
    /// What it reverses, and the payment.
    Reversal(&'a Tap, &'a Tap),
}

impl<'a> Part<'a> {
    fn of(state: &'a State, own: Seq) -> Option<Part<'a>> {
        let known = |tap: &&Tap| !state.is_over(tap);
        let original = |tap: &Tap| tap.original.and_then(|index| state.tap(index)).filter(known);
        let reversal = |undone: &'a Tap| {
            let paid = if is_payment(undone.kind) { undone } else { original(undone)? };
            is_payment(paid.kind).then_some(Part::Reversal(undone, paid))
        };
        if let Some(undone) = state.closing.later.get(&own) {
            return reversal(state.tap_by_seq(*undone).filter(known)?);
        }
        let tap = state.tap_by_seq(own).filter(known)?;
        match tap.kind {
            TransactionKind::Refund | TransactionKind::RefundAdvice => Some(Part::Refund(tap, original(tap)?)),
            TransactionKind::Reversal => reversal(original(tap)?),
            TransactionKind::Authorize
            | TransactionKind::Purchase
            | TransactionKind::AuthorizationAdvice
            | TransactionKind::PurchaseAdvice
            | TransactionKind::Completion => Some(Part::Payment(tap)),
            TransactionKind::BalanceInquiry | TransactionKind::Unsupported => None,
        }
    }

    fn payment(self) -> &'a Tap {
        match self {
            Part::Payment(paid) | Part::Refund(_, paid) | Part::Reversal(_, paid) => paid,
        }
    }

    /// What it needs in memory beside its own record.
    fn needs(self) -> [Seq; 2] {
        match self {
            Part::Payment(paid) => [paid.seq; 2],
            Part::Refund(beside, paid) | Part::Reversal(beside, paid) => [beside.seq, paid.seq],
        }
    }
}

/// The payment's leg that an issuer pays, or the part of it that it has refused since. As a place among its legs.
fn issuers_leg(tap: &Tap) -> Option<usize> {
    tap.legs.iter().position(|leg| leg.source == super::super::money::Source::Instrument)
}

/// The payment's leg that a refund at an issuer was of. None where the loss of the payment left out what the issuer refused of the
/// refund, and where the loss was booked without a look at it.
fn refunded_leg(state: &State, refund: &Tap, paid: &Tap) -> Option<usize> {
    let at = usize::from(refund.instrument_leg()?.of);
    let parts = state.parts(refund.seq);
    let lost = paid.legs.get(at)?.source == super::super::money::Source::Loss;
    (!lost || (parts.refused && parts.denied == Yen::ZERO)).then_some(at)
}

/// Is it all of a payment that its issuer refused? It is a loss then.
pub(super) fn is_lost(state: &State, booking: Booking) -> bool {
    let Some(Part::Payment(paid)) = Part::of(state, booking.own) else { return false };
    state.parts(paid.seq).refused && booking.less.is_positive() && booking.less >= unpaid(state, paid)
}

/// The merchant of a record.
pub(super) fn merchant_of(state: &State, own: Seq) -> Option<&Merchant> {
    let tap = state.tap_by_seq(own).or_else(|| Part::of(state, own).map(Part::payment))?;
    state.merchant(tap.merchant)
}

/// Why a record is no payment of which its issuer could take something back.
pub(super) fn no_payment(state: &State, own: Seq) -> NotClosed {
    let refused = |tap: &Tap| tap.legs.iter().any(|leg| leg.source == super::super::money::Source::Loss);
    match state.tap_by_seq(own) {
        Some(tap) if refused(tap) => NotClosed::RefusedSince(own),
        Some(_) | None => NotClosed::NoPayment(own),
    }
}

/// Does what it would take still stand? A resolution that takes more is refused.
pub(super) fn bounded(state: &State, d: &ReconException, booking: Booking) -> Result<(), NotClosed> {
    let Some(part) = Part::of(state, booking.own) else { return by_its_line(state, d, booking) };
    if booking.less.is_positive() { takes(state, d, booking, part) } else { gives_again(state, d, booking, part) }
}

fn too_much(d: &ReconException, at: &'static str, left: Yen, asked: Yen) -> NotClosed {
    NotClosed::Stands { id: ::hex::encode(d.id), tap: d.own, at, left: left.max(Yen::ZERO), asked }
}

fn takes(state: &State, d: &ReconException, booking: Booking, part: Part<'_>) -> Result<(), NotClosed> {
    let Booking { less, sides, .. } = booking;
    let paid = part.payment();
    if matches!(sides, Sides::Issuer | Sides::Both) {
        let at_issuer = match part {
            // It gave the refund back all the same, even where the payment is reversed since. Of a refund that got no answer nothing
            // was booked here, and its reversal is refused once.
            Part::Refund(refund, _) | Part::Reversal(refund, _)
                if d.status == REFUSED_ADVICE && d.ours == Yen::ZERO && !is_payment(refund.kind) =>
            {
                at_issuer(state, refund).map(|(issuer, _)| (issuer, less))
            }
            Part::Reversal(refund, _) if !is_payment(refund.kind) => {
                by_its_line(state, d, booking)?;
                at_issuer(state, refund).map(|(issuer, _)| (issuer, undone_of(state, refund)))
            }
            Part::Payment(_) | Part::Refund(..) | Part::Reversal(..) => at_issuer(state, paid),
        };
        let left = match at_issuer {
            Some((issuer, left)) if issuer_of(d) == Some(issuer) => left,
            Some(_) => return Err(NotClosed::OtherIssuer { tap: d.own, party: d.party.clone() }),
            None => return Err(no_payment(state, paid.seq)),
        };
        if less > left {
            return Err(too_much(d, "its issuer", left, less));
        }
    }
    // The merchant bears all of a payment that the issuer refused, and what it gave back of it too.
    let refused = sides == Sides::Both && state.parts(paid.seq).refused && matches!(part, Part::Payment(_));
    let left = if refused { plus(paid.moved(), paid.kept) } else { paid.at_merchant() };
    if matches!(sides, Sides::Merchant | Sides::Both) && less > left {
        return Err(too_much(d, "its merchant", left, less));
    }
    Ok(())
}

/// The other side has more than this ledger: a refund or a reversal that it did not carry out. It can stand again as far as it was
/// given back, and once. More of the payment itself is no part of it, and has no bound here.
fn gives_again(state: &State, d: &ReconException, booking: Booking, part: Part<'_>) -> Result<(), NotClosed> {
    let more = minus(Yen::ZERO, booking.less);
    let (paid, refund) = match part {
        Part::Payment(_) => return Ok(()),
        Part::Refund(refund, paid) => (paid, Some(refund)),
        Part::Reversal(_, paid) => {
            by_its_line(state, d, booking)?;
            (paid, None)
        }
    };
    if matches!(booking.sides, Sides::Issuer | Sides::Both) {
        let left = match refund {
            Some(refund) => {
                let at = refunded_leg(state, refund, paid).ok_or_else(|| no_payment(state, paid.seq))?;
                refund.instrument_leg().map_or(Yen::ZERO, Leg::stands).min(paid.legs[at].given_back())
            }
            None if state.parts(paid.seq).refused => return Err(NotClosed::RefusedSince(paid.seq)),
            None => {
                issuers_leg(paid).ok_or_else(|| no_payment(state, paid.seq))?;
                if d.status == REFUSED_ADVICE { untold(state, paid) } else { unreversed(state, paid) }
            }
        };
        if more > left {
            return Err(too_much(d, "its issuer", left, more));
        }
    }
    if matches!(booking.sides, Sides::Merchant | Sides::Both) {
        let given = minus(paid.posted(), paid.at_merchant());
        let left = refund.map_or(given, |refund| refund.at_merchant().min(given));
        if more > left {
            return Err(too_much(d, "its merchant", left, more));
        }
    }
    Ok(())
}

/// Where the payment is not in memory any more, or says nothing: all that is booked of one record never comes to more than its line,
/// and where the issuer refused messages about it, than what those told.
fn by_its_line(state: &State, d: &ReconException, booking: Booking) -> Result<(), NotClosed> {
    let yen = |amount: Yen| i128::from(amount.get()).abs();
    if d.ours == Yen::ZERO {
        return Ok(());
    }
    let told = |r: &super::Raised| {
        let refused = &r.exception;
        let other = (refused.own, refused.ours.is_positive()) == (d.own, d.ours.is_positive());
        (refused.status == REFUSED_ADVICE && refused.party == d.party && other).then(|| yen(refused.ours))
    };
    let line = yen(d.ours).max(state.closing.exceptions.values().filter_map(told).sum());
    let same = |one: &Booking| one.own == booking.own && one.less.is_positive() == booking.less.is_positive();
    let booked = state
        .closing
        .exceptions
        .values()
        .filter(|r| issuer_of(&r.exception) == issuer_of(d))
        .filter_map(|r| booking_of_resolved(r).filter(same).map(|one| yen(one.less)));
    let left = line - booked.sum::<i128>();
    let asked = yen(booking.less);
    if asked > left {
        let yen = |n: i128| Yen::new(i64::try_from(n.max(0)).unwrap_or(i64::MAX));
        return Err(too_much(d, "the other side", yen(left), yen(asked)));
    }
    Ok(())
}

fn booking_of_resolved(raised: &super::Raised) -> Option<Booking> {
    let (how, ..) = raised.resolved.as_ref()?;
    booking(&raised.exception, *how)
}

/// A payment at an issuer, and what of it the issuer could still take back.
pub(super) fn payment(state: &State, own: Seq) -> Result<(u16, Yen), NotClosed> {
    match Part::of(state, own) {
        Some(Part::Payment(tap)) => at_issuer(state, tap).ok_or_else(|| no_payment(state, own)),
        Some(Part::Refund(..) | Part::Reversal(..)) | None => Err(NotClosed::NoPayment(own)),
    }
}

impl State {
    /// What a resolution takes of a payment, or lets stand again. What was explained changes nothing.
    pub(in super::super) fn booking_of(&self, id: &[u8; 16], how: Resolution) -> Option<Booking> {
        booking(&self.closing.exceptions.get(id)?.exception, how)
    }

    /// Records that open exceptions are about, and the payments behind them: needed until two people have decided.
    pub(in super::super) fn in_difference(&self) -> BTreeSet<Seq> {
        let open = self.closing.exceptions.values().filter(|r| r.resolved.is_none() && r.exception.own > 0);
        let records = open.map(|r| r.exception.own);
        records
            .flat_map(|own| std::iter::once(own).chain(Part::of(self, own).into_iter().flat_map(Part::needs)))
            .collect()
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

    /// What people book of a payment that its issuer refused is lost like what the policy has a party bear: what the issuer refused of
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

/// What of a record's own part at an issuer still stands, at most what it moved. A reversal moves the payment's.
pub(super) fn left_of(state: &State, own: Seq, advice: &ToIssuer, moved: Yen) -> Yen {
    // What was undone later has no tap of its own; the message says what it is about.
    let undone = advice.about.filter(|_| advice.operation == IssuerOperation::Reversal);
    let reversed = undone.and_then(|undone| match Part::of(state, undone) {
        Some(Part::Payment(paid)) => Some(Part::Reversal(paid, paid)),
        Some(Part::Refund(refund, paid)) => Some(Part::Reversal(refund, paid)),
        Some(Part::Reversal(..)) | None => None,
    });
    let left = match reversed.or_else(|| Part::of(state, own)) {
        Some(Part::Payment(tap)) => unpaid(state, tap),
        Some(Part::Refund(tap, _)) => tap.instrument_leg().map_or(Yen::ZERO, Leg::stands),
        Some(Part::Reversal(undone, _)) if !is_payment(undone.kind) => undone_of(state, undone),
        Some(Part::Reversal(_, paid)) => unacknowledged(state, paid),
        None => return moved,
    };
    super::refused::at_most(moved, left)
}

/// What is in dispute of a payment and not decided.
pub(super) fn in_dispute(state: &State, own: Seq) -> Yen {
    let open = state
        .closing
        .exceptions
        .values()
        .filter(|r| r.exception.status == CHARGEBACK && r.exception.own == own && r.resolved.is_none());
    open.fold(Yen::ZERO, |sum, r| plus(sum, r.exception.ours))
}
