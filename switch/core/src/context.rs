//! A request while it is decided, and its outcome.

use super::decision::{Decision, Effect};
use super::state::{Merchant, State, key_of, refused};
use kazasu_ledger::RuleError;
use kazasu_ledger::record::{Beyond, Body, Ruled, TapKey, ToIssuer, Transaction, TransactionKind, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::ids::ApprovalCode;
use kazasu_schemas::jst::{BusinessDay, Within};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Refusal, Request};
use std::cell::Cell;

/// The largest age of an advice's own day (DE13). A terminal that was off line brings its taps within weeks; an older one has a
/// clock that was reset.
const ADVICE_WITHIN: Within = Within::days(92);

/// The known facts about a request once the first refusals are behind it.
pub(super) struct Context<'a> {
    pub(super) state: &'a State,
    pub(super) request: &'a Request,
    pub(super) kind: TransactionKind,
    pub(super) fingerprint: u64,
    /// The limit for which it is refused.
    pub(super) beyond: Cell<Option<Beyond>>,
}

/// The outcome of a request: the parts of its record that differ.
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

    pub(super) fn record(self, outcome: Outcome) -> Decision {
        let seq = self.seq();
        let to_issuer = outcome.to_issuer;
        // A full reversal of a pending tap ends the waiting of its acquirer.
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
            staff: None,
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
