//! Persons: card and wallet, what each pays with and from when on, and which links are broken.

use super::super::index::position;
use super::super::wallet::{Holder, HolderAt, InstrumentKey, InstrumentUse, NO_HOLDER, PointsOf, Wallet};
use super::seals::SealKeys;
use hashbrown::HashMap;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    CardStatusSet, Instrument, LinkBroken, Merged, NoticesChosen, OwnLimitsSet, Replaced, Resealed, TemporaryIssued,
};
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Per, Policy, Window};
use kazasu_schemas::portal::ResidentNotice;
use kazasu_schemas::wire::ResponseCode;
use std::collections::BTreeMap;

/// One version of a person's link.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkVersion {
    /// In force from here.
    pub from: Millis,
    /// 1, 2, 3, …
    pub version: u32,
    /// Position of the version before, or `u32::MAX`.
    pub(in super::super) before: u32,
    /// `None` when the link ended here.
    pub instrument: Option<Instrument>,
}

/// The reason why a link cannot be paid with any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BreakReason {
    /// Its issuer said so, with this code.
    Issuer(ResponseCode),
    /// A person did, in these words.
    Person(String),
}

/// A link that cannot be paid with, in the queue for people.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// The link's version.
    pub version: u32,
    /// The event.
    pub why: BreakReason,
    /// The time.
    pub since: Millis,
    /// A new instrument, and who proposed it.
    pub proposal: Option<(Instrument, String)>,
}

/// The windows in which a tap counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) struct Counting {
    pub(in super::super) holder: HolderAt,
    /// Position of the link version that was used; `u32::MAX` when none.
    pub(in super::super) link: u32,
    /// The policy's limits that count it, one bit a number.
    pub(in super::super) limits: u64,
    pub(in super::super) day: BusinessDay,
}

/// Everybody who pays.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct People {
    pub(in super::super) residents: HashMap<Ppid, HolderAt>,
    pub(in super::super) holders: Vec<Holder>,
    pub(in super::super) links: Vec<LinkVersion>,
    pub(in super::super) instruments: HashMap<InstrumentKey, InstrumentUse>,
    pub(in super::super) broken: BTreeMap<HolderAt, Broken>,
    pub(in super::super) keys: SealKeys,
    /// Cards' hashes under newer lookup keys, with the tokens that the cards have kept.
    pub(in super::super) aliases: HashMap<[u8; 8], [u8; 8]>,
    /// What residents want to be told of through portals.
    pub(in super::super) choices: BTreeMap<(Ppid, ProgramId), NoticeChoice>,
}

/// What a resident wants to be told of through a portal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeChoice {
    /// All of it; none where the resident ended it.
    pub notices: Vec<ResidentNotice>,
    /// The portal's own name for the resident.
    pub handle: Option<String>,
    /// The record of the first choice at this portal: what was before is not told.
    pub since: Seq,
}

impl People {
    /// The person with this PPID or temporary ID; new ones begin here.
    pub(in super::super) fn person(&mut self, ppid: Ppid) -> HolderAt {
        let new = u32::try_from(self.holders.len()).expect("at most four billion people");
        let at = *self.residents.entry(ppid).or_insert(new);
        if at == new {
            self.holders.push(Holder::new(ppid));
        }
        at
    }

    pub(in super::super) fn holder(&self, at: HolderAt) -> &Holder {
        &self.holders[position(at)]
    }

    /// The person behind an ID that was merged or replaced. One step is enough: an ID takes in others only while it stands for itself,
    /// and when it is replaced, those that it took in are led on.
    pub(in super::super) fn root(&self, at: HolderAt) -> HolderAt {
        match self.holder(at).merged_into {
            NO_HOLDER => at,
            into => into,
        }
    }

    pub(in super::super) fn wallet_mut(&mut self, at: HolderAt) -> &mut Wallet {
        let root = position(self.root(at));
        self.holders[root].wallet.get_or_insert_default()
    }

    pub(in super::super) fn link(&self, at: u32) -> Option<&LinkVersion> {
        self.links.get(position(at))
    }

    /// A person's link versions, the newest first.
    pub(in super::super) fn versions(&self, ppid: &Ppid) -> impl Iterator<Item = &LinkVersion> {
        let mut next = self.residents.get(ppid).map_or(u32::MAX, |at| self.holder(*at).link);
        std::iter::from_fn(move || {
            let link = self.links.get(position(next))?;
            next = link.before;
            Some(link)
        })
    }

    /// The link version of a person in force at `at`, if it names an instrument.
    pub(in super::super) fn link_at(&self, holder: HolderAt, at: Millis) -> Option<(u32, &Instrument)> {
        let mut next = self.holder(holder).link;
        while let Some(link) = self.links.get(position(next)) {
            if link.from <= at {
                return link.instrument.as_ref().map(|instrument| (next, instrument));
            }
            next = link.before;
        }
        None
    }

    pub(in super::super) fn link_position(&self, holder: HolderAt, version: u32) -> Option<u32> {
        let mut at = self.holder(holder).link;
        loop {
            let link = self.link(at)?;
            if link.version == version {
                return Some(at);
            }
            at = link.before;
        }
    }

    fn instrument_key(&self, link: u32) -> Option<InstrumentKey> {
        self.link(link).and_then(|link| link.instrument.as_ref()).map(InstrumentKey::of)
    }
}

/// The effects of records on persons.
impl People {
    /// A link has a new version. True when it was broken before.
    pub(in super::super) fn linked(
        &mut self,
        ppid: Ppid,
        version: u32,
        from: Millis,
        instrument: Option<Instrument>,
    ) -> bool {
        let holder = self.person(ppid);
        let at = u32::try_from(self.links.len()).expect("at most four billion link versions");
        let before = std::mem::replace(&mut self.holders[position(holder)].link, at);
        let left = self.instrument_key(before);
        if let Some(used) = left.and_then(|key| self.instruments.get_mut(&key)) {
            used.holders.retain(|h| *h != holder);
        }
        if let Some(key) = instrument.as_ref().map(InstrumentKey::of) {
            let used = self.instruments.entry(key).or_default();
            used.account = key.is_account();
            used.holders.push(holder);
        }
        self.keys.linked(instrument.as_ref());
        self.links.push(LinkVersion { from, version, before, instrument });
        self.broken.remove(&holder).is_some()
    }

    /// Has another person this instrument linked?
    pub(in super::super) fn is_linked_by_another(&self, ppid: Ppid, instrument: &Instrument) -> bool {
        let own = self.residents.get(&ppid).map(|at| self.root(*at));
        let used = self.instruments.get(&InstrumentKey::of(instrument));
        used.is_some_and(|used| used.holders.iter().any(|holder| Some(self.root(*holder)) != own))
    }

    pub(in super::super) fn retarget_proposed(&mut self, ppid: Ppid, instrument: &Instrument, by: &str) {
        let at = self.person(ppid);
        if let Some(broken) = self.broken.get_mut(&at) {
            broken.proposal = Some((instrument.clone(), by.to_owned()));
        }
    }

    pub(in super::super) fn retarget_turned_down(&mut self, ppid: Ppid) {
        let at = self.person(ppid);
        if let Some(broken) = self.broken.get_mut(&at) {
            broken.proposal = None;
        }
    }

    pub(in super::super) fn resealed(&mut self, r: &Resealed) {
        let Some(holder) = self.residents.get(&r.ppid) else { return };
        let Some(at) = self.link_position(*holder, r.version) else { return };
        if let Some(Instrument::CreditCard(card) | Instrument::DebitCard(card)) =
            &mut self.links[position(at)].instrument
        {
            self.keys.resealed(card.pan.first().copied(), r.pan.first().copied());
            card.pan = r.pan.clone();
            if let Some(alias) = r.alias {
                self.aliases.entry(alias.0).or_insert(card.token);
            }
        }
    }

    pub(in super::super) fn link_broken(&mut self, since: Millis, r: &LinkBroken) {
        let at = self.person(r.ppid);
        self.broke(at, r.version, BreakReason::Person(r.why.clone()), since);
    }

    /// The instrument of a link is not good any more.
    pub(in super::super) fn broke(&mut self, at: HolderAt, version: u32, why: BreakReason, since: Millis) {
        self.broken.entry(at).or_insert(Broken { version, why, since, proposal: None });
    }

    pub(in super::super) fn temporary_issued(&mut self, r: &TemporaryIssued) {
        let at = self.person(r.ppid);
        let card = &mut self.holders[position(at)].card;
        (card.temporary, card.last_day) = (true, r.until);
    }

    pub(in super::super) fn merged(&mut self, r: &Merged) {
        let (from, into) = (self.person(r.from), self.person(r.into));
        self.holders[position(from)].merged_into = into;
        if let Some(wallet) = self.holders[position(from)].wallet.take() {
            self.wallet_mut(into).absorb(*wallet);
        }
        self.broken.remove(&from);
        let key = self.instrument_key(self.holder(from).link);
        if let Some(used) = key.and_then(|key| self.instruments.get_mut(&key)) {
            used.holders.retain(|h| *h != from);
        }
        self.wallet_mut(into).merged.push(r.from);
    }

    /// A PPID takes another's place. Gives the queue's entry of the old link, for the link that goes over.
    pub(in super::super) fn replaced(&mut self, r: &Replaced) -> Option<Broken> {
        let (from, into) = (self.person(r.from), self.person(r.into));
        let wallet = self.holders[position(from)].wallet.take().map(|wallet| *wallet).unwrap_or_default();
        // What was merged into the old ID stands for the new one: one step leads to the person.
        for gone in &wallet.merged {
            if let Some(at) = self.residents.get(gone) {
                self.holders[position(*at)].merged_into = into;
            }
        }
        self.holders[position(from)].merged_into = into;
        let own = wallet.own;
        let theirs = self.wallet_mut(into);
        theirs.absorb(wallet);
        theirs.own.join(own);
        theirs.merged.push(r.from);
        let key = self.instrument_key(self.holder(from).link);
        if let Some(used) = key.and_then(|key| self.instruments.get_mut(&key)) {
            used.holders.retain(|h| *h != from);
        }
        self.broken.remove(&from)
    }

    pub(in super::super) fn card_status_set(&mut self, r: &CardStatusSet) {
        let at = self.person(r.ppid);
        self.holders[position(at)].card.said = r.status;
    }

    pub(in super::super) fn own_limits_set(&mut self, day: BusinessDay, r: &OwnLimitsSet) {
        let at = self.person(r.ppid);
        self.wallet_mut(at).own.set(day, r.limits);
    }

    pub(in super::super) fn notices_chosen(&mut self, seq: Seq, r: &NoticesChosen) {
        let since = self.choices.get(&(r.ppid, r.portal)).map_or(seq, |before| before.since);
        let choice = NoticeChoice { notices: r.notices.clone(), handle: r.handle.clone(), since };
        self.choices.insert((r.ppid, r.portal), choice);
    }

    /// A payment counts in its windows.
    pub(in super::super) fn spend(&mut self, policy: &Policy, counting: Counting, part: Yen) {
        let Counting { holder, link, limits, day } = counting;
        let key = self.instrument_key(link);
        let wallet = self.wallet_mut(holder);
        wallet.day.add(day.0, part, 1);
        let limit = wallet.own.on(day).month;
        wallet.month.add(day.month(), part, limit);
        if limits == 0 {
            return;
        }
        for limit in policy.limits.iter().filter(|l| limits & (1 << l.number) != 0 && l.window != Window::Tap) {
            match (limit.per, key) {
                (Per::Resident, _) => self.wallet_mut(holder).counters.add(limit, day, part),
                (Per::Instrument, Some(key)) => {
                    self.instruments.entry(key).or_default().counters.add(limit, day, part);
                }
                (Per::Instrument, None) => {}
            }
        }
    }

    /// The windows that still hold the day get `amount` and `count` taps back.
    pub(in super::super) fn give_back(&mut self, counting: Counting, amount: Yen, count: u32) {
        let Counting { holder, link, limits, day } = counting;
        let key = self.instrument_key(link);
        let wallet = self.wallet_mut(holder);
        wallet.day.take(day.0, amount, count);
        wallet.month.take(day.month(), amount);
        wallet.counters.take(limits, day, amount, count);
        if let Some(used) = key.and_then(|key| self.instruments.get_mut(&key)) {
            used.counters.take(limits, day, amount, count);
        }
    }

    /// The same windows count `amount` and `count` taps again.
    pub(in super::super) fn counts_again(&mut self, counting: Counting, amount: Yen, count: u32) {
        let Counting { holder, link, limits, day } = counting;
        let key = self.instrument_key(link);
        let wallet = self.wallet_mut(holder);
        wallet.day.put_back(day.0, amount, count);
        wallet.month.put_back(day.month(), amount);
        wallet.counters.put_back(limits, day, amount, count);
        if let Some(used) = key.and_then(|key| self.instruments.get_mut(&key)) {
            used.counters.put_back(limits, day, amount, count);
        }
    }

    pub(in super::super) fn points_of(&mut self, holder: HolderAt, programme: u16, change: impl FnOnce(&mut PointsOf)) {
        if let Some(points) = self.wallet_mut(holder).points.iter_mut().find(|p| p.programme == programme) {
            change(points);
        }
    }
}
