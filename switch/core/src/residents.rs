//! Views of a person, and of programmes, card lists and notices.

use super::index::position;
use super::state::{NoticeChoice, State};
use super::wallet::{InstrumentKey, InstrumentUse};
use kazasu_ledger::record::{CardStatus, Instrument, OwnLimits};
use kazasu_ledger::{AccountId, AccountKey};
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{PointProgramme, Policy, PurseProgramme};
use kazasu_schemas::portal::ResidentNotice;

/// A person as people may see it: no card number, no name.
#[derive(Clone, PartialEq, Debug)]
pub struct Resident {
    /// A temporary ID.
    pub temporary: bool,
    /// Merged into another person.
    pub merged: bool,
    /// May the card be used?
    pub card: CardStatus,
    /// The card's last day.
    pub last_day: Option<BusinessDay>,
    /// Programme and yen available.
    pub purses: Vec<Holding>,
    /// Programme and points available.
    pub points: Vec<Holding>,
    /// Own limits in force.
    pub limits: OwnLimits,
    /// Own limits from a later day on.
    pub later: Option<(BusinessDay, OwnLimits)>,
    /// The instrument's payments of today and this month.
    pub today: Yen,
    /// See `today`.
    pub this_month: Yen,
    /// The link is in the queue of broken ones.
    pub broken: bool,
    /// Others pay with the same public-receipt account.
    pub shared_account: bool,
}

/// A person, a link version, its sealed card number, and the card's token.
pub type SealedNumber = (Ppid, u32, Vec<u8>, [u8; 8]);

/// A programme and what the person has of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Holding {
    /// The programme.
    pub programme: u16,
    /// Yen or points.
    pub available: i64,
}

impl State {
    /// A person on a day, as people may see it.
    #[must_use]
    pub fn resident(&self, ppid: &Ppid, day: BusinessDay) -> Option<Resident> {
        let named = *self.people.residents.get(ppid)?;
        let holder = self.holder(named);
        let root = self.root(named);
        let wallet = self.holder(root).wallet.as_deref();
        let sum = |accounts: &mut dyn Iterator<Item = (u16, AccountId)>| {
            let mut out: Vec<Holding> = Vec::new();
            for (programme, account) in accounts {
                let available = self.available(account).get();
                match out.iter_mut().find(|h| h.programme == programme) {
                    Some(holding) => holding.available += available,
                    None => out.push(Holding { programme, available }),
                }
            }
            out
        };
        let own = wallet.map(|w| w.own).unwrap_or_default();
        let newest = self.link_versions(ppid).next().and_then(|link| link.instrument.as_ref());
        let used = newest.map(InstrumentKey::of).and_then(|key| self.people.instruments.get(&key));
        Some(Resident {
            temporary: holder.card.temporary,
            merged: root != named,
            card: holder.card.status(),
            last_day: holder.card.last_day,
            purses: wallet.map_or_else(Vec::new, |w| sum(&mut w.purses.iter().copied())),
            points: wallet.map_or_else(Vec::new, |w| sum(&mut w.points.iter().map(|p| (p.programme, p.account)))),
            limits: own.on(day),
            later: own.later(day),
            today: wallet.map_or(Yen::ZERO, |w| w.day.used(day.0).0),
            this_month: wallet.map_or(Yen::ZERO, |w| w.month.used(day.month())),
            broken: self.people.broken.contains_key(&named),
            shared_account: used.is_some_and(InstrumentUse::is_shared_account),
        })
    }

    /// The policy in force: version, rules, and the file it was read from.
    #[must_use]
    pub fn policy(&self) -> (u32, &Policy, &str) {
        (self.rules.version, &self.rules.own, &self.rules.source)
    }

    /// What a resident wants to be told of through a portal: chosen under this ID, or under one that the person has or had.
    #[must_use]
    pub fn notices_chosen(&self, ppid: &Ppid, portal: ProgramId) -> Option<&NoticeChoice> {
        let choices = &self.people.choices;
        let root = self.people.residents.get(ppid).map(|at| self.holder(self.root(*at)));
        let earlier = root.and_then(|root| root.wallet.as_deref()).map_or(&[][..], |wallet| &wallet.merged);
        let mut ids = std::iter::once(ppid).chain(root.map(|root| &root.ppid)).chain(earlier);
        ids.find_map(|id| choices.get(&(*id, portal)))
    }

    /// Residents who want this through a portal, in the order of their IDs.
    pub fn wanting(&self, portal: ProgramId, notice: ResidentNotice) -> impl Iterator<Item = (Ppid, &NoticeChoice)> {
        let choices = self.people.choices.iter().filter(move |((_, of), _)| *of == portal);
        choices.filter(move |(_, choice)| choice.notices.contains(&notice)).map(|((ppid, _), choice)| (*ppid, choice))
    }

    /// Purse programmes in force: the policy's own, and relief programmes that run.
    #[must_use]
    pub fn purses_in_force(&self) -> &[PurseProgramme] {
        &self.rules.policy.purses
    }

    /// Whose purse an account is, and of which programme.
    #[must_use]
    pub fn purse_of(&self, account: AccountId) -> Option<(Ppid, u16)> {
        match self.book.account(account)?.key {
            AccountKey::Purse(holder, programme) => Some((self.people.holders.get(position(holder))?.ppid, programme)),
            _ => None,
        }
    }

    /// A purse programme in force: the policy's own, or a relief programme that runs.
    #[must_use]
    pub fn purse_programme(&self, number: u16) -> Option<&PurseProgramme> {
        self.rules.policy.purses.iter().find(|purse| purse.number == number)
    }

    /// A point programme in force.
    #[must_use]
    pub fn point_programme(&self, number: u16) -> Option<&PointProgramme> {
        self.rules.policy.points.iter().find(|points| points.number == number)
    }

    /// The queue of broken links.
    pub fn broken_links(&self) -> impl Iterator<Item = (Ppid, &super::state::Broken)> {
        self.people.broken.iter().map(|(at, broken)| (self.holder(*at).ppid, broken))
    }

    /// Public-receipt accounts that several people pay with now: their people.
    #[must_use]
    pub fn shared_accounts(&self) -> Vec<(Instrument, Vec<Ppid>)> {
        let shared = self.people.instruments.values().filter(|used| used.is_shared_account());
        let mut out: Vec<(Instrument, Vec<Ppid>)> = shared
            .filter_map(|used| {
                let mut ppids: Vec<Ppid> = used.holders.iter().map(|at| self.holder(*at).ppid).collect();
                ppids.sort_unstable();
                let instrument = self.link_versions(ppids.first()?).next()?.instrument.clone()?;
                Some((instrument, ppids))
            })
            .collect();
        out.sort_by(|a, b| a.1.cmp(&b.1));
        out
    }

    /// The card status lists in force: what each is about, its number, when it was issued, and how many certificates are on it.
    pub fn card_lists(&self) -> impl Iterator<Item = (&str, u64, Millis, usize)> {
        self.certificates
            .lists
            .iter()
            .map(|(scope, list)| (scope.as_str(), list.number, list.issued, list.entries.len()))
    }

    /// The number of a deposit that is held here.
    #[must_use]
    pub fn deposit_number(&self, account: AccountId) -> Option<u64> {
        match self.book.account(account)?.key {
            AccountKey::Deposit(number) => Some(number),
            _ => None,
        }
    }

    /// Notices that are owed, those that were given up included.
    pub fn notices(&self) -> impl Iterator<Item = (u64, &super::state::Owed)> {
        self.notices.iter().map(|(key, owed)| (*key, owed))
    }

    /// A notice that is owed.
    #[must_use]
    pub fn notice(&self, key: u64) -> Option<&super::state::Owed> {
        self.notices.get(&key)
    }

    /// Card link versions of `people` persons from position `from` on, with their sealed numbers, and where to go on; `None`
    /// after the last.
    #[must_use]
    pub fn sealed_numbers(&self, from: usize, people: usize) -> (Vec<SealedNumber>, Option<usize>) {
        let mut out = Vec::new();
        for holder in self.people.holders.iter().skip(from).take(people) {
            for link in self.link_versions(&holder.ppid) {
                if let Some(Instrument::CreditCard(card) | Instrument::DebitCard(card)) = &link.instrument {
                    out.push((holder.ppid, link.version, card.pan.to_vec(), card.token));
                }
            }
        }
        let next = from + people;
        (out, (next < self.people.holders.len()).then_some(next))
    }

    /// Each purse programme's fund and what residents hold of it, yen; each point programme's budget left and points held.
    #[must_use]
    pub fn programmes(&self) -> (Vec<Holding>, Vec<Holding>) {
        let of = |(programme, account): (&u16, AccountId)| Holding {
            programme: *programme,
            available: self.available(account).get(),
        };
        let purses = self.programmes.purses.iter().map(|(n, book)| of((n, book.fund))).collect();
        let points = self.programmes.points.iter().map(|(n, book)| of((n, book.budget))).collect();
        (purses, points)
    }
}
