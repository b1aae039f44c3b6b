//! Links: what a person pays with, from when on. New versions, ends, links that cannot be paid with any more, and card numbers that
//! are sealed again.

use super::approvals::{Document, Requesting};
use super::conditions::{known, own_id};
use super::decision::{Decided, Decision, recorded, unchanged};
use super::event::Link;
use super::refusal::Rejected;
use super::state::{Broken, LinkVersion, State};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    Body, Card, CardHash, CarriedChange, Instrument, LinkBroken, LinkOrigin, Linked, Proposal, Resealed, SharedLink,
    Unlinked,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::same;
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
    /// The requester.
    pub(super) by: &'a str,
}

/// Refuses what is sealed under a destroyed key: it could not be opened.
fn readable(state: &State, instrument: &Instrument) -> Result<(), Rejected> {
    state.people.keys.unreadable(instrument).map_or(Ok(()), |version| Err(Rejected::KeyDestroyed(version)))
}

/// The instrument that a command names.
fn instrument(state: &State, to: &Link) -> Result<Instrument, Rejected> {
    let instrument = match to {
        Link::Deposit(number) => {
            Instrument::Deposit(*state.parties.deposits.get(number).ok_or(Rejected::UnknownDeposit(*number))?)
        }
        Link::Instrument(instrument) => state.settled(instrument.clone()),
    };
    readable(state, &instrument)?;
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
    if state.people.residents.contains_key(&ppid) {
        own_id(state, ppid)?;
    }
    let (version, from) = next_version(state, now, new)?;
    let (origin, by) = (Some(origin), Some(new.by.to_owned()));
    Ok(Linked { ppid, version, from, instrument, origin, by, proof: None, approval: None })
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

/// A link that a holder asks for.
#[derive(Clone, Copy)]
pub(super) struct AskedLink<'a> {
    pub(super) ppid: Ppid,
    /// From when on; now when absent.
    pub(super) from: Option<Millis>,
    pub(super) to: &'a Link,
    /// A portal, or a counter.
    pub(super) origin: LinkOrigin,
    /// Requests of one portal that wait for staff at one time.
    pub(super) most_open: usize,
}

/// The outcome of a link that a holder asks for.
pub(super) enum Linking {
    /// It is decided.
    Decided(Box<Decision>),
    /// It waits for staff.
    Waits(Box<Requesting>),
}

/// A holder's link, at a portal or a counter. What another person has linked already waits for staff, and pays nothing until then; what two
/// people are deciding for a broken link, staff do not link past them.
pub(super) fn ask(state: &State, now: Millis, asked: AskedLink<'_>, said: &Attribution) -> Result<Linking, Rejected> {
    let AskedLink { ppid, from, to, origin, most_open } = asked;
    let retarget = state.people.residents.get(&ppid).and_then(|at| state.people.broken.get(at)?.proposal.as_ref());
    if let (LinkOrigin::Counter, Some((_, proposer))) = (origin, retarget) {
        return Err(Rejected::ProposalOpen(proposer.clone()));
    }
    let decided = link(state, now, NewVersion { ppid, from, by: &said.by }, (origin, to))?;
    let Some(Body::Linked(linked)) = &decided.body else { return Ok(Linking::Decided(Box::new(decided))) };
    let instrument = linked.instrument.clone();
    let proposal = if state.people.is_linked_by_another(ppid, &instrument) {
        if origin == LinkOrigin::Holder {
            has_room(state, (ppid, most_open), &said.by)?;
        }
        Proposal::SharedLink(Box::new(SharedLink { ppid, instrument, from, proof: None }))
    } else if origin == LinkOrigin::Counter && state.rights.is_administered() {
        // Staff say that the holder was there; another person looks at it.
        let instrument = Box::new(instrument);
        Proposal::Carried(Box::new(CarriedChange::Link { ppid, instrument, from }))
    } else {
        return Ok(Linking::Decided(Box::new(decided)));
    };
    Ok(Linking::Waits(Box::new(Requesting { proposal, source: Document::default(), said: said.clone() })))
}

/// One portal does not fill the inbox of staff. What it asks for a person anew takes the place of that person's request.
fn has_room(state: &State, (ppid, most): (Ppid, usize), by: &str) -> Result<(), Rejected> {
    if state.approvals.shared_link_of(ppid).is_some() {
        return Ok(());
    }
    let open = state.approvals.shared_links_by(by);
    if open < most { Ok(()) } else { Err(Rejected::TooManyOpen { by: by.to_owned(), open, most }) }
}

/// The link that staff make at a counter, as another person approves it.
pub(super) fn at_counter(state: &State, now: Millis, new: NewVersion<'_>, instrument: &Instrument) -> Decided {
    readable(state, instrument)?;
    Ok(recorded(Body::Linked(next_link(state, now, new, (LinkOrigin::Counter, instrument.clone()))?)))
}

/// The version that a person's link would get when staff allow the instrument.
pub(super) fn allowed(state: &State, now: Millis, shared: &SharedLink, by: &str) -> Result<Linked, Rejected> {
    let new = NewVersion { ppid: shared.ppid, from: shared.from, by };
    readable(state, &shared.instrument)?;
    let linked = next_link(state, now, new, (LinkOrigin::Shared, shared.instrument.clone()))?;
    Ok(Linked { proof: shared.proof.clone(), ..linked })
}

pub(super) fn unlink(state: &State, now: Millis, new: NewVersion<'_>) -> Decided {
    let NewVersion { ppid, from, by } = new;
    let ended = |v: &LinkVersion| v.instrument.is_none() && v.from <= from.unwrap_or(now);
    match state.link_versions(&ppid).next() {
        None => Err(Rejected::UnknownPpid(ppid)),
        Some(newest) if ended(newest) => Ok(unchanged()),
        Some(_) => {
            let (version, from) = next_version(state, now, new)?;
            let unlinked = Unlinked { ppid, version, from, by: Some(by.to_owned()), proof: None, approval: None };
            Ok(recorded(Body::Unlinked(unlinked)))
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
pub(super) fn same_instrument(a: &Instrument, b: &Instrument) -> bool {
    match (a, b) {
        (Instrument::CreditCard(a), Instrument::CreditCard(b))
        | (Instrument::DebitCard(a), Instrument::DebitCard(b)) => a.issuer == b.issuer && a.token == b.token,
        (a, b) => a == b,
    }
}

pub(super) fn break_link(state: &State, ppid: Ppid, told: &Attribution) -> Decided {
    let at = known(state, ppid)?;
    let newest = state.link_versions(&ppid).next();
    let Some(link) = newest.filter(|link| link.instrument.is_some()) else {
        return Err(Rejected::NothingLinked(ppid));
    };
    if state.people.broken.contains_key(&at) {
        return Ok(unchanged());
    }
    let version = link.version;
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::LinkBroken(LinkBroken { ppid, version, why, by, via })))
}

fn broken(state: &State, ppid: Ppid) -> Result<&Broken, Rejected> {
    state.people.broken.get(&known(state, ppid)?).ok_or(Rejected::NotBroken(ppid))
}

/// The request for a new instrument of a broken link.
pub(super) fn retarget_request(
    state: &State,
    (ppid, to): (Ppid, &Link),
    said: &Attribution,
) -> Result<Requesting, Rejected> {
    if let Some((_, proposer)) = &broken(state, ppid)?.proposal
        && !same(proposer, &said.by)
    {
        return Err(Rejected::ProposalOpen(proposer.clone()));
    }
    let proposal = Proposal::Retarget { ppid, instrument: Box::new(instrument(state, to)?) };
    Ok(Requesting { proposal, source: Document::default(), said: said.clone() })
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

/// A card number as it is sealed now, and its hash under a newer lookup key.
#[derive(Clone, Copy)]
pub(super) struct SealedAgain<'a> {
    pub(super) pan: &'a [u8],
    pub(super) alias: Option<CardHash>,
}

pub(super) fn reseal(state: &State, ppid: Ppid, version: u32, again: SealedAgain<'_>) -> Decided {
    known(state, ppid)?;
    let link = state.link_versions(&ppid).find(|link| link.version == version);
    let instrument = link.and_then(|link| link.instrument.as_ref());
    let (Some(instrument), SealedAgain { pan, alias }) = (instrument, again) else {
        return Err(Rejected::NoCard(ppid, version));
    };
    let (Instrument::CreditCard(card) | Instrument::DebitCard(card)) = instrument else {
        return Err(Rejected::NoCard(ppid, version));
    };
    let alias = alias.filter(|alias| !state.is_found_by(card.token, *alias));
    if *card.pan == *pan && alias.is_none() {
        return Ok(unchanged());
    }
    let sealed = Card { pan: pan.into(), ..card.clone() };
    readable(state, &Instrument::CreditCard(sealed))?;
    Ok(recorded(Body::Resealed(Resealed { ppid, version, pan: pan.into(), alias })))
}

impl State {
    /// An instrument with the token that its card has kept, when it is known by another lookup key's hash.
    fn settled(&self, mut instrument: Instrument) -> Instrument {
        if let Instrument::CreditCard(card) | Instrument::DebitCard(card) = &mut instrument
            && let Some(token) = self.people.aliases.get(&card.token)
        {
            card.token = *token;
        }
        instrument
    }

    /// Whether a card with this token is found by this hash.
    #[must_use]
    pub fn is_found_by(&self, token: [u8; 8], hash: CardHash) -> bool {
        hash.0 == token || self.people.aliases.contains_key(&hash.0)
    }
}
