//! What is lost where an issuer refuses a payment that it was not asked about. The payment is lost as far as it stands at the
//! issuer. A refund of it is a message of its own: what the issuer gave back for it, it gave back for a payment that it never made,
//! so that is lost too. Whatever the order in which the issuer says so, what it owes here is what its own book says.

use super::event::{Decision, Effect};
use super::money::{Leg, Source, minus, plus};
use super::state::{State, Tap, TapState};
use kazasu_ledger::record::{Body, IssuerAcknowledged, LossBooked, LossReturned, Opening, ToIssuer, TransactionKind};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountKey, Seq, Transfer};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;

/// What of a payment's instrument part is not as its leg alone says; most payments have none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Parts {
    /// Given back by refund advices that the issuer refused: it still counts it. Of a refund: its own part, refused.
    pub(super) denied: Yen,
    /// Taken of its own message by resolved differences and chargebacks.
    pub(super) taken: Yen,
    /// Of a payment that the issuer refused: what the booked loss left out for refunds of every kind. Losses were booked so once.
    pub(super) unlost: Yen,
    /// The issuer refused the advice that told it of this tap: it has nothing of it, and nothing of it to reverse.
    pub(super) refused: bool,
    /// Of a payment that reversals were told of: the least that its issuer acknowledged to remain, refunds apart.
    pub(super) remains: Option<Yen>,
}

/// An advice arrived. A second acknowledgement of the same advice changes nothing.
pub(super) fn acknowledged(state: &State, message: Seq, code: ResponseCode) -> Decision {
    let Some((advice, _)) = state.messages.unacknowledged.get(&message) else {
        return Decision::only(Effect::Count("acknowledged_again"));
    };
    if code.is_approved() {
        return Decision::record(Body::IssuerAcknowledged(IssuerAcknowledged { message, code, raised: None }));
    }
    let body = match advice.operation {
        IssuerOperation::PurchaseAdvice => lost(state, message, *advice, code).map(Body::LossBooked),
        IssuerOperation::RefundAdvice => returned(state, message, *advice, code).map(Body::LossReturned),
        IssuerOperation::Authorize
        | IssuerOperation::Purchase
        | IssuerOperation::Refund
        | IssuerOperation::Completion
        | IssuerOperation::Reversal => None,
    };
    // What no party bears is a difference that people look after, where both sides do not have the same of it.
    let body = body.unwrap_or_else(|| {
        let raised = super::closing::refused_advice(state, message, advice, code).map(Box::new);
        Body::IssuerAcknowledged(IssuerAcknowledged { message, code, raised })
    });
    Decision::record(body).then(Effect::Count("advice_not_accepted"))
}

/// The issuer refuses what was paid without asking it: somebody bears all of it that stands there. Refunds are not looked at:
/// each stands, or not, by what the issuer says to its own message.
fn lost(state: &State, message: Seq, advice: ToIssuer, code: ResponseCode) -> Option<LossBooked> {
    let tap = state.tap_by_seq(advice.tap)?;
    let stood = state.stand_ins.taps.get(&tap.seq).map(|stood| stood.liable);
    let liable = stood.or(state.rules.policy.offline.as_ref().map(|rule| rule.liable))?;
    let leg = tap.instrument_leg().filter(|_| tap.state == TapState::Posted)?;
    let parts = state.parts(tap.seq);
    let amount = minus(minus(minus(leg.posted, leg.undone), parts.denied), parts.taken);
    if !amount.is_positive() {
        return None;
    }
    // What an acquirer's difference took of the merchant is the operator's: the merchant does not bear it a second time.
    let liable = if liable == LiableParty::Merchant && tap.kept < Yen::ZERO { LiableParty::Operator } else { liable };
    let mut opens = Vec::new();
    let debit = match liable {
        LiableParty::Issuer => return None,
        LiableParty::Merchant => leg.credit,
        LiableParty::Operator => state.parties.losses.get(&advice.issuer).copied().unwrap_or_else(|| {
            let account = state.book.next_account();
            opens.push(Opening { account, key: AccountKey::StandInLoss(advice.issuer) });
            account
        }),
    };
    let transfers = Transfers::from_slice(&[Transfer::direct(debit, leg.debit, amount)]);
    Some(LossBooked { message, code, liable, opens, transfers })
}

/// The issuer refuses a refund advice of a payment that it has refused before: it gave nothing back, so that much less is lost.
fn returned(state: &State, message: Seq, advice: ToIssuer, code: ResponseCode) -> Option<LossReturned> {
    let refund = state.tap_by_seq(advice.tap).filter(|tap| tap.state == TapState::Posted)?;
    let paid = refund.original.and_then(|index| state.tap(index))?;
    let leg = refund.instrument_leg()?;
    let of = paid.legs.get(usize::from(leg.of)).filter(|of| is_lost_elsewhere(of, leg))?;
    let amount = minus(leg.posted, leg.undone);
    if !amount.is_positive() {
        return None;
    }
    let liable = if of.debit == of.credit { LiableParty::Merchant } else { LiableParty::Operator };
    let transfers = Transfers::from_slice(&[Transfer::direct(leg.credit, of.debit, amount)]);
    Some(LossReturned { message, code, liable, transfers })
}

/// The payment's leg was lost after the refund had begun: the refund still goes to the issuer.
fn is_lost_elsewhere(of: &Leg, refund: &Leg) -> bool {
    of.source == Source::Loss && of.debit != refund.credit
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

impl State {
    /// See [`Parts`].
    pub(super) fn parts(&self, tap: Seq) -> Parts {
        self.parts_of.get(&tap).copied().unwrap_or_default()
    }

    pub(super) fn change_parts(&mut self, tap: Seq, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts(tap);
        change(&mut parts);
        if parts == Parts::default() {
            self.parts_of.remove(&tap);
        } else {
            self.parts_of.insert(tap, parts);
        }
    }
}
