//! Messages about an earlier one: completions, refunds, reversals. They use what the original was paid with: the link version
//! frozen in it, its purses and its points, whatever has been linked or merged since.

use super::decide::{Context, Outcome, approval, refusal};
use super::money::{Leg, Shares, Source, keep, minus, plus, spread, sum};
use super::state::{Tap, TapState};
use kazasu_ledger::record::{TapKind, ToIssuer, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Operation, Refusal};

/// Finds the original and makes sure that it is the same merchant's and the same person's.
fn original<'a>(context: &'a Context<'_>) -> Result<&'a Tap, Refusal> {
    let state = context.state;
    let index = state.original_of(context.request).ok_or(Refusal::OriginalNotFound)?;
    let tap = state.tap(index).ok_or(Refusal::OriginalNotFound)?;
    let merchant = state.merchant(tap.merchant).ok_or(Refusal::OriginalNotFound)?;
    if merchant.id != context.request.merchant || tap.key.acquirer != context.request.acquirer {
        return Err(Refusal::OriginalNotFound);
    }
    Ok(tap)
}

/// A message may repeat the person's PPID, or name the one that it was merged into; nobody else's.
fn same_person(context: &Context<'_>, tap: &Tap) -> Result<(), Refusal> {
    let state = context.state;
    let person = |ppid| state.residents.get(ppid).map(|at| state.root(*at));
    match (context.request.ppid, tap.ppid) {
        (Some(now), Some(then)) if now != then && (person(&now).is_none() || person(&now) != person(&then)) => {
            Err(Refusal::OtherPpid)
        }
        _ => Ok(()),
    }
}

/// What the outcome of a follow-up has in common.
fn about(context: &Context<'_>, tap: &Tap, verdict: Verdict, transfers: Transfers) -> Outcome {
    let mut outcome = context.outcome(verdict, transfers);
    outcome.original = Some(tap.seq);
    outcome.link = context.state.link(tap.link).map(|link| link.version);
    outcome.ppid = tap.ppid;
    outcome
}

/// The issuer that pays a part of it.
fn issuer_of(context: &Context<'_>, tap: &Tap) -> Option<u16> {
    tap.instrument_leg()?;
    context.state.link(tap.link)?.instrument.as_ref()?.issuer()
}

fn held(context: &Context<'_>, leg: &Leg) -> Yen {
    leg.hold.and_then(|id| context.state.book.hold(id)).map_or(Yen::ZERO, |hold| hold.amount)
}

/// Transfers that post what is kept of each hold and give back the rest.
fn settle(context: &Context<'_>, tap: &Tap, kept: &Shares, post: bool) -> Transfers {
    let mut transfers = Transfers::new();
    for (leg, kept) in tap.legs.iter().zip(kept) {
        let Some(hold) = leg.hold else { continue };
        let mut push = |kind, amount: Yen| {
            if amount.is_positive() {
                transfers.push(Transfer { kind, debit: leg.debit, credit: leg.credit, amount });
            }
        };
        if post {
            push(TransferKind::Post(hold), *kept);
        }
        push(TransferKind::Void(hold), minus(held(context, leg), *kept));
    }
    transfers
}

/// What the leg of the linked instrument keeps.
fn instrument_share(tap: &Tap, shares: &Shares) -> Yen {
    let own = tap.legs.iter().zip(shares).filter(|(leg, _)| leg.source == Source::Instrument);
    own.fold(Yen::ZERO, |sum, (_, share)| plus(sum, *share))
}

/// 0220 with original data: take all or part of what was reserved and release the rest.
pub(super) fn completion(context: &Context<'_>) -> Result<Outcome, Refusal> {
    let tap = original(context)?;
    if tap.state != TapState::Held {
        return Err(Refusal::OriginalNotOpen);
    }
    let amount = context.request.amount;
    if amount > sum(&tap.legs, Leg::is_yen, |leg| held(context, leg)) {
        return Err(Refusal::AboveOriginal);
    }
    same_person(context, tap)?;
    let kept = keep(&context.state.book, &tap.legs, amount);
    let transfers = settle(context, tap, &kept, true);
    context.state.book.check(&transfers).map_err(refusal)?;
    let mut outcome = about(context, tap, approval(context), transfers);
    let amount = instrument_share(tap, &kept);
    let advised = tap.kind == TapKind::AuthorizationAdvice;
    outcome.to_issuer = issuer_of(context, tap).and_then(|issuer| {
        let (operation, of) = match (advised, amount.is_positive()) {
            // The issuer never heard of an authorization that was only advised.
            (true, true) => (IssuerOperation::PurchaseAdvice, None),
            (true, false) => return None,
            (false, true) => (IssuerOperation::Completion, Some(tap.seq)),
            // The issuer had declined its part.
            (false, false) if tap.instrument_leg().is_none_or(|leg| !held(context, leg).is_positive()) => return None,
            // Purses and points paid all of it: what the issuer reserved is not needed.
            (false, false) => return Some(reversal_message(context, tap, issuer, Yen::ZERO)),
        };
        Some(ToIssuer { issuer, operation, amount, remains: None, about: of, tap: context.seq() })
    });
    Ok(outcome)
}

/// Give back all or part of what stands posted.
pub(super) fn refund(context: &Context<'_>, operation: Operation) -> Result<Outcome, Refusal> {
    let tap = original(context)?;
    let payment = match tap.kind {
        TapKind::Purchase | TapKind::PurchaseAdvice | TapKind::Completion => tap.state == TapState::Posted,
        TapKind::Authorize
        | TapKind::AuthorizationAdvice
        | TapKind::Refund
        | TapKind::RefundAdvice
        | TapKind::BalanceInquiry
        | TapKind::Reversal
        | TapKind::Unsupported => false,
    };
    if !payment {
        return Err(Refusal::OriginalNotOpen);
    }
    let amount = context.request.amount;
    if amount > sum(&tap.legs, Leg::is_yen, Leg::stands) {
        return Err(Refusal::AboveOriginal);
    }
    same_person(context, tap)?;
    let shares = spread(&tap.legs, amount);
    let part = instrument_share(tap, &shares);
    let issuer = issuer_of(context, tap).filter(|_| part.is_positive());
    let waits = issuer.is_some() && operation == Operation::Refund;
    let kind = if waits { TransferKind::Hold } else { TransferKind::Direct };
    let transfers = give_back(tap, &shares, kind);
    context.state.book.check(&transfers).map_err(refusal)?;
    let verdict = if waits { Verdict::Pending } else { approval(context) };
    let mut outcome = about(context, tap, verdict, transfers);
    outcome.to_issuer = issuer.map(|issuer| {
        let operation = if waits { IssuerOperation::Refund } else { IssuerOperation::RefundAdvice };
        ToIssuer { issuer, operation, amount: part, remains: None, about: Some(tap.seq), tap: context.seq() }
    });
    Ok(outcome)
}

/// Each leg's share back the way it came, in the order of the legs.
fn give_back(tap: &Tap, shares: &Shares, kind: TransferKind) -> Transfers {
    let back = tap.legs.iter().zip(shares).filter(|(_, share)| share.is_positive());
    back.map(|(leg, share)| Transfer { kind, debit: leg.credit, credit: leg.debit, amount: *share }).collect()
}

/// 0400 and 0420. A reversal is never refused for want of an original: the original may still be on its way.
pub(super) fn reversal(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let Some(tap) = context.state.original_of(request).and_then(|index| context.state.tap(index)) else {
        let mut outcome = context.approved(Transfers::new());
        outcome.tombstone = request.original.as_ref().and_then(|o| super::state::original_key(o, request));
        return outcome;
    };
    let remains = request.replacement.unwrap_or(Yen::ZERO);
    match tap.state {
        TapState::Pending => undo_pending(context, tap, remains),
        TapState::Held => undo_held(context, tap, remains),
        TapState::Posted => undo_posted(context, tap, remains),
        TapState::Refused | TapState::Reversed | TapState::Completed(_) => {
            about(context, tap, approval(context), Transfers::new())
        }
    }
}

/// The issuer is still being asked: release the holds and tell the issuer to undo what it may have done.
fn undo_pending(context: &Context<'_>, tap: &Tap, remains: Yen) -> Outcome {
    if remains.is_positive() {
        // Nothing has been approved yet, so nothing can remain.
        return about(context, tap, Verdict::Refused(Refusal::OriginalNotOpen), Transfers::new());
    }
    let nothing: Shares = smallvec::smallvec![Yen::ZERO; tap.legs.len()];
    let mut transfers = settle(context, tap, &nothing, false);
    transfers.extend(super::issuer::again_lost(context.state, tap));
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.to_issuer = issuer_of(context, tap).map(|issuer| reversal_message(context, tap, issuer, Yen::ZERO));
    outcome
}

fn undo_held(context: &Context<'_>, tap: &Tap, remains: Yen) -> Outcome {
    if remains >= sum(&tap.legs, Leg::is_yen, |leg| held(context, leg)) {
        return about(context, tap, approval(context), Transfers::new());
    }
    let kept = keep(&context.state.book, &tap.legs, remains);
    let transfers = settle(context, tap, &kept, false);
    let left = instrument_share(tap, &kept);
    let before = tap.instrument_leg().map_or(Yen::ZERO, |leg| held(context, leg));
    let mut outcome = about(context, tap, approval(context), transfers);
    // An authorization that was only advised is unknown to the issuer.
    outcome.to_issuer = issuer_of(context, tap)
        .filter(|_| tap.kind != TapKind::AuthorizationAdvice && left < before)
        .map(|issuer| reversal_message(context, tap, issuer, left));
    outcome
}

/// Posted already: a compensating entry, never a deletion. What has been refunded stays refunded.
fn undo_posted(context: &Context<'_>, tap: &Tap, remains: Yen) -> Outcome {
    let stands = sum(&tap.legs, Leg::is_yen, Leg::stands);
    if remains >= stands {
        return about(context, tap, approval(context), Transfers::new());
    }
    let shares = spread(&tap.legs, minus(stands, remains));
    let issuer = issuer_of(context, tap).filter(|_| instrument_share(tap, &shares).is_positive());
    let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
    let transfers =
        if refund { take_back(context, tap, &shares) } else { give_back(tap, &shares, TransferKind::Direct) };
    if let Err(error) = context.state.book.check(&transfers) {
        return about(context, tap, Verdict::Refused(refusal(error)), Transfers::new());
    }
    let left = tap.instrument_leg().map_or(Yen::ZERO, |leg| minus(leg.posted, leg.undone));
    let left = minus(left, instrument_share(tap, &shares));
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.to_issuer = issuer.map(|issuer| reversal_message(context, tap, issuer, left));
    outcome
}

/// A refund is undone: from the accounts as far as they still have the money, the rest is the acquirer's shortfall. Points that
/// the budget does not have any more stay taken back.
fn take_back(context: &Context<'_>, tap: &Tap, shares: &Shares) -> Transfers {
    let book = &context.state.book;
    let covered = |from: AccountId, amount: Yen| {
        let account = book.account(from).expect("the state names open accounts");
        if account.key.is_bounded() { account.available().max(Yen::ZERO).min(amount) } else { amount }
    };
    let paid = tap.original.and_then(|index| context.state.tap(index));
    let mut transfers = Transfers::new();
    let mut uncovered = Yen::ZERO;
    let mut merchant = None;
    for (leg, share) in tap.legs.iter().zip(shares).filter(|(_, share)| share.is_positive()) {
        let pays = covered(leg.credit, *share);
        if pays.is_positive() {
            transfers.push(Transfer::direct(leg.credit, leg.debit, pays));
        }
        // The issuer has refused the payment meanwhile: what stands again is the operator's loss.
        let of = paid.map(|paid| &paid.legs[usize::from(leg.of)]);
        let lost = of.filter(|of| of.source == Source::Loss && of.debit != of.credit && of.debit != leg.credit);
        if let Some(of) = lost.filter(|_| pays.is_positive()) {
            transfers.push(Transfer::direct(of.debit, leg.credit, pays));
        }
        if leg.is_yen() {
            uncovered = plus(uncovered, minus(*share, pays));
            merchant = Some(leg.debit);
        }
    }
    if let Some(payable) = merchant.filter(|_| uncovered.is_positive()) {
        let shortfall = context.state.acquirers[&context.request.acquirer];
        transfers.push(Transfer::direct(shortfall, payable, uncovered));
    }
    transfers
}

fn reversal_message(context: &Context<'_>, tap: &Tap, issuer: u16, remains: Yen) -> ToIssuer {
    ToIssuer {
        issuer,
        operation: IssuerOperation::Reversal,
        amount: tap.instrument_leg().map_or(tap.amount, |leg| leg.asked),
        remains: remains.is_positive().then_some(remains),
        about: Some(tap.seq),
        tap: context.seq(),
    }
}
