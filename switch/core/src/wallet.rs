//! A person's data: card, link, purses, points, own limits, and spending in each window.

use super::months::Months;
use kazasu_ledger::AccountId;
use kazasu_ledger::record::{CardStatus, Instrument, OwnLimits};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Kind, Limit, Window};
use smallvec::SmallVec;

/// A person's position among the holders; it is also their number in account keys.
pub(super) type HolderAt = u32;

/// No holder.
pub(super) const NO_HOLDER: HolderAt = u32::MAX;

/// A person, by a PPID or a temporary ID.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Holder {
    /// Position of the newest link version, or `u32::MAX`.
    pub(super) link: u32,
    /// The person that this ID was merged into, or that took its place, or [`NO_HOLDER`].
    pub(super) merged_into: HolderAt,
    pub(super) card: Card,
    /// The PPID or temporary ID.
    pub(super) ppid: Ppid,
    /// Most people never need one.
    pub(super) wallet: Option<Box<Wallet>>,
}

impl Holder {
    pub(super) fn new(ppid: Ppid) -> Self {
        Holder { link: u32::MAX, merged_into: NO_HOLDER, card: Card::default(), ppid, wallet: None }
    }
}

/// A person's card.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Card {
    /// People's notes about it.
    pub(super) said: CardStatus,
    /// The status of its certificate on the card status list.
    pub(super) listed: CardStatus,
    /// True for a temporary ID.
    pub(super) temporary: bool,
    /// Its last day.
    pub(super) last_day: Option<BusinessDay>,
    /// Position of its certificate among those that were ever bound, or `u32::MAX`.
    pub(super) certificate: u32,
}

impl Default for Card {
    fn default() -> Self {
        Card {
            said: CardStatus::Good,
            listed: CardStatus::Good,
            temporary: false,
            last_day: None,
            certificate: u32::MAX,
        }
    }
}

impl Card {
    /// The stricter of what people and the list say.
    pub(super) fn status(&self) -> CardStatus {
        match (self.said, self.listed) {
            (CardStatus::Revoked, _) | (_, CardStatus::Revoked) => CardStatus::Revoked,
            (CardStatus::Suspended, _) | (_, CardStatus::Suspended) => CardStatus::Suspended,
            (CardStatus::Good, CardStatus::Good) => CardStatus::Good,
        }
    }
}

/// The content of a window: its day or month, and the sum.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Meter {
    key: i32,
    count: u32,
    amount: Yen,
}

impl Meter {
    pub(super) fn used(&self, key: i32) -> (Yen, u32) {
        if self.key == key { (self.amount, self.count) } else { (Yen::ZERO, 0) }
    }

    pub(super) fn add(&mut self, key: i32, amount: Yen, count: u32) {
        if self.key != key {
            // A give-back of an older window has nothing to do here.
            if key < self.key {
                return;
            }
            *self = Meter { key, count: 0, amount: Yen::ZERO };
        }
        self.amount = self.amount.checked_add(amount).unwrap_or(Yen::new(i64::MAX));
        self.count = self.count.saturating_add(count);
    }

    pub(super) fn take(&mut self, key: i32, amount: Yen, count: u32) {
        if self.key == key {
            (self.amount, self.count) = less((self.amount, self.count), amount, count);
        }
    }

    /// An amount taken back counts again, in the window that it was taken from.
    pub(super) fn put_back(&mut self, key: i32, amount: Yen, count: u32) {
        if self.key == key {
            self.add(key, amount, count);
        }
    }

    fn merge(&mut self, other: Meter) {
        self.add(other.key, other.amount, other.count);
    }
}

/// A window's sum without what it gives back. It never gives back more than it has counted: a tap keeps what it counts.
fn less((sum, n): (Yen, u32), amount: Yen, count: u32) -> (Yen, u32) {
    (sum.checked_sub(amount).unwrap_or(Yen::ZERO).max(Yen::ZERO), n.saturating_sub(count))
}

/// The count of a limit.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Counter {
    pub(super) limit: u8,
    sums: Sums,
}

#[derive(Clone, PartialEq, Debug)]
enum Sums {
    Day(Meter),
    Month(Meter),
    /// Day by day, oldest first, never more than `days` of them.
    Days {
        days: u8,
        seen: Vec<(i32, Yen, u32)>,
    },
}

impl Counter {
    fn new(limit: u8, window: Window) -> Self {
        let sums = match window {
            Window::Tap => unreachable!("a limit per tap has no counter"),
            Window::Day => Sums::Day(Meter::default()),
            Window::Month => Sums::Month(Meter::default()),
            Window::Days(days) => Sums::Days { days, seen: Vec::new() },
        };
        Counter { limit, sums }
    }

    /// The window's sum on this day.
    pub(super) fn used(&self, day: BusinessDay) -> (Yen, u32) {
        match &self.sums {
            Sums::Day(meter) => meter.used(day.0),
            Sums::Month(meter) => meter.used(day.month()),
            Sums::Days { days, seen } => {
                let first = day.0 - i32::from(*days) + 1;
                let recent = seen.iter().filter(|(d, ..)| *d >= first);
                recent.fold((Yen::ZERO, 0), |(yen, n), (_, y, m)| {
                    (yen.checked_add(*y).unwrap_or(Yen::new(i64::MAX)), n + m)
                })
            }
        }
    }

    fn add(&mut self, day: BusinessDay, amount: Yen, count: u32) {
        match &mut self.sums {
            Sums::Day(meter) => meter.add(day.0, amount, count),
            Sums::Month(meter) => meter.add(day.month(), amount, count),
            Sums::Days { days, seen } => {
                let first = day.0 - i32::from(*days) + 1;
                seen.retain(|(d, ..)| *d >= first);
                match seen.iter().position(|(d, ..)| *d >= day.0) {
                    Some(at) if seen[at].0 == day.0 => {
                        seen[at].1 = seen[at].1.checked_add(amount).unwrap_or(Yen::new(i64::MAX));
                        seen[at].2 = seen[at].2.saturating_add(count);
                    }
                    Some(at) => seen.insert(at, (day.0, amount, count)),
                    None => seen.push((day.0, amount, count)),
                }
            }
        }
    }

    fn take(&mut self, day: BusinessDay, amount: Yen, count: u32) {
        match &mut self.sums {
            Sums::Day(meter) => meter.take(day.0, amount, count),
            Sums::Month(meter) => meter.take(day.month(), amount, count),
            Sums::Days { seen, .. } => {
                if let Some((_, yen, n)) = seen.iter_mut().find(|(d, ..)| *d == day.0) {
                    (*yen, *n) = less((*yen, *n), amount, count);
                }
            }
        }
    }

    fn put_back(&mut self, day: BusinessDay, amount: Yen, count: u32) {
        match &mut self.sums {
            Sums::Day(meter) => meter.put_back(day.0, amount, count),
            Sums::Month(meter) => meter.put_back(day.month(), amount, count),
            Sums::Days { seen, .. } => {
                if seen.iter().any(|(d, ..)| *d == day.0) {
                    self.add(day, amount, count);
                }
            }
        }
    }

    fn merge(&mut self, other: &Counter) {
        match (&mut self.sums, &other.sums) {
            (Sums::Day(a), Sums::Day(b)) | (Sums::Month(a), Sums::Month(b)) => a.merge(*b),
            (Sums::Days { .. }, Sums::Days { seen, .. }) => {
                let mut days = seen.clone();
                if let Sums::Days { seen, .. } = &mut self.sums {
                    days.append(seen);
                    days.sort_unstable_by_key(|(d, ..)| *d);
                }
                if let Sums::Days { seen, .. } = &mut self.sums {
                    *seen = Vec::new();
                }
                for (day, yen, n) in days {
                    self.add(BusinessDay(day), yen, n);
                }
            }
            _ => unreachable!("a limit's number never changes its window"),
        }
    }
}

/// Counters of limits, by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Counters(Vec<Counter>);

impl Counters {
    pub(super) fn used(&self, limit: u8, day: BusinessDay) -> (Yen, u32) {
        self.0.iter().find(|c| c.limit == limit).map_or((Yen::ZERO, 0), |c| c.used(day))
    }

    /// One more tap that a limit looks at.
    pub(super) fn add(&mut self, limit: &Limit, day: BusinessDay, amount: Yen) {
        let at = self.0.iter().position(|c| c.limit == limit.number).unwrap_or_else(|| {
            self.0.push(Counter::new(limit.number, limit.window));
            self.0.len() - 1
        });
        self.0[at].add(day, amount, 1);
    }

    /// Gives back to the limits whose bits are set.
    pub(super) fn take(&mut self, limits: u64, day: BusinessDay, amount: Yen, count: u32) {
        for counter in self.0.iter_mut().filter(|c| limits & (1 << c.limit) != 0) {
            counter.take(day, amount, count);
        }
    }

    /// An amount taken from the limits whose bits are set counts there again.
    pub(super) fn put_back(&mut self, limits: u64, day: BusinessDay, amount: Yen, count: u32) {
        for counter in self.0.iter_mut().filter(|c| limits & (1 << c.limit) != 0) {
            counter.put_back(day, amount, count);
        }
    }

    fn merge(&mut self, other: &Counters) {
        for theirs in &other.0 {
            match self.0.iter_mut().find(|c| c.limit == theirs.limit) {
                Some(ours) => ours.merge(theirs),
                None => self.0.push(theirs.clone()),
            }
        }
    }
}

/// A person's points of one programme.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct PointsOf {
    pub(super) programme: u16,
    pub(super) account: AccountId,
    /// Granted and kept, pending included.
    pub(super) life: i64,
    month_key: i32,
    month: i64,
    /// The amounts that the month's rounding counts: the earning parts.
    base: Yen,
}

impl PointsOf {
    pub(super) fn new(programme: u16, account: AccountId) -> Self {
        PointsOf { programme, account, life: 0, month_key: 0, month: 0, base: Yen::ZERO }
    }

    pub(super) fn month(&self, month: i32) -> (i64, Yen) {
        if self.month_key == month { (self.month, self.base) } else { (0, Yen::ZERO) }
    }

    fn turn(&mut self, month: i32) {
        if self.month_key < month {
            (self.month_key, self.month, self.base) = (month, 0, Yen::ZERO);
        }
    }

    pub(super) fn grant(&mut self, month: i32, points: i64) {
        self.turn(month);
        self.life += points;
        if self.month_key == month {
            self.month += points;
        }
    }

    /// Points that were taken back, of a tap of this month.
    pub(super) fn claw(&mut self, month: i32, points: i64) {
        self.life -= points;
        assert!(self.life >= 0, "no more is taken back than was granted");
        if self.month_key == month {
            self.month -= points;
        }
    }

    pub(super) fn count(&mut self, month: i32, part: Yen) {
        self.turn(month);
        if self.month_key == month {
            self.base = self.base.checked_add(part).unwrap_or(Yen::new(i64::MAX));
        }
    }

    pub(super) fn uncount(&mut self, month: i32, part: Yen) {
        if self.month_key == month {
            // A tap keeps what of it the month counts, and takes back no more.
            (self.base, _) = less((self.base, 0), part, 0);
        }
    }

    fn absorb(&mut self, other: &mut PointsOf) {
        self.turn(other.month_key);
        self.life += std::mem::take(&mut other.life);
        if self.month_key == other.month_key {
            self.month += std::mem::take(&mut other.month);
            self.base = self.base.checked_add(std::mem::take(&mut other.base)).unwrap_or(Yen::new(i64::MAX));
        } else {
            (other.month, other.base) = (0, Yen::ZERO);
        }
    }
}

/// A resident's own limits: those in force, and those from a later day on.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Own {
    now: OwnLimits,
    later: Option<(BusinessDay, OwnLimits)>,
}

fn lower(a: Option<Yen>, b: Option<Yen>) -> Option<Yen> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Of each limit the lower one.
fn lowest(a: OwnLimits, b: OwnLimits) -> OwnLimits {
    OwnLimits {
        tap: lower(a.tap, b.tap),
        day: lower(a.day, b.day),
        month: lower(a.month, b.month),
        decline: a.decline || b.decline,
    }
}

impl Own {
    /// The rules that hold on this day.
    pub(super) fn on(&self, day: BusinessDay) -> OwnLimits {
        match self.later {
            Some((from, limits)) if from <= day => limits,
            _ => self.now,
        }
    }

    /// Limits that have been asked for and begin later.
    pub(super) fn later(&self, day: BusinessDay) -> Option<(BusinessDay, OwnLimits)> {
        self.later.filter(|(from, _)| *from > day)
    }

    /// The limits of an ID that was replaced hold on: of each the lower one.
    pub(super) fn join(&mut self, other: Own) {
        let later = match (self.later, other.later) {
            (None, None) => None,
            (a, b) => {
                let (ours, theirs) =
                    (a.map_or(self.now, |(_, limits)| limits), b.map_or(other.now, |(_, limits)| limits));
                let from = a.map(|(day, _)| day).max(b.map(|(day, _)| day));
                from.map(|day| (day, lowest(ours, theirs)))
            }
        };
        self.now = lowest(self.now, other.now);
        self.later = later.filter(|(_, limits)| *limits != self.now);
    }

    /// A lower limit holds at once, a higher one from the next day.
    pub(super) fn set(&mut self, day: BusinessDay, wanted: OwnLimits) {
        let before = self.on(day);
        self.now = lowest(before, wanted);
        self.later = (self.now != wanted).then_some((day.next(), wanted));
    }
}

/// A person's balances here.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Wallet {
    /// Instrument parts of the day and of the month.
    pub(super) day: Meter,
    pub(super) month: Months,
    /// Purchase advices of the day, whole amounts.
    pub(super) offline: Meter,
    /// The amount approved in an issuer's place on the day.
    pub(super) stood_in: Meter,
    pub(super) own: Own,
    pub(super) counters: Counters,
    /// Programme and purse, the person's own before those of merged temporary IDs.
    pub(super) purses: Vec<(u16, AccountId)>,
    pub(super) points: Vec<PointsOf>,
    /// Temporary IDs that were merged into the person, and IDs whose place the person's took.
    pub(super) merged: Vec<Ppid>,
}

impl Wallet {
    /// A temporary ID's things become this person's.
    pub(super) fn absorb(&mut self, mut other: Wallet) {
        self.day.merge(other.day);
        self.month.merge(&other.month);
        self.offline.merge(other.offline);
        self.stood_in.merge(other.stood_in);
        self.counters.merge(&other.counters);
        self.purses.append(&mut other.purses);
        for theirs in &mut other.points {
            if let Some(ours) = self.points.iter_mut().find(|p| p.programme == theirs.programme) {
                ours.absorb(theirs);
            }
        }
        self.points.append(&mut other.points);
        self.merged.append(&mut other.merged);
    }

    /// Granted and kept of a programme: this month, in all, and the month's earning parts.
    pub(super) fn granted(&self, programme: u16, month: i32) -> (i64, i64, Yen) {
        let own = self.points.iter().filter(|p| p.programme == programme);
        own.fold((0, 0, Yen::ZERO), |(m, life, base), p| {
            let (this, counted) = p.month(month);
            (m + this, life + p.life, base.checked_add(counted).unwrap_or(Yen::new(i64::MAX)))
        })
    }
}

/// The key of a card or account, with any holder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum InstrumentKey {
    Card(u16, [u8; 8]),
    Bank(u16, u64),
    Deposit(AccountId),
}

impl InstrumentKey {
    pub(super) fn of(instrument: &Instrument) -> Self {
        match instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => InstrumentKey::Card(card.issuer, card.token),
            Instrument::BankAccount(account) => InstrumentKey::Bank(account.issuer, account.number),
            Instrument::Deposit(account) => InstrumentKey::Deposit(*account),
        }
    }

    /// A public-receipt account: one person's by law.
    pub(super) fn is_account(&self) -> bool {
        !matches!(self, InstrumentKey::Card(..))
    }
}

pub(super) fn kind_of(instrument: &Instrument) -> Kind {
    match instrument {
        Instrument::CreditCard(_) => Kind::Credit,
        Instrument::DebitCard(_) => Kind::Debit,
        Instrument::BankAccount(_) => Kind::Bank,
        Instrument::Deposit(_) => Kind::OnUs,
    }
}

/// A card or account, and what limits count of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct InstrumentUse {
    /// The person who has it linked now.
    pub(super) holders: SmallVec<[HolderAt; 2]>,
    /// It is an account, of which each belongs to one person.
    pub(super) account: bool,
    pub(super) counters: Counters,
}

impl InstrumentUse {
    /// An account that several people pay with: each public-receipt account belongs to one.
    pub(super) fn is_shared_account(&self) -> bool {
        self.account && self.holders.len() > 1
    }
}
