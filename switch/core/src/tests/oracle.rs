//! The tap rules a second time, written from `docs/operations/policy.md` alone and as plainly as possible.
//!
//! It keeps every tap with all that became of it, and adds everything up anew for each question: slow, and free of
//! counters that could drift. A test drives it beside the real switch and compares the two.

use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::policy::{Kind, Kinds, Limit, Per, Place, PointProgramme, Policy, Rounding, Window};
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;
const MOST_PURSES: usize = 6;
const MOST_POINTS: usize = 2;
const MOST_GRANTS: usize = 4;
/// Sorts behind every real day: what has no last day comes last.
const NEVER: BusinessDay = BusinessDay(i32::MAX);

/// What a person's taps are paid with when purses and points are not enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Instr {
    None,
    /// A held account, by its place in the list of deposits.
    Deposit(u32),
    /// A card or account at an issuer; `account` tells it from the issuer's others.
    Issuer {
        issuer: u16,
        kind: Kind,
        account: u32,
    },
}

impl Instr {
    fn kind(self) -> Option<Kind> {
        match self {
            Instr::None => None,
            Instr::Deposit(_) => Some(Kind::Held),
            Instr::Issuer { kind, .. } => Some(kind),
        }
    }

    /// The same card or account, whoever holds it?
    fn same(self, other: Instr) -> bool {
        match (self, other) {
            (Instr::Deposit(one), Instr::Deposit(two)) => one == two,
            (Instr::Issuer { issuer: a, account: one, .. }, Instr::Issuer { issuer: b, account: two, .. }) => {
                a == b && one == two
            }
            _ => false,
        }
    }
}

/// The state of a person's card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Card {
    Good,
    Held,
    Revoked,
    LastDay(BusinessDay),
}

/// A resident's own limits, as they are in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct OwnLimits {
    pub(super) tap: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) month_declines: bool,
}

/// What a terminal sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Purchase,
    Authorize,
    PurchaseAdvice,
    AuthorizationAdvice,
}

/// A tap as it comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapIn {
    pub(super) who: usize,
    pub(super) merchant: usize,
    pub(super) op: Op,
    pub(super) yen: i64,
    pub(super) pin: bool,
    /// The terminal takes partial approvals.
    pub(super) partial: bool,
    /// The resident asked to pay with points.
    pub(super) use_points: bool,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Out {
    Refused(&'static str),
    Approved {
        yen: i64,
        code: &'static str,
    },
    /// The issuer is being asked.
    Waits,
}

struct Merchant {
    acquirer: InstitutionId,
    id: MerchantId,
    mcc: Mcc,
    class: String,
    tags: Vec<String>,
    region: String,
}

struct Person {
    instr: Instr,
    card: Card,
    own: OwnLimits,
    merged_into: Option<usize>,
    /// Whose purse and point accounts are this person's: first the own ones, then those of merged persons.
    family: Vec<usize>,
}

/// Where a part of a tap's money comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Purse {
        owner: usize,
        programme: u16,
    },
    Points {
        owner: usize,
        programme: u16,
    },
    Deposit(u32),
    Issuer,
    /// Nobody's account: the acquirer owes it.
    Shortfall,
}

impl Source {
    /// Does it belong to the instrument part?
    fn is_instrument(self) -> bool {
        matches!(self, Source::Deposit(_) | Source::Issuer | Source::Shortfall)
    }
}

/// One part of a tap's money, in tender order.
struct Tender {
    source: Source,
    /// Held at this moment.
    held: i64,
    /// Posted once; never made smaller.
    posted: i64,
    refunded: i64,
    reversed: i64,
}

impl Tender {
    fn hold(source: Source, yen: i64) -> Self {
        Tender { source, held: yen, posted: 0, refunded: 0, reversed: 0 }
    }

    /// Posted and not given back.
    fn stands(&self) -> i64 {
        self.posted - self.refunded - self.reversed
    }
}

/// A programme for which a tap's instrument part earns, with the points that came of it (maybe none).
struct Grant {
    programme: u16,
    /// Whose point account they go to.
    owner: usize,
    /// Pending at this moment.
    held: i64,
    /// Granted when the payment was posted; what was taken back afterwards is computed.
    posted: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Refused,
    Waiting,
    /// An approved authorization that is neither completed nor reversed.
    Held,
    Posted,
    /// Reversed, so that nothing is left.
    Undone,
}

/// Approved in the issuer's place.
struct StoodIn {
    issuer: u16,
    day: BusinessDay,
    part: i64,
}

/// A tap and everything that became of it.
struct Tap {
    id: u64,
    /// The completion's id; with it the tap's own id is closed.
    completion: Option<u64>,
    who: usize,
    /// What was linked when the tap was decided.
    instr: Instr,
    merchant: usize,
    day: BusinessDay,
    op: Op,
    yen: i64,
    pin: bool,
    partial: bool,
    state: State,
    tenders: Vec<Tender>,
    grants: Vec<Grant>,
    /// The numbers of the policy's limits that count it.
    limits: Vec<u8>,
    stood_in: Option<StoodIn>,
    over_limit: bool,
    over_offline: bool,
    card_not_good: bool,
    crl_based: bool,
    /// Reversals that came while it waited: not more than this remains.
    most: Option<i64>,
}

impl Tap {
    fn new(id: u64, who: usize, instr: Instr, day: BusinessDay, t: TapIn) -> Self {
        Tap {
            id,
            completion: None,
            who,
            instr,
            merchant: t.merchant,
            day,
            op: t.op,
            yen: t.yen,
            pin: t.pin,
            partial: t.partial,
            state: State::Refused,
            tenders: Vec::new(),
            grants: Vec::new(),
            limits: Vec::new(),
            stood_in: None,
            over_limit: false,
            over_offline: false,
            card_not_good: false,
            crl_based: false,
            most: None,
        }
    }

    /// The id that later messages must name.
    fn open_id(&self) -> u64 {
        self.completion.unwrap_or(self.id)
    }

    fn held(&self) -> i64 {
        self.tenders.iter().map(|tender| tender.held).sum()
    }

    fn stands(&self) -> i64 {
        self.tenders.iter().map(Tender::stands).sum()
    }

    fn instrument(&self) -> impl Iterator<Item = &Tender> {
        self.tenders.iter().filter(|tender| tender.source.is_instrument())
    }

    fn held_part(&self) -> i64 {
        self.instrument().map(|tender| tender.held).sum()
    }

    /// How much it counts in limit windows: refunds give nothing back.
    fn counted_yen(&self) -> i64 {
        self.instrument().map(|tender| tender.held + tender.posted - tender.reversed).sum()
    }

    /// How often it counts in limit windows: not at all when it is undone altogether.
    fn counted_times(&self) -> u32 {
        let refunded: i64 = self.tenders.iter().map(|tender| tender.refunded).sum();
        if self.held() + self.stands() == 0 && refunded == 0 { 0 } else { 1 }
    }

    /// The instrument part that earns: what is held, or posted and not given back.
    fn earning_part(&self) -> i64 {
        self.instrument().map(|tender| tender.held + tender.stands()).sum()
    }

    /// The posted points of one of its grants, less what was taken back.
    fn posted_points(&self, grant: &Grant) -> i64 {
        let paid: i64 = self.instrument().map(|tender| tender.posted).sum();
        let left: i64 = self.instrument().map(Tender::stands).sum();
        portion(grant.posted, left, paid)
    }

    /// Everything that one of its grants takes from the budget.
    fn net_points(&self, grant: &Grant) -> i64 {
        grant.held + self.posted_points(grant)
    }

    /// Keeps so much of the holds, in tender order, and releases the rest.
    fn keep(&mut self, yen: i64) {
        let part_before = self.held_part();
        let mut left = yen;
        for tender in &mut self.tenders {
            tender.held = tender.held.min(left);
            left -= tender.held;
        }
        let part_after = self.held_part();
        for grant in &mut self.grants {
            grant.held = portion(grant.held, part_after, part_before);
        }
    }

    /// Turns all that is held into postings.
    fn post(&mut self) {
        for tender in &mut self.tenders {
            tender.posted = tender.held;
            tender.held = 0;
        }
        for grant in &mut self.grants {
            grant.posted = grant.held;
            grant.held = 0;
        }
        self.state = State::Posted;
    }

    /// It is approved: a purchase is posted, an authorization stays held.
    fn approve(&mut self) {
        match self.op {
            Op::Purchase | Op::PurchaseAdvice => self.post(),
            Op::Authorize | Op::AuthorizationAdvice => self.state = State::Held,
        }
    }

    /// Undoes all but so much.
    fn leave(&mut self, remains: i64) {
        if self.state == State::Held {
            if remains < self.held() {
                self.keep(remains);
                if remains == 0 {
                    self.state = State::Undone;
                }
            }
        } else if remains < self.stands() {
            let shares = self.shares(self.stands() - remains);
            for (tender, share) in self.tenders.iter_mut().zip(shares) {
                tender.reversed += share;
            }
            // What was refunded before stays a payment that was refunded.
            if remains == 0 && self.tenders.iter().all(|tender| tender.refunded == 0) {
                self.state = State::Undone;
            }
        }
    }

    /// It has its outcome: what reversals said meanwhile takes effect.
    fn reverse_later(&mut self) {
        if let Some(remains) = self.most {
            self.leave(remains);
        }
    }

    /// Releases everything.
    fn release(&mut self, state: State) {
        self.keep(0);
        self.state = state;
    }

    /// The tenders' shares of an amount that is given back: first what no account covered, then in proportion.
    fn shares(&self, yen: i64) -> Vec<i64> {
        let uncovered = self.tenders.iter().filter(|tender| tender.source == Source::Shortfall);
        let shortfall: i64 = uncovered.map(Tender::stands).sum();
        let to_shortfall = shortfall.min(yen);
        let rest = yen - to_shortfall;
        let sum = self.stands() - shortfall;
        let mut so_far = 0;
        let mut given = 0;
        let mut shares = Vec::new();
        for tender in &self.tenders {
            if tender.source == Source::Shortfall {
                // A tap has one such tender at most.
                shares.push(to_shortfall);
                continue;
            }
            so_far += tender.stands();
            let up_to_here = portion(so_far, rest, sum);
            shares.push(up_to_here - given);
            given = up_to_here;
        }
        shares
    }
}

/// ⌊amount × part ÷ whole⌋; nothing of nothing.
fn portion(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    i64::try_from((i128::from(amount) * i128::from(part)).div_euclid(i128::from(whole))).unwrap()
}

fn within(ranges: &[(Mcc, Mcc)], mcc: Mcc) -> bool {
    ranges.iter().any(|(first, last)| *first <= mcc && mcc <= *last)
}

/// May money be spent, or points be earned, at this merchant?
fn allows(place: &Place, merchant: &Merchant) -> bool {
    if !place.tags.is_empty() && !place.tags.iter().any(|tag| merchant.tags.contains(tag)) {
        return false;
    }
    if !place.mcc.is_empty() && !within(&place.mcc, merchant.mcc) {
        return false;
    }
    if within(&place.not_mcc, merchant.mcc) {
        return false;
    }
    if !place.regions.is_empty() && !place.regions.iter().any(|start| merchant.region.starts_with(start.as_str())) {
        return false;
    }
    place.merchants.is_empty() || place.merchants.contains(&(merchant.acquirer, merchant.id))
}

/// ⌊yen × the programme's rate on the day⌋.
fn points_for(programme: &PointProgramme, day: BusinessDay, yen: i64) -> i64 {
    let bonus_weekday = (programme.bonus_weekdays >> day.weekday()) & 1 == 1;
    let bonus = bonus_weekday || programme.bonus_days.contains(&day);
    let rate = if bonus { programme.bonus_rate } else { programme.rate };
    portion(yen, i64::from(rate.0), 1_000_000)
}

/// The whole town.
pub(super) struct Oracle {
    policy: Policy,
    /// Point programmes' budgets, as far as they could be changed.
    budgets: Vec<(u16, i64)>,
    /// What each deposit began with.
    deposits: Vec<i64>,
    issuers: Vec<u16>,
    list_at: Option<Millis>,
    merchants: Vec<Merchant>,
    people: Vec<Person>,
    /// Purse money that was paid in: owner, programme, yen.
    credits: Vec<(usize, u16, i64)>,
    /// Point accounts that have been opened: owner, programme.
    point_accounts: BTreeSet<(usize, u16)>,
    taps: Vec<Tap>,
}

/// Setting the town up and changing it.
impl Oracle {
    pub(super) fn new(policy: Policy, deposits: Vec<i64>, issuers: Vec<u16>) -> Self {
        let mut oracle = Oracle {
            policy: Policy::default(),
            budgets: Vec::new(),
            deposits,
            issuers,
            list_at: None,
            merchants: Vec::new(),
            people: Vec::new(),
            credits: Vec::new(),
            point_accounts: BTreeSet::new(),
            taps: Vec::new(),
        };
        oracle.policy(policy);
        oracle
    }

    pub(super) fn merchant(
        &mut self,
        acquirer: InstitutionId,
        id: MerchantId,
        mcc: Mcc,
        class: &str,
        tags: &[&str],
        region: &str,
    ) -> usize {
        self.merchants.push(Merchant {
            acquirer,
            id,
            mcc,
            class: class.to_string(),
            tags: tags.iter().map(|tag| (*tag).to_string()).collect(),
            region: region.to_string(),
        });
        self.merchants.len() - 1
    }

    pub(super) fn person(&mut self, instr: Instr) -> usize {
        let number = self.people.len();
        let own = OwnLimits::default();
        self.people.push(Person { instr, card: Card::Good, own, merged_into: None, family: vec![number] });
        number
    }

    /// Later taps use the new instrument; what follows older taps stays with theirs.
    pub(super) fn relink(&mut self, who: usize, instr: Instr) {
        self.people[who].instr = instr;
    }

    pub(super) fn card(&mut self, who: usize, card: Card) {
        self.people[who].card = card;
    }

    /// `from` was a temporary ID: its card is refused from now on, and all that it has and did is `into`'s.
    pub(super) fn merge(&mut self, from: usize, into: usize) {
        let into = self.root(into);
        let family = self.people[from].family.clone();
        self.people[into].family.extend(family);
        self.people[from].merged_into = Some(into);
    }

    pub(super) fn own(&mut self, who: usize, own: OwnLimits) {
        self.people[who].own = own;
    }

    /// Pays money into a purse.
    pub(super) fn credit(&mut self, who: usize, programme: u16, yen: i64) {
        let has = |owner: &&usize| self.credits.iter().any(|(of, number, _)| of == *owner && *number == programme);
        let owner = self.family(who).iter().find(has).copied().unwrap_or_else(|| self.root(who));
        self.credits.push((owner, programme, yen));
    }

    /// A new version of the rules. A budget is lowered only as far as it is unspent.
    pub(super) fn policy(&mut self, policy: Policy) {
        for programme in &policy.points {
            let number = programme.number;
            let budget = programme.budget.max(self.taken_from_budget(number));
            self.budgets.retain(|(known, _)| *known != number);
            self.budgets.push((number, budget));
        }
        self.policy = policy;
    }

    /// When the card status list was issued.
    pub(super) fn list_at(&mut self, at: Option<Millis>) {
        self.list_at = at;
    }
}

/// What the messages do.
impl Oracle {
    pub(super) fn tap(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        match t.op {
            Op::Purchase | Op::Authorize => self.request(id, now, t),
            Op::PurchaseAdvice | Op::AuthorizationAdvice => self.advice(id, now, t),
        }
    }

    fn request(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        let mut tap = Tap::new(id, t.who, self.people[t.who].instr, now.jst_day(), t);
        let out = self.decide(&mut tap, now, t.use_points);
        match out {
            Out::Refused(_) => tap.tenders.clear(),
            Out::Approved { .. } => {
                self.count_and_grant(&mut tap);
                tap.approve();
            }
            Out::Waits => {
                self.count_and_grant(&mut tap);
                tap.state = State::Waiting;
            }
        }
        self.open_point_accounts(&tap);
        self.taps.push(tap);
        out
    }

    /// Steps 3 to 8 of a request; the tenders of an approved or waiting tap are in it afterwards, as holds.
    fn decide(&self, tap: &mut Tap, now: Millis, use_points: bool) -> Out {
        // 3. The card.
        if let Some(code) = self.card_refuses(tap.who, tap.day) {
            return Out::Refused(code);
        }
        // 4. The status list.
        if let Some(validity) = self.policy.validity {
            let Some(issued) = self.list_at else { return Out::Refused("91") };
            let age = now.0 - issued.0;
            if age > i64::from(validity.stale_hours) * HOUR_MS {
                return Out::Refused("91");
            }
            if age > i64::from(validity.fresh_hours) * HOUR_MS {
                if tap.yen > validity.stale_cap.get() {
                    return Out::Refused("61");
                }
                tap.crl_based = true;
            }
        }
        // 5. The PIN.
        if self.policy.no_pin.is_some_and(|ceiling| !tap.pin && tap.yen > ceiling.get()) {
            return Out::Refused("55");
        }
        // 6. Who pays.
        tap.tenders = self.purses_and_points(tap, use_points);
        let covered = tap.held();
        let part = tap.yen - covered;
        if part == 0 {
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        if tap.instr == Instr::None {
            if tap.partial && covered > 0 {
                return Out::Approved { yen: covered, code: "10" };
            }
            return Out::Refused(if self.has_purse_money(tap.who) { "57" } else { "14" });
        }
        // 7. Limits.
        if let Some(code) = self.limits_refuse(tap, part) {
            return Out::Refused(code);
        }
        // 8. Money.
        match tap.instr {
            Instr::None => unreachable!("answered in step 6"),
            Instr::Issuer { issuer, .. } => {
                if !self.issuers.contains(&issuer) {
                    return Out::Refused("92");
                }
                tap.tenders.push(Tender::hold(Source::Issuer, part));
                Out::Waits
            }
            Instr::Deposit(deposit) => {
                let there_is = self.deposit(deposit).max(0);
                if there_is >= part {
                    tap.tenders.push(Tender::hold(Source::Deposit(deposit), part));
                    return Out::Approved { yen: tap.yen, code: "00" };
                }
                if !tap.partial || covered + there_is == 0 {
                    return Out::Refused("51");
                }
                if there_is > 0 {
                    tap.tenders.push(Tender::hold(Source::Deposit(deposit), there_is));
                }
                Out::Approved { yen: covered + there_is, code: "10" }
            }
        }
    }

    /// It has happened already: booked whatever the rules say, and flagged.
    fn advice(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        let who = self.root(t.who);
        let mut tap = Tap::new(id, who, self.people[who].instr, now.jst_day(), t);
        tap.card_not_good = self.card_refuses(t.who, tap.day).is_some();
        tap.tenders = self.purses_and_points(&tap, t.use_points);
        let part = tap.yen - tap.held();
        if part > 0 {
            tap.over_limit = self.limits_refuse(&tap, part).is_some();
            let (source, covers) = match tap.instr {
                Instr::None => (Source::Shortfall, 0),
                Instr::Deposit(deposit) => (Source::Deposit(deposit), self.deposit(deposit).clamp(0, part)),
                Instr::Issuer { issuer, .. } if self.issuers.contains(&issuer) => (Source::Issuer, part),
                Instr::Issuer { .. } => (Source::Shortfall, 0),
            };
            if covers > 0 {
                tap.tenders.push(Tender::hold(source, covers));
            }
            if covers < part {
                tap.tenders.push(Tender::hold(Source::Shortfall, part - covers));
            }
        }
        if t.op == Op::PurchaseAdvice
            && let Some(offline) = &self.policy.offline
        {
            tap.over_offline = self.offline_used(who, now) + t.yen > offline.resident_day.get();
        }
        self.count_and_grant(&mut tap);
        tap.approve();
        self.open_point_accounts(&tap);
        self.taps.push(tap);
        Out::Approved { yen: t.yen, code: "00" }
    }

    /// The issuer's answer to a waiting tap.
    pub(super) fn issuer_says(&mut self, id: u64, _now: Millis, yes: bool) -> Out {
        let Some(tap) = self.waiting(id) else { return Out::Refused("late") };
        if yes {
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        let covered = tap.held() - tap.held_part();
        if tap.partial && covered > 0 {
            // Purses and points come first in tender order.
            tap.keep(covered);
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: covered, code: "10" };
        }
        tap.release(State::Refused);
        Out::Refused("05")
    }

    /// The issuer's link is down, so it was not asked.
    pub(super) fn silent_not_sent(&mut self, id: u64, now: Millis) -> Out {
        let Some(at) = self.taps.iter().position(|tap| tap.id == id && tap.state == State::Waiting) else {
            return Out::Refused("late");
        };
        let day = now.jst_day();
        let stood_in = self.stands_in(&self.taps[at], day);
        let tap = &mut self.taps[at];
        if stood_in.is_some() {
            tap.stood_in = stood_in;
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        tap.release(State::Refused);
        Out::Refused("91")
    }

    /// The issuer was asked and did not answer.
    pub(super) fn silent_timeout(&mut self, id: u64) -> Out {
        let Some(tap) = self.waiting(id) else { return Out::Refused("late") };
        tap.release(State::Refused);
        Out::Refused("91")
    }

    /// Takes what was really used of a held authorization.
    pub(super) fn complete(&mut self, id: u64, new_id: u64, _now: Millis, yen: i64) -> Out {
        let Some(tap) = self.open(id) else { return Out::Refused("12") };
        if tap.state != State::Held {
            return Out::Refused("12");
        }
        if yen > tap.held() {
            return Out::Refused("13");
        }
        tap.keep(yen);
        tap.post();
        tap.completion = Some(new_id);
        Out::Approved { yen, code: "00" }
    }

    /// Gives a part of a payment back. Nothing refers to `_new_id` later.
    pub(super) fn refund(&mut self, id: u64, _new_id: u64, _now: Millis, yen: i64) -> Out {
        let Some(tap) = self.open(id) else { return Out::Refused("12") };
        if tap.state != State::Posted {
            return Out::Refused("12");
        }
        if yen > tap.stands() {
            return Out::Refused("13");
        }
        let shares = tap.shares(yen);
        for (tender, share) in tap.tenders.iter_mut().zip(shares) {
            tender.refunded += share;
        }
        Out::Approved { yen, code: "00" }
    }

    /// Undoes a tap, or all but what remains of it.
    pub(super) fn reverse(&mut self, id: u64, _now: Millis, remains: i64) -> Out {
        let done = Out::Approved { yen: 0, code: "00" };
        let Some(tap) = self.open(id) else { return done };
        match tap.state {
            State::Refused | State::Undone => {}
            // What may remain holds once the issuer has answered.
            State::Waiting if remains > 0 => tap.most = Some(tap.most.map_or(remains, |most| most.min(remains))),
            State::Waiting => tap.release(State::Undone),
            State::Held | State::Posted => tap.leave(remains),
        }
        done
    }
}

/// What can be asked.
impl Oracle {
    /// Money in the person's purses of a programme: posted less holds.
    pub(super) fn purse(&self, who: usize, programme: u16) -> i64 {
        self.family(who).iter().map(|owner| self.purse_account(*owner, programme)).sum()
    }

    /// The person's points: posted less what is held for payments. Pending grants are not there yet.
    pub(super) fn points(&self, who: usize, programme: u16) -> i64 {
        self.family(who).iter().map(|owner| self.point_account(*owner, programme)).sum()
    }

    pub(super) fn budget_left(&self, programme: u16) -> i64 {
        let budget = self.budgets.iter().find(|(number, _)| *number == programme).map_or(0, |(_, budget)| *budget);
        budget - self.taken_from_budget(programme)
    }

    /// What is available of a held account.
    pub(super) fn deposit(&self, deposit: u32) -> i64 {
        self.deposits[usize::try_from(deposit).unwrap()] - self.taken_from(Source::Deposit(deposit))
    }

    /// What a merchant is owed.
    pub(super) fn payable(&self, merchant: usize) -> i64 {
        self.taps.iter().filter(|tap| tap.merchant == merchant).map(Tap::stands).sum()
    }

    /// The instrument parts of the person's taps of this month.
    pub(super) fn month_used(&self, who: usize, now: Millis) -> i64 {
        let month = now.jst_day().month();
        self.taps_of(who).filter(|tap| tap.day.month() == month).map(Tap::counted_yen).sum()
    }

    /// The instrument parts of the person's taps of this day.
    pub(super) fn day_used(&self, who: usize, now: Millis) -> i64 {
        let day = now.jst_day();
        self.taps_of(who).filter(|tap| tap.day == day).map(Tap::counted_yen).sum()
    }

    /// Amount and count in the window of one of the policy's limits, for the person or what the person has linked.
    pub(super) fn window_used(&self, limit: u8, who: usize, now: Millis) -> (i64, u32) {
        let Some(limit) = self.policy.limits.iter().find(|known| known.number == limit) else { return (0, 0) };
        let who = self.root(who);
        self.window(limit, who, self.people[who].instr, now.jst_day())
    }

    /// Points that a programme has granted to the person and not taken back, pending included: this month's and all.
    pub(super) fn granted(&self, who: usize, programme: u16, now: Millis) -> (i64, i64) {
        self.granted_by(who, programme, now.jst_day())
    }

    /// The person's offline sum of the day.
    pub(super) fn offline_used(&self, who: usize, now: Millis) -> i64 {
        let day = now.jst_day();
        self.taps_of(who).filter(|tap| tap.op == Op::PurchaseAdvice && tap.day == day).map(|tap| tap.yen).sum()
    }

    /// What is booked against the acquirers.
    pub(super) fn shortfall(&self) -> i64 {
        let tenders = self.taps.iter().flat_map(|tap| &tap.tenders);
        tenders.filter(|tender| tender.source == Source::Shortfall).map(Tender::stands).sum()
    }

    /// Over a limit, over the offline allowance, card not good, based on an old status list.
    pub(super) fn flags(&self, id: u64) -> (bool, bool, bool, bool) {
        match self.taps.iter().find(|tap| tap.id == id || tap.completion == Some(id)) {
            Some(tap) => (tap.over_limit, tap.over_offline, tap.card_not_good, tap.crl_based),
            None => (false, false, false, false),
        }
    }
}

/// The rules one by one.
impl Oracle {
    /// The person to whom everything of this one belongs.
    fn root(&self, who: usize) -> usize {
        let mut person = who;
        while let Some(into) = self.people[person].merged_into {
            person = into;
        }
        person
    }

    /// Whose accounts are the person's, in the order in which they pay.
    fn family(&self, who: usize) -> &[usize] {
        &self.people[self.root(who)].family
    }

    /// The person's taps, those from before a merger included.
    fn taps_of(&self, who: usize) -> impl Iterator<Item = &Tap> {
        let person = self.root(who);
        self.taps.iter().filter(move |tap| self.root(tap.who) == person)
    }

    /// The tap that a later message means, when its id is not closed by a completion.
    fn open(&mut self, id: u64) -> Option<&mut Tap> {
        self.taps.iter_mut().find(|tap| tap.open_id() == id)
    }

    fn waiting(&mut self, id: u64) -> Option<&mut Tap> {
        self.taps.iter_mut().find(|tap| tap.id == id && tap.state == State::Waiting)
    }

    /// Everything that taps hold of an account or have taken from it for good.
    fn taken_from(&self, source: Source) -> i64 {
        let tenders = self.taps.iter().flat_map(|tap| &tap.tenders);
        tenders.filter(|tender| tender.source == source).map(|tender| tender.held + tender.stands()).sum()
    }

    fn purse_account(&self, owner: usize, programme: u16) -> i64 {
        let credits = self.credits.iter().filter(|credit| credit.0 == owner && credit.1 == programme);
        let paid_in: i64 = credits.map(|credit| credit.2).sum();
        paid_in - self.taken_from(Source::Purse { owner, programme })
    }

    fn point_account(&self, owner: usize, programme: u16) -> i64 {
        let mut points = 0;
        for tap in &self.taps {
            for grant in &tap.grants {
                if grant.owner == owner && grant.programme == programme {
                    points += tap.posted_points(grant);
                }
            }
        }
        points - self.taken_from(Source::Points { owner, programme })
    }

    /// Any purse money at all, whatever it may buy?
    fn has_purse_money(&self, who: usize) -> bool {
        let family = self.family(who);
        self.credits.iter().any(|credit| family.contains(&credit.0) && self.purse_account(credit.0, credit.1) > 0)
    }

    fn card_refuses(&self, who: usize, day: BusinessDay) -> Option<&'static str> {
        if self.people[who].merged_into.is_some() {
            return Some("62");
        }
        match self.people[who].card {
            Card::Good => None,
            Card::Held => Some("41"),
            Card::Revoked => Some("62"),
            Card::LastDay(last) => (day > last).then_some("54"),
        }
    }

    /// The tenders before the instrument, as holds.
    fn purses_and_points(&self, tap: &Tap, use_points: bool) -> Vec<Tender> {
        let merchant = &self.merchants[tap.merchant];
        let family = self.family(tap.who);

        // Each account with its place in the order: last day, number, the person's own before merged ones.
        let mut purses = Vec::new();
        for programme in &self.policy.purses {
            let begun = programme.from.is_none_or(|from| from <= tap.day);
            let over = programme.until.is_some_and(|until| until < tap.day);
            if !begun || over || !allows(&programme.place, merchant) {
                continue;
            }
            for (place, owner) in family.iter().enumerate() {
                let there_is = self.purse_account(*owner, programme.number);
                if there_is > 0 {
                    let order = (programme.until.unwrap_or(NEVER), programme.number, place);
                    let source = Source::Purse { owner: *owner, programme: programme.number };
                    purses.push((order, source, there_is));
                }
            }
        }
        purses.sort_by_key(|purse| purse.0);
        purses.truncate(MOST_PURSES);

        let mut points = Vec::new();
        for programme in self.policy.points.iter().filter(|_| use_points) {
            let over = programme.expires.is_some_and(|expires| expires < tap.day);
            if !programme.redeemable || tap.day < programme.from || over || !allows(&programme.place, merchant) {
                continue;
            }
            for (place, owner) in family.iter().enumerate() {
                let there_is = self.point_account(*owner, programme.number);
                if there_is > 0 {
                    let order = (programme.expires.unwrap_or(NEVER), programme.number, place);
                    let source = Source::Points { owner: *owner, programme: programme.number };
                    points.push((order, source, there_is));
                }
            }
        }
        points.sort_by_key(|account| account.0);
        points.truncate(MOST_POINTS);

        let mut left = tap.yen;
        let mut tenders = Vec::new();
        for (_, source, there_is) in purses.into_iter().chain(points) {
            let pays = there_is.min(left);
            if pays > 0 {
                tenders.push(Tender::hold(source, pays));
                left -= pays;
            }
        }
        tenders
    }

    /// Does the limit look at this tap?
    fn concerns(&self, limit: &Limit, tap: &Tap) -> bool {
        let merchant = &self.merchants[tap.merchant];
        let kind = tap.instr.kind();
        let mcc = limit.mcc.as_ref().is_none_or(|ranges| within(ranges, merchant.mcc));
        let class = limit.class.as_ref().is_none_or(|class| *class == merchant.class);
        let paid_with = limit.instruments == Kinds::ALL || kind.is_some_and(|kind| limit.instruments.has(kind));
        let whose = limit.per == Per::Resident || kind.is_some();
        let pin = !limit.without_pin || !tap.pin;
        mcc && class && paid_with && whose && pin
    }

    /// What a limit's window holds on a day.
    fn window(&self, limit: &Limit, who: usize, instr: Instr, day: BusinessDay) -> (i64, u32) {
        let person = self.root(who);
        let mut yen = 0;
        let mut count = 0;
        for tap in &self.taps {
            let inside = match limit.window {
                Window::Tap => false,
                Window::Day => tap.day == day,
                Window::Month => tap.day.month() == day.month(),
                Window::Days(days) => tap.day <= day && tap.day.0 > day.0 - i32::from(days),
            };
            let theirs = match limit.per {
                Per::Resident => self.root(tap.who) == person,
                Per::Instrument => tap.instr.same(instr),
            };
            if inside && theirs && tap.limits.contains(&limit.number) {
                yen += tap.counted_yen();
                count += tap.counted_times();
            }
        }
        (yen, count)
    }

    /// Step 7: may the instrument pay this part?
    fn limits_refuse(&self, tap: &Tap, part: i64) -> Option<&'static str> {
        let person = self.root(tap.who);
        let own = self.people[person].own;

        // Per tap.
        if own.tap.is_some_and(|most| part > most) {
            return Some("61");
        }
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            if limit.window == Window::Tap && limit.amount.is_some_and(|most| part > most.get()) {
                return Some("61");
            }
        }

        // Other amounts.
        let own_day: i64 = self.taps_of(person).filter(|other| other.day == tap.day).map(Tap::counted_yen).sum();
        if own.day.is_some_and(|most| own_day + part > most) {
            return Some("61");
        }
        let month = tap.day.month();
        let of_month = self.taps_of(person).filter(|other| other.day.month() == month);
        let own_month: i64 = of_month.map(Tap::counted_yen).sum();
        if own.month_declines && own.month.is_some_and(|most| own_month + part > most) {
            return Some("61");
        }
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            let (yen, _) = self.window(limit, person, tap.instr, tap.day);
            if limit.window != Window::Tap && limit.amount.is_some_and(|most| yen + part > most.get()) {
                return Some("61");
            }
        }

        // Counts.
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            let (_, count) = self.window(limit, person, tap.instr, tap.day);
            if limit.count.is_some_and(|most| count + 1 > most) {
                return Some("65");
            }
        }
        None
    }

    /// The limits that count an approved or waiting tap, and the points that it earns. Its tenders are holds.
    fn count_and_grant(&self, tap: &mut Tap) {
        if tap.held_part() == 0 {
            return;
        }
        let limits = self.policy.limits.iter().filter(|limit| self.concerns(limit, tap));
        tap.limits = limits.map(|limit| limit.number).collect();
        tap.grants = self.grants(tap);
    }

    /// A person's account of a programme begins with the first point, or the first tap that its month counts.
    fn open_point_accounts(&mut self, tap: &Tap) {
        for grant in &tap.grants {
            let month = self.policy.points.iter().any(|p| p.number == grant.programme && p.rounding == Rounding::Month);
            if grant.held + grant.posted > 0 || month {
                self.point_accounts.insert((grant.owner, grant.programme));
            }
        }
    }

    fn grants(&self, tap: &Tap) -> Vec<Grant> {
        let mut grants = Vec::new();
        let Some(kind) = tap.instr.kind() else { return grants };
        let merchant = &self.merchants[tap.merchant];
        let owner = self.root(tap.who);
        let part = tap.held_part();

        let mut programmes: Vec<&PointProgramme> = self.policy.points.iter().collect();
        programmes.sort_by_key(|programme| programme.number);
        for programme in programmes {
            let in_period = programme.from <= tap.day && tap.day <= programme.until;
            let here = allows(&programme.place, merchant) && programme.instruments.has(kind);
            if !in_period || !here || part < programme.minimum.get() || self.another_granted(programme, tap, &grants) {
                continue;
            }
            if grants.len() == MOST_GRANTS {
                break;
            }

            let number = programme.number;
            let (month, life) = self.granted_by(owner, number, tap.day);
            let mut points = match programme.rounding {
                Rounding::Tap => points_for(programme, tap.day, part),
                Rounding::Month => {
                    let parts = self.month_earning_parts(owner, number, tap.day) + part;
                    points_for(programme, tap.day, parts) - month
                }
            };
            if let Some(most) = programme.cap_tap {
                points = points.min(most);
            }
            if let Some(most) = programme.cap_month {
                points = points.min(most - month);
            }
            if let Some(most) = programme.cap_life {
                points = points.min(most - life);
            }
            points = points.min(self.budget_left(number)).max(0);
            // Into the account that there is: the person's own before one that came with a temporary ID.
            let family = self.family(tap.who);
            let account = family.iter().copied().find(|member| self.point_accounts.contains(&(*member, number)));
            grants.push(Grant { programme: number, owner: account.unwrap_or(owner), held: points, posted: 0 });
        }
        grants
    }

    /// Has another programme with the same word granted to the person, on earlier taps or just now on this one?
    fn another_granted(&self, programme: &PointProgramme, tap: &Tap, just_now: &[Grant]) -> bool {
        let Some(word) = &programme.one_of else { return false };
        for other in &self.policy.points {
            if other.number == programme.number || other.one_of.as_ref() != Some(word) {
                continue;
            }
            let (_, before) = self.granted_by(tap.who, other.number, tap.day);
            let on_this_tap = just_now.iter().filter(|grant| grant.programme == other.number);
            let now: i64 = on_this_tap.map(|grant| grant.held).sum();
            if before + now > 0 {
                return true;
            }
        }
        false
    }

    /// A programme's points for a person, net: in the day's month, and in all.
    fn granted_by(&self, who: usize, programme: u16, day: BusinessDay) -> (i64, i64) {
        let mut month = 0;
        let mut life = 0;
        for tap in self.taps_of(who) {
            for grant in tap.grants.iter().filter(|grant| grant.programme == programme) {
                life += tap.net_points(grant);
                if tap.day.month() == day.month() {
                    month += tap.net_points(grant);
                }
            }
        }
        (month, life)
    }

    /// What has earned in a programme in the day's month.
    fn month_earning_parts(&self, who: usize, programme: u16, day: BusinessDay) -> i64 {
        let this_month = self.taps_of(who).filter(|tap| tap.day.month() == day.month());
        let earning = this_month.filter(|tap| tap.grants.iter().any(|grant| grant.programme == programme));
        earning.map(Tap::earning_part).sum()
    }

    /// All points that a programme has granted, pending ones included, less those taken back.
    fn taken_from_budget(&self, programme: u16) -> i64 {
        let mut points = 0;
        for tap in &self.taps {
            for grant in tap.grants.iter().filter(|grant| grant.programme == programme) {
                points += tap.net_points(grant);
            }
        }
        points
    }

    /// May the switch approve a waiting tap in its issuer's place? Later reversals do not shrink the day's sums.
    fn stands_in(&self, tap: &Tap, day: BusinessDay) -> Option<StoodIn> {
        let Instr::Issuer { issuer, .. } = tap.instr else { return None };
        if tap.op != Op::Purchase {
            return None;
        }
        let rules = self.policy.stand_in.iter().find(|rules| rules.issuer == issuer)?;
        let part = tap.held_part();
        let person = self.root(tap.who);
        let mut of_issuer = 0;
        let mut of_person = 0;
        for other in &self.taps {
            let Some(earlier) = &other.stood_in else { continue };
            if earlier.day != day {
                continue;
            }
            if earlier.issuer == issuer {
                of_issuer += earlier.part;
            }
            if self.root(other.who) == person {
                of_person += earlier.part;
            }
        }
        let allowed = part <= rules.tap.get()
            && of_issuer + part <= rules.issuer_day.get()
            && of_person + part <= rules.resident_day.get();
        allowed.then_some(StoodIn { issuer, day, part })
    }
}
