//! The part of a payment that still stands at its issuer and at its merchant: one account for refunds, reversals, what issuers refuse
//! afterwards, chargebacks and exceptions. Nothing is taken of a payment that does not stand there any more.
//!
//! A payment's legs say what stands on both sides alike. Where an exception was booked on one side only, the merchant has more or less
//! of the payment than its legs say: `Tap::kept`.

use super::super::money::{Leg, is_payment, minus, plus, sum};
use super::super::refusal::{NotClosed, StandsAt};
use super::super::state::{Merchant, State, Tap};
use super::{CHARGEBACK, REFUSED_ADVICE};
use kazasu_ledger::record::{ToIssuer, TransactionKind};
use kazasu_ledger::{AccountKey, Seq};
use kazasu_schemas::closing::{ReconException, Resolution};
use kazasu_schemas::money::Yen;
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

/// The amount of a payment that a resolution books.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Booking {
    /// The record that the exception is about: a payment, or what refunds or reverses one.
    pub(in super::super) own: Seq,
    /// The amount that the other side has less than this ledger. Below zero: more.
    pub(in super::super) less: Yen,
    pub(in super::super) sides: Sides,
}

/// The issuer that an exception is with. `None` when it is with an acquirer.
fn issuer_of(d: &ReconException) -> Option<u16> {
    d.party.strip_prefix("issuer ")?.parse().ok()
}

/// The amount of a payment that a resolution would book here; `None` when it books nothing, or nothing of a payment.
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

/// The amount of it that the issuer still pays; `None` when no issuer pays it.
pub(super) fn at_issuer(state: &State, tap: &Tap) -> Option<(u16, Yen)> {
    let leg = tap.instrument_leg()?;
    let issuer = |id| match state.book.account(id).map(|account| account.key) {
        Some(AccountKey::IssuerReceivable(n)) => Some(n),
        _ => None,
    };
    let left = if state.parts(tap.seq).refused { unpaid(state, tap) } else { leg.stands() };
    // A payment debits it, a refund credits it.
    Some((issuer(leg.debit).or_else(|| issuer(leg.credit))?, left))
}

/// The amount of a payment's own message that the issuer owes here: all that was posted and not undone. A refund is a message of its own, which
/// the issuer carries out or refuses for itself.
fn unpaid(state: &State, tap: &Tap) -> Yen {
    let taken = state.parts(tap.seq).taken;
    tap.instrument_leg().map_or(Yen::ZERO, |leg| minus(minus(leg.posted, leg.undone), taken))
}

/// The part of a payment that reversals have given back and that the issuer may still have.
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

/// The part of a refund that was undone here and that the issuer may still have given back.
fn undone_of(state: &State, refund: &Tap) -> Yen {
    let leg = refund.instrument_leg().filter(|_| !state.parts(refund.seq).refused);
    leg.map_or(Yen::ZERO, |leg| leg.undone)
}

impl Tap {
    /// The amount of a payment that the merchant still has, or gave back by a refund that stands.
    pub(in super::super) fn at_merchant(&self) -> Yen {
        plus(sum(&self.legs, Leg::is_yen, Leg::stands), self.kept)
    }

    /// The amount of it that can be given back: no more than its legs say and than the merchant has.
    pub(in super::super) fn returnable(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, Leg::stands).min(self.at_merchant()).max(Yen::ZERO)
    }

    /// The amount of it that a reversal gives back so that no more than `remains` stands.
    pub(in super::super) fn undoable(&self, remains: Yen) -> Yen {
        minus(sum(&self.legs, Leg::is_yen, Leg::stands), remains).min(self.returnable())
    }

    fn posted(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| leg.posted)
    }
}

/// The relation of a record to the payment that it belongs to.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Payment(&'a Tap),
    Refund(&'a Tap, &'a Tap),
    /// The message that it reverses, and the payment.
    Reversal(&'a Tap, &'a Tap),
}

impl<'a> Part<'a> {
    pub(super) fn of(state: &'a State, own: Seq) -> Option<Part<'a>> {
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

    pub(super) fn payment(self) -> &'a Tap {
        match self {
            Part::Payment(paid) | Part::Refund(_, paid) | Part::Reversal(_, paid) => paid,
        }
    }

    /// The data that it needs in memory beside its own record.
    pub(super) fn needs(self) -> [Seq; 2] {
        match self {
            Part::Payment(paid) => [paid.seq; 2],
            Part::Refund(beside, paid) | Part::Reversal(beside, paid) => [beside.seq, paid.seq],
        }
    }
}

/// The payment's leg that an issuer pays, or the part of it that it has refused since. As a place among its legs.
pub(super) fn issuers_leg(tap: &Tap) -> Option<usize> {
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

/// The reason why a record is no payment of which its issuer could take something back.
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

fn too_much(d: &ReconException, at: StandsAt, left: Yen, asked: Yen) -> NotClosed {
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
            return Err(too_much(d, StandsAt::Issuer, left, less));
        }
    }
    // The merchant bears all of a payment that the issuer refused, and what it gave back of it too.
    let refused = sides == Sides::Both && state.parts(paid.seq).refused && matches!(part, Part::Payment(_));
    let left = if refused { plus(paid.moved(), paid.kept) } else { paid.at_merchant() };
    if matches!(sides, Sides::Merchant | Sides::Both) && less > left {
        return Err(too_much(d, StandsAt::Merchant, left, less));
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
            return Err(too_much(d, StandsAt::Issuer, left, more));
        }
    }
    if matches!(booking.sides, Sides::Merchant | Sides::Both) {
        let given = minus(paid.posted(), paid.at_merchant());
        let left = refund.map_or(given, |refund| refund.at_merchant().min(given));
        if more > left {
            return Err(too_much(d, StandsAt::Merchant, left, more));
        }
    }
    Ok(())
}

/// Without the payment in memory, or without its answer: all bookings of one record never come to more than its line,
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
        return Err(too_much(d, StandsAt::OtherSide, yen(left), yen(asked)));
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
    /// The amount of a payment that a resolution takes, or lets stand again. An explanation changes nothing.
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
}

/// The part of a record's own amount at an issuer that still stands, at most what it moved. A reversal moves the payment's.
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
    at_most(moved, left)
}

/// The part of a payment that is in dispute and not decided.
pub(super) fn in_dispute(state: &State, own: Seq) -> Yen {
    let open = state
        .closing
        .exceptions
        .values()
        .filter(|r| r.exception.status == CHARGEBACK && r.exception.own == own && r.resolved.is_none());
    open.fold(Yen::ZERO, |sum, r| plus(sum, r.exception.ours))
}

/// The rest of one record's movement, either way.
fn at_most(moved: Yen, left: Yen) -> Yen {
    let left = left.max(Yen::ZERO);
    if moved.is_positive() { moved.min(left) } else { moved.max(minus(Yen::ZERO, left)) }
}
