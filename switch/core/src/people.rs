//! Commands about people, cards, programmes and the policy; what is over lapses; and what people may know about a person.

use super::admin::{Rejected, instrument, next_link, recorded, reject, unchanged};
use super::apply::reference_key;
use super::approvals::{self, Deciding};
use super::certificates::{self, NewList};
use super::event::{Command, Decision, Done, Effect, Link};
use super::money::{minus, plus};
use super::rules::MOST_PROGRAMMES;
use super::state::{State, Sweep};
use super::wallet::{InstrumentKey, NOBODY};
use kazasu_ledger::record::{
    ApprovalRequested, Body, CardStatus, CardStatusSet, Instrument, Lapsed, LinkBroken, LinkOrigin, Linked, Merged,
    NoticeSettled, Opening, OwnLimits, OwnLimitsSet, PolicyActivated, ProgrammeFunded, Proposal, PurseCredited,
    Resealed, TemporaryIssued,
};
use kazasu_ledger::transfer::{MOST, Transfers};
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::canonical::is_blank;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::Policy;
use kazasu_schemas::relief::{Terms, Way};
use std::collections::HashMap;

pub(super) fn command(state: &State, now: Millis, command: &Command) -> Decision {
    let result = match command {
        Command::ActivatePolicy { first: true, .. } if state.rules.version > 0 => Ok(unchanged()),
        Command::ActivatePolicy { policy, source, by, why, .. } => activate(state, policy, source, by, why),
        Command::IssueTemporary { ppid, until, by } => issue_temporary(state, *ppid, *until, by),
        Command::Merge { from, into, by } => merge(state, *from, *into, by),
        Command::SetCard { ppid, status, by, why } => set_card(state, *ppid, *status, by, why),
        Command::BindCertificate { ppid, serial, issuer, last_day, by } => {
            certificates::bind(state, *ppid, issuer.as_deref(), *serial, *last_day, by)
        }
        Command::ApplyList { number, issued, entries, scope, issuer, by } => {
            let list = NewList { number: *number, issued: *issued, entries, scope, issuer: issuer.as_deref() };
            certificates::apply_list(state, list, by)
        }
        Command::SetOwnLimits { ppid, limits, by } => set_own_limits(state, now, *ppid, |_| *limits, by),
        Command::ChangeOwnLimits { ppid, change, by } => {
            set_own_limits(state, now, *ppid, |wanted| change.apply(wanted), by)
        }
        Command::FundProgramme { programme, amount, reference, by } => fund(state, *programme, *amount, reference, by),
        Command::CreditPurse { ppid, programme, amount, reference, by } => {
            credit(state, now, *ppid, *programme, *amount, reference, by)
        }
        Command::BreakLink { ppid, why, by } => break_link(state, *ppid, why, by),
        Command::ProposeRetarget { ppid, to, by } => propose_retarget(state, now, *ppid, to, by),
        Command::DecideRetarget { ppid, approve, by, why } => decide_retarget(state, now, *ppid, *approve, by, why),
        Command::Reseal { ppid, version, pan } => reseal(state, *ppid, *version, pan),
        Command::SettleNotice { notice, delivered, attempts, problem } => match state.notices.get(notice) {
            None => Ok(unchanged()),
            Some(owed) if owed.dead.is_some() && !delivered => Ok(unchanged()),
            Some(_) => Ok(recorded(Body::NoticeSettled(NoticeSettled {
                notice: *notice,
                delivered: *delivered,
                attempts: *attempts,
                problem: problem.clone(),
            }))),
        },
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

/// A policy must be able to follow the one in force: programmes stay, limits keep their meaning, budgets cover what was granted.
fn activate(state: &State, policy: &Policy, source: &str, by: &str, why: &str) -> Decided {
    let wrong = |text: String| Err(Rejected::Policy(text));
    if *state.rules.own == *policy && state.rules.version > 0 {
        return Ok(unchanged());
    }
    let relief = |n: &u16| state.relief.programmes.contains_key(n);
    if let Some(purse) = policy.purses.iter().find(|p| relief(&p.number)) {
        return wrong(format!("purse {}: a relief programme has this number; take another", purse.number));
    }
    let running = state.relief.programmes.values();
    let running = running.filter(|p| p.terms.way == Way::Purse && !p.terms.is_over(state.at)).count();
    if policy.purses.len() + running > MOST_PROGRAMMES || policy.points.len() > MOST_PROGRAMMES {
        return wrong(format!(
            "at most {MOST_PROGRAMMES} purse programmes, relief included, and {MOST_PROGRAMMES} point programmes"
        ));
    }
    for limit in &policy.limits {
        if state.limit_numbers.get(&limit.number).is_some_and(|known| !known.same_meaning(limit)) {
            return wrong(format!(
                "limit {} ({}) had another window, person, group, class or instrument before; give it a new number",
                limit.number, limit.name
            ));
        }
    }
    let mut books = state.purse_books.keys().filter(|n| !relief(n));
    if let Some(number) = books.find(|n| !policy.purses.iter().any(|p| p.number == **n)) {
        return wrong(format!("purse programme {number} is missing: a programme stays in the file for ever"));
    }
    if let Some(number) = state.point_books.keys().find(|n| !policy.points.iter().any(|p| p.number == **n)) {
        return wrong(format!("point programme {number} is missing: a programme stays in the file for ever"));
    }
    let before = |n| state.rules.policy.points.iter().find(|p| p.number == n).map(|p| p.rounding);
    if let Some(programme) = policy.points.iter().find(|p| before(p.number).is_some_and(|r| r != p.rounding)) {
        let n = programme.number;
        return wrong(format!("point programme {n}: its rounding cannot change, the month would be counted two ways"));
    }
    if let Some(rule) = policy.stand_in.iter().find(|rule| !state.issuers.contains_key(&rule.issuer)) {
        return wrong(format!("stand_in names issuer {}, which is not registered", rule.issuer));
    }
    let mut opens = Vec::new();
    let mut transfers = Transfers::new();
    let mut next = state.book.next_account().0;
    let mut open = |key| {
        let account = AccountId(next);
        next += 1;
        opens.push(Opening { account, key });
        account
    };
    for purse in policy.purses.iter().filter(|p| !state.purse_books.contains_key(&p.number)) {
        open(AccountKey::PurseFund(purse.number));
    }
    for programme in &policy.points {
        let n = programme.number;
        let (issued, budget, total) = match state.point_books.get(&n) {
            Some(book) => (book.issued, book.budget, book.total),
            None => {
                let issued = open(AccountKey::PointsIssued(n));
                let budget = open(AccountKey::PointBudget(n));
                for key in [AccountKey::PointsSpent(n), AccountKey::PointsExpired(n), AccountKey::FunderReceivable(n)] {
                    open(key);
                }
                (issued, budget, 0)
            }
        };
        let change = programme.budget - total;
        if change > 0 {
            transfers.push(Transfer::direct(issued, budget, Yen::new(change)));
        } else if change < 0 {
            let left = state.available(budget);
            if Yen::new(-change) > left {
                return wrong(format!(
                    "point programme {n}: {} points of the budget are unspent, it cannot be lowered by {}",
                    left.get(),
                    -change
                ));
            }
            transfers.push(Transfer::direct(budget, issued, Yen::new(-change)));
        }
    }
    if transfers.len() > MOST {
        return wrong(format!("at most {MOST} budgets can change in one activation; activate in two steps"));
    }
    let known: Transfers = transfers.iter().filter(|t| t.debit < state.book.next_account()).copied().collect();
    state.book.check(&known).map_err(|error| Rejected::Rule(error.to_string()))?;
    Ok(recorded(Body::PolicyActivated(PolicyActivated {
        version: state.rules.version + 1,
        policy: policy.clone(),
        source: source.to_owned(),
        by: by.to_owned(),
        why: why.to_owned(),
        opens,
        transfers,
    })))
}

fn known(state: &State, ppid: Ppid) -> Result<u32, Rejected> {
    state.residents.get(&ppid).copied().ok_or(Rejected::UnknownPpid(ppid))
}

fn issue_temporary(state: &State, ppid: Ppid, until: Option<BusinessDay>, by: &str) -> Decided {
    match state.residents.get(&ppid).map(|at| state.holder(*at).card) {
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

fn set_card(state: &State, ppid: Ppid, status: CardStatus, by: &str, why: &str) -> Decided {
    let at = known(state, ppid)?;
    let said = state.holder(at).card.said;
    // Whoever suspends a card that has been revoked must not bring it nearer to being used.
    if said == status || (said == CardStatus::Revoked && status == CardStatus::Held) {
        return Ok(unchanged());
    }
    Ok(recorded(Body::CardStatusSet(CardStatusSet { ppid, status, by: by.to_owned(), why: why.to_owned() })))
}

/// `limits` makes what is wanted from what was wanted last.
fn set_own_limits(
    state: &State,
    now: Millis,
    ppid: Ppid,
    limits: impl FnOnce(OwnLimits) -> OwnLimits,
    by: &str,
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

fn fund(state: &State, programme: u16, amount: Yen, reference: &str, by: &str) -> Decided {
    amount_of(amount)?;
    let book = state.purse_books.get(&programme).ok_or(Rejected::UnknownProgramme(programme))?;
    if booked(state, reference_key(programme, None, reference), reference, amount)? {
        return Ok(unchanged());
    }
    let transfer = Transfer::direct(state.bank.expect("the book is open"), book.fund, amount);
    state.book.check(&[transfer]).map_err(|error| Rejected::Rule(error.to_string()))?;
    Ok(recorded(Body::ProgrammeFunded(ProgrammeFunded {
        programme,
        reference: reference.to_owned(),
        transfers: Transfers::from_slice(&[transfer]),
        by: by.to_owned(),
    })))
}

fn credit(state: &State, now: Millis, ppid: Ppid, programme: u16, amount: Yen, reference: &str, by: &str) -> Decided {
    let at = known(state, ppid)?;
    amount_of(amount)?;
    let book = state.purse_books.get(&programme).ok_or(Rejected::UnknownProgramme(programme))?;
    let root = state.root(at);
    let wallet = state.holder(root).wallet.as_deref();
    // A temporary ID and the person that it was merged into are one.
    let names = std::iter::once(state.holder(root).ppid).chain(wallet.iter().flat_map(|w| w.merged.iter().copied()));
    for name in names.chain([ppid]) {
        if booked(state, reference_key(programme, Some(&name), reference), reference, amount)? {
            return Ok(unchanged());
        }
    }
    // What a city gives goes through its batches.
    if state.relief.programmes.contains_key(&programme) {
        return Err(Rejected::IsRelief(programme));
    }
    let rule = state.rules.policy.purses.iter().find(|p| p.number == programme);
    if let Some(until) = rule.and_then(|p| p.until).filter(|until| now.max(state.at).jst_day() > *until) {
        return Err(Rejected::ProgrammeOver(programme, until));
    }
    let available = state.available(book.fund);
    if available < amount {
        return Err(Rejected::FundShort { programme, available, asked: amount });
    }
    let purse = wallet.and_then(|w| w.purses.iter().find(|(n, _)| *n == programme));
    let mut opens = Vec::new();
    let account = purse.map_or_else(
        || {
            let account = state.book.next_account();
            opens.push(Opening { account, key: AccountKey::Purse(root, programme) });
            account
        },
        |(_, account)| *account,
    );
    let transfer = Transfer::direct(book.fund, account, amount);
    if opens.is_empty() {
        state.book.check(&[transfer]).map_err(|error| Rejected::Rule(error.to_string()))?;
    }
    Ok(recorded(Body::PurseCredited(PurseCredited {
        ppid,
        programme,
        reference: reference.to_owned(),
        opens,
        transfers: Transfers::from_slice(&[transfer]),
        by: by.to_owned(),
    })))
}

fn break_link(state: &State, ppid: Ppid, why: &str, by: &str) -> Decided {
    let at = known(state, ppid)?;
    let newest = state.link_versions(&ppid).next();
    let Some(link) = newest.filter(|link| link.instrument.is_some()) else {
        return Err(Rejected::NothingLinked(ppid));
    };
    if state.broken.contains_key(&at) {
        return Ok(unchanged());
    }
    let version = link.version;
    Ok(recorded(Body::LinkBroken(LinkBroken { ppid, version, why: why.to_owned(), by: by.to_owned() })))
}

fn broken(state: &State, ppid: Ppid) -> Result<&super::state::Broken, Rejected> {
    state.broken.get(&known(state, ppid)?).ok_or(Rejected::NotBroken(ppid))
}

fn propose_retarget(state: &State, now: Millis, ppid: Ppid, to: &Link, by: &str) -> Decided {
    if let Some((_, proposer)) = &broken(state, ppid)?.proposal {
        return Err(Rejected::ProposalOpen(proposer.clone()));
    }
    let proposal = Proposal::Retarget { ppid, instrument: Box::new(instrument(state, to)?) };
    let (source, by, why) = (String::new(), by.to_owned(), String::new());
    approvals::request(state, now, ApprovalRequested { proposal, source, by, why })
}

fn decide_retarget(state: &State, now: Millis, ppid: Ppid, approve: bool, by: &str, why: &str) -> Decided {
    broken(state, ppid)?;
    let proposal = state.approvals.retarget_of(ppid).ok_or(Rejected::NoProposal(ppid))?;
    approvals::decide(state, now, Deciding { proposal, approve, by, why })
}

/// The version that a broken link would get.
pub(super) fn retargeted(
    state: &State,
    now: Millis,
    ppid: Ppid,
    instrument: &Instrument,
    by: &str,
) -> Result<Linked, Rejected> {
    broken(state, ppid)?;
    next_link(state, now, ppid, None, instrument.clone(), (LinkOrigin::Retarget, by))
}

fn reseal(state: &State, ppid: Ppid, version: u32, pan: &[u8]) -> Decided {
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

/// Accounts of one programme that are looked at for one record.
const LOOKED_AT: usize = 20_000;
/// Accounts emptied by one record: one transfer each.
const EMPTIED: usize = 16;

/// Programmes whose last day is over: what is left in purses goes back to the fund, what is left of points to the expired ones.
pub(super) fn lapse(state: &State, now: Millis) -> Decision {
    // A business day that was ended by hand ends no calendar day.
    let now = now.max(state.at);
    let today = state.day.min(now.jst_day());
    let policy = &state.rules.own;
    let by_policy = policy.purses.iter().filter(|p| p.is_over(today, now)).map(|p| p.number);
    let closed = |terms: &Terms| today > terms.until || terms.closes.is_some_and(|closes| now >= closes);
    let by_city = state.relief.programmes.values().filter(|p| closed(&p.terms)).map(|p| p.terms.number);
    for number in by_policy.chain(by_city) {
        let Some(book) = state.purse_books.get(&number) else { continue };
        let all = |account| state.available(account);
        if let Some((transfers, through)) = empty(&book.purses, book.sweep, book.fund, all) {
            return lapsed(number, false, transfers, through);
        }
    }
    for programme in policy.points.iter().filter(|p| p.expires.is_some_and(|last| today > last)) {
        let Some(book) = state.point_books.get(&programme.number) else { continue };
        // What a person's other accounts of the programme owe is not there to lapse.
        let mut taken: HashMap<u32, Yen> = HashMap::new();
        let of_person = |account: AccountId| {
            let available = state.available(account);
            let Some(AccountKey::Points(holder, _)) = state.book.account(account).map(|a| a.key) else {
                return available;
            };
            let root = state.root(holder);
            let wallet = state.holder(root).wallet.as_deref();
            let balance = wallet.map_or(available, |w| state.points_left(w, programme.number));
            let gone = taken.entry(root).or_default();
            let left = available.min(minus(balance, *gone)).max(Yen::ZERO);
            *gone = plus(*gone, left);
            left
        };
        if let Some((transfers, through)) = empty(&book.accounts, book.sweep, book.expired, of_person) {
            return lapsed(programme.number, true, transfers, through);
        }
    }
    Decision::default()
}

fn lapsed(programme: u16, points: bool, transfers: Transfers, through: u32) -> Decision {
    Decision::record(Body::Lapsed(Lapsed { programme, points, transfers, through })).then(Effect::Again)
}

/// Empties the next accounts: each of what `lapses` says.
fn empty(
    accounts: &[AccountId],
    sweep: Sweep,
    into: AccountId,
    mut lapses: impl FnMut(AccountId) -> Yen,
) -> Option<(Transfers, u32)> {
    let mut transfers = Transfers::new();
    let mut through = sweep.through;
    for account in accounts.iter().skip(sweep.through).take(LOOKED_AT) {
        through += 1;
        let left = lapses(*account);
        if left.is_positive() {
            transfers.push(Transfer::direct(*account, into, left));
        }
        if transfers.len() == EMPTIED {
            break;
        }
    }
    (through > sweep.through).then(|| (transfers, u32::try_from(through).expect("at most four billion accounts")))
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
        let named = *self.residents.get(ppid)?;
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
        let used = newest.map(InstrumentKey::of).and_then(|key| self.instruments.get(&key));
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
            broken: self.broken.contains_key(&named),
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
        self.broken.iter().map(|(at, broken)| (self.holder(*at).ppid, broken))
    }

    /// Public-receipt accounts that several people pay with now: their people.
    #[must_use]
    pub fn shared_accounts(&self) -> Vec<(Instrument, Vec<Ppid>)> {
        let shared = self.instruments.values().filter(|used| used.holders.len() > 1);
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
        self.lists.iter().map(|(scope, list)| (scope.as_str(), list.number, list.issued, list.entries.len()))
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
        for holder in self.holders.iter().skip(from).take(people) {
            for link in self.link_versions(&holder.ppid) {
                if let Some(Instrument::CreditCard(card) | Instrument::DebitCard(card)) = &link.instrument {
                    out.push((holder.ppid, link.version, card.pan.to_vec()));
                }
            }
        }
        let next = from + people;
        (out, (next < self.holders.len()).then_some(next))
    }

    /// Each purse programme's fund and what residents hold of it, yen; each point programme's budget left and points held.
    #[must_use]
    pub fn programmes(&self) -> (Vec<Holding>, Vec<Holding>) {
        let of = |(programme, account): (&u16, AccountId)| Holding {
            programme: *programme,
            available: self.available(account).get(),
        };
        let purses = self.purse_books.iter().map(|(n, book)| of((n, book.fund))).collect();
        let points = self.point_books.iter().map(|(n, book)| of((n, book.budget))).collect();
        (purses, points)
    }
}
