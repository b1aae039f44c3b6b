//! What an issuer refuses of what it was told afterwards: a difference, raised in the record of its answer, so that it cannot be lost.

use super::super::money::{Leg, minus};
use super::super::state::State;
use super::standing;
use kazasu_ledger::record::ToIssuer;
use kazasu_ledger::{AccountKey, Seq, Transfer, TransferKind};
use kazasu_schemas::closing::Difference;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use sha2::Digest as _;

/// The status of such a difference.
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

impl State {
    /// A record makes an advice: what it moves at the issuer is kept until the issuer acknowledges it.
    pub(in super::super) fn advised(&mut self, message: Seq, transfers: &[Transfer]) {
        let moved = at_issuers(self, transfers);
        if moved != Yen::ZERO {
            self.closing.advised.insert(message, moved);
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

/// The difference between what this ledger has of an advice and what the issuer, which refused it, has. Of what only held an amount
/// nothing is in the books here, and the whole may stand there.
pub(in super::super) fn refused_advice(
    state: &State,
    message: Seq,
    advice: &ToIssuer,
    code: ResponseCode,
) -> Difference {
    let moved = state.closing.advised.get(&message).copied().unwrap_or(Yen::ZERO);
    let open = minus(advice.amount, advice.remains.unwrap_or(Yen::ZERO));
    // What was undone later is a record of its own, and no tap.
    let later =
        advice.operation == IssuerOperation::Reversal && moved != Yen::ZERO && state.tap_by_seq(message).is_none();
    let own = if later { message } else { advice.tap };
    let (ours, theirs) = if later {
        (moved, Yen::ZERO)
    } else if moved == Yen::ZERO && advice.operation == IssuerOperation::Reversal {
        (Yen::ZERO, open)
    } else {
        // No more than what still stands of it here.
        (standing::left_of(state, advice.tap, moved), Yen::ZERO)
    };
    let mut hash = sha2::Sha256::new();
    hash.update("refused advice");
    hash.update(message.to_be_bytes());
    let id: [u8; 32] = hash.finalize().into();
    let what = name(advice.operation);
    let about = advice.about.map_or_else(String::new, |record| format!(" of record {record}"));
    Difference {
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
    }
}

/// What stands of a leg, as far as it was moved by one record.
pub(super) fn at_most(moved: Yen, leg: Option<&Leg>) -> Yen {
    let stands = leg.map_or(Yen::ZERO, |leg| leg.stands().max(Yen::ZERO));
    if moved.is_positive() { moved.min(stands) } else { moved.max(minus(Yen::ZERO, stands)) }
}
