//! An issuer's refusal of an advice: an exception, opened in the record of its answer, so that it cannot be lost.

use super::super::money::{is_refund, minus};
use super::super::state::State;
use super::{Advised, REFUSED_ADVICE, standing};
use kazasu_ledger::Seq;
use kazasu_ledger::record::ToIssuer;
use kazasu_schemas::closing::{Finding, Proposed, ReconException};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use sha2::Digest as _;

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
    let finding =
        Finding::AdviceRefused { code, operation: advice.operation, amount: open, about: advice.about, message };
    Some(ReconException {
        id: id[..16].try_into().expect("32 bytes"),
        status: REFUSED_ADVICE.to_owned(),
        party: format!("issuer {}", advice.issuer),
        own,
        ours,
        theirs,
        line: 0,
        day: state.day,
        why: String::new(),
        proposal: String::new(),
        finding: Some(Box::new(finding)),
        proposed: Some(Proposed::AskIssuerAndBook),
    })
}
