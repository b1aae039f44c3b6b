//! What issuers say, or do not say.

use super::event::{Decision, Effect};
use super::state::{State, Tap, TapState, refused};
use kazasu_ledger::record::{
    Body, IssuerAcknowledged, IssuerAnswered, IssuerLate, IssuerSilent, Silence, TapKind, ToIssuer,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{Seq, Transfer, TransferKind};
use kazasu_schemas::ids::ApprovalCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Answer, Refusal, ResponseCode};

/// The hold of a pending tap, posted or voided.
fn settle(state: &State, tap: &Tap, post: bool) -> Transfers {
    let hold = tap.hold.expect("a pending tap has its hold");
    let held = *state.book.hold(hold).expect("a pending tap's hold is open");
    let kind = if post { TransferKind::Post(hold) } else { TransferKind::Void(hold) };
    [Transfer { kind, debit: held.debit, credit: held.credit, amount: held.amount }].as_slice().into()
}

fn pending(state: &State, seq: Seq) -> Option<&Tap> {
    state.pending.get(&seq).and_then(|index| state.tap(*index)).filter(|tap| tap.state == TapState::Pending)
}

/// An answer. It counts only while the tap waits for it; afterwards the outcome stands and the lateness is recorded.
pub(super) fn answered(state: &State, message: Seq, code: ResponseCode, approval: Option<ApprovalCode>) -> Decision {
    let Some(tap) = pending(state, message) else {
        return match state.tap_by_seq(message) {
            Some(_) => {
                Decision::record(Body::IssuerLate(IssuerLate { tap: message, code })).then(Effect::Count("issuer_late"))
            }
            None => Decision::only(Effect::Count("issuer_answer_unknown")),
        };
    };
    let approved = code.is_approved();
    let approval = approved.then(|| approval.unwrap_or_else(|| ApprovalCode::from_number(tap.seq)));
    let transfers = match (approved, tap.kind) {
        // Reserved here as it is there, until it is completed.
        (true, TapKind::Authorize) => Transfers::new(),
        (true, _) => settle(state, tap, true),
        (false, _) => settle(state, tap, false),
    };
    Decision::record(Body::IssuerAnswered(IssuerAnswered { tap: message, code, approval, transfers }))
        .then(Effect::AnswerWaiting(message, Answer { code, approval, balance: None }))
}

/// No answer: decline, and unless certainly nothing was sent, reverse until the issuer acknowledges it.
pub(super) fn silent(state: &State, seq: Seq, why: Silence) -> Decision {
    let Some(tap) = pending(state, seq) else { return Decision::only(Effect::Count("silence_after_outcome")) };
    let issuer = state.link(tap.link).and_then(|link| link.instrument.as_ref()).and_then(|i| i.issuer());
    let (refusal, reverse) = match why {
        Silence::TimedOut | Silence::Restarted => (Refusal::IssuerTimeout, true),
        Silence::NotSent => (Refusal::IssuerUnavailable, false),
    };
    let to_issuer = issuer.filter(|_| reverse).map(|issuer| ToIssuer {
        issuer,
        operation: IssuerOperation::Reversal,
        amount: tap.amount,
        remains: None,
        about: Some(seq),
        tap: seq,
    });
    let transfers = settle(state, tap, false);
    let decision = Decision::record(Body::IssuerSilent(IssuerSilent { tap: seq, why, transfers, to_issuer }))
        .then(Effect::AnswerWaiting(seq, refused(refusal)));
    match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    }
}

/// An advice arrived. A second acknowledgement of the same advice changes nothing.
pub(super) fn acknowledged(state: &State, message: Seq, code: ResponseCode) -> Decision {
    if !state.unacknowledged.contains_key(&message) {
        return Decision::only(Effect::Count("acknowledged_again"));
    }
    let decision = Decision::record(Body::IssuerAcknowledged(IssuerAcknowledged { message, code }));
    if code.is_approved() { decision } else { decision.then(Effect::Count("advice_not_accepted")) }
}
