//! Commands about people, their cards, limits and notices.

use super::approvals::{self, ApprovalAnswer, Deciding};
use super::cards;
use super::certificates::{self, NewCertificate, NewList};
use super::conditions::known;
use super::decision::{Decided, Decision, Done, Effect, recorded, reject, unchanged};
use super::event::Command;
use super::links;
use super::merging;
use super::programmes::{self, Payment};
use super::refusal::Rejected;
use super::replacing;
use super::state::State;
use kazasu_ledger::record::{
    ApprovalRequested, Body, NoticeEnded, NoticesChosen, OwnLimits, OwnLimitsSet, PortalProof, Proposal,
    TemporaryIssued,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};

pub(super) fn command(state: &State, now: Millis, command: &Command) -> Decision {
    let result = match command {
        Command::ActivatePolicy { first: true, .. } if state.rules.version > 0 => Ok(unchanged()),
        Command::ActivatePolicy { policy, source, said, .. } => programmes::activate(state, policy, source, said),
        Command::IssueTemporary { ppid, until, by } => issue_temporary(state, *ppid, *until, by),
        Command::Merge { from, into, by } => merging::merge(state, *from, *into, by),
        Command::Replace { replacement, said } => replacing::replace(state, now, replacement, said),
        Command::SetCard { ppid, status, said } => cards::set(state, *ppid, *status, said),
        Command::BindCertificate { ppid, serial, issuer, last_day, by } => {
            let new = NewCertificate { ppid: *ppid, serial: *serial, issuer: issuer.as_deref(), last_day: *last_day };
            certificates::bind(state, new, by)
        }
        Command::ApplyList { number, issued, entries, scope, issuer, by } => {
            let list = NewList { number: *number, issued: *issued, entries, scope, issuer: issuer.as_deref() };
            certificates::apply_list(state, list, by)
        }
        Command::SetOwnLimits { ppid, limits, by } => set_own_limits(state, now, (*ppid, by), |_| *limits),
        Command::ChooseNotices(chosen) => choose_notices(state, chosen),
        Command::ChangeOwnLimits { ppid, change, by } => {
            set_own_limits(state, now, (*ppid, by), |wanted| change.apply(wanted))
        }
        Command::FundProgramme { programme, amount, reference, by } => {
            programmes::fund(state, Payment { programme: *programme, amount: *amount, reference, by })
        }
        Command::CreditPurse { ppid, programme, amount, reference, by } => {
            let payment = Payment { programme: *programme, amount: *amount, reference, by };
            programmes::credit(state, now, *ppid, payment)
        }
        Command::BreakLink { ppid, said } => links::break_link(state, *ppid, said),
        Command::ProposeRetarget { ppid, to, said } => {
            links::retarget_request(state, (*ppid, to), said).and_then(|asked| approvals::request(state, now, asked))
        }
        Command::DecideRetarget { ppid, approve, said } => decide_retarget(state, now, (*ppid, *approve), said),
        Command::Reseal { ppid, version, pan, alias } => {
            links::reseal(state, *ppid, *version, links::SealedAgain { pan, alias: *alias })
        }
        Command::SettleNotice { notice, delivered, attempts, problem } => {
            let (notice, delivered, attempts, problem) = (*notice, *delivered, *attempts, problem.clone());
            Ok(end_notice(state, NoticeEnded { notice, delivered, attempts, problem }))
        }
        Command::RetryNotice { notice } => retry_notice(state, *notice),
        Command::Open { .. }
        | Command::RegisterAcquirer { .. }
        | Command::RegisterIssuer { .. }
        | Command::RegisterMerchant { .. }
        | Command::ChangeMerchant { .. }
        | Command::OpenDeposit { .. }
        | Command::Fund { .. }
        | Command::OpeningBalance { .. }
        | Command::Link { .. }
        | Command::AskLink { .. }
        | Command::Unlink { .. }
        | Command::Proven { .. }
        | Command::Signed { .. }
        | Command::Asked { .. }
        | Command::OfFile { .. }
        | Command::EndFile { .. }
        | Command::SetPayee { .. }
        | Command::ResealPayee { .. }
        | Command::TakePayees { .. }
        | Command::Approvals(_)
        | Command::Rights(_)
        | Command::Relief(_)
        | Command::Closing(_)
        | Command::Line(_)
        | Command::ConfirmClock { .. }
        | Command::DestroyKey { .. }
        | Command::DecideAdvice { .. }
        | Command::CutOver { .. } => unreachable!("decided before"),
    };
    result.unwrap_or_else(reject)
}

fn decide_retarget(
    state: &State,
    now: Millis,
    (ppid, approve): (Ppid, bool),
    told: &Attribution,
) -> Result<Decision, Rejected> {
    let proposal = links::proposal_for(state, ppid)?;
    let answer = if approve { ApprovalAnswer::Approve } else { ApprovalAnswer::Deny };
    approvals::decide(state, now, Deciding { proposal, answer, seen: None, told })
}

fn retry_notice(state: &State, notice: u64) -> Result<Decision, Rejected> {
    match state.notices.get(&notice) {
        None => Err(Rejected::UnknownNotice(notice)),
        Some(_) => Ok(Decision::only(Effect::Notify(notice)).then(Effect::Done(Done::Unchanged))),
    }
}

/// The record of what a portal asked for keeps what the portal signed.
pub(super) fn proven(mut decision: Decision, proof: &PortalProof) -> Decision {
    let kept = Some(Box::new(proof.clone()));
    match &mut decision.body {
        Some(Body::Linked(r)) => r.proof = kept,
        Some(Body::Unlinked(r)) => r.proof = kept,
        Some(Body::CardStatusSet(r)) => r.proof = kept,
        Some(Body::OwnLimitsSet(r)) => r.proof = kept,
        Some(Body::NoticesChosen(r)) => r.proof = kept,
        Some(Body::ApprovalRequested(ApprovalRequested { proposal: Proposal::SharedLink(link), .. })) => {
            link.proof = kept
        }
        Some(_) | None => {}
    }
    decision
}

fn issue_temporary(state: &State, ppid: Ppid, until: Option<BusinessDay>, by: &str) -> Decided {
    match state.people.residents.get(&ppid).map(|at| state.holder(*at).card) {
        Some(card) if card.temporary && card.last_day == until => Ok(unchanged()),
        Some(_) => Err(Rejected::KnownPpid(ppid)),
        None => Ok(recorded(Body::TemporaryIssued(TemporaryIssued { ppid, until, by: by.to_owned() }))),
    }
}

/// `limits` makes what is wanted from what was wanted last.
fn set_own_limits(
    state: &State,
    now: Millis,
    (ppid, by): (Ppid, &str),
    limits: impl FnOnce(OwnLimits) -> OwnLimits,
) -> Decided {
    let at = known(state, ppid)?;
    let day = now.jst_day();
    let own = state.holder(state.root(at)).wallet.as_ref().map(|w| w.own).unwrap_or_default();
    let before = own.later(day).map_or(own.on(day), |(_, later)| later);
    let limits = limits(before);
    for (name, limit) in [("tap", limits.tap), ("day", limits.day), ("month", limits.month)] {
        if let Some(yen) = limit.filter(|yen| !(0..=MAX_WIRE_AMOUNT).contains(&yen.get())) {
            return Err(Rejected::OwnLimit(name, yen));
        }
    }
    if before == limits {
        return Ok(unchanged());
    }
    let pairs = [(before.tap, limits.tap), (before.day, limits.day), (before.month, limits.month)];
    let is_lower = |(before, now): &(Option<Yen>, Option<Yen>)| now.is_some_and(|now| before.is_none_or(|b| now < b));
    let lowered = pairs.iter().any(is_lower).then_some(true);
    Ok(recorded(Body::OwnLimitsSet(OwnLimitsSet { ppid, limits, by: by.to_owned(), proof: None, lowered })))
}

fn choose_notices(state: &State, chosen: &NoticesChosen) -> Decided {
    known(state, chosen.ppid)?;
    let mut chosen = chosen.clone();
    chosen.notices.sort_unstable();
    chosen.notices.dedup();
    let before = state.notices_chosen(&chosen.ppid, chosen.portal);
    let (kept, named) = before.map_or((&[][..], None), |choice| (&choice.notices, choice.handle.as_ref()));
    if kept == chosen.notices && named == chosen.handle.as_ref() {
        return Ok(unchanged());
    }
    Ok(recorded(Body::NoticesChosen(chosen)))
}

fn end_notice(state: &State, settled: NoticeEnded) -> Decision {
    match state.notices.get(&settled.notice) {
        None => unchanged(),
        Some(owed) if owed.dead.is_some() && !settled.delivered => unchanged(),
        Some(_) => recorded(Body::NoticeEnded(settled)),
    }
}
