//! A national ID card that was replaced by one with another PPID: everything that belongs to the old one belongs to the new one from
//! here on, and the old one pays no more. Purses and points stay in their accounts, so no money moves; what comes late for the old one
//! finds its payment, and gives back into the same accounts.

use super::conditions::own_id;
use super::decision::{Decided, recorded};
use super::links;
use super::refusal::Rejected;
use super::state::{LinkVersion, State};
use kazasu_ledger::record::{Body, Instrument, LinkOrigin, Linked, MovedLink, Replaced, Replacement};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;

/// A person's own ID, and no temporary one: those are merged.
fn of_a_card(state: &State, ppid: Ppid) -> Result<(), Rejected> {
    let at = own_id(state, ppid)?;
    if state.holder(at).card.temporary { Err(Rejected::Temporary(ppid)) } else { Ok(()) }
}

pub(super) fn replace(state: &State, now: Millis, asked: &Replacement, said: &Attribution) -> Decided {
    let Replacement { from, into, link } = asked;
    if from == into {
        return Err(Rejected::ReplacesItself(*from));
    }
    of_a_card(state, *from)?;
    // The new ID may be unknown: this record makes it known.
    if state.people.residents.contains_key(into) {
        of_a_card(state, *into)?;
    }
    let link = moved(state, now, (asked, link.as_ref()), said)?;
    let Attribution { by, why, via } = said.clone();
    Ok(recorded(Body::Replaced(Replaced { from: *from, into: *into, by, why, via, link: link.map(Box::new) })))
}

/// The link as the new ID gets it, or why it is not the one that the people looked at.
fn moved(
    state: &State,
    now: Millis,
    (asked, link): (&Replacement, Option<&MovedLink>),
    said: &Attribution,
) -> Result<Option<Linked>, Rejected> {
    let Replacement { from, into, .. } = asked;
    let (version, link) = match (state.link_to_move(from, into), link) {
        (None, None) => return Ok(None),
        (Some(now), Some(asked)) if is_of(now, asked) => (now, asked),
        (Some(_), Some(_) | None) | (None, Some(_)) => return Err(Rejected::LinkChanged(*from)),
    };
    if let Some(version) = state.people.keys.unreadable(&link.instrument) {
        return Err(Rejected::KeyDestroyed(version));
    }
    let before = state.link_versions(into).next();
    Ok(Some(Linked {
        ppid: *into,
        version: before.map_or(1, |before| before.version + 1),
        // A link that begins later begins then.
        from: version.from.max(now).max(before.map_or(now, |before| before.from)),
        instrument: link.instrument.clone(),
        origin: Some(LinkOrigin::Replaced),
        by: Some(said.by.clone()),
        proof: None,
        approval: None,
    }))
}

/// Is it this version that was asked for? A card number is sealed anew for the new ID, so cards are compared by their token.
fn is_of(now: &LinkVersion, asked: &MovedLink) -> bool {
    let same = |instrument: &Instrument| links::same_instrument(instrument, &asked.instrument);
    now.version == asked.version && now.instrument.as_ref().is_some_and(same)
}

impl State {
    /// The link that goes over when `into` takes the place of `from`: the newest one. None when it ended or its key was destroyed, and
    /// none when the new ID has a link of its own, which its holder made.
    #[must_use]
    pub fn link_to_move(&self, from: &Ppid, into: &Ppid) -> Option<&LinkVersion> {
        let newest = |ppid| self.link_versions(ppid).next().filter(|link| link.instrument.is_some());
        let readable = |link: &&LinkVersion| {
            link.instrument.as_ref().is_some_and(|instrument| self.people.keys.unreadable(instrument).is_none())
        };
        match newest(into) {
            Some(_) => None,
            None => newest(from).filter(readable),
        }
    }

    /// What people said of a card; a status list may say something else.
    #[must_use]
    pub fn card_said(&self, ppid: &Ppid) -> Option<kazasu_ledger::record::CardStatus> {
        self.people.residents.get(ppid).map(|at| self.holder(*at).card.said)
    }
}
