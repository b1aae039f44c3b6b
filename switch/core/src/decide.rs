//! Deciding an acquirer's message: duplicates first, then the refusals in their order, then what moves.

use super::context::{Context, Outcome};
use super::decision::{Decision, Effect};
use super::event::Event;
use super::state::{Known, State, TapState, key_of, refused};
use kazasu_ledger::record::{Body, Ruled, TotalsCompared, TransactionKind, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::{BusinessDay, Millis, Within};
use kazasu_schemas::money::JPY_NUMERIC;
use kazasu_schemas::wire::{Operation, Refusal, Request, ResponseCode, Totals};
use std::cell::Cell;

/// The largest age of a day whose totals (DE15) are compared.
const TOTALS_WITHIN: Within = Within::days(92);

/// The state's decision on an event at a time. It changes nothing.
#[must_use]
pub fn decide(state: &State, now: Millis, event: &Event) -> Decision {
    // The wall clock may step back; the journal's time does not.
    let now = now.max(state.at);
    match event {
        Event::Request(request) => decide_request(state, now, request),
        Event::Totals(totals) => decide_totals(state, totals),
        Event::IssuerAnswered { message, code, approval } => {
            super::issuer::answered(state, now, *message, (*code, *approval))
        }
        Event::IssuerSilent { tap, why } => super::issuer::silent(state, now, *tap, *why),
        Event::IssuerAcknowledged { message, code } => super::loss::acknowledged(state, *message, *code),
        Event::Command(command) => super::admin::command(state, now, command),
        Event::Tick { keep_days } => super::admin::tick(state, now, *keep_days),
        Event::TickInDoubt => super::admin::tick_in_doubt(state),
    }
}

fn decide_request(state: &State, now: Millis, request: &Request) -> Decision {
    let fingerprint = request.fingerprint();
    match state.taps.known.get(&key_of(request)) {
        Some(Known::Tap(index)) => {
            let tap = state.tap(*index).expect("a known key leads to a tap in memory");
            return match (tap.fingerprint == fingerprint, tap.state, tap.answer) {
                (false, ..) => Decision::only(Effect::Answer(refused(Refusal::DuplicateMismatch)))
                    .then(Effect::Count("duplicate_mismatch")),
                (true, TapState::Pending, _) => {
                    Decision::only(Effect::Wait(tap.seq)).then(Effect::Count("duplicate_waiting"))
                }
                (true, _, answer) => {
                    let answer = answer.expect("a decided tap has its answer");
                    Decision::only(Effect::Answer(answer)).then(Effect::Count("duplicate_answered"))
                }
            };
        }
        Some(Known::Tombstone(_)) if request.mti.class() != 4 => {
            let context = Context { state, request, kind: kind(request), fingerprint, beyond: Cell::new(None) };
            let outcome = context.outcome(Verdict::Refused(Refusal::ReversedBefore), Transfers::new());
            return context.record(outcome);
        }
        Some(Known::Tombstone(_)) | None => {}
    }
    let context = Context { state, request, kind: kind(request), fingerprint, beyond: Cell::new(None) };
    let outcome = match weigh(&context, now) {
        Ok(outcome) => outcome,
        Err(refusal) => {
            let mut outcome = context.outcome(Verdict::Refused(refusal), Transfers::new());
            let ruled = Ruled {
                policy: state.rules.version,
                options: request.options.0,
                beyond: context.beyond.get(),
                ..Ruled::default()
            };
            outcome.ruled = (ruled != Ruled::default()).then_some(ruled);
            outcome
        }
    };
    context.record(outcome)
}

fn kind(request: &Request) -> TransactionKind {
    match request.operation {
        Some(Operation::Authorize) => TransactionKind::Authorize,
        Some(Operation::Purchase) => TransactionKind::Purchase,
        Some(Operation::Refund) => TransactionKind::Refund,
        Some(Operation::BalanceInquiry) => TransactionKind::BalanceInquiry,
        Some(Operation::AuthorizationAdvice) => TransactionKind::AuthorizationAdvice,
        Some(Operation::Completion) => TransactionKind::Completion,
        Some(Operation::PurchaseAdvice) => TransactionKind::PurchaseAdvice,
        Some(Operation::RefundAdvice) => TransactionKind::RefundAdvice,
        Some(Operation::Reversal) => TransactionKind::Reversal,
        None => TransactionKind::Unsupported,
    }
}

/// The refusals in the order of [`Refusal`], then the operation itself.
fn weigh(context: &Context<'_>, now: Millis) -> Result<Outcome, Refusal> {
    let request = context.request;
    let operation = request.operation.ok_or(Refusal::UnsupportedTransaction)?;
    if operation == Operation::Reversal {
        return Ok(super::follow::reversal(context));
    }
    let (merchant_at, merchant) = context.merchant()?;
    let opens = match operation {
        Operation::Authorize | Operation::Purchase | Operation::BalanceInquiry => true,
        Operation::Refund
        | Operation::AuthorizationAdvice
        | Operation::Completion
        | Operation::PurchaseAdvice
        | Operation::RefundAdvice
        | Operation::Reversal => false,
    };
    if merchant.closed && opens {
        return Err(Refusal::UnknownMerchant);
    }
    let terminal = context.state.parties.terminal_at.get(&(request.acquirer, request.terminal));
    if terminal.and_then(|at| context.state.merchant(*at)).map(|m| m.payable) != Some(merchant.payable) {
        return Err(Refusal::UnknownTerminal);
    }
    if request.currency != JPY_NUMERIC {
        return Err(Refusal::UnsupportedCurrency);
    }
    if !request.amount.is_positive() && operation != Operation::BalanceInquiry {
        return Err(Refusal::ZeroAmount);
    }
    match operation {
        Operation::Completion => super::follow::completion(context),
        Operation::Refund | Operation::RefundAdvice => super::follow::refund(context, operation),
        Operation::Authorize
        | Operation::Purchase
        | Operation::BalanceInquiry
        | Operation::AuthorizationAdvice
        | Operation::PurchaseAdvice => super::pay::pay(context, now, operation, (merchant_at, merchant)),
        Operation::Reversal => unreachable!("reversals were taken out above"),
    }
}

/// Totals are compared and recorded; the answer brings this ledger's own.
fn decide_totals(state: &State, totals: &Totals) -> Decision {
    let answer = |code, settlement, day| Totals {
        mti: Mti(510),
        code: Some(code),
        settlement: Some(settlement),
        day,
        ..*totals
    };
    // A day that has not begun, or that this state has forgotten, has no sums that could agree.
    let known = |day: &BusinessDay| *day <= state.day && *day >= state.forgotten_before;
    let Some(about) = state.day.nearest(totals.date, TOTALS_WITHIN).filter(known) else {
        return Decision::only(Effect::AnswerTotals(answer(ResponseCode::FORMAT, 3, totals.day)));
    };
    let ours = state.totals(totals.acquirer, about);
    let (code, settlement) =
        if ours == totals.day { (ResponseCode::APPROVED, 1) } else { (ResponseCode::OUT_OF_BALANCE, 2) };
    Decision::record(Body::TotalsCompared(TotalsCompared {
        acquirer: totals.acquirer,
        about,
        theirs: totals.day,
        ours,
    }))
    .then(Effect::AnswerTotals(answer(code, settlement, ours)))
}
