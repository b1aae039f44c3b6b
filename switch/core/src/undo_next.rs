//! Deciding the rest of reversals: it is undone by a record of its own, and the issuer is told as soon as it can take it.

use super::decision::{Decision, Effect};
use super::state::{State, TapState};
use super::undo::{Undoing, at_issuer, can_be_told, issuer_of, message, posted, reserved};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, IssuerNotified, Undone};

/// The next thing that reversals have left to do, as a record of its own. It is decided before anything else is.
#[must_use]
pub fn left_to_undo(state: &State) -> Option<Decision> {
    state.undos.due.iter().find_map(|seq| carry_on(state, *seq))
}

fn carry_on(state: &State, seq: Seq) -> Option<Decision> {
    let (tap, undo) = (state.tap_by_seq(seq)?, *state.undos.said.get(&seq)?);
    let undoing = match tap.state {
        TapState::Held => reserved(state, tap, undo.remains, seq),
        TapState::Posted => posted(state, tap, undo.remains, seq).ok()?,
        TapState::Pending | TapState::Completed(_) | TapState::Refused | TapState::Reversed => Undoing::nothing(),
    };
    let (body, to_issuer) = if undoing.transfers.is_empty() {
        let issuer = issuer_of(state, tap).filter(|_| can_be_told(state, tap, undo))?;
        let to_issuer = message(tap, issuer, at_issuer(tap), seq);
        (Body::IssuerNotified(IssuerNotified { tap: seq, to_issuer }), Some(to_issuer))
    } else {
        let merchant = state.merchant(tap.merchant)?.id;
        let Undoing { transfers, to_issuer } = undoing;
        let (acquirer, ppid) = (tap.key.acquirer, tap.ppid);
        let body = Undone { tap: seq, reversal: undo.by, transfers, to_issuer, ppid, acquirer, merchant };
        (Body::Undone(body), to_issuer)
    };
    let decision = Decision::record(body).then(Effect::Count("reversal_carried_on"));
    Some(match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    })
}
