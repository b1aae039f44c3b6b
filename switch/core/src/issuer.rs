//! Issuers' answers and silences.

use super::decision::{Decision, Effect};
use super::money::Source;
use super::rules::Spender;
use super::state::{State, Tap, TapState, refused};
use super::undo::{again_lost, part_undone_next};
use super::wallet::InstrumentKey;
use kazasu_ledger::record::{
    Body, IssuerAnswered, IssuerLate, IssuerSilent, Outcome, Silence, StoodIn, ToIssuer, TransactionKind,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{Seq, Transfer, TransferKind};
use kazasu_schemas::ids::ApprovalCode;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Answer, Options, Receipt, Refusal, ResponseCode};

/// The holds of a pending tap: each posted or voided.
fn settle(state: &State, tap: &Tap, post: impl Fn(Source) -> bool) -> Transfers {
    let held = tap.legs.iter().filter_map(|leg| Some((leg, leg.hold?)));
    held.map(|(leg, hold)| {
        let amount = state.book.hold(hold).expect("a pending tap's holds are open").amount;
        let kind = if post(leg.source) { TransferKind::Post(hold) } else { TransferKind::Void(hold) };
        Transfer { kind, debit: leg.debit, credit: leg.credit, amount }
    })
    .collect()
}

fn pending(state: &State, seq: Seq) -> Option<&Tap> {
    state.taps.pending.get(&seq).and_then(|index| state.tap(*index)).filter(|tap| tap.state == TapState::Pending)
}

/// The approved amount of a payment that waited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    /// All of it.
    Whole,
    /// The amount of it that purses and points pay: the issuer declined its part.
    Part(Yen),
}

/// The policy's part when a payment is approved that waited. Its amount is in the windows already.
fn outcome(state: &State, now: Millis, tap: &Tap, extent: Extent) -> Outcome {
    if !super::money::is_payment(tap.kind) || tap.holder == super::wallet::NO_HOLDER {
        return Outcome::default();
    }
    let holder = state.root(tap.holder);
    let wallet = state.holder(holder).wallet.as_deref();
    let instrument = state.link(tap.link).and_then(|link| link.instrument.as_ref()).map(InstrumentKey::of);
    let spender = Spender { wallet, instrument, day: now.max(state.at).jst_day() };
    let (whole, approved) = match extent {
        Extent::Whole => (true, None),
        Extent::Part(yen) => (false, Some(yen)),
    };
    // Points that a purchase brings are posted by this answer; an authorization's stay pending.
    let points =
        tap.legs.iter().filter(|leg| leg.source == Source::Grant && whole && tap.kind == TransactionKind::Purchase);
    let points = points.fold(0, |sum, leg| sum + leg.asked.get());
    let paid = whole && tap.kind == TransactionKind::Purchase;
    let part = super::money::minus(tap.waiting_part(), part_undone_next(state, tap));
    let alerts = if paid { state.crossed(wallet, tap.counted_day, part) } else { Vec::new() };
    // What the issuer declined is in the windows until this record gives it back.
    let declined = if whole { Yen::ZERO } else { Yen::new(-tap.counted.get()) };
    Outcome { approved, receipt: state.receipt(spender, Yen::ZERO, points, declined), alerts }
}

fn some(outcome: Outcome) -> Option<Outcome> {
    (outcome != Outcome::default()).then_some(outcome)
}

/// An answer. It counts only while the tap waits for it; afterwards the outcome stands and the lateness is recorded.
pub(super) fn answered(
    state: &State,
    now: Millis,
    message: Seq,
    (code, approval): (ResponseCode, Option<ApprovalCode>),
) -> Decision {
    let Some(tap) = pending(state, message) else {
        return match state.tap_by_seq(message) {
            Some(_) => {
                Decision::record(Body::IssuerLate(IssuerLate { tap: message, code })).then(Effect::Count("issuer_late"))
            }
            None => Decision::only(Effect::Count("issuer_answer_unknown")),
        };
    };
    if code == ResponseCode::PARTIAL {
        // A part was approved that the switch did not ask for: it is undone like an answer that never came.
        return silent(state, now, message, Silence::TimedOut);
    }
    let own = |source| matches!(source, Source::Purse | Source::Points | Source::Funder);
    let covered = super::money::sum(&tap.legs, |leg| own(leg.source) && leg.is_yen(), |leg| leg.asked);
    let partly = !code.is_approved()
        && super::money::is_payment(tap.kind)
        && tap.options.has(Options::PARTIAL)
        && covered.is_positive();
    let approved = code.is_approved() || partly;
    let approval = if partly { None } else { approval };
    let approval = approved.then(|| approval.unwrap_or_else(|| ApprovalCode::from_number(tap.seq)));
    let mut transfers = match (code.is_approved(), tap.kind) {
        // Reserved here as it is there, until it is completed.
        (true, TransactionKind::Authorize) => Transfers::new(),
        (true, _) => settle(state, tap, |_| true),
        // What purses and points pay stays reserved; the rest is released.
        (false, TransactionKind::Authorize) if partly => {
            let all = settle(state, tap, own);
            all.into_iter().filter(|t| matches!(t.kind, TransferKind::Void(_))).collect()
        }
        (false, _) => settle(state, tap, |source| partly && own(source)),
    };
    if !code.is_approved() {
        transfers.extend(refund_lost(state, tap));
    }
    let extent = if partly { Extent::Part(covered) } else { Extent::Whole };
    let ruled = if approved { some(outcome(state, now, tap, extent)) } else { None };
    let (receipt, notices) = ruled.as_ref().map_or((Receipt::default(), 0), |r| (r.receipt, r.alerts.len()));
    let answer = Answer {
        code: if partly { ResponseCode::PARTIAL } else { code.towards_terminal() },
        approval,
        balance: None,
        receipt,
        approved: partly.then_some(covered),
    };
    Decision::record(Body::IssuerAnswered(IssuerAnswered { tap: message, code, approval, transfers, ruled }))
        .notify(state.seq + 1, notices)
        .then(Effect::AnswerWaiting(message, answer))
}

/// No answer: decline, and unless certainly nothing was sent, reverse until the issuer acknowledges it. When certainly nothing
/// was sent the switch may stand in for the issuer.
pub(super) fn silent(state: &State, now: Millis, seq: Seq, why: Silence) -> Decision {
    let Some(tap) = pending(state, seq) else { return Decision::only(Effect::Count("silence_after_outcome")) };
    let issuer = state.link(tap.link).and_then(|link| link.instrument.as_ref()).and_then(|i| i.issuer());
    if why == Silence::NotSent
        && let Some(issuer) = issuer
        && let Some(decision) = stand_in(state, now, tap, issuer)
    {
        return decision;
    }
    let (refusal, reverse) = match why {
        Silence::TimedOut | Silence::Restarted | Silence::Unfit => (Refusal::IssuerTimeout, true),
        Silence::NotSent | Silence::Unmakeable => (Refusal::IssuerUnavailable, false),
    };
    let to_issuer = issuer.filter(|_| reverse).map(|issuer| ToIssuer {
        issuer,
        operation: IssuerOperation::Reversal,
        amount: tap.instrument_leg().map_or(tap.amount, |leg| leg.asked),
        remains: None,
        about: Some(seq),
        tap: seq,
    });
    let mut transfers = settle(state, tap, |_| false);
    transfers.extend(refund_lost(state, tap));
    let decision = Decision::record(Body::IssuerSilent(IssuerSilent { tap: seq, why, transfers, to_issuer }))
        .then(Effect::AnswerWaiting(seq, refused(refusal)));
    match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    }
}

/// Approval in the issuer's place, within its allowances.
fn stand_in(state: &State, now: Millis, tap: &Tap, issuer: u16) -> Option<Decision> {
    let rule = state.rules.policy.stand_in.iter().find(|rule| rule.issuer == issuer)?;
    let part = tap.instrument_leg()?.asked;
    let day = now.max(state.at).jst_day();
    let within = |used: Yen, most: Yen| used.checked_add(part).is_some_and(|sum| sum <= most);
    let by_issuer = state.stand_ins.of_issuer(issuer, day);
    let wallet = state.holder(state.root(tap.holder)).wallet.as_deref();
    let by_person = wallet.map_or(Yen::ZERO, |w| w.stood_in.used(day.0).0);
    let allowed = tap.kind == TransactionKind::Purchase
        && part <= rule.tap
        && within(by_issuer, rule.issuer_day)
        && within(by_person, rule.resident_day);
    if !allowed {
        return None;
    }
    let seq = state.seq + 1;
    let approval = ApprovalCode::from_number(seq);
    let to_issuer = ToIssuer {
        issuer,
        operation: IssuerOperation::PurchaseAdvice,
        amount: part,
        remains: None,
        about: None,
        tap: tap.seq,
    };
    let ruled = outcome(state, now, tap, Extent::Whole);
    let answer = Answer { approval: Some(approval), receipt: ruled.receipt, ..Answer::code(ResponseCode::APPROVED) };
    let notices = ruled.alerts.len();
    let transfers = settle(state, tap, |_| true);
    let body = StoodIn { tap: tap.seq, approval, transfers, to_issuer, liable: rule.liable, ruled };
    Some(
        Decision::record(Body::StoodIn(body))
            .notify(seq, notices)
            .then(Effect::AnswerWaiting(tap.seq, answer))
            .then(Effect::Send(seq, to_issuer))
            .then(Effect::Count("stood_in")),
    )
}

/// The amount that stands again when a refund is not carried out, where its payment is lost.
pub(super) fn refund_lost(state: &State, refund: &Tap) -> Transfers {
    let amount = |leg: &super::money::Leg| state.book.hold(leg.hold?).map(|hold| hold.amount);
    refund.legs.iter().filter_map(|leg| again_lost(state, refund, leg, amount(leg)?)).collect()
}
