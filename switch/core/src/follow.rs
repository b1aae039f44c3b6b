//! Messages about an earlier one: completions, refunds, reversals. They use what the original was paid with: the link version
//! frozen in it, its purses and its points, also when other links or merges came since.

use super::context::{Context, Outcome, approval, refusal};
use super::money::{Leg, Shares, keep, plus, spread, sum};
use super::original::Found;
use super::state::{Tap, TapState};
use super::undo::{self, Kept, Undoing, give_back, held, instrument_share, issuer_of, settle};
use super::wallet::NO_HOLDER;
use kazasu_ledger::record::{Ruled, ToIssuer, TransactionKind, Verdict, flag};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Operation, Refusal};

/// Finds the original and makes sure that it is the same merchant's and the same person's.
fn original<'a>(context: &'a Context<'_>) -> Result<&'a Tap, Refusal> {
    let state = context.state;
    let tap = match state.find(context.request) {
        // A payment can be completed or given back at another terminal of its shop.
        Found::Tap(index) | Found::Completed(index) => state.tap(index).ok_or(Refusal::OriginalNotFound)?,
        Found::Nothing => return Err(Refusal::OriginalNotFound),
    };
    let merchant = state.merchant(tap.merchant).ok_or(Refusal::OriginalNotFound)?;
    if merchant.id != context.request.merchant || tap.key.acquirer != context.request.acquirer {
        return Err(Refusal::OriginalNotFound);
    }
    Ok(tap)
}

/// A message may repeat the person's PPID, or name the one that it was merged into; no other one.
fn same_person(context: &Context<'_>, tap: &Tap) -> Result<(), Refusal> {
    if context.state.is_of(context.request, tap) { Ok(()) } else { Err(Refusal::OtherPpid) }
}

/// The common part of follow-ups' outcomes.
fn about(context: &Context<'_>, tap: &Tap, verdict: Verdict, transfers: Transfers) -> Outcome {
    let mut outcome = context.outcome(verdict, transfers);
    outcome.original = Some(tap.seq);
    outcome.link = context.state.link(tap.link).map(|link| link.version);
    outcome.ppid = tap.ppid;
    outcome
}

/// 0220 with original data: take all or part of what was reserved and release the rest.
pub(super) fn completion(context: &Context<'_>) -> Result<Outcome, Refusal> {
    let tap = original(context)?;
    if tap.state != TapState::Held || context.state.waits_for_person(tap.seq) {
        return Err(Refusal::OriginalNotOpen);
    }
    let amount = context.request.amount;
    if amount > sum(&tap.legs, Leg::is_yen, |leg| held(context.state, leg)) {
        return Err(Refusal::AboveOriginal);
    }
    same_person(context, tap)?;
    let kept = keep(&context.state.book, &tap.legs, amount);
    let class = context.state.merchant(tap.merchant).map_or("", |merchant| &merchant.traits.class);
    if tap.kind == TransactionKind::AuthorizationAdvice && amount > context.state.floor_at(class) {
        return above_floor(context, tap, &kept, amount);
    }
    let transfers = settle(context.state, tap, &kept, Kept::Posted);
    context.state.book.check(&transfers).map_err(refusal)?;
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.ruled = alerts(context, tap, &kept);
    let amount = instrument_share(tap, &kept);
    let advised = tap.kind == TransactionKind::AuthorizationAdvice;
    outcome.to_issuer = issuer_of(context.state, tap).and_then(|issuer| {
        let (operation, of) = match (advised, amount.is_positive()) {
            // The issuer never heard of an authorization that was only advised.
            (true, true) => (IssuerOperation::PurchaseAdvice, None),
            (true, false) => return None,
            (false, true) => (IssuerOperation::Completion, Some(tap.seq)),
            // The issuer had declined its part.
            (false, false) if tap.instrument_leg().is_none_or(|leg| !held(context.state, leg).is_positive()) => {
                return None;
            }
            // Purses and points paid all of it: what the issuer reserved is not needed.
            (false, false) => return Some(undo::message(tap, issuer, Yen::ZERO, context.seq())),
        };
        Some(ToIssuer { issuer, operation, amount, remains: None, about: of, tap: context.seq() })
    });
    Ok(outcome)
}

/// A completion may reach a percentage of the month's limit.
fn alerts(context: &Context<'_>, tap: &Tap, kept: &Shares) -> Option<Ruled> {
    if tap.holder == NO_HOLDER {
        return None;
    }
    let state = context.state;
    let wallet = state.holder(state.root(tap.holder)).wallet.as_deref();
    let parts = tap.legs.iter().zip(kept).filter(|(leg, _)| leg.is_part());
    let alerts = state.crossed(wallet, tap.counted_day, parts.fold(Yen::ZERO, |sum, (_, kept)| plus(sum, *kept)));
    (!alerts.is_empty()).then(|| Ruled { policy: state.rules.version, alerts, ..Ruled::default() })
}

/// An offline authorization above the floor limit is taken: it is reserved anew, and waits for a person.
fn above_floor(context: &Context<'_>, tap: &Tap, kept: &Shares, amount: Yen) -> Result<Outcome, Refusal> {
    /// A record's holds are among so many of its first transfers.
    const HOLDS: usize = 16;
    let state = context.state;
    let nothing: Shares = smallvec::smallvec![Yen::ZERO; tap.legs.len()];
    let released = settle(state, tap, &nothing, Kept::Held);
    let hold = |debit, credit, amount| Transfer { kind: TransferKind::Hold, debit, credit, amount };
    let anew = tap.legs.iter().zip(kept).filter(|(_, kept)| kept.is_positive());
    let anew: Transfers = anew.map(|(leg, kept)| hold(leg.debit, leg.credit, *kept)).collect();
    let mut transfers = Transfers::new();
    if released.len() + anew.len() <= HOLDS {
        transfers.extend(released);
        transfers.extend(anew);
    } else {
        // There is no room for so many tenders twice: all of it is claimed from the acquirer.
        let shortfall = state.parties.acquirers.get(&context.request.acquirer).ok_or(Refusal::UnknownMerchant)?;
        let payable = state.merchant(tap.merchant).ok_or(Refusal::OriginalNotFound)?.payable;
        transfers.push(hold(*shortfall, payable, amount));
        transfers.extend(released);
    }
    state.book.check(&transfers).map_err(refusal)?;
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.ruled = Some(Ruled {
        policy: state.rules.version,
        flags: flag::ABOVE_FLOOR,
        options: tap.options.0,
        ..Ruled::default()
    });
    Ok(outcome)
}

/// Give back all or part of what stands posted.
pub(super) fn refund(context: &Context<'_>, operation: Operation) -> Result<Outcome, Refusal> {
    let tap = original(context)?;
    let payment = match tap.kind {
        TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion => {
            tap.state == TapState::Posted
        }
        TransactionKind::Authorize
        | TransactionKind::AuthorizationAdvice
        | TransactionKind::Refund
        | TransactionKind::RefundAdvice
        | TransactionKind::BalanceInquiry
        | TransactionKind::Reversal
        | TransactionKind::Unsupported => false,
    };
    if !payment {
        return Err(Refusal::OriginalNotOpen);
    }
    let amount = context.request.amount;
    if amount > tap.returnable() {
        return Err(Refusal::AboveOriginal);
    }
    same_person(context, tap)?;
    let shares = spread(&tap.legs, amount);
    let part = instrument_share(tap, &shares);
    let issuer = issuer_of(context.state, tap).filter(|_| part.is_positive());
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

/// 0400 and 0420. A reversal is never refused for want of an original: the original may still be on its way. Nor is it refused
/// because something is pending: what may remain holds, with any end of that.
pub(super) fn reversal(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let tap = match context.state.find(request) {
        Found::Tap(index) => context.state.tap(index),
        Found::Completed(index) => {
            let mut outcome = unknown(context);
            if let Some(tap) = context.state.tap(index) {
                outcome.ruled = Some(not_carried_out(context, flag::OTHER_TERMINAL, tap));
            }
            return outcome;
        }
        Found::Nothing => None,
    };
    let Some(tap) = tap else { return unknown(context) };
    if same_person(context, tap).is_err() {
        let mut outcome = context.approved(Transfers::new());
        outcome.ruled = Some(not_carried_out(context, flag::OTHER_PERSON, tap));
        return outcome;
    }
    let remains = request.replacement.unwrap_or(Yen::ZERO);
    let mut outcome = match tap.state {
        TapState::Pending if remains.is_positive() => about(context, tap, approval(context), Transfers::new()),
        TapState::Pending => undo_pending(context, tap),
        TapState::Held => undone(context, tap, undo::reserved(context.state, tap, remains, context.seq())),
        TapState::Posted => match undo::posted(context.state, tap, remains, context.seq()) {
            Ok(undoing) => undone(context, tap, undoing),
            Err(error) => return about(context, tap, Verdict::Refused(refusal(error)), Transfers::new()),
        },
        TapState::Refused | TapState::Reversed | TapState::Completed(_) => {
            about(context, tap, approval(context), Transfers::new())
        }
    };
    outcome.remains = Some(remains);
    outcome
}

/// The original is not known, or not known well enough: should it still come, it is refused.
fn unknown(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let mut outcome = context.approved(Transfers::new());
    outcome.tombstone = request.original.as_ref().and_then(|o| super::state::original_key(o, request));
    outcome
}

/// Answered, since a reversal is never refused, and put before a person, since it undoes nothing.
fn not_carried_out(context: &Context<'_>, flags: u16, named: &Tap) -> Ruled {
    Ruled { policy: context.state.rules.version, flags, named: Some(named.seq), ..Ruled::default() }
}

fn undone(context: &Context<'_>, tap: &Tap, undoing: Undoing) -> Outcome {
    let mut outcome = about(context, tap, approval(context), undoing.transfers);
    outcome.to_issuer = undoing.to_issuer;
    outcome
}

/// The issuer is still being asked: release the holds and tell the issuer to undo what it may have done.
fn undo_pending(context: &Context<'_>, tap: &Tap) -> Outcome {
    let state = context.state;
    let nothing: Shares = smallvec::smallvec![Yen::ZERO; tap.legs.len()];
    let mut transfers = settle(state, tap, &nothing, Kept::Held);
    transfers.extend(super::issuer::refund_lost(state, tap));
    let mut outcome = about(context, tap, approval(context), transfers);
    outcome.to_issuer = issuer_of(state, tap).map(|issuer| undo::message(tap, issuer, Yen::ZERO, context.seq()));
    outcome
}
