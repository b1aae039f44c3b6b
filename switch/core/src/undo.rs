//! Undoing: what a reversal gives back, at once or when it is known what became of what was pending. A reversal says what may
//! remain of a tap. That holds from then on: where a refund fails later, or a tap is approved later, so that more stands than may
//! remain, the rest is undone by a record of its own, and the issuer is told as soon as it can take it.

use super::money::{Leg, Shares, Source, keep, minus, plus, spread, sum};
use super::state::{State, Tap, TapState, Undo};
use kazasu_ledger::record::{ToIssuer, TransactionKind};
use kazasu_ledger::transfer::{MOST, Transfers};
use kazasu_ledger::{AccountId, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use smallvec::SmallVec;

/// The message that undoes a tap.
pub(super) struct Undoing {
    pub(super) transfers: Transfers,
    pub(super) to_issuer: Option<ToIssuer>,
}

impl Undoing {
    pub(super) fn nothing() -> Self {
        Undoing { transfers: Transfers::new(), to_issuer: None }
    }
}

/// The issuer that pays a part of a tap.
pub(super) fn issuer_of(state: &State, tap: &Tap) -> Option<u16> {
    tap.instrument_leg()?;
    state.link(tap.link)?.instrument.as_ref()?.issuer()
}

pub(super) fn held(state: &State, leg: &Leg) -> Yen {
    leg.hold.and_then(|id| state.book.hold(id)).map_or(Yen::ZERO, |hold| hold.amount)
}

/// The share of the linked instrument's leg.
pub(super) fn instrument_share(tap: &Tap, shares: &Shares) -> Yen {
    let own = tap.legs.iter().zip(shares).filter(|(leg, _)| leg.source == Source::Instrument);
    own.fold(Yen::ZERO, |sum, (_, share)| plus(sum, *share))
}

/// The treatment of the part of a hold that is not given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kept {
    /// It is posted.
    Posted,
    /// It stays reserved.
    Held,
}

/// Transfers that give back what is not kept of each hold, and post what is kept where it is not to stay reserved.
pub(super) fn settle(state: &State, tap: &Tap, shares: &Shares, kept: Kept) -> Transfers {
    let mut transfers = Transfers::new();
    for (leg, share) in tap.legs.iter().zip(shares) {
        let Some(hold) = leg.hold else { continue };
        let mut push = |kind, amount: Yen| {
            if amount.is_positive() {
                transfers.push(Transfer { kind, debit: leg.debit, credit: leg.credit, amount });
            }
        };
        if kept == Kept::Posted {
            push(TransferKind::Post(hold), *share);
        }
        push(TransferKind::Void(hold), minus(held(state, leg), *share));
    }
    transfers
}

/// Each leg's share back the way it came, in the order of the legs.
pub(super) fn give_back(tap: &Tap, shares: &Shares, kind: TransferKind) -> Transfers {
    let back = tap.legs.iter().zip(shares).filter(|(_, share)| share.is_positive());
    back.map(|(leg, share)| Transfer { kind, debit: leg.credit, credit: leg.debit, amount: *share }).collect()
}

/// The reversal of a tap towards its issuer. `carried` is the tap whose terminal and merchant the message has.
pub(super) fn message(tap: &Tap, issuer: u16, remains: Yen, carried: Seq) -> ToIssuer {
    ToIssuer {
        issuer,
        operation: IssuerOperation::Reversal,
        amount: tap.instrument_leg().map_or(tap.amount, |leg| leg.asked),
        remains: remains.is_positive().then_some(remains),
        about: Some(tap.seq),
        tap: carried,
    }
}

/// Reserved: all but what remains is released.
pub(super) fn reserved(state: &State, tap: &Tap, remains: Yen, carried: Seq) -> Undoing {
    if remains >= sum(&tap.legs, Leg::is_yen, |leg| held(state, leg)) {
        return Undoing::nothing();
    }
    let kept = keep(&state.book, &tap.legs, remains);
    let left = instrument_share(tap, &kept);
    let before = tap.instrument_leg().map_or(Yen::ZERO, |leg| held(state, leg));
    // An authorization that was only advised is unknown to the issuer, and so is what waits for a person.
    let unknown = tap.kind == TransactionKind::AuthorizationAdvice || state.waits_for_person(tap.seq);
    let issuer = issuer_of(state, tap).filter(|_| !unknown && left < before);
    Undoing {
        transfers: settle(state, tap, &kept, Kept::Held),
        to_issuer: issuer.map(|issuer| message(tap, issuer, left, carried)),
    }
}

/// Posted already: a compensating entry, never a deletion. What has been refunded stays refunded.
pub(super) fn posted(state: &State, tap: &Tap, remains: Yen, carried: Seq) -> Result<Undoing, RuleError> {
    let back = tap.undoable(remains);
    if !back.is_positive() {
        return Ok(Undoing::nothing());
    }
    let shares = spread(&tap.legs, back);
    let refund = matches!(tap.kind, TransactionKind::Refund | TransactionKind::RefundAdvice);
    let transfers = if refund { take_back(state, tap, &shares) } else { give_back(tap, &shares, TransferKind::Direct) };
    state.book.check(&transfers)?;
    let share = instrument_share(tap, &shares);
    // An issuer that may still count a refund cannot undo what that has given back.
    let issuer = issuer_of(state, tap).filter(|_| share.is_positive() && !state.is_busy_with_refunds(tap.seq));
    let to_issuer = issuer.map(|issuer| message(tap, issuer, minus(at_issuer(tap), share), carried));
    Ok(Undoing { transfers, to_issuer })
}

/// The amount of a tap at the issuer, without refunds.
pub(super) fn at_issuer(tap: &Tap) -> Yen {
    tap.instrument_leg().map_or(Yen::ZERO, |leg| minus(leg.posted, leg.undone))
}

/// A refund is undone: from the accounts as far as they still have the money, a person's purses of one programme together as far as
/// one record has room for them, the rest is the acquirer's shortfall. Points that the budget does not have any more stay taken back.
fn take_back(state: &State, tap: &Tap, shares: &Shares) -> Transfers {
    let mut transfers = Transfers::new();
    let mut taken: SmallVec<[(AccountId, Yen); 4]> = SmallVec::new();
    let mut covered = |from: AccountId, amount: Yen| {
        let account = state.book.account(from).expect("the state names open accounts");
        if !account.key.is_bounded() {
            return amount;
        }
        let before = taken.iter().filter(|(of, _)| *of == from).fold(Yen::ZERO, |sum, (_, yen)| plus(sum, *yen));
        let pays = minus(account.available(), before).max(Yen::ZERO).min(amount);
        taken.push((from, pays));
        pays
    };
    // Each leg has a transfer of its own; a loss and the acquirer's shortfall may come to them.
    let mut beside = MOST.saturating_sub(tap.legs.len() + 2);
    let mut uncovered = Yen::ZERO;
    let mut merchant = None;
    for (leg, share) in tap.legs.iter().zip(shares).filter(|(_, share)| share.is_positive()) {
        let mut left = *share;
        let mut take = |from: AccountId| {
            let pays = covered(from, left);
            if pays.is_positive() {
                transfers.push(Transfer::direct(from, leg.debit, pays));
            }
            left = minus(left, pays);
            pays
        };
        let pays = take(leg.credit);
        for other in state.purses_beside(leg.credit) {
            if beside > 0 && take(other).is_positive() {
                beside -= 1;
            }
        }
        transfers.extend(again_lost(state, tap, leg, pays));
        if leg.is_yen() {
            uncovered = plus(uncovered, left);
            merchant = Some(leg.debit);
        }
    }
    let shortfall = state.parties.acquirers.get(&tap.key.acquirer);
    if let (Some(payable), Some(shortfall)) = (merchant.filter(|_| uncovered.is_positive()), shortfall) {
        transfers.push(Transfer::direct(*shortfall, payable, uncovered));
    }
    transfers
}

/// Does a tap stand at more than its reversals have said, or is there something that its issuer can be told now?
pub(super) fn is_owed(state: &State, tap: &Tap) -> bool {
    let Some(undo) = state.undos.said.get(&tap.seq) else { return false };
    let more = match tap.state {
        TapState::Held => sum(&tap.legs, Leg::is_yen, |leg| held(state, leg)) > undo.remains,
        TapState::Posted => tap.undoable(undo.remains).is_positive(),
        TapState::Pending | TapState::Completed(_) | TapState::Refused | TapState::Reversed => false,
    };
    more || can_be_told(state, tap, *undo)
}

pub(super) fn can_be_told(state: &State, tap: &Tap, undo: Undo) -> bool {
    undo.untold.is_positive() && issuer_of(state, tap).is_some() && !state.is_busy_with_refunds(tap.seq)
}

/// The part of its instrument part that a payment loses as soon as it is approved: while it waited, reversals have said that less remains. The
/// next record undoes that much.
pub(super) fn part_undone_next(state: &State, tap: &Tap) -> Yen {
    let Some(undo) = state.undos.said.get(&tap.seq) else { return Yen::ZERO };
    let mut legs = tap.legs.clone();
    for leg in legs.iter_mut().filter(|leg| leg.hold.is_some()) {
        leg.posted = leg.asked;
    }
    let more = minus(sum(&legs, Leg::is_yen, Leg::stands), undo.remains);
    if !more.is_positive() {
        return Yen::ZERO;
    }
    let shares = spread(&legs, more);
    let parts = legs.iter().zip(&shares).filter(|(leg, _)| leg.is_part());
    parts.fold(Yen::ZERO, |sum, (_, share)| plus(sum, *share))
}

/// A leg of a refund that is not carried out, or undone by `amount`, lets its payment stand again. Where the issuer has refused
/// that payment, and the loss left out what the refund gave back because the issuer had refused the refund too, it is lost now.
pub(super) fn again_lost(state: &State, refund: &Tap, leg: &Leg, amount: Yen) -> Option<Transfer> {
    if !matches!(refund.kind, TransactionKind::Refund | TransactionKind::RefundAdvice) {
        return None;
    }
    let paid = refund.original.and_then(|index| state.tap(index))?;
    let of = paid.legs.get(usize::from(leg.of)).filter(|of| is_lost_elsewhere(of, leg))?;
    let denied = amount.min(state.parts(refund.seq).denied);
    let amount = plus(denied, minus(amount, denied).min(state.parts(paid.seq).unlost));
    amount.is_positive().then(|| Transfer::direct(of.debit, leg.credit, amount))
}

/// The payment's leg was lost after the refund had begun: the refund still goes to the issuer.
pub(super) fn is_lost_elsewhere(of: &Leg, refund: &Leg) -> bool {
    of.source == Source::Loss && of.debit != refund.credit
}
