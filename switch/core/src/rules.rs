//! The policy in force, prepared for deciding: limits, lists of cards, points, and what residents are told.

use super::state::{MerchantRules, State};
use super::wallet::{InstrumentKey, Wallet};
use kazasu_ledger::AccountId;
use kazasu_ledger::record::{Beyond, CardStatus, LimitOf, flag};
use kazasu_schemas::canonical;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Kind, Limit, Per, Rounding, Window};
use kazasu_schemas::wire::{Receipt, Refusal};
use smallvec::SmallVec;

/// Purses that pay for one tap.
const MOST_PURSES: usize = 6;
/// Purses, and two for each account of points, that pay for one tap.
const MOST_TENDERS: usize = 10;
/// Point programmes that pay for one tap.
const MOST_POINTS: usize = 2;
/// Programmes that grant on one tap.
const MOST_GRANTS: usize = 4;

/// Purses that pay, and how much each pays.
pub(super) type PurseShares = SmallVec<[(AccountId, Yen); MOST_PURSES]>;
/// Points that pay: programme, account, points.
pub(super) type PointShares = SmallVec<[(u16, AccountId, Yen); MOST_POINTS]>;

/// A merchant's payer, and the time.
#[derive(Clone, Copy)]
pub(super) struct Paying<'a> {
    pub(super) wallet: Option<&'a Wallet>,
    pub(super) merchant: MerchantRules,
    pub(super) day: BusinessDay,
    pub(super) now: Millis,
}

/// The person whose limit is asked about.
#[derive(Clone, Copy)]
pub(super) struct Spender<'a> {
    pub(super) wallet: Option<&'a Wallet>,
    pub(super) instrument: Option<InstrumentKey>,
    pub(super) day: BusinessDay,
}

impl State {
    fn used(&self, spender: Spender<'_>, per: Per, limit: u8) -> (Yen, u32) {
        match (per, spender.instrument) {
            (Per::Resident, _) => spender.wallet.map_or((Yen::ZERO, 0), |w| w.counters.used(limit, spender.day)),
            (Per::Instrument, Some(key)) => {
                self.people.instruments.get(&key).map_or((Yen::ZERO, 0), |u| u.counters.used(limit, spender.day))
            }
            (Per::Instrument, None) => (Yen::ZERO, 0),
        }
    }

    /// The first limit that an instrument part breaks, in the order of the refusals.
    pub(super) fn broken_limit(&self, spender: Spender<'_>, limits: u64, part: Yen) -> Option<Refusal> {
        let above = |used: Yen, limit: Yen| used.checked_add(part).is_none_or(|sum| sum > limit);
        let (mut tap, mut amount, mut count) = (false, false, false);
        if let Some(wallet) = spender.wallet {
            let own = wallet.own.on(spender.day);
            tap |= own.tap.is_some_and(|limit| part > limit);
            amount |= own.day.is_some_and(|limit| above(wallet.day.used(spender.day.0).0, limit));
            let month = own.month.filter(|_| own.decline);
            amount |= month.is_some_and(|limit| above(wallet.month.used(spender.day.month()), limit));
        }
        for limit in self.rules.policy.limits.iter().filter(|l| limits & (1 << l.number) != 0) {
            if limit.per == Per::Instrument && spender.instrument.is_none() {
                continue;
            }
            if limit.window == Window::Tap {
                tap |= limit.amount.is_some_and(|most| part > most);
                continue;
            }
            let (yen, taps) = self.used(spender, limit.per, limit.number);
            amount |= limit.amount.is_some_and(|most| above(yen, most));
            count |= limit.count.is_some_and(|most| taps >= most);
        }
        match (tap, amount, count) {
            (true, ..) => Some(Refusal::TapLimit),
            (_, true, _) => Some(Refusal::AmountLimit),
            (.., true) => Some(Refusal::CountLimit),
            _ => None,
        }
    }

    /// The limit that an instrument part breaks, with what is left of it; of several the one for which the part is refused, and of
    /// those the one with the least left.
    pub(super) fn beyond(&self, spender: Spender<'_>, limits: u64, part: Yen) -> Option<Beyond> {
        let left = |most: Yen, used: Yen| Yen::new(most.get().saturating_sub(used.get()).max(0));
        let mut all: SmallVec<[Beyond; 8]> = SmallVec::new();
        let mut yen = |limit, window, most: Yen, used| {
            let left = left(most, used);
            if part > left {
                all.push(Beyond { limit, window, most: LimitOf::Yen(most), left: LimitOf::Yen(left) });
            }
        };
        if let Some(wallet) = spender.wallet {
            let own = wallet.own.on(spender.day);
            let of = [
                (Window::Tap, own.tap, Yen::ZERO),
                (Window::Day, own.day, wallet.day.used(spender.day.0).0),
                (Window::Month, own.month.filter(|_| own.decline), wallet.month.used(spender.day.month())),
            ];
            for (window, most, used) in of {
                most.into_iter().for_each(|most| yen(None, window, most, used));
            }
        }
        let looks =
            |l: &&Limit| limits & (1 << l.number) != 0 && !(l.per == Per::Instrument && spender.instrument.is_none());
        for limit in self.rules.policy.limits.iter().filter(looks) {
            let used =
                if limit.window == Window::Tap { Yen::ZERO } else { self.used(spender, limit.per, limit.number).0 };
            limit.amount.into_iter().for_each(|most| yen(Some(limit.number), limit.window, most, used));
        }
        for limit in self.rules.policy.limits.iter().filter(looks).filter(|l| l.window != Window::Tap) {
            let taps = self.used(spender, limit.per, limit.number).1;
            if let Some(most) = limit.count.filter(|most| taps >= *most) {
                let (most, left) = (LimitOf::Taps(most), LimitOf::Taps(0));
                all.push(Beyond { limit: Some(limit.number), window: limit.window, most, left });
            }
        }
        // Limits of a tap come first, then yen of a time, then taps.
        all.into_iter().min_by_key(|beyond| match (beyond.window, beyond.left) {
            (Window::Tap, LimitOf::Yen(left)) => (0, left.get()),
            (_, LimitOf::Yen(left)) => (1, left.get()),
            (_, LimitOf::Taps(left)) => (2, i64::from(left)),
        })
    }

    /// The amount that the tightest limit of a day, a month or several days leaves after `part` more. `None` without such a limit.
    pub(super) fn remaining(&self, spender: Spender<'_>, part: Yen) -> Option<Yen> {
        let mut least: Option<i64> = None;
        let mut see = |limit: Yen, used: Yen| {
            let left = limit.get().saturating_sub(used.get()).saturating_sub(part.get()).max(0);
            least = Some(least.map_or(left, |least| least.min(left)));
        };
        if let Some(wallet) = spender.wallet {
            let own = wallet.own.on(spender.day);
            if let Some(limit) = own.day {
                see(limit, wallet.day.used(spender.day.0).0);
            }
            if let Some(limit) = own.month {
                see(limit, wallet.month.used(spender.day.month()));
            }
        }
        for limit in self.rules.policy.limits.iter().filter(|l| self.rules.general & (1 << l.number) != 0) {
            if let Some(most) = limit.amount {
                see(most, self.used(spender, limit.per, limit.number).0);
            }
        }
        least.map(Yen::new)
    }

    /// Percentages of the month's limit that the person reaches with `part` more and was not told about yet. Only final payments
    /// count: a payment that waits for its issuer, a person or its completion may still come to nothing. `day` is the day that counts
    /// the payment: its month may have ended.
    pub(super) fn crossed(&self, wallet: Option<&Wallet>, day: BusinessDay, part: Yen) -> Vec<u8> {
        let Some(wallet) = wallet else { return Vec::new() };
        let Some(limit) = wallet.own.on(day).month else { return Vec::new() };
        let month = day.month();
        let Some(before) = wallet.month.final_of(month) else { return Vec::new() };
        let used = i128::from(before.get()) + i128::from(part.get());
        let reached = |percent: u8| used > 0 && used * 100 >= i128::from(percent) * i128::from(limit.get());
        let new = |percent: &u8| reached(*percent) && !wallet.month.told(month, *percent);
        self.rules.policy.alerts.iter().copied().filter(new).collect()
    }

    /// May the card be used on this day?
    pub(super) fn card(&self, holder: u32, day: BusinessDay) -> Result<(), Refusal> {
        let holder = self.holder(holder);
        if holder.merged_into != super::wallet::NO_HOLDER {
            return Err(Refusal::CardMerged);
        }
        match holder.card.status() {
            CardStatus::Suspended => Err(Refusal::CardSuspended),
            CardStatus::Revoked => Err(Refusal::CardRevoked),
            CardStatus::Good if holder.card.last_day.is_some_and(|last| day > last) => Err(Refusal::CardExpired),
            CardStatus::Good => Ok(()),
        }
    }

    /// Is the status list of this card's certificate good enough for this amount? Gives the flags that the tap is marked with.
    pub(super) fn listed(&self, now: Millis, amount: Yen, certificate: u32) -> Result<u16, Refusal> {
        let Some(rule) = self.rules.policy.validity else { return Ok(0) };
        // An authority may have several lists, and none says which of them a card belongs to: the oldest one decides.
        let issued = self.certificates.oldest_list(certificate).ok_or(Refusal::ListTooOld)?;
        let age = now.0.saturating_sub(issued.0);
        let hours = |n: u32| i64::from(n) * 3_600_000;
        if age <= hours(rule.fresh_hours) {
            Ok(0)
        } else if age > hours(rule.stale_hours) {
            Err(Refusal::ListTooOld)
        } else if amount > rule.stale_cap {
            Err(Refusal::AboveListCap)
        } else {
            Ok(flag::CRL_BASED)
        }
    }

    /// Purses that pay at a merchant, in the order of spending, and how much each pays.
    pub(super) fn purse_tender(&self, paying: Paying<'_>, left: &mut Yen) -> PurseShares {
        let Paying { wallet, merchant, day, now } = paying;
        let mut out = PurseShares::new();
        let Some(wallet) = wallet.filter(|w| merchant.purses != 0 && !w.purses.is_empty()) else { return out };
        let policy = &self.rules.policy;
        let mut usable: SmallVec<[(u8, AccountId, Yen); 8]> = SmallVec::new();
        for (programme, account) in &wallet.purses {
            let Ok(at) = policy.purses.binary_search_by_key(programme, |p| p.number) else { continue };
            let available = self.available(*account);
            if merchant.purses & (1 << at) != 0 && policy.purses[at].runs(day, now) && available.is_positive() {
                usable.push((self.rules.rank[at], *account, available));
            }
        }
        // Stable: the person's own purse comes before one that came with a temporary ID.
        usable.sort_by_key(|(rank, ..)| *rank);
        for (_, account, available) in usable.into_iter().take(MOST_PURSES) {
            let pays = available.min(*left);
            if pays.is_positive() {
                out.push((account, pays));
                *left = super::money::minus(*left, pays);
            }
        }
        out
    }

    /// Points that pay at a merchant: programme, account, points. A person who was merged has several accounts of a programme and one
    /// balance: what one account owes, the others do not pay with. `purses` pay before them.
    pub(super) fn point_tender(&self, paying: Paying<'_>, purses: usize, left: &mut Yen) -> PointShares {
        let Paying { wallet, merchant, day, .. } = paying;
        let mut out = PointShares::new();
        let Some(wallet) = wallet else { return out };
        let policy = &self.rules.policy;
        let mut programmes: SmallVec<[(bool, Option<BusinessDay>, u16); 4]> = SmallVec::new();
        for points in &wallet.points {
            let Ok(at) = policy.points.binary_search_by_key(&points.programme, |p| p.number) else { continue };
            let programme = &policy.points[at];
            let usable = merchant.points & (1 << at) != 0 && programme.pays(day);
            let entry = (programme.expires.is_none(), programme.expires, programme.number);
            if usable && !programmes.contains(&entry) && self.points_left(wallet, programme.number).is_positive() {
                programmes.push(entry);
            }
        }
        programmes.sort_unstable();
        // Each account is two transfers, of which a record's holds have room for so many.
        let mut room = MOST_TENDERS.saturating_sub(purses) / 2;
        for (.., programme) in programmes.into_iter().take(MOST_POINTS) {
            let mut balance = self.points_left(wallet, programme);
            let of = wallet.points.iter().filter(|p| p.programme == programme);
            let mut accounts: SmallVec<[_; 4]> = of.map(|p| (self.available(p.account), p.account)).collect();
            // Stable: of equal ones the person's own comes before one that came with a temporary ID.
            accounts.sort_by_key(|(available, _)| std::cmp::Reverse(*available));
            for (available, account) in accounts {
                let pays = available.min(balance).min(*left);
                if pays.is_positive() && room > 0 {
                    out.push((programme, account, pays));
                    *left = super::money::minus(*left, pays);
                    balance = super::money::minus(balance, pays);
                    room -= 1;
                }
            }
        }
        out
    }

    /// A person's points of a programme, all their accounts together; below zero when more was taken back than is there.
    pub(super) fn points_left(&self, wallet: &Wallet, programme: u16) -> Yen {
        let of = wallet.points.iter().filter(|p| p.programme == programme);
        of.fold(Yen::ZERO, |sum, p| super::money::plus(sum, self.available(p.account)))
    }

    /// The points that programmes grant on an instrument part, and the programmes that round by the month.
    pub(super) fn grants(
        &self,
        paying: Paying<'_>,
        kind: Kind,
        part: Yen,
    ) -> (SmallVec<[(u16, i64); MOST_GRANTS]>, Vec<u16>) {
        let Paying { wallet, merchant, day, .. } = paying;
        let mut grants: SmallVec<[(u16, i64); MOST_GRANTS]> = SmallVec::new();
        let mut months = Vec::new();
        let month = day.month();
        let policy = &self.rules.policy;
        for (at, programme) in policy.points.iter().enumerate() {
            if merchant.points & (1 << at) == 0
                || !programme.earns(day)
                || !programme.instruments.has(kind)
                || part < programme.minimum
            {
                continue;
            }
            let granted = |number| wallet.map_or((0, 0, Yen::ZERO), |w| w.granted(number, month));
            if let Some(word) = &programme.one_of {
                let mut others = policy.points.iter().filter(|o| {
                    o.number != programme.number && o.one_of.as_ref().is_some_and(|other| canonical::same(other, word))
                });
                if others.any(|o| granted(o.number).1 > 0 || grants.iter().any(|(n, _)| *n == o.number)) {
                    continue;
                }
            }
            if grants.len() == MOST_GRANTS {
                break;
            }
            let (this_month, life, base) = granted(programme.number);
            let rate = programme.rate_on(day);
            let raw = match programme.rounding {
                Rounding::Tap => rate.of(part.get()),
                Rounding::Month => {
                    months.push(programme.number);
                    rate.of(base.get().saturating_add(part.get())) - this_month
                }
            };
            let budget = self.programmes.points.get(&programme.number).map_or(Yen::ZERO, |b| self.available(b.budget));
            let points = raw
                .min(programme.cap_tap.unwrap_or(i64::MAX))
                .min(programme.cap_month.map_or(i64::MAX, |cap| cap - this_month))
                .min(programme.cap_life.map_or(i64::MAX, |cap| cap - life))
                .min(budget.get());
            if points > 0 {
                grants.push((programme.number, points));
            }
        }
        (grants, months)
    }

    /// The balances in the answer: as things stand, less this tap's amount, plus the points that it brings.
    pub(super) fn receipt(&self, spender: Spender<'_>, from_purses: Yen, points: i64, part: Yen) -> Receipt {
        let remaining = self.remaining(spender, part);
        let Some(wallet) = spender.wallet else {
            return Receipt { points: (points != 0).then_some(points), remaining, ..Receipt::default() };
        };
        let sum = |accounts: &mut dyn Iterator<Item = AccountId>| {
            accounts.fold(0_i64, |sum, id| sum.saturating_add(self.available(id).get()))
        };
        let purses = sum(&mut wallet.purses.iter().map(|(_, id)| *id)) - from_purses.get();
        let all_points = sum(&mut wallet.points.iter().map(|p| p.account)) + points;
        Receipt {
            purses: (!wallet.purses.is_empty()).then_some(Yen::new(purses)),
            points: (!wallet.points.is_empty() || points != 0).then_some(all_points),
            remaining,
        }
    }

    pub(super) fn available(&self, id: AccountId) -> Yen {
        self.book.account(id).expect("the state names open accounts").available()
    }
}
