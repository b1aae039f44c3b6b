//! Commands about people, their cards, limits and notices, and what people may know about a person.

use super::admin::{Rejected, recorded, reject, unchanged};
use super::approvals::{self, Deciding};
use super::attribution::Attribution;
use super::certificates::{self, NewCertificate, NewList};
use super::event::{Command, Decision, Done, Effect};
use super::links::{self, NewVersion};
use super::programmes::{self, Payment};
use super::state::State;
use super::wallet::{InstrumentKey, NOBODY};
use kazasu_ledger::record::{
    Body, CardStatus, CardStatusSet, Instrument, Merged, NoticeEnded, OwnLimits, OwnLimitsSet, TemporaryIssued,
};
use kazasu_ledger::{AccountId, AccountKey};
use kazasu_schemas::canonical::is_blank;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::Policy;

pub(super) fn command(state: &State, now: Millis, command: &Command) -> Decision {
    let result = match command {
        Command::ActivatePolicy { first: true, .. } if state.rules.version > 0 => Ok(unchanged()),
        Command::ActivatePolicy { policy, source, by, why, .. } => {
            programmes::activate(state, policy, source, Attribution { by, why })
        }
        Command::IssueTemporary { ppid, until, by } => issue_temporary(state, *ppid, *until, by),
        Command::Merge { from, into, by } => merge(state, *from, *into, by),
        Command::SetCard { ppid, status, by, why } => set_card(state, *ppid, *status, Attribution { by, why }),
        Command::BindCertificate { ppid, serial, issuer, last_day, by } => {
            let new = NewCertificate { ppid: *ppid, serial: *serial, issuer: issuer.as_deref(), last_day: *last_day };
            certificates::bind(state, new, by)
        }
        Command::ApplyList { number, issued, entries, scope, issuer, by } => {
            let list = NewList { number: *number, issued: *issued, entries, scope, issuer: issuer.as_deref() };
            certificates::apply_list(state, list, by)
        }
        Command::SetOwnLimits { ppid, limits, by } => set_own_limits(state, now, (*ppid, by), |_| *limits),
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
        Command::BreakLink { ppid, why, by } => links::break_link(state, *ppid, Attribution { by, why }),
        Command::ProposeRetarget { ppid, to, by } => {
            links::propose_retarget(state, now, NewVersion { ppid: *ppid, from: None, by }, to)
        }
        Command::DecideRetarget { ppid, approve, by, why } => links::proposal_for(state, *ppid).and_then(|proposal| {
            let told = Attribution { by, why };
            approvals::decide(state, now, Deciding { proposal, approve: *approve, told })
        }),
        Command::Reseal { ppid, version, pan } => links::reseal(state, *ppid, *version, pan),
        Command::SettleNotice { notice, delivered, attempts, problem } => {
            let (notice, delivered, attempts, problem) = (*notice, *delivered, *attempts, problem.clone());
            Ok(end_notice(state, NoticeEnded { notice, delivered, attempts, problem }))
        }
        Command::RetryNotice { notice } => match state.notices.get(notice) {
            None => Err(Rejected::UnknownNotice(*notice)),
            Some(_) => Ok(Decision::only(Effect::Notify(*notice)).then(Effect::Done(Done::Unchanged))),
        },
        Command::Open { .. }
        | Command::RegisterAcquirer { .. }
        | Command::RegisterIssuer { .. }
        | Command::RegisterMerchant { .. }
        | Command::ChangeMerchant { .. }
        | Command::OpenDeposit { .. }
        | Command::Fund { .. }
        | Command::OpeningBalance { .. }
        | Command::Link { .. }
        | Command::Unlink { .. }
        | Command::Approvals(_)
        | Command::Relief(_)
        | Command::Closing(_)
        | Command::Line(_)
        | Command::ConfirmClock { .. }
        | Command::DecideAdvice { .. }
        | Command::CutOver { .. } => unreachable!("decided before"),
    };
    result.unwrap_or_else(reject)
}

pub(super) type Decided = Result<Decision, Rejected>;

pub(super) fn known(state: &State, ppid: Ppid) -> Result<u32, Rejected> {
    state.people.residents.get(&ppid).copied().ok_or(Rejected::UnknownPpid(ppid))
}

fn issue_temporary(state: &State, ppid: Ppid, until: Option<BusinessDay>, by: &str) -> Decided {
    match state.people.residents.get(&ppid).map(|at| state.holder(*at).card) {
        Some(card) if card.temporary && card.last_day == until => Ok(unchanged()),
        Some(_) => Err(Rejected::KnownPpid(ppid)),
        None => Ok(recorded(Body::TemporaryIssued(TemporaryIssued { ppid, until, by: by.to_owned() }))),
    }
}

fn merge(state: &State, from: Ppid, into: Ppid, by: &str) -> Decided {
    let (a, b) = (known(state, from)?, known(state, into)?);
    if !state.holder(a).card.temporary {
        return Err(Rejected::NotTemporary(from));
    }
    if state.holder(a).merged_into != NOBODY {
        return Err(Rejected::MergedBefore(from));
    }
    if state.holder(b).card.temporary {
        return Err(Rejected::IntoTemporary(into));
    }
    Ok(recorded(Body::Merged(Merged { from, into, by: by.to_owned() })))
}

fn set_card(state: &State, ppid: Ppid, status: CardStatus, told: Attribution<'_>) -> Decided {
    let at = known(state, ppid)?;
    let said = state.holder(at).card.said;
    // Whoever suspends a card that has been revoked must not bring it nearer to being used.
    if said == status || (said == CardStatus::Revoked && status == CardStatus::Suspended) {
        return Ok(unchanged());
    }
    let (by, why) = told.owned();
    Ok(recorded(Body::CardStatusSet(CardStatusSet { ppid, status, by, why })))
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
    Ok(recorded(Body::OwnLimitsSet(OwnLimitsSet { ppid, limits, by: by.to_owned() })))
}

fn end_notice(state: &State, settled: NoticeEnded) -> Decision {
    match state.notices.get(&settled.notice) {
        None => unchanged(),
        Some(owed) if owed.dead.is_some() && !settled.delivered => unchanged(),
        Some(_) => recorded(Body::NoticeEnded(settled)),
    }
}

pub(super) fn amount_of(amount: Yen) -> Result<(), Rejected> {
    if amount.is_positive() && amount.get() <= MAX_WIRE_AMOUNT { Ok(()) } else { Err(Rejected::Amount(amount)) }
}

/// A reference is booked once: `true` when it was, with this amount.
pub(super) fn booked(state: &State, key: [u8; 16], reference: &str, amount: Yen) -> Result<bool, Rejected> {
    if is_blank(reference) || reference.chars().count() > 100 {
        return Err(Rejected::Reference);
    }
    match state.references.get(&key) {
        None => Ok(false),
        Some(before) if *before == amount => Ok(true),
        Some(before) => Err(Rejected::ReferenceTaken(reference.to_owned(), *before)),
    }
}

/// What people may know about a person: no card number, no name.
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
    /// What the instrument paid today and this month.
    pub today: Yen,
    /// See `today`.
    pub this_month: Yen,
    /// The link is in the queue of broken ones.
    pub broken: bool,
    /// Others pay with the same public-receipt account.
    pub shared_account: bool,
}

/// A person, a link version, and its sealed card number.
pub type SealedNumber = (Ppid, u32, Vec<u8>);

/// A programme and what the person has of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Holding {
    /// The programme.
    pub programme: u16,
    /// Yen or points.
    pub available: i64,
}

impl State {
    /// What people may know about a person on a day.
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
            shared_account: used.is_some_and(|used| used.holders.len() > 1),
        })
    }

    /// The policy in force: version, rules, and the file it was read from.
    #[must_use]
    pub fn policy(&self) -> (u32, &Policy, &str) {
        (self.rules.version, &self.rules.own, &self.rules.source)
    }

    /// The queue of broken links.
    pub fn broken_links(&self) -> impl Iterator<Item = (Ppid, &super::state::Broken)> {
        self.people.broken.iter().map(|(at, broken)| (self.holder(*at).ppid, broken))
    }

    /// Public-receipt accounts that several people pay with now: their people.
    #[must_use]
    pub fn shared_accounts(&self) -> Vec<(Instrument, Vec<Ppid>)> {
        let shared = self.people.instruments.values().filter(|used| used.holders.len() > 1);
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
                    out.push((holder.ppid, link.version, card.pan.to_vec()));
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
