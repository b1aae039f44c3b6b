//! What an issuer refuses of what it was told afterwards: an exception, raised in the record of its answer, so that it cannot be lost.

use super::super::money::{is_refund, minus};
use super::super::state::State;
use super::standing;
use kazasu_ledger::record::ToIssuer;
use kazasu_ledger::{AccountKey, Seq, Transfer, TransferKind};
use kazasu_schemas::closing::ReconException;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use sha2::Digest as _;

/// The status of such an exception.
pub const REFUSED_ADVICE: &str = "refused_advice";

/// Yen that a record's transfers make an issuer owe; below zero: owe less.
fn at_issuers(state: &State, transfers: &[Transfer]) -> Yen {
    let issuer = |id| matches!(state.book.account(id).map(|a| a.key), Some(AccountKey::IssuerReceivable(_)));
    let posted = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_)));
    posted.fold(Yen::ZERO, |sum, t| match (issuer(t.debit), issuer(t.credit)) {
        (true, false) => super::super::money::plus(sum, t.amount),
        (false, true) => minus(sum, t.amount),
        (true, true) | (false, false) => sum,
    })
}

/// What an advice tells its issuer of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Advised {
    /// Yen that it makes the issuer owe; below zero: owe less.
    pub(in super::super) moved: Yen,
    /// The record that an exception would be about.
    pub(in super::super) own: Seq,
}

impl State {
    /// A record makes an advice, about the record `own`: what it moves at the issuer, and what was moved before and the issuer was not
    /// told of, is kept until the issuer acknowledges it.
    pub(in super::super) fn advised(&mut self, seq: Seq, (message, own): (ToIssuer, Seq), transfers: &[Transfer]) {
        let about = message.about.filter(|_| message.operation == IssuerOperation::Reversal);
        let untold = about.and_then(|tap| self.undos.said.get(&tap)).map_or(Yen::ZERO, |undo| undo.untold);
        let moves = untold.is_positive() || transfers.iter().any(|t| at_issuers(self, &[*t]) != Yen::ZERO);
        if moves {
            let moved = minus(at_issuers(self, transfers), untold);
            self.closing.advised.insert(seq, Advised { moved, own });
        }
    }
}

fn name(operation: IssuerOperation) -> &'static str {
    match operation {
        IssuerOperation::Authorize => "authorization",
        IssuerOperation::Purchase => "purchase",
        IssuerOperation::Refund => "refund",
        IssuerOperation::Completion => "completion",
        IssuerOperation::PurchaseAdvice => "purchase that was approved without asking it",
        IssuerOperation::RefundAdvice => "refund",
        IssuerOperation::Reversal => "reversal",
    }
}

/// The exception between what this ledger has of an advice and what the issuer, which refused it, has; `None` where both have the
/// same. Of what only held an amount nothing is in the books here, and the whole may stand there.
pub(in super::super) fn refused_advice(
    state: &State,
    message: Seq,
    advice: &ToIssuer,
    code: ResponseCode,
) -> Option<ReconException> {
    let advised = state.closing.advised.get(&message).copied();
    let open = minus(advice.amount, advice.remains.unwrap_or(Yen::ZERO));
    let own = advised.map_or(advice.tap, |advised| advised.own);
    let (ours, theirs) = match advised {
        // No more than what still stands of it here, or was undone here.
        Some(Advised { moved, own }) => (standing::left_of(state, own, advice, moved), Yen::ZERO),
        None if advice.operation == IssuerOperation::Reversal => {
            // What the issuer may have given back it owes less.
            let refund = advice.about.and_then(|about| state.tap_by_seq(about)).is_some_and(|tap| is_refund(tap.kind));
            (Yen::ZERO, if refund { minus(Yen::ZERO, open) } else { open })
        }
        None => return None,
    };
    if ours == theirs {
        return None;
    }
    let mut hash = sha2::Sha256::new();
    hash.update("refused advice");
    hash.update(message.to_be_bytes());
    let id: [u8; 32] = hash.finalize().into();
    let what = name(advice.operation);
    let about = advice.about.map_or_else(String::new, |record| format!(" of record {record}"));
    Some(ReconException {
        id: id[..16].try_into().expect("32 bytes"),
        status: REFUSED_ADVICE.to_owned(),
        party: format!("issuer {}", advice.issuer),
        own,
        ours,
        theirs,
        line: 0,
        day: state.day,
        why: format!("the issuer answered {code} to the {what} of {open}{about}, which record {message} told it"),
        proposal: "ask the issuer; what it does not owe, or owes again, is booked".to_owned(),
    })
}

/// What is left of what one record moved, either way.
pub(super) fn at_most(moved: Yen, left: Yen) -> Yen {
    let left = left.max(Yen::ZERO);
    if moved.is_positive() { moved.min(left) } else { moved.max(minus(Yen::ZERO, left)) }
}
