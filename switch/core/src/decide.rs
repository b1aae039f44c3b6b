//! Deciding an acquirer's message: duplicates first, then the refusals in their order, then what moves.

use super::event::{Decision, Effect, Event};
use super::state::{Known, Merchant, State, TapState, key_of, refused};
use kazasu_ledger::RuleError;
use kazasu_ledger::record::{Body, Ruled, TapKey, ToIssuer, TotalsCompared, Transaction, TransactionKind, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::ids::ApprovalCode;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::{BusinessDay, Millis, Within};
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::wire::{Operation, Refusal, Request, ResponseCode, Totals};

/// How old an advice's own day (DE13) may be. A terminal that was off line brings its taps within weeks; what says it is older has a
/// clock that was reset.
const ADVICE_WITHIN: Within = Within::days(92);

/// How old a day may be whose totals (DE15) are compared.
const TOTALS_WITHIN: Within = Within::days(92);

/// What the state says to an event at a time. It changes nothing.
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

/// What is known about a request once the first refusals are behind it.
pub(super) struct Context<'a> {
    pub(super) state: &'a State,
    pub(super) request: &'a Request,
    pub(super) kind: TransactionKind,
    pub(super) fingerprint: u64,
}

/// What a request leads to: the parts of its record that differ.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) transfers: Transfers,
    pub(super) to_issuer: Option<ToIssuer>,
    pub(super) link: Option<u32>,
    pub(super) original: Option<u64>,
    pub(super) tombstone: Option<TapKey>,
    pub(super) balance: Option<(Yen, Yen)>,
    pub(super) ruled: Option<Ruled>,
    pub(super) ppid: Option<kazasu_schemas::ids::Ppid>,
    /// Of a reversal: what may remain of its original.
    pub(super) remains: Option<Yen>,
}

impl Context<'_> {
    /// The number that this decision's record will have.
    pub(super) fn seq(&self) -> u64 {
        self.state.seq + 1
    }

    pub(super) fn approved(&self, transfers: Transfers) -> Outcome {
        self.outcome(Verdict::Approved(ApprovalCode::from_number(self.seq())), transfers)
    }

    pub(super) fn outcome(&self, verdict: Verdict, transfers: Transfers) -> Outcome {
        Outcome {
            verdict,
            transfers,
            to_issuer: None,
            link: None,
            original: None,
            tombstone: None,
            balance: None,
            ruled: None,
            ppid: self.request.ppid,
            remains: None,
        }
    }

    pub(super) fn merchant(&self) -> Result<(u32, &Merchant), Refusal> {
        let key = (self.request.acquirer, self.request.merchant);
        let at = *self.state.parties.merchant_at.get(&key).ok_or(Refusal::UnknownMerchant)?;
        Ok((at, self.state.merchant(at).ok_or(Refusal::UnknownMerchant)?))
    }

    /// The day that an advice is of, when it came on a later one.
    fn own_day(&self) -> Option<BusinessDay> {
        match self.kind {
            TransactionKind::AuthorizationAdvice
            | TransactionKind::Completion
            | TransactionKind::PurchaseAdvice
            | TransactionKind::RefundAdvice => {
                self.state.day.nearest(self.request.local_date?, ADVICE_WITHIN).filter(|day| *day < self.state.day)
            }
            TransactionKind::Authorize
            | TransactionKind::Purchase
            | TransactionKind::Refund
            | TransactionKind::BalanceInquiry
            | TransactionKind::Reversal
            | TransactionKind::Unsupported => None,
        }
    }

    fn record(self, outcome: Outcome) -> Decision {
        let seq = self.seq();
        let to_issuer = outcome.to_issuer;
        // A full reversal of a pending tap ends the waiting of whoever asked for it.
        let interrupted = outcome
            .original
            .filter(|original| self.kind == TransactionKind::Reversal && self.state.taps.pending.contains_key(original))
            .filter(|_| matches!(outcome.verdict, Verdict::Approved(_)) && outcome.remains == Some(Yen::ZERO));
        let tapped = Transaction {
            key: key_of(self.request),
            fingerprint: self.fingerprint,
            kind: self.kind,
            merchant: self.request.merchant,
            rrn: self.request.rrn,
            amount: self.request.amount,
            ppid: outcome.ppid,
            entry_mode: self.request.entry_mode,
            link: outcome.link,
            original: outcome.original,
            tombstone: outcome.tombstone,
            verdict: outcome.verdict,
            transfers: outcome.transfers,
            to_issuer,
            balance: outcome.balance,
            ruled: outcome.ruled,
            own_day: self.own_day(),
            remains: outcome.remains,
        };
        let answer = super::state::answer_of(&tapped);
        let notices = tapped.ruled.as_ref().map_or(0, |ruled| ruled.alerts.len());
        let suspect = tapped.ruled.as_ref().and_then(|ruled| Some((ruled.named?, ruled.flags)));
        let decision = match answer {
            Some(answer) => Decision::record(Body::Transaction(tapped)).then(Effect::Answer(answer)),
            None => Decision::record(Body::Transaction(tapped)).then(Effect::Wait(seq)),
        };
        let decision = decision.notify(seq, notices);
        let decision = match suspect {
            Some((named, flags)) => decision.then(Effect::NotCarriedOut { record: seq, named, flags }),
            None => decision,
        };
        let decision = match interrupted {
            Some(tap) => decision.then(Effect::AnswerWaiting(tap, refused(Refusal::ReversedBefore))),
            None => decision,
        };
        match to_issuer {
            Some(message) => decision.then(Effect::Send(seq, message)),
            None => decision,
        }
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
            let context = Context { state, request, kind: kind(request), fingerprint };
            let outcome = context.outcome(Verdict::Refused(Refusal::ReversedBefore), Transfers::new());
            return context.record(outcome);
        }
        Some(Known::Tombstone(_)) | None => {}
    }
    let context = Context { state, request, kind: kind(request), fingerprint };
    let outcome = match weigh(&context, now) {
        Ok(outcome) => outcome,
        Err(refusal) => {
            let mut outcome = context.outcome(Verdict::Refused(refusal), Transfers::new());
            let ruled = Ruled { policy: state.rules.version, options: request.options.0, ..Ruled::default() };
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

pub(super) fn approval(context: &Context<'_>) -> Verdict {
    Verdict::Approved(ApprovalCode::from_number(context.seq()))
}

/// A broken ledger rule as the acquirer hears it.
pub(super) fn refusal(error: RuleError) -> Refusal {
    match error {
        RuleError::Insufficient { .. } => Refusal::InsufficientFunds,
        RuleError::NotPositive(_) => Refusal::ZeroAmount,
        RuleError::AboveHold { .. } => Refusal::AboveOriginal,
        RuleError::Overflow(_) => Refusal::BalanceOverflow,
        // What one record has no room for, or what would go back to where it is, cannot be carried out.
        RuleError::UnknownHold(_) | RuleError::TooMany | RuleError::SameAccount(_) => Refusal::OriginalNotOpen,
        RuleError::UnknownAccount(_) | RuleError::UnitMismatch(..) | RuleError::OtherAccounts(_) => {
            unreachable!("the core names accounts that the state gave it: {error}")
        }
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
