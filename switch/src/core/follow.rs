//! Messages about an earlier one: completions, refunds, reversals. They use the link version and the accounts that the
//! original used, whatever has been linked since, and work for closed merchants and ended links too.

use super::decide::{Context, Outcome, approval, refusal};
use super::state::{Merchant, Tap, TapState, original_key};
use kazasu_ledger::record::{TapKind, ToIssuer, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, HoldId, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Operation, Refusal};

fn minus(a: Yen, b: Yen) -> Yen {
    a.checked_sub(b).expect("amounts of one tap")
}

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

/// A message may repeat the person's PPID; then it must be the original's.
fn same_person(context: &Context<'_>, tap: &Tap) -> Result<(), Refusal> {
    match (context.request.ppid, tap.ppid) {
        (Some(now), Some(then)) if now != then => Err(Refusal::OtherPpid),
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

fn issuer_of(context: &Context<'_>, tap: &Tap) -> Option<u16> {
    context.state.link(tap.link)?.instrument.as_ref()?.issuer()
}

/// 0220 with original data: take all or part of what was reserved and release the rest.
pub(super) fn completion(context: &Context<'_>) -> Result<Outcome, Refusal> {
    let tap = original(context)?;
    let (TapState::Held, Some(hold)) = (tap.state, tap.hold) else { return Err(Refusal::OriginalNotOpen) };
    let held = *context.state.book.hold(hold).ok_or(Refusal::OriginalNotOpen)?;
    same_person(context, tap)?;
    let amount = context.request.amount;
    if amount > held.amount {
        return Err(Refusal::AboveOriginal);
    }
    let part = |kind, amount| Transfer { kind, debit: held.debit, credit: held.credit, amount };
    let mut transfers: Transfers = [part(TransferKind::Post(hold), amount)].as_slice().into();
    let rest = minus(held.amount, amount);
    if rest.is_positive() {
        transfers.push(part(TransferKind::Void(hold), rest));
    }
    context.state.book.check(&transfers).map_err(refusal)?;
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.to_issuer = issuer_of(context, tap).map(|issuer| {
        let (operation, of) = match tap.kind {
            // The issuer never heard of an authorization that was only advised.
            TapKind::AuthorizationAdvice => (IssuerOperation::PurchaseAdvice, None),
            _ => (IssuerOperation::Completion, Some(tap.seq)),
        };
        ToIssuer { issuer, operation, amount, remains: None, about: of, tap: context.seq() }
    });
    Ok(outcome)
}

/// Give back all or part of what stands posted.
pub(super) fn refund(context: &Context<'_>, operation: Operation, merchant: &Merchant) -> Result<Outcome, Refusal> {
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
    if amount > minus(tap.moved, tap.refunded) {
        return Err(Refusal::AboveOriginal);
    }
    same_person(context, tap)?;
    match issuer_of(context, tap) {
        None => {
            let transfers = give_back(context, tap, merchant.payable, amount);
            context.state.book.check(&transfers).map_err(refusal)?;
            Ok(about(context, tap, approval(context), transfers))
        }
        Some(issuer) => {
            let (receivable, payable) = tap.accounts.ok_or(Refusal::OriginalNotOpen)?;
            let (transfer, verdict, operation) = if operation == Operation::Refund {
                (Transfer::hold(payable, receivable, amount), Verdict::Pending, IssuerOperation::Refund)
            } else {
                let direct = Transfer::direct(payable, receivable, amount);
                (direct, approval(context), IssuerOperation::RefundAdvice)
            };
            context.state.book.check(&[transfer]).map_err(refusal)?;
            let mut outcome = about(context, tap, verdict, [transfer].as_slice().into());
            outcome.to_issuer =
                Some(ToIssuer { issuer, operation, amount, remains: None, about: Some(tap.seq), tap: context.seq() });
            Ok(outcome)
        }
    }
}

/// Money back from the merchant: first what no account had covered, then to the account that paid.
fn give_back(context: &Context<'_>, tap: &Tap, payable: AccountId, amount: Yen) -> Transfers {
    let mut transfers = Transfers::new();
    let uncovered = tap.shortfall.min(amount);
    if uncovered.is_positive() {
        let account = context.state.acquirers[&context.request.acquirer];
        transfers.push(Transfer::direct(payable, account, uncovered));
    }
    let rest = minus(amount, uncovered);
    if let Some((source, _)) = tap.accounts.filter(|_| rest.is_positive()) {
        transfers.push(Transfer::direct(payable, source, rest));
    }
    transfers
}

/// 0400 and 0420. A reversal is never refused for want of an original: the original may still be on its way.
pub(super) fn reversal(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let Some(tap) = context.state.original_of(request).and_then(|index| context.state.tap(index)) else {
        let mut outcome = context.approved(Transfers::new());
        outcome.tombstone = request.original.as_ref().and_then(|o| original_key(o, request));
        return outcome;
    };
    let remains = request.replacement.unwrap_or(Yen::ZERO);
    match (tap.state, tap.hold) {
        (TapState::Pending, Some(hold)) => undo_pending(context, tap, hold, remains),
        (TapState::Held, Some(hold)) => undo_held(context, tap, hold, remains),
        (TapState::Posted, _) if tap.moved.is_positive() => undo_posted(context, tap, remains),
        (TapState::Refused | TapState::Reversed | TapState::Completed(_), _)
        | (TapState::Pending | TapState::Held | TapState::Posted, _) => {
            about(context, tap, approval(context), Transfers::new())
        }
    }
}

/// The issuer is still being asked: release the hold and tell the issuer to undo what it may have done.
fn undo_pending(context: &Context<'_>, tap: &Tap, hold: HoldId, remains: Yen) -> Outcome {
    if remains.is_positive() {
        // Nothing has been approved yet, so nothing can remain.
        return about(context, tap, Verdict::Refused(Refusal::OriginalNotOpen), Transfers::new());
    }
    let held = *context.state.book.hold(hold).expect("a pending tap has its hold");
    let void = Transfer { kind: TransferKind::Void(hold), debit: held.debit, credit: held.credit, amount: held.amount };
    let mut outcome = about(context, tap, approval(context), [void].as_slice().into());
    outcome.to_issuer = issuer_of(context, tap).map(|issuer| reversal_message(context, tap, issuer, Yen::ZERO));
    outcome
}

fn undo_held(context: &Context<'_>, tap: &Tap, hold: HoldId, remains: Yen) -> Outcome {
    let held = *context.state.book.hold(hold).expect("a held tap has its hold");
    if remains >= held.amount {
        return about(context, tap, approval(context), Transfers::new());
    }
    let amount = minus(held.amount, remains);
    let void = Transfer { kind: TransferKind::Void(hold), debit: held.debit, credit: held.credit, amount };
    let mut outcome = about(context, tap, approval(context), [void].as_slice().into());
    // An authorization that was only advised is unknown to the issuer.
    outcome.to_issuer = issuer_of(context, tap)
        .filter(|_| tap.kind != TapKind::AuthorizationAdvice)
        .map(|issuer| reversal_message(context, tap, issuer, remains));
    outcome
}

/// Posted already: a compensating entry, never a deletion. What has been refunded stays refunded.
fn undo_posted(context: &Context<'_>, tap: &Tap, remains: Yen) -> Outcome {
    let stands = minus(tap.moved, tap.refunded);
    if remains >= stands {
        return about(context, tap, approval(context), Transfers::new());
    }
    let amount = minus(stands, remains);
    let Some((source, target)) = tap.accounts else {
        return about(context, tap, approval(context), Transfers::new());
    };
    let issuer = issuer_of(context, tap);
    let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
    let transfers = match (issuer, refund) {
        (Some(_), _) => [Transfer::direct(target, source, amount)].as_slice().into(),
        (None, false) => give_back(context, tap, target, amount),
        (None, true) => take_back(context, target, source, amount),
    };
    if let Err(error) = context.state.book.check(&transfers) {
        return about(context, tap, Verdict::Refused(refusal(error)), Transfers::new());
    }
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.to_issuer = issuer.map(|issuer| reversal_message(context, tap, issuer, minus(tap.moved, amount)));
    outcome
}

/// A refund is undone: from the account as far as it still has the money, the rest is the acquirer's shortfall.
fn take_back(context: &Context<'_>, account: AccountId, payable: AccountId, amount: Yen) -> Transfers {
    let available = context.state.book.account(account).map_or(Yen::ZERO, kazasu_ledger::Account::available);
    let bounded = context.state.book.account(account).is_some_and(|a| a.key.is_bounded());
    let covered = if bounded { available.max(Yen::ZERO).min(amount) } else { amount };
    let mut transfers = Transfers::new();
    if covered.is_positive() {
        transfers.push(Transfer::direct(account, payable, covered));
    }
    let rest = minus(amount, covered);
    if rest.is_positive() {
        transfers.push(Transfer::direct(context.state.acquirers[&context.request.acquirer], payable, rest));
    }
    transfers
}

fn reversal_message(context: &Context<'_>, tap: &Tap, issuer: u16, remains: Yen) -> ToIssuer {
    ToIssuer {
        issuer,
        operation: IssuerOperation::Reversal,
        amount: tap.amount,
        remains: remains.is_positive().then_some(remains),
        about: Some(tap.seq),
        tap: context.seq(),
    }
}
