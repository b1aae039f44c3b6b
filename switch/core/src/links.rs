//! Links: what a person pays with, from when on. New versions, ends, links that cannot be paid with any more, and card numbers that
//! are sealed again.

use super::admin::{Rejected, recorded, unchanged};
use super::approvals;
use super::attribution::Attribution;
use super::event::Link;
use super::people::{Decided, known};
use super::state::{Broken, LinkVersion, State};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    ApprovalRequested, Body, Instrument, LinkBroken, LinkOrigin, Linked, Proposal, Resealed, Unlinked,
};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;

/// The issuer number of an instrument whose issuer is not configured: it can be linked, and is refused (92) until it is
/// linked again.
pub const NO_ISSUER: u16 = 0;

/// A version of a link that somebody asks for.
#[derive(Clone, Copy)]
pub(super) struct NewVersion<'a> {
    pub(super) ppid: Ppid,
    /// From when on; now when absent.
    pub(super) from: Option<Millis>,
    /// Who asks.
    pub(super) by: &'a str,
}

/// The instrument that a command names.
fn instrument(state: &State, to: &Link) -> Result<Instrument, Rejected> {
    let instrument = match to {
        Link::Deposit(number) => {
            Instrument::Deposit(*state.parties.deposits.get(number).ok_or(Rejected::UnknownDeposit(*number))?)
        }
        Link::Instrument(instrument) => instrument.clone(),
    };
    match instrument.issuer().filter(|n| !state.parties.issuers.contains_key(n) && *n != NO_ISSUER) {
        Some(issuer) => Err(Rejected::UnknownIssuer(issuer)),
        None => Ok(instrument),
    }
}

/// A new version of a person's link: what it pays with, and who makes it.
fn next_link(
    state: &State,
    now: Millis,
    new: NewVersion<'_>,
    (origin, instrument): (LinkOrigin, Instrument),
) -> Result<Linked, Rejected> {
    let ppid = new.ppid;
    if state.people.residents.get(&ppid).is_some_and(|at| state.root(*at) != *at) {
        return Err(Rejected::MergedBefore(ppid));
    }
    let (version, from) = next_version(state, now, new)?;
    Ok(Linked { ppid, version, from, instrument, origin: Some(origin), by: Some(new.by.to_owned()) })
}

pub(super) fn link(state: &State, now: Millis, new: NewVersion<'_>, (origin, to): (LinkOrigin, &Link)) -> Decided {
    let instrument = instrument(state, to)?;
    // A version that waits for its day is there already only when that day is asked for again.
    let asked_again = |v: &&LinkVersion| v.from <= now || new.from.is_some_and(|from| from >= v.from);
    let newest = state.link_versions(&new.ppid).next().filter(asked_again);
    if newest.and_then(|v| v.instrument.as_ref()).is_some_and(|i| same_instrument(i, &instrument)) {
        return Ok(unchanged());
    }
    Ok(recorded(Body::Linked(next_link(state, now, new, (origin, instrument))?)))
}

pub(super) fn unlink(state: &State, now: Millis, new: NewVersion<'_>) -> Decided {
    let NewVersion { ppid, from, by } = new;
    let ended = |v: &LinkVersion| v.instrument.is_none() && v.from <= from.unwrap_or(now);
    match state.link_versions(&ppid).next() {
        None => Err(Rejected::UnknownPpid(ppid)),
        Some(newest) if ended(newest) => Ok(unchanged()),
        Some(_) => {
            let (version, from) = next_version(state, now, new)?;
            Ok(recorded(Body::Unlinked(Unlinked { ppid, version, from, by: Some(by.to_owned()) })))
        }
    }
}

/// The number of the next version, and when it begins. A day that is asked for may not lie before the newest version's, so that the
/// rows of a file are taken in their order; without one it is now, and a version that still waits for its day is superseded.
fn next_version(state: &State, now: Millis, new: NewVersion<'_>) -> Result<(u32, Millis), Rejected> {
    let Some(newest) = state.link_versions(&new.ppid).next() else { return Ok((1, new.from.unwrap_or(now))) };
    match new.from {
        Some(from) if from < newest.from => {
            Err(Rejected::BeforeVersionInForce(from.jst_text(), newest.from.jst_text()))
        }
        Some(from) => Ok((newest.version + 1, from)),
        None => Ok((newest.version + 1, now)),
    }
}

/// A sealed card number looks different each time, so cards are compared by their keyed token.
fn same_instrument(a: &Instrument, b: &Instrument) -> bool {
    match (a, b) {
        (Instrument::CreditCard(a), Instrument::CreditCard(b))
        | (Instrument::DebitCard(a), Instrument::DebitCard(b)) => a.issuer == b.issuer && a.token == b.token,
        (a, b) => a == b,
    }
}

pub(super) fn break_link(state: &State, ppid: Ppid, told: Attribution<'_>) -> Decided {
    let at = known(state, ppid)?;
    let newest = state.link_versions(&ppid).next();
    let Some(link) = newest.filter(|link| link.instrument.is_some()) else {
        return Err(Rejected::NothingLinked(ppid));
    };
    if state.people.broken.contains_key(&at) {
        return Ok(unchanged());
    }
    let version = link.version;
    let (by, why) = told.owned();
    Ok(recorded(Body::LinkBroken(LinkBroken { ppid, version, why, by })))
}

fn broken(state: &State, ppid: Ppid) -> Result<&Broken, Rejected> {
    state.people.broken.get(&known(state, ppid)?).ok_or(Rejected::NotBroken(ppid))
}

/// A new instrument is proposed for a broken link.
pub(super) fn propose_retarget(state: &State, now: Millis, new: NewVersion<'_>, to: &Link) -> Decided {
    let NewVersion { ppid, by, .. } = new;
    if let Some((_, proposer)) = &broken(state, ppid)?.proposal {
        return Err(Rejected::ProposalOpen(proposer.clone()));
    }
    let proposal = Proposal::Retarget { ppid, instrument: Box::new(instrument(state, to)?) };
    let (source, by, why) = (String::new(), by.to_owned(), String::new());
    approvals::request(state, now, ApprovalRequested { proposal, source, by, why })
}

/// The proposal for a broken link that is to be decided.
pub(super) fn proposal_for(state: &State, ppid: Ppid) -> Result<Seq, Rejected> {
    broken(state, ppid)?;
    state.approvals.retarget_of(ppid).ok_or(Rejected::NoProposal(ppid))
}

/// The version that a broken link would get.
pub(super) fn retargeted(
    state: &State,
    now: Millis,
    new: NewVersion<'_>,
    instrument: &Instrument,
) -> Result<Linked, Rejected> {
    broken(state, new.ppid)?;
    next_link(state, now, new, (LinkOrigin::Retarget, instrument.clone()))
}

pub(super) fn reseal(state: &State, ppid: Ppid, version: u32, pan: &[u8]) -> Decided {
    known(state, ppid)?;
    let link = state.link_versions(&ppid).find(|link| link.version == version);
    match link.and_then(|link| link.instrument.as_ref()) {
        Some(Instrument::CreditCard(card) | Instrument::DebitCard(card)) if *card.pan == *pan => Ok(unchanged()),
        Some(Instrument::CreditCard(_) | Instrument::DebitCard(_)) => {
            Ok(recorded(Body::Resealed(Resealed { ppid, version, pan: pan.into() })))
        }
        Some(Instrument::BankAccount(_) | Instrument::Deposit(_)) | None => Err(Rejected::NoCard(ppid, version)),
    }
}
