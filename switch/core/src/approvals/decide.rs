//! Who may ask for an approval, who may decide it, and what it would do.

use super::super::decision::{Decided, Decision, Effect, recorded, reject, unchanged};
use super::super::links::{self, NewVersion};
use super::super::refusal::{ApprovalEnd, ApprovalRefusal, PayeeRefusal, Rejected};
use super::super::relief::role;
use super::super::state::State;
use super::super::{cards, closing, corrections, keys, relief, rights, statement};
use super::asked::{Document, Requesting};
use super::carried;
use super::subject::{is_about_the_same, is_same};
use super::{ApprovalAnswer, Approvals, OpenRequest};
use kazasu_ledger::record::{
    ApprovalDecided, ApprovalLapsed, ApprovalRequested, ApprovalSentBack, ApprovalWithdrawn, Body, CallBack,
    CarriedChange, DecisionProof, Fingerprint, Linked, Opening, PayeeCalled, PayeeChange, Place, Proposal,
    RecordSigner,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::ActorId;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::relief::Role;

pub(in super::super) fn command(state: &State, now: Millis, ask: &Approvals) -> Decision {
    let result = match ask {
        Approvals::Request { proposal, source, said } => request(
            state,
            now,
            Requesting { proposal: (**proposal).clone(), source: source.clone(), said: said.clone() },
        ),
        Approvals::Decide { proposal, answer, seen, said } => {
            decide(state, now, Deciding { proposal: *proposal, answer: *answer, seen: *seen, told: said })
        }
        Approvals::CalledBack { proposal, seen, call, said } => {
            called_back(state, now, Called { proposal: *proposal, seen: *seen, call, told: said })
        }
        Approvals::Withdraw { proposal, said } => withdraw(state, now, *proposal, said),
    };
    result.unwrap_or_else(reject)
}

/// A person's decision.
#[derive(Clone, Copy)]
pub(in super::super) struct Deciding<'a> {
    pub(in super::super) proposal: u64,
    pub(in super::super) answer: ApprovalAnswer,
    /// What the person looked at.
    pub(in super::super) seen: Option<Fingerprint>,
    pub(in super::super) told: &'a Attribution,
}

/// What an approval does.
#[derive(Default)]
struct Approved {
    opens: Vec<Opening>,
    transfers: Transfers,
    link: Option<Linked>,
    carries: Option<Box<Body>>,
}

/// What is requested, and by whom.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    proposal: &'a Proposal,
    source: &'a Document,
    said: &'a Attribution,
    /// The number under which it is decided.
    number: u64,
    /// The call to a payee, where another person than the requester made it.
    called: Option<&'a CallBack>,
}

impl<'a> Wanted<'a> {
    fn of(number: u64, open: &'a OpenRequest) -> Wanted<'a> {
        let called = open.called.as_ref().map(|called| &called.call);
        Wanted { proposal: &open.proposal, source: &open.source, said: &open.said, number, called }
    }
}

/// People request and decide. A program and the keeper of the journal do neither.
fn is_person(by: &str) -> Result<(), Rejected> {
    match by.parse::<ActorId>() {
        Ok(ActorId::Program(_)) => Err(ApprovalRefusal::NotPerson(by.to_owned()).into()),
        Err(_) if same(by, KEEPER) => Err(ApprovalRefusal::NotPerson(by.to_owned()).into()),
        Ok(ActorId::Person(_)) | Err(_) => Ok(()),
    }
}

/// What records keep of work on the journal itself.
const KEEPER: &str = "offline";

/// The beginning of the day after the last one on which a request of this kind is decided. The bank's day bounds a payout.
fn deadline(proposal: &Proposal, now: Millis) -> Millis {
    let last = now.jst_day().0 + proposal.kind().days();
    let last = match proposal {
        Proposal::Payout { value_date, .. } => last.min(value_date.0.max(now.jst_day().0)),
        _ => last,
    };
    BusinessDay(last).next().start()
}

pub(in super::super) fn request(state: &State, now: Millis, asked: Requesting) -> Decided {
    let Requesting { proposal, source, said } = asked;
    // A holder's link comes from a portal, and waits for staff.
    if !matches!(proposal, Proposal::SharedLink(_)) {
        is_person(&said.by)?;
    }
    let about: Vec<_> = state.approvals.iter().filter(|(_, o)| is_about_the_same(&o.proposal, &proposal)).collect();
    let replaces = match about.as_slice() {
        [] => None,
        [(number, open)] if state.rights.are_one(&open.said.by, &said.by) => {
            // The same once more is no second request, unless it was sent back.
            if is_same(&open.proposal, &proposal) && open.sent_back.is_none() {
                return Ok(unchanged());
            }
            Some(*number)
        }
        [(number, _), ..] => return Err(ApprovalRefusal::Open(*number).into()),
    };
    if let Proposal::Programme(terms) = &proposal
        && state.relief.programmes.get(&terms.number).is_some_and(|p| *p.terms == **terms)
    {
        return Ok(unchanged());
    }
    // The links that wait of a portal have a bound of their own, which the configuration says.
    if replaces.is_none() && !matches!(proposal, Proposal::SharedLink(_)) {
        has_room(state, &said.by)?;
    }
    let number = replaces.unwrap_or(state.seq + 1);
    let wanted = Wanted { proposal: &proposal, source: &source, said: &said, number, called: None };
    let effect = effect_of(state, now, wanted, &said.by)?;
    if matches!(proposal, Proposal::Carried(_)) && effect.carries.is_none() {
        // Everything is as it is asked for.
        return Ok(unchanged());
    }
    let until = Some(deadline(&proposal, now));
    let (Attribution { by, why, via }, Document { text: source, name }) = (said, source);
    let file = Some(name).filter(|name| !name.is_empty());
    let requested = ApprovalRequested { proposal, source, by, why, via, replaces, until, file, proof: None };
    Ok(recorded(Body::ApprovalRequested(requested)))
}

/// Open requests of one requester. No requester fills the inbox of those who decide, nor the memory in which requests are looked for.
const MOST_OPEN: usize = 1_000;

fn has_room(state: &State, by: &str) -> Result<(), Rejected> {
    let open = state.approvals.iter().filter(|(_, open)| state.rights.are_one(&open.said.by, by)).count();
    if open < MOST_OPEN {
        return Ok(());
    }
    Err(ApprovalRefusal::TooManyOf { by: by.to_owned(), open, most: MOST_OPEN }.into())
}

/// A request that is not over, and whose time is not.
fn open_request(state: &State, now: Millis, number: u64) -> Result<&OpenRequest, Rejected> {
    let closed = |end| ApprovalRefusal::Closed(number, end).into();
    match state.approvals.get(number) {
        Some(open) if open.until.is_some_and(|until| until <= now) => Err(closed(ApprovalEnd::Lapsed)),
        Some(open) => Ok(open),
        None => Err(state.approvals.end_of(number).map_or_else(|| ApprovalRefusal::Unknown(number).into(), closed)),
    }
}

pub(in super::super) fn decide(state: &State, now: Millis, decided: Deciding<'_>) -> Decided {
    let Deciding { proposal, answer, seen, told } = decided;
    let open = open_request(state, now, proposal)?;
    is_person(&told.by)?;
    if state.rights.are_one(&open.said.by, &told.by) {
        return Err(ApprovalRefusal::SamePerson(told.by.clone()).into());
    }
    if seen.is_some_and(|seen| seen != open.fingerprint) {
        return Err(ApprovalRefusal::Changed(proposal).into());
    }
    if open.sent_back.is_some() {
        return Err(ApprovalRefusal::SentBack(proposal).into());
    }
    batch_approver(state, &open.proposal, &told.by)?;
    let (fingerprint, Attribution { by, why, via }) = (open.fingerprint, told.clone());
    let (approved, effect) = match answer {
        ApprovalAnswer::Approve => {
            was_called(state, (proposal, open), &told.by)?;
            (true, effect_of(state, now, Wanted::of(proposal, open), &told.by)?)
        }
        ApprovalAnswer::Deny => (false, Approved::default()),
        ApprovalAnswer::SendBack => {
            let until = deadline(&open.proposal, now);
            let sent_back = ApprovalSentBack { proposal, fingerprint, until, by, why, via, proof: None };
            return Ok(recorded(Body::ApprovalSentBack(sent_back)));
        }
    };
    let Approved { opens, transfers, link, carries } = effect;
    let fingerprint = Some(fingerprint);
    let to_issuer = carries.as_ref().and_then(|body| body.tapped()?.to_issuer);
    let decided =
        ApprovalDecided { proposal, approved, opens, transfers, by, why, link, via, fingerprint, carries, proof: None };
    let decision = recorded(Body::ApprovalDecided(decided));
    Ok(match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    })
}

/// The record of a decision keeps the signature of the person who decided.
pub(in super::super) fn signed(mut decision: Decision, proof: &DecisionProof) -> Decision {
    let kept = Some(Box::new(proof.clone()));
    match &mut decision.body {
        Some(Body::ApprovalDecided(r)) => r.proof = kept,
        Some(Body::ApprovalSentBack(r)) => r.proof = kept,
        Some(_) | None => {}
    }
    decision
}

/// The record of what a person asks for keeps the signature of the person's session, made over the record in its place.
pub(in super::super) fn signed_in_place(
    mut decision: Decision,
    (state, now): (&State, Millis),
    signer: &dyn RecordSigner,
) -> Decision {
    if let Some(body) = &mut decision.body {
        // The core gives a record no other place: the next number, and the time of the decision.
        body.sign(Place { seq: state.seq + 1, at: now, day: state.day }, signer);
    }
    decision
}

/// What is about a batch is decided by its approver, who has no other role in it.
fn batch_approver(state: &State, proposal: &Proposal, by: &str) -> Result<(), Rejected> {
    let batch = match proposal {
        Proposal::Claim { batch, .. } => Some(*batch),
        Proposal::UndoBooking { reference, payer: None } => state.line_batch(reference),
        Proposal::UndoBooking { payer: Some(_), .. }
        | Proposal::Programme(_)
        | Proposal::ReturnFunds { .. }
        | Proposal::Contracts(_)
        | Proposal::Payout { .. }
        | Proposal::Resolve { .. }
        | Proposal::Retarget { .. }
        | Proposal::Rights(_)
        | Proposal::Destruction(_)
        | Proposal::SharedLink(_)
        | Proposal::Carried(_)
        | Proposal::File(_)
        | Proposal::Correction(_)
        | Proposal::Card(_)
        | Proposal::CancelPayout { .. } => None,
    };
    match batch {
        Some(batch) => Ok(role(state, state.relief.batch(batch)?, by, Role::Approver)?),
        None => Ok(()),
    }
}

/// The change of a payee's account that a request is about.
fn payee_change(proposal: &Proposal) -> Option<&PayeeChange> {
    match proposal {
        Proposal::Carried(change) => match &**change {
            CarriedChange::Payee(change) => Some(change),
            _ => None,
        },
        _ => None,
    }
}

/// A change of a payee's account is approved when the payee was called, and not by the person who called in the requester's place.
fn was_called(state: &State, (number, open): (u64, &OpenRequest), by: &str) -> Result<(), Rejected> {
    let Some(change) = payee_change(&open.proposal) else { return Ok(()) };
    match (&change.call, &open.called) {
        (None, None) => Err(PayeeRefusal::NotCalled(number).into()),
        (_, Some(called)) if state.rights.are_one(&called.by, by) => Err(PayeeRefusal::OtherPart(by.to_owned()).into()),
        _ => Ok(()),
    }
}

/// A call to a payee, about one version of a request.
struct Called<'a> {
    proposal: u64,
    seen: Fingerprint,
    call: &'a CallBack,
    told: &'a Attribution,
}

/// Notes a call to the payee of a request that has none, by another person than its requester.
fn called_back(state: &State, now: Millis, called: Called<'_>) -> Decided {
    let Called { proposal: number, seen, call, told } = called;
    let open = open_request(state, now, number)?;
    is_person(&told.by)?;
    // The payee was asked about what the caller looked at, and about nothing that the requester put in its place meanwhile.
    if seen != open.fingerprint {
        return Err(ApprovalRefusal::Changed(number).into());
    }
    let change = payee_change(&open.proposal).ok_or(PayeeRefusal::NotAboutPayee(number))?;
    if state.rights.are_one(&open.said.by, &told.by) {
        return Err(PayeeRefusal::OtherPart(told.by.clone()).into());
    }
    if change.call.is_some() || open.called.is_some() {
        return Err(PayeeRefusal::CalledBefore(number).into());
    }
    let Attribution { by, via, .. } = told.clone();
    Ok(recorded(Body::PayeeCalled(PayeeCalled { proposal: number, call: call.clone(), by, via, seen, proof: None })))
}

fn withdraw(state: &State, now: Millis, number: u64, told: &Attribution) -> Decided {
    let open = open_request(state, now, number)?;
    if !state.rights.are_one(&open.said.by, &told.by) {
        return Err(ApprovalRefusal::OfAnother(number, open.said.by.clone()).into());
    }
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::ApprovalWithdrawn(ApprovalWithdrawn { proposal: number, by, why, via, proof: None })))
}

/// The next request that was not decided in its time.
pub(in super::super) fn lapse(state: &State, now: Millis) -> Option<Decision> {
    let over = |open: &OpenRequest| open.until.filter(|until| *until <= now);
    let (proposal, until) = state.approvals.iter().find_map(|(number, open)| Some((number, over(open)?)))?;
    Some(Decision::record(Body::ApprovalLapsed(ApprovalLapsed { proposal, until })).then(Effect::Again))
}

/// What a proposal would do, or why it cannot be. `by` approves it.
fn effect_of(state: &State, now: Millis, wanted: Wanted<'_>, by: &str) -> Result<Approved, Rejected> {
    let Wanted { proposal, source, said, number, called } = wanted;
    let (opens, transfers) = match proposal {
        Proposal::Programme(_) | Proposal::Claim { .. } | Proposal::ReturnFunds { .. } => {
            relief::effect_of(state, now, proposal)?
        }
        Proposal::Contracts(_) | Proposal::Payout { .. } | Proposal::Resolve { .. } | Proposal::CancelPayout { .. } => {
            closing::effect_of(state, now, proposal)?
        }
        Proposal::UndoBooking { reference, payer } => statement::effect_of(state, reference, *payer)?,
        Proposal::Carried(change) => {
            let carries =
                carried::decided(state, now, carried::Asked { change, source, said, called })?.body.map(Box::new);
            return Ok(Approved { carries, ..Approved::default() });
        }
        Proposal::File(_) => return Ok(Approved::default()),
        Proposal::Destruction(key) => {
            keys::may_go(state, key)?;
            return Ok(Approved::default());
        }
        Proposal::Rights(change) => {
            rights::effect_of(&state.rights, rights::Requested { by, now }, change)?;
            return Ok(Approved::default());
        }
        Proposal::SharedLink(shared) => {
            let link = links::allowed(state, now, shared, by)?;
            return Ok(Approved { link: Some(link), ..Approved::default() });
        }
        Proposal::Retarget { ppid, instrument } => {
            let link = links::retargeted(state, now, NewVersion { ppid: *ppid, from: None, by }, instrument)?;
            return Ok(Approved { link: Some(link), ..Approved::default() });
        }
        Proposal::Correction(correction) => {
            let asked = corrections::Asked { said, approval: number };
            let refund = corrections::refund(state, now, correction, asked)?;
            return Ok(Approved { carries: Some(Box::new(Body::Transaction(refund))), ..Approved::default() });
        }
        Proposal::Card(change) => {
            let changed = cards::changed(state, change, said)?;
            return Ok(Approved { carries: Some(Box::new(changed)), ..Approved::default() });
        }
    };
    Ok(Approved { opens, transfers, ..Approved::default() })
}
