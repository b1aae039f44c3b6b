//! The loss when an issuer refuses a payment that it was not asked about. The payment is lost as far as it stands at the
//! issuer. A refund of it is a message of its own: what the issuer gave back for it, it gave back for a payment that it never made,
//! so that is lost too. In every order in which the issuer says so, what it owes here is what its own book says.

use super::decision::{Decision, Effect};
use super::money::minus;
use super::state::{State, TapState};
use super::undo::is_lost_elsewhere;
use kazasu_ledger::record::{Body, IssuerAcknowledged, LossBooked, LossReturned, Opening, ToIssuer};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountKey, Seq, Transfer};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;

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
