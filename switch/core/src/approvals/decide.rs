//! Who may ask for an approval, who may decide it, and what it would do.

use super::super::admin::{Rejected, recorded, reject, unchanged};
use super::super::attribution::Attribution;
use super::super::event::Decision;
use super::super::links::{self, NewVersion};
use super::super::relief::role;
use super::super::state::State;
use super::super::{closing, relief, statement};
use super::{ApprovalRefusal, Approvals};
use kazasu_ledger::record::{ApprovalDecided, ApprovalRequested, Body, Linked, Opening, Proposal};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::canonical::same;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::relief::Role;

type Decided = Result<Decision, Rejected>;

pub(in super::super) fn command(state: &State, now: Millis, ask: &Approvals) -> Decision {
    let result = match ask {
        Approvals::Request { proposal, source, by, why } => {
            let (source, by, why) = (source.clone(), by.clone(), why.clone());
            request(state, now, ApprovalRequested { proposal: (**proposal).clone(), source, by, why })
        }
        Approvals::Decide { proposal, approve, by, why } => {
            let decided = Deciding { proposal: *proposal, approve: *approve, told: Attribution { by, why } };
            decide(state, now, decided)
        }
    };
    result.unwrap_or_else(reject)
}

/// A person's decision.
#[derive(Clone, Copy)]
pub(in super::super) struct Deciding<'a> {
    pub(in super::super) proposal: u64,
    pub(in super::super) approve: bool,
    pub(in super::super) told: Attribution<'a>,
}

/// What an approval does.
#[derive(Default)]
struct Approved {
    opens: Vec<Opening>,
    transfers: Transfers,
    link: Option<Linked>,
}

pub(in super::super) fn request(state: &State, now: Millis, asked: ApprovalRequested) -> Decided {
    let proposal = &asked.proposal;
    if let Some((number, open)) = state.approvals.iter().find(|(_, open)| is_about_the_same(&open.proposal, proposal)) {
        // The same once more is no second request.
        if is_same(&open.proposal, proposal) && same(&open.by, &asked.by) {
            return Ok(unchanged());
        }
        return Err(ApprovalRefusal::Open(number).into());
    }
    if let Proposal::Programme(terms) = proposal
        && state.relief.programmes.get(&terms.number).is_some_and(|p| *p.terms == **terms)
    {
        return Ok(unchanged());
    }
    effect_of(state, now, proposal, &asked.by)?;
    Ok(recorded(Body::ApprovalRequested(asked)))
}

pub(in super::super) fn decide(state: &State, now: Millis, decided: Deciding<'_>) -> Decided {
    let Deciding { proposal, approve, told } = decided;
    let Some(open) = state.approvals.get(proposal) else {
        return Err(ApprovalRefusal::Unknown(proposal).into());
    };
    if same(&open.by, told.by) {
        return Err(ApprovalRefusal::SamePerson(told.by.to_owned()).into());
    }
    // What is about a batch is decided by its approver, who has no other role in it.
    let batch = match &open.proposal {
        Proposal::Claim { batch, .. } => Some(*batch),
        Proposal::UndoBooking { reference, payer: None } => state.line_batch(reference),
        Proposal::UndoBooking { payer: Some(_), .. }
        | Proposal::Programme(_)
        | Proposal::ReturnFunds { .. }
        | Proposal::Contracts(_)
        | Proposal::Payout { .. }
        | Proposal::Resolve { .. }
        | Proposal::Retarget { .. }
        | Proposal::CancelPayout { .. } => None,
    };
    if let Some(batch) = batch {
        role(state.relief.batch(batch)?, told.by, Role::Approver)?;
    }
    let Approved { opens, transfers, link } =
        if approve { effect_of(state, now, &open.proposal, told.by)? } else { Approved::default() };
    let (by, why) = told.owned();
    let decided = ApprovalDecided { proposal, approved: approve, opens, transfers, by, why, link };
    Ok(recorded(Body::ApprovalDecided(decided)))
}

/// What a proposal would do, or why it cannot be. `by` approves it.
fn effect_of(state: &State, now: Millis, proposal: &Proposal, by: &str) -> Result<Approved, Rejected> {
    let (opens, transfers) = match proposal {
        Proposal::Programme(_) | Proposal::Claim { .. } | Proposal::ReturnFunds { .. } => {
            relief::effect_of(state, now, proposal)?
        }
        Proposal::Contracts(_) | Proposal::Payout { .. } | Proposal::Resolve { .. } | Proposal::CancelPayout { .. } => {
            closing::effect_of(state, now, proposal)?
        }
        Proposal::UndoBooking { reference, payer } => statement::effect_of(state, reference, *payer)?,
        Proposal::Retarget { ppid, instrument } => {
            let link = links::retargeted(state, now, NewVersion { ppid: *ppid, from: None, by }, instrument)?;
            return Ok(Approved { link: Some(link), ..Approved::default() });
        }
    };
    Ok(Approved { opens, transfers, link: None })
}

/// Two requests about one subject are not open at one time.
fn is_about_the_same(open: &Proposal, asked: &Proposal) -> bool {
    match (open, asked) {
        (Proposal::Programme(a), Proposal::Programme(b)) => a.number == b.number,
        (Proposal::Claim { batch: a, row: x, .. }, Proposal::Claim { batch: b, row: y, .. }) => (a, x) == (b, y),
        (Proposal::ReturnFunds { programme: a, .. }, Proposal::ReturnFunds { programme: b, .. }) => a == b,
        (Proposal::Contracts(_), Proposal::Contracts(_)) => true,
        (Proposal::Payout { settlements: a, .. }, Proposal::Payout { settlements: b, .. }) => {
            a.iter().any(|n| b.contains(n))
        }
        (Proposal::Resolve { id: a, .. }, Proposal::Resolve { id: b, .. }) => a == b,
        (Proposal::CancelPayout { payout: a }, Proposal::CancelPayout { payout: b }) => a == b,
        (Proposal::Retarget { ppid: a, .. }, Proposal::Retarget { ppid: b, .. }) => a == b,
        (Proposal::UndoBooking { reference: a, payer: x }, Proposal::UndoBooking { reference: b, payer: y }) => {
            (a, x) == (b, y)
        }
        (
            Proposal::Programme(_)
            | Proposal::Claim { .. }
            | Proposal::ReturnFunds { .. }
            | Proposal::Contracts(_)
            | Proposal::Payout { .. }
            | Proposal::Resolve { .. }
            | Proposal::CancelPayout { .. }
            | Proposal::Retarget { .. }
            | Proposal::UndoBooking { .. },
            _,
        ) => false,
    }
}

/// The same once more: a return of funds is known by its reference, however it is spelt.
fn is_same(a: &Proposal, b: &Proposal) -> bool {
    match (a, b) {
        (
            Proposal::ReturnFunds { programme: a, amount: x, reference: r },
            Proposal::ReturnFunds { programme: b, amount: y, reference: s },
        ) => (a, x) == (b, y) && same(r, s),
        (a, b) => a == b,
    }
}
